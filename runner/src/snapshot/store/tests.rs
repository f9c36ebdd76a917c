//! Scenarios that meet their stored transcripts.

use super::*;

const BODY: &str = "Hello.\n\n## One\n\nProse.\n\n    a=# select 1;\n     1\n\n    (1 row)\n\n## Two\n\n    $ true";

struct Bench {
    folder: tempfile::TempDir,
    ci: bool,
    update: Update,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self {
            folder,
            ci: false,
            update: Update::Auto,
        }
    }

    fn store(&self) -> Store {
        Store {
            root: self.folder.path().to_owned(),
            ci: self.ci,
            update: self.update,
        }
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.folder.path().join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }

    /// Settles, and tells what came of it and which files there are.
    fn settle(&self, major: u32, body: &str) -> String {
        let fresh = Fresh {
            source: "scenarios/pitr.rhai",
            title: "A \"title\"",
            body,
        };
        let outcome = self.store().settle(subject(major), fresh).expect("settled");
        let files = self.store().files("snapshots").expect("listed");
        format!("{}: {:?}; {}", outcome.file, outcome.state, files.join(" "))
    }
}

fn subject(major: u32) -> Subject<'static> {
    Subject {
        scenario: "pitr",
        side: None,
        major,
        default_major: 17,
    }
}

fn always() -> Bench {
    Bench {
        update: Update::Always,
        ..Bench::new()
    }
}

