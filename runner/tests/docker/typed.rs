//! Sessions that are typed: `pgdrill repl` on a terminal and from a pipe.

use crate::drill::{Root, command};
use crate::kept::pgdrill;
use crate::keyboard::Typed;
use crate::left::left;

crate::trials!(
    lines_from_a_pipe_are_run_and_saved_as_a_playbook,
    the_first_error_ends_a_session_from_a_pipe,
    a_session_begins_inside_a_scenario,
    a_line_is_interrupted_and_the_session_goes_on,
    a_session_that_is_killed_leaves_nothing,
);

const PROMPT: &str = "pgdrill> ";

/// A session from a pipe: its exit code and both outputs.
fn piped(root: &Root, arguments: &[&str], lines: &str) -> (i32, String, String) {
    let (code, out, err) = pgdrill(root, &[&["repl"], arguments].concat(), lines);
    if let Some(run) = run(&err) {
        assert_eq!(left(&run), [""; 0], "{out}{err}");
    }
    (code, out, err)
}

/// The run's id, as the name of a node's container tells it.
fn run(shown: &str) -> Option<String> {
    let (_, after) = shown.split_once("pgdrill-")?;
    Some(after.split('-').next()?.to_owned())
}

fn lines_from_a_pipe_are_run_and_saved_as_a_playbook() {
    let root = Root::with("");
    let (code, out, err) = piped(
        &root,
        &[],
        r#"step("A server");
// It is a small one,
// with a table.
let p1 = start_node("p1", #{
    config: #{ work_mem: "8MB" },
})
psql(p1, "create table t as select 42 as i, now() as at")
value(p1, "select i from t")
psql(p1, "select * from t");
:nodes
save scenarios/typed
"#,
    );
    assert_eq!(code, 0, "{out}{err}");
    insta::assert_snapshot!(out, @"
    ## A server

    It is a small one,
    with a table.

        $ docker run -d --name p1 pg -c work_mem=8MB
        p1=# create table t as select 42 as i, now() as at;
        SELECT 1
    => 42
        p1=# select * from t;
         i  |      at       
        ----+---------------
         42 | <timestamp:1>
        (1 row)
");
    let saved = std::fs::read_to_string(root.path().join("scenarios/typed.rhai"));
    insta::assert_snapshot!(saved.expect("it is written"), @r#"
    //! # Typed

    step("A server");
    // It is a small one,
    // with a table.
    let p1 = start_node("p1", #{
        config: #{ work_mem: "8MB" },
    });
    psql(p1, "create table t as select 42 as i, now() as at");
    value(p1, "select i from t");
    psql(p1, "select * from t");
"#);
    let checked = command(root.path(), &["check", "typed"]).status();
    assert!(checked.expect("it starts").success());
}

fn the_first_error_ends_a_session_from_a_pipe() {
    let root = Root::with("");
    let (code, out, err) = piped(&root, &[], "print(1);\nprnt(2);\nprint(3);\n");
    assert!(
        code == 3 && err.contains("repl:2:1") && !err.contains("    3\n"),
        "{code} {out}{err}"
    );
    let (code, out, err) = piped(
        &root,
        &[],
        "let a = start_node(\"a\");\n:nodes\npsql(a, \"select * from nowhere\");\nprint(3);\n",
    );
    assert!(
        code == 1 && err.contains("SQLSTATE: 42P01") && !err.contains("    3\n"),
        "{code} {out}{err}"
    );
}

fn a_session_begins_inside_a_scenario() {
    let root = Root::with(
        "step(\"One\");\nlet a = start_node(\"a\");\nlet i = one(a);\nstep(\"Two\");\nlet i = 2;\n\
         fn one(a) { value(a, \"select 1\") }\n",
    );
    let lines = ":nodes\ni + one(a)\n:save two.rhai\n";
    let (code, out, err) = piped(&root, &["--from", "drill", "--until", "two"], lines);
    assert!(code == 0 && out.contains("=> 2\n"), "{code} {out}{err}");
    let checked = command(root.path(), &["check", "two.rhai"]).status();
    assert!(checked.expect("it starts").success());
    let (code, out, err) = piped(&root, &["--from", "drill", "--until", "three"], "");
    assert!(
        code == 3 && err.contains("there is no step `three`") && err.contains("2  Two"),
        "{code} {out}{err}"
    );
}

fn a_line_is_interrupted_and_the_session_goes_on() {
    let root = Root::with("");
    let mut typed = Typed::start(&root, "repl");
    typed.at(PROMPT, "let a = start_node(\"a\")\r");
    typed.at(PROMPT, ":nodes\r");
    typed.until("-1-a");
    typed.at(PROMPT, "psql(a, \"select pg_sleep(300)\")\r");
    typed.at("SQL on a", "\x03");
    typed.until("it was interrupted");
    typed.at(PROMPT, "6 * value(a, \"select 7\")\r");
    typed.until("=> 42");
    typed.at(PROMPT, "\x04");
    let shown = typed.ended(0);
    assert_eq!(left(&run(&shown).expect("a node was listed")), [""; 0]);
}

fn a_session_that_is_killed_leaves_nothing() {
    let root = Root::with("");
    let mut typed = Typed::start(&root, "repl");
    typed.at(PROMPT, "let a = start_node(\"a\")\r");
    typed.at(PROMPT, ":nodes\r");
    typed.until("-1-a");
    typed.until(PROMPT);
    typed.signal(rustix::process::Signal::KILL);
    let shown = typed.ended(137);
    let run = run(&shown).expect("a node was listed");
    let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !left(&run).is_empty() {
        assert!(std::time::Instant::now() < end, "{:?}", left(&run));
    }
}
