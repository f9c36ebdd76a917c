//! Reviews, as lists of what is left on disk.

use std::path::Path;

use super::super::store::Update;
use super::*;

fn bench() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store {
        root: folder.path().to_owned(),
        ci: false,
        update: Update::Auto,
    };
    for (file, body) in [
        (
            "pitr.snap",
            "## One\n\nOld prose.\n\n    a\n     count\n    -------\n         2",
        ),
        (
            "pitr.snap.new",
            "## One\n\nNew prose.\n\n    a\n     count\n    -------\n         3",
        ),
        ("pitr@13.snap.new", "    b"),
        ("ha/failover.snap.new", "    c"),
    ] {
        let file = format!("snapshots/{file}");
        let stored = Stored {
            file,
            source: "x".to_owned(),
            title: None,
            body: body.to_owned(),
        };
        stored.write(&store.root).expect("written");
    }
    (folder, store)
}

fn left(root: &Path) -> String {
    let mut files = Vec::new();
    for folder in ["snapshots", "snapshots/ha"] {
        for entry in std::fs::read_dir(root.join(folder)).expect("a folder") {
            let entry = entry.expect("an entry");
            if entry.path().is_file() {
                files.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
    }
    files.sort();
    files.join(" ")
}

#[test]
fn a_review_asks_for_each() {
    let (folder, store) = bench();
    let mut screen = Vec::new();
    let tally = ask(
        &store,
        &[],
        "s\nwhat\na\nr\n".as_bytes(),
        &mut screen,
        diff::plain,
    )
    .unwrap();
    let screen = String::from_utf8(screen).unwrap();
    insta::assert_snapshot!(format!("{screen}\n\n{tally:?}\n{}", left(folder.path())), @"
    1 of 3: snapshots/ha/failover.snap.new
       4 +     c

    [a]ccept, [r]eject, [s]kip, [A]ccept all? 2 of 3: snapshots/pitr.snap.new
       4   ## One
       5
       6 - Old prose.
       6 + New prose.
       7
       8       a
       9        count
      10       -------
      11 -          2
      11 +          3

    [a]ccept, [r]eject, [s]kip, [A]ccept all? [a]ccept, [r]eject, [s]kip, [A]ccept all? 3 of 3: snapshots/pitr@13.snap.new
       4 +     b

    [a]ccept, [r]eject, [s]kip, [A]ccept all? 

    Tally { accepted: 1, rejected: 1, skipped: 1 }
    failover.snap.new pitr.snap
    ");
}

#[test]
fn accept_all_asks_no_more_and_no_answer_skips() {
    let (folder, store) = bench();
    let none = ask(&store, &[], "".as_bytes(), Vec::new(), diff::plain).unwrap();
    assert_eq!(
        none,
        Tally {
            skipped: 3,
            ..Tally::default()
        }
    );
    let all = ask(&store, &[], "A\n".as_bytes(), Vec::new(), diff::plain).unwrap();
    assert_eq!(
        all,
        Tally {
            accepted: 3,
            ..Tally::default()
        }
    );
    assert_eq!(left(folder.path()), "failover.snap pitr.snap pitr@13.snap");
}

#[test]
fn names_choose_scenarios_or_files() {
    let (folder, store) = bench();
    assert_eq!(accept(&store, &["pitr"]).unwrap().len(), 2);
    assert_eq!(
        reject(&store, &["snapshots/ha/failover.snap.new"])
            .unwrap()
            .len(),
        1
    );
    assert_eq!(left(folder.path()), "pitr.snap pitr@13.snap");
    let problem = accept(&store, &["pitr"]).unwrap_err();
    assert_eq!(problem.message, "nothing of `pitr` is pending");
}
