//! The manual's examples: those of a chapter are one playbook, a scenario within it each. What the
//! manual says can be done is done.

use std::fmt::Write;

use libtest_mimic::Trial;
use pgdrill::script::{Entry, manual};

use crate::drill::Root;

pub fn trials() -> Vec<Trial> {
    let entries = manual();
    (entries.chunk_by(|a, b| a.chapter == b.chapter))
        .map(|chapter| {
            let title = chapter[0].chapter.to_lowercase().replace(' ', "_");
            let playbook = playbook(chapter);
            Trial::test(format!("examples_of_{title}"), move || {
                let root = Root::with(&playbook);
                root.write("scenarios/files/hello.txt", "hello\n");
                root.run(&["--update", "always"]).end().must(0, &[]);
                Ok(())
            })
        })
        .collect()
}

fn playbook(chapter: &[Entry]) -> String {
    let mut playbook = String::new();
    for Entry { name, example, .. } in chapter {
        write!(playbook, "lab(\"{name}\", || {{\n{example}\n}});\n\n").expect("a text grows");
    }
    playbook
}