#[test]
fn a_first_run_is_pending_and_an_accepted_one_matches() {
    let bench = Bench::new();
    let first = bench.settle(17, BODY);
    bench.store().accept("snapshots/pitr.snap.new").unwrap();
    let second = bench.settle(17, BODY);
    insta::assert_snapshot!([first, second].join("\n"), @"
    snapshots/pitr.snap: Missing; snapshots/pitr.snap.new
    snapshots/pitr.snap: Matches; snapshots/pitr.snap
    ");
    let file = fs::read_to_string(bench.folder.path().join("snapshots/pitr.snap")).unwrap();
    insta::assert_snapshot!(file, @r#"
    ---
    source: scenarios/pitr.rhai
    description: "A \"title\""
    ---
    Hello.

    ## One

    Prose.

        a=# select 1;
         1

        (1 row)

    ## Two

        $ true
    "#);
}

#[test]
fn insta_reads_what_is_written() {
    let bench = always();
    bench.settle(17, BODY);
    let path = bench.folder.path().join("snapshots/pitr.snap");
    let read = insta::Snapshot::from_file(&path).unwrap();
    assert_eq!(read.metadata().source(), Some("scenarios/pitr.rhai"));
    assert_eq!(read.metadata().description(), Some("A \"title\""));
    assert_eq!(read.as_text().unwrap().to_string(), BODY);
}

#[test]
fn prose_is_renewed_and_all_else_differs() {
    let bench = always();
    bench.settle(17, BODY);
    let bench = Bench {
        update: Update::Auto,
        ..bench
    };
    let told = [
        bench.settle(17, &BODY.replace("Prose.\n\n", "")),
        bench.settle(17, BODY),
        bench.settle(17, &BODY.replace("## One", "## Won")),
        bench.settle(17, &BODY.replace("     1\n\n", "     1\n")),
        bench.settle(17, &BODY.replace("(1 row)", "(2 rows)")),
        bench.settle(17, BODY),
    ];
    insta::assert_snapshot!(told.join("\n"), @"
    snapshots/pitr.snap: Renewed; snapshots/pitr.snap
    snapshots/pitr.snap: Renewed; snapshots/pitr.snap
    snapshots/pitr.snap: Differs; snapshots/pitr.snap snapshots/pitr.snap.new
    snapshots/pitr.snap: Differs; snapshots/pitr.snap snapshots/pitr.snap.new
    snapshots/pitr.snap: Differs; snapshots/pitr.snap snapshots/pitr.snap.new
    snapshots/pitr.snap: Matches; snapshots/pitr.snap
    ");
}

#[test]
fn nothing_is_written_in_ci_or_without_update() {
    for (ci, update) in [
        (true, Update::Always),
        (true, Update::Auto),
        (false, Update::No),
    ] {
        let bench = Bench {
            ci,
            update,
            ..Bench::new()
        };
        assert_eq!(bench.settle(17, BODY), "snapshots/pitr.snap: Missing; ");
    }
    let bench = always();
    bench.settle(17, BODY);
    let bench = Bench { ci: true, ..bench };
    let told = [
        bench.settle(17, &BODY.replace("Prose", "Verse")),
        bench.settle(17, "    $ false"),
    ];
    insta::assert_snapshot!(told.join("\n"), @"
    snapshots/pitr.snap: Matches; snapshots/pitr.snap
    snapshots/pitr.snap: Differs; snapshots/pitr.snap
    ");
}

#[test]
fn a_major_that_differs_has_a_variant() {
    let bench = always();
    let other = BODY.replace("select 1", "select 2");
    let mut told = vec![bench.settle(17, BODY), bench.settle(13, BODY)];
    let bench = Bench {
        update: Update::Auto,
        ..bench
    };
    told.push(bench.settle(13, &other));
    bench.store().accept("snapshots/pitr@13.snap.new").unwrap();
    told.extend([
        bench.settle(13, &other),
        bench.settle(13, BODY),
        bench.settle(17, BODY),
    ]);
    insta::assert_snapshot!(told.join("\n"), @"
    snapshots/pitr.snap: Accepted; snapshots/pitr.snap
    snapshots/pitr.snap: Matches; snapshots/pitr.snap
    snapshots/pitr.snap: Differs; snapshots/pitr.snap snapshots/pitr@13.snap.new
    snapshots/pitr@13.snap: Matches; snapshots/pitr.snap snapshots/pitr@13.snap
    snapshots/pitr@13.snap: Differs; snapshots/pitr.snap snapshots/pitr@13.snap snapshots/pitr@13.snap.new
    snapshots/pitr.snap: Matches; snapshots/pitr.snap snapshots/pitr@13.snap snapshots/pitr@13.snap.new
    ");
}

#[test]
fn always_accepts_and_what_it_wrote_matches() {
    let bodies = [
        BODY,
        "    $ only",
        "",
        "```\n    code\n## x\n```\n\n    $ a\r\n    b ",
        "---\n\n---",
    ];
    for body in bodies {
        let bench = always();
        bench.settle(17, "    $ old");
        bench.settle(17, body);
        let bench = Bench {
            update: Update::Auto,
            ..bench
        };
        assert_eq!(
            bench.settle(17, body),
            "snapshots/pitr.snap: Matches; snapshots/pitr.snap"
        );
    }
}

#[test]
fn a_damaged_file_is_a_clear_problem() {
    let bench = Bench::new();
    let told = [
        "",
        "## no header",
        "---\nsource: x\n",
        "---\nsource x\n---\n",
        "---\nsource: \"x\n---\n",
        "---\nsource: x\n---\na\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> main\n",
    ];
    let told = told.map(|text| {
        bench.write("snapshots/pitr.snap", text);
        bench.store().expected(subject(17)).unwrap_err().message
    });
    insta::assert_snapshot!(told.join("\n"), @r#"
    snapshot `snapshots/pitr.snap` is damaged in line 1: it does not begin with `---`
    snapshot `snapshots/pitr.snap` is damaged in line 1: it does not begin with `---`
    snapshot `snapshots/pitr.snap` is damaged in line 1: its header has no end
    snapshot `snapshots/pitr.snap` is damaged in line 2: `source x` is no line of a header
    snapshot `snapshots/pitr.snap` is damaged in line 2: `source: "x` is no line of a header
    snapshot `snapshots/pitr.snap` is damaged in line 5: a merge is not resolved
    "#);
    let text = "---\nsource: x\n---\n<<<<<<< a\n>>>>>>> b\n";
    bench.write("snapshots/pitr.snap", text);
    let read = bench.store().expected(subject(17)).expect("no merge");
    assert!(read.is_some());
}

#[test]
fn a_side_snapshot_is_compared_as_a_whole() {
    let bench = always();
    let side = Subject {
        side: Some("rows"),
        ..subject(17)
    };
    let settled = |bench: &Bench, body| {
        let fresh = Fresh {
            source: "scenarios/pitr.rhai",
            title: "",
            body,
        };
        bench.store().settle(side, fresh).unwrap()
    };
    settled(&bench, "all prose");
    let bench = Bench {
        update: Update::Auto,
        ..bench
    };
    insta::assert_snapshot!(format!("{:?}", settled(&bench, "other prose")), @r#"SnapshotOutcome { file: "snapshots/pitr__rows.snap", state: Differs, differing_sides: [], pending: ["snapshots/pitr__rows.snap.new"] }"#);
    let bad = Subject {
        side: Some("../x"),
        ..side
    };
    insta::assert_snapshot!(bench.store().expected(bad).unwrap_err().message, @"`../x` can't be a snapshot's name");
}

#[test]
fn a_snapshot_of_no_scenario_is_found() {
    let bench = Bench::new();
    for file in [
        "pitr.snap",
        "pitr@13.snap",
        "pitr__rows.snap",
        "pitr2.snap",
        "ha/old.snap",
        "x.txt",
    ] {
        bench.write(&format!("snapshots/{file}"), "");
    }
    let unreferenced = bench
        .store()
        .unreferenced(&["pitr", "ha/failover"])
        .unwrap();
    assert_eq!(
        unreferenced,
        ["snapshots/ha/old.snap", "snapshots/pitr2.snap"]
    );
}

#[test]
fn a_section_is_compared_on_its_own() {
    use crate::event::{Event, Form, Place, Shown, What};
    let stored = Stored {
        file: String::new(),
        source: String::new(),
        title: None,
        body: BODY.to_owned(),
    };
    let mut transcript = crate::transcript::Transcript::new();
    let place = Place::default();
    let shown = Shown {
        node: None,
        form: Form::Sql,
        prompt: "a=# ".to_owned(),
        continuation: String::new(),
        input: "select 1;".to_owned(),
        output: " 1\n\n(2 rows)\n".to_owned(),
        place: place.clone(),
    };
    for what in [
        What::SectionStarted {
            title: "One".to_owned(),
            place: place.clone(),
        },
        What::Shown(shown),
        What::SectionStarted {
            title: "Three".to_owned(),
            place,
        },
    ] {
        transcript.push(&Event {
            at: std::time::Duration::ZERO,
            scenario: None,
            what,
        });
    }
    let told = transcript
        .sections()
        .map(|section| diff::plain(&compare_section(&stored, section)));
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @"
    10       a=# select 1;
    11        1
    12
    13 -     (1 row)
     9 +     (2 rows)

    11 + ## Three
    ");
}
