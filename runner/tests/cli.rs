//! Commands that need no engine, as their user meets them: what is typed, printed, and returned.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

/// Runs commands in a folder; the standard output's lines as they are, the standard error's after `!`.
fn typed(folder: &Path, commands: &[&str]) -> String {
    let mut shown = String::new();
    for command in commands {
        let output = Command::new(env!("CARGO_BIN_EXE_pgdrill"))
            .args(command.split(' '))
            .current_dir(folder)
            .env("DOCKER_HOST", "unix:///nowhere.sock")
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
    ! error: there is no folder `scenarios` here, and no playbook was named
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
