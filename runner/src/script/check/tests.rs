//! Playbooks and what the check says of them, as a person reads it: all of it stands in
//! `golden.txt`. `PGDRILL_GOLDEN=write cargo test check` writes that anew.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::*;

const GOLDEN: &str = "runner/src/script/check/golden.txt";

fn shown(source: &str, root: &Path) -> String {
    let playbook = Playbook {
        path: "drill.rhai".to_owned(),
        source: source.to_owned(),
    };
    let problems = check(&playbook, root, root);
    let text = |problem: &Problem| {
        let file = &problem.place.as_ref()?.file;
        if *file == playbook.path {
            return Some(source.to_owned());
        }
        std::fs::read_to_string(root.join(file)).ok()
    };
    let shown: Vec<_> = (problems.iter())
        .map(|it| it.render(text(it).as_deref(), false))
        .collect();
    if shown.is_empty() {
        return "nothing is wrong".to_owned();
    }
    shown
        .join("\n\n")
        .replace(&root.display().to_string(), "ROOT")
}

/// A root with files to import.
fn root() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a folder");
    let folder = root.path().join("scenarios/lib");
    std::fs::create_dir_all(&folder).expect("a folder");
    for (name, text) in [
        (
            "ha",
            "// Of the code.\nfn failover(from, to) { from.kill_node(); to.promote(); }\nprivate fn hidden() { }",
        ),
        ("typo", "fn a(node) {\n    node.promot();\n}"),
        ("broken", "fn a(node) {\n    node.promote()\n"),
        ("round", "import \"lib/about\" as about;"),
        ("about", "import \"lib/round\" as round;"),
    ] {
        std::fs::write(folder.join(format!("{name}.rhai")), text).expect("a file");
    }
    root
}

#[test]
fn what_is_wrong_reads_as_the_golden_text_says() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(GOLDEN);
    let golden = std::fs::read_to_string(&file).expect("it is there");
    let root = root();
    let mut anew = String::new();
    for case in golden
        .split("\n=== ")
        .map(|it| it.trim_start_matches("=== "))
    {
        let (title, rest) = case.split_once('\n').expect("a title");
        let (source, _) = rest.split_once("\n---\n").expect("a playbook, then `---`");
        let shown = shown(source, root.path());
        write!(anew, "=== {title}\n{source}\n---\n{shown}\n\n").expect("a text grows");
    }
    let anew = format!("{}\n", anew.trim_end());
    if std::env::var_os("PGDRILL_GOLDEN").is_some() {
        std::fs::write(&file, &anew).expect("it is written");
    }
    assert_eq!(anew, golden);
}

#[test]
fn the_instrumentation_of_prose_is_nowhere_to_be_seen() {
    let golden = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(GOLDEN));
    assert!(!golden.expect("it is there").contains("= tell_prose"));
    assert!(shown("tel_prose(\"a\");", Path::new("/")).contains("is not a function\n"));
}
