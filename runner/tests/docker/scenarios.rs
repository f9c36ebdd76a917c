//! Each scenario of the product, and each themed playbook beside this file, is a trial: it runs as a
//! user runs it, is compared with its snapshot, and leaves nothing behind.

use std::path::Path;

use libtest_mimic::{Failed, Trial};
use pgdrill::image::{DEFAULT_MAJOR, MAJORS};
use pgdrill::scenario::{Scenario, find};

use crate::drill::{Running, command, product};

pub fn trials() -> Vec<Trial> {
    let beside = product().join("runner/tests/docker");
    let mut trials = Vec::new();
    for scenario in all(&product()) {
        let majors = MAJORS.iter().map(|(major, _)| *major);
        for major in majors.filter(|major| scenario.skipped(*major).is_none()) {
            trials.push(trial(&product(), &scenario.name, major));
        }
    }
    for scenario in all(&beside) {
        trials.push(trial(&beside, &scenario.name, DEFAULT_MAJOR));
    }
    trials
}

fn all(root: &Path) -> Vec<Scenario> {
    find(&[], root).expect("the playbooks load")
}

fn trial(root: &Path, name: &str, major: u32) -> Trial {
    let (root, scenario) = (root.to_owned(), name.to_owned());
    Trial::test(format!("{name}@{major}"), move || -> Result<(), Failed> {
        let major = major.to_string();
        let arguments = [
            "run",
            &scenario,
            "--pg",
            &major,
            "--update",
            "no",
            "--verbose",
        ];
        Running::start(command(&root, &arguments))
            .end()
            .must(0, &[]);
        Ok(())
    })
}
