//! Commands that need no engine, as their user meets them: what is typed, printed, and returned.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

#[path = "cli/names.rs"]
mod names;

/// Runs commands in a folder; the standard output's lines as they are, the standard error's after `!`.
fn typed(folder: &Path, commands: &[&str]) -> String {
    let mut shown = String::new();
    for command in commands {
        let output = Command::new(env!("CARGO_BIN_EXE_pgdrill"))
            .args(command.split(' '))
            .current_dir(folder)
            .env("DOCKER_HOST", "unix:///nowhere.sock")
            .env("XDG_STATE_HOME", folder.join("state"))
            .env_remove("GITHUB_ACTIONS")
            .output()
            .expect("it starts");
        writeln!(shown, "$ pgdrill {command}").expect("a text grows");
        for (mark, bytes) in [("", output.stdout), ("! ", output.stderr)] {
            for line in String::from_utf8_lossy(&bytes).lines() {
                writeln!(shown, "{}", format!("{mark}{line}").trim_end()).expect("a text grows");
            }
        }
        let code = output.status.code().expect("it ended by itself");
        writeln!(shown, "[{code}]").expect("a text grows");
    }
    shown
}

#[test]
fn a_new_playbook_is_fine_until_somebody_mistypes() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    insta::assert_snapshot!(typed(here, &["check", "new first", "new first", "check", "list"]), @r#"
    $ pgdrill check
    ! error: there is no folder `scenarios` here or above, and no playbook was named
    !    = `pgdrill new NAME` makes both the folder and a playbook
    [3]
    $ pgdrill new first
    ! scenarios/first.rhai is there, and runs as it is:
    !
    !   pgdrill run first     play it; its transcript is left for review
    !   pgdrill review first  read the transcript, accept it as the snapshot
    !   pgdrill check first   find mistakes without running it
    !   pgdrill api           all that a playbook can say
    [0]
    $ pgdrill new first
    ! error: scenarios/first.rhai is there already
    !    = nothing was changed; choose another name
    [3]
    $ pgdrill check
    ! scenarios/first.rhai is fine
    [0]
    $ pgdrill list
    first  First  recovery
    [0]
    "#);
    std::fs::write(
        here.join("scenarios/second.rhai"),
        "step(\"a\");\nstart_nod(\"p1\");\n",
    )
    .expect("it is written");
    insta::assert_snapshot!(typed(here, &["run", "list second"]), @r#"
    $ pgdrill run
    ! error: `start_nod` is not a function, did you mean `start_node`?
    !  --> scenarios/second.rhai:2:1
    !   |
    ! 2 | start_nod("p1");
    !   | ^^^^^^^^^
    !   |
    !   = `pgdrill api` lists all functions
    !
    ! 1 mistake in scenarios/second.rhai; nothing was started
    [3]
    $ pgdrill list second
    second
    ! error: `start_nod` is not a function, did you mean `start_node`?
    !  --> scenarios/second.rhai:2:1
    !   |
    ! 2 | start_nod("p1");
    !   | ^^^^^^^^^
    !   |
    !   = `pgdrill api` lists all functions
    !
    ! 1 mistake in scenarios/second.rhai
    [3]
    "#);
}

#[test]
fn the_manual_of_a_function_is_a_command_away() {
    let folder = tempfile::tempdir().expect("a folder");
    insta::assert_snapshot!(typed(folder.path(), &["api step", "api major", "api promot"]), @r#"
    $ pgdrill api step
    step(title: text)

    Begins a section of the transcript: the tutorial's heading, the run's line on the terminal.
    Variables live on. Titles must differ.

        step("A server");
        let p1 = start_node("p1");
    [0]
    $ pgdrill api major
    `major` of a Node: PostgreSQL's major version on the node (0: there is none).
    [0]
    $ pgdrill api promot
    ! error: there is no function `promot`, did you mean `promote`?
    !    = `pgdrill api` lists all functions
    !    = Rhai's own language and library: https://rhai.rs/book
    [3]
    "#);
}

#[test]
fn editors_and_man_are_given_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    insta::assert_snapshot!(typed(here, &["defs editor", "man man1", "defs editor/rhai.d.rhai"]), @"
    $ pgdrill defs editor
    editor/pgdrill.d.rhai
    editor/rhai.d.rhai
    editor/__builtin__.d.rhai
    editor/__builtin-operators__.d.rhai
    [0]
    $ pgdrill man man1
    [0]
    $ pgdrill defs editor/rhai.d.rhai
    ! error: editor/rhai.d.rhai/pgdrill.d.rhai can't be written: File exists (os error 17)
    [4]
    ");
    let page = std::fs::read_to_string(here.join("man1/pgdrill-run.1")).expect("it is there");
    assert!(
        page.contains("Leave the nodes for you to look into"),
        "{page}"
    );
    // A command for pgdrill's own use has no page.
    let there = |page: &str| here.join("man1").join(page).exists();
    let pages = ["pgdrill.1", "pgdrill-images-build.1", "pgdrill-reap.1"];
    assert_eq!(pages.map(there), [true, true, false]);
}

#[test]
fn what_a_command_can_not_work_on_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    for file in ["README.md", "scenarios/a.rhai", "snapshots/a.snap.new"] {
        let path = here.join(file);
        std::fs::create_dir_all(path.parent().expect("it has one")).expect("folders");
        std::fs::write(path, "---\nsource: \"scenarios/a.rhai\"\n---\n").expect("a file");
    }
    insta::assert_snapshot!(typed(here, &["run README.md", "review", "review --list"]), @"
    $ pgdrill run README.md
    ! error: `README.md` is no playbook
    !    = a playbook's name ends in `.rhai`
    [3]
    $ pgdrill review
    ! error: a review asks, and there is no terminal to ask on
    !    = pending: snapshots/a.snap.new
    !    = say what becomes of them: --accept, --reject or --list, with names or for all
    [2]
    $ pgdrill review --list
    snapshots/a.snap.new
    [0]
    ");
}

#[test]
fn a_tutorial_is_made_of_a_snapshot_that_fits_its_playbook() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    let write = |file: &str, text: &str| {
        let path = here.join(file);
        std::fs::create_dir_all(path.parent().expect("it has one")).expect("folders");
        std::fs::write(path, text).expect("a file");
    };
    let playbook = "//! # A drill\n//!\n//! It begins.\n\nstep(\"One\");\nnote(\"So.\");\n";
    write("scenarios/a.rhai", playbook);
    insta::assert_snapshot!(typed(here, &["tutorial", "tutorial a", "tutorial b", "tutorial a --check", "tutorial --check"]), @"
    $ pgdrill tutorial
    ! error: the following required arguments were not provided:
    !   <PLAYBOOK>
    !
    ! Usage: pgdrill tutorial <PLAYBOOK>
    !
    ! For more information, try '--help'.
    [2]
    $ pgdrill tutorial a
    ! error: `a` has no snapshot that a tutorial could be made of
    !    = `pgdrill run a` plays it, `pgdrill review a` accepts its transcript
    [1]
    $ pgdrill tutorial b
    ! error: there is no playbook `b`
    !    = did you mean `a`?
    !    = there are: a
    [3]
    $ pgdrill tutorial a --check
    ! error: the argument '[PLAYBOOK]' cannot be used with '--check'
    !
    ! Usage: pgdrill tutorial <PLAYBOOK>
    !
    ! For more information, try '--help'.
    [2]
    $ pgdrill tutorial --check
    ! error: `a` has no snapshot that a tutorial could be made of
    !    = `pgdrill run a` plays it, `pgdrill review a` accepts its transcript
    [1]
    ");
    let snapshot = |body: &str| {
        format!("---\nsource: \"scenarios/a.rhai\"\ndescription: \"A drill\"\n---\n{body}\n")
    };
    write("snapshots/a.snap", &snapshot("It begins.\n\n## One\n\nSo."));
    insta::assert_snapshot!(typed(here, &["tutorial a", "tutorial a -o a.html --format html", "tutorial --check", "tutorial --write", "tutorial --check"]), @"
    $ pgdrill tutorial a
    # A drill

    It begins.

    ## One

    So.
    [0]
    $ pgdrill tutorial a -o a.html --format html
    [0]
    $ pgdrill tutorial --check
    ! error: the tutorials in `docs` are out of date
    !    = docs/README.md is missing
    !    = docs/a.md is missing
    !    = `pgdrill tutorial --write` writes them again
    [1]
    $ pgdrill tutorial --write
    wrote docs/README.md
    wrote docs/a.md
    [0]
    $ pgdrill tutorial --check
    [0]
    ");
    write("scenarios/a.rhai", &playbook.replace("One", "Two"));
    insta::assert_snapshot!(typed(here, &["tutorial a -o a.md", "tutorial --check", "tutorial --write"]), @r#"
    $ pgdrill tutorial a -o a.md
    ! warning: snapshot `snapshots/a.snap` is older than its playbook
    !    = the playbook has a step "Two", the snapshot has none
    !    = the snapshot has a step "One", the playbook has none
    !    = `pgdrill run a` plays it, `pgdrill review a` accepts its transcript
    [0]
    $ pgdrill tutorial --check
    ! error: snapshot `snapshots/a.snap` is older than its playbook
    !    = the playbook has a step "Two", the snapshot has none
    !    = the snapshot has a step "One", the playbook has none
    !    = `pgdrill run a` plays it, `pgdrill review a` accepts its transcript
    [1]
    $ pgdrill tutorial --write
    ! error: snapshot `snapshots/a.snap` is older than its playbook
    !    = the playbook has a step "Two", the snapshot has none
    !    = the snapshot has a step "One", the playbook has none
    !    = `pgdrill run a` plays it, `pgdrill review a` accepts its transcript
    [1]
    "#);
    write("snapshots/a.snap", "damaged");
    insta::assert_snapshot!(typed(here, &["tutorial a", "tutorial --check"]), @"
    $ pgdrill tutorial a
    ! error: snapshot `snapshots/a.snap` is damaged in line 1: it does not begin with `---`
    !    = mend it, or remove it and run the scenario again
    [4]
    $ pgdrill tutorial --check
    ! error: snapshot `snapshots/a.snap` is damaged in line 1: it does not begin with `---`
    !    = mend it, or remove it and run the scenario again
    [4]
    ");
}

#[test]
fn reports_are_refused_before_anything_starts_where_they_would_mix_with_other_things() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    for file in ["scenarios/a.rhai", "mine/thesis.doc", "old/events.jsonl"] {
        let path = here.join(file);
        std::fs::create_dir_all(path.parent().expect("it has one")).expect("folders");
        std::fs::write(path, "step(\"one\");\n").expect("a file");
    }
    let commands = [
        "run --report mine",
        "run --report scenarios/a.rhai",
        "report old",
        "report nowhere",
        "report",
        "runs",
        "runs --json",
    ];
    insta::assert_snapshot!(typed(here, &commands), @"
    $ pgdrill run --report mine
    ! error: the folder `mine` is not empty
    !    = `thesis.doc` in it is no report of pgdrill's
    !    = name a folder that is missing, empty, or has only the reports of an earlier run
    [2]
    $ pgdrill run --report scenarios/a.rhai
    ! error: the folder `scenarios/a.rhai` can't be used for reports: File exists (os error 17)
    !    = name one that can be made or is empty
    [2]
    $ pgdrill report old
    ! error: `old/events.jsonl` is no record of a run: its first line is no JSON
    !    = a record is the `events.jsonl` that a run has left; `pgdrill runs` lists them
    [4]
    $ pgdrill report nowhere
    ! error: there is no run `nowhere`, and no file or folder of that name with a record
    !    = `pgdrill runs` lists the runs whose records are kept
    [3]
    $ pgdrill report
    ! error: no run has left a record yet
    !    = `pgdrill run` leaves one
    [3]
    $ pgdrill runs
    ! no run has left a record yet
    [0]
    $ pgdrill runs --json
    []
    [0]
    ");
}

#[test]
fn reports_are_made_of_a_record_without_an_engine() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    let run = here.join("state/pgdrill/runs/abc234");
    std::fs::create_dir_all(&run).expect("a folder");
    let record = r#"{"at":0.0,"event":"run-started","schema":1,"run":"abc234","started":"2026-01-01T00:00:00.000Z","pgdrill":"0.1.0","engine":"Docker 28"}
{"at":0.1,"scenario":"a","event":"scenario-started","path":"scenarios/a.rhai","source":"","title":"A","introduction":"","major":17}
{"at":0.2,"scenario":"a","event":"section-started","title":"one","place":{"file":"scenarios/a.rhai","line":1,"column":1}}
{"at":1.2,"scenario":"a","event":"section-finished","title":"one","took":1.0,"differs":[],"broken":false}
{"at":1.3,"scenario":"a","event":"scenario-finished","verdict":"passed","took":1.2,"problems":[],"snapshot":{"file":"snapshots/a.snap","state":"matches","pending":[]}}
{"at":1.4,"event":"run-finished","took":1.4}
"#;
    std::fs::write(run.join("events.jsonl"), record).expect("a file");
    insta::assert_snapshot!(typed(here, &["runs", "report", "report abc234 --format tap", "report abc234 --output all", "report all --format junit"]), @r#"
    $ pgdrill runs
    abc234  2026-01-01T00:00:00Z  passed  1.4 s  17  a
    [0]
    $ pgdrill report
    a  A                                                       PostgreSQL 17
      ok  one                                                         1.00 s

    1 passed in 1.40 s
    [0]
    $ pgdrill report abc234 --format tap
    TAP version 14
    1..1
    # Subtest: a (PostgreSQL 17)
        1..1
        ok 1 - one
          ---
          seconds: 1.0
          ...
    ok 1 - a (PostgreSQL 17)
      ---
      verdict: "passed"
      seconds: 1.2
      ...
    [0]
    $ pgdrill report abc234 --output all
    [0]
    $ pgdrill report all --format junit
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="pgdrill" tests="1" skipped="0" failures="0" errors="0" timestamp="2026-01-01T00:00:00.000+00:00" time="1.400">
        <testsuite name="a (PostgreSQL 17)" tests="1" skipped="0" errors="0" failures="0" time="1.200">
            <properties>
                <property name="verdict" value="passed"/>
            </properties>
            <testcase name="one" classname="a" time="1.000"/>
        </testsuite>
    </testsuites>
    [0]
    "#);
}
