//! Nodes that a run has left: entered, looked at, removed.

use std::io::Write;
use std::process::Stdio;

use crate::drill::{Root, command};
use crate::left::left;

crate::trials!(
    nodes_that_are_kept_can_be_entered_and_removed,
    images_are_listed,
    doctor_finds_the_engine
);

/// Runs a command of the program on a text; gives its exit code and both outputs.
pub fn pgdrill(root: &Root, arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut child = command(root.path(), arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(input.as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code().unwrap_or(-1),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn nodes_that_are_kept_can_be_entered_and_removed() {
    let root = Root::with(
        r#"let kept = start_node("kept", #{ user: "admin", port: 5444 }); psql(kept, "create table t as select 42 as i");"#,
    );
    let mut run = root.run(&["--keep", "always"]);
    run.until("left for you to look into");
    let id = run.id();
    let ended = run.end();
    assert!(!ended.left.is_empty(), "{}", ended.err);

    let inside = |what: &str, input: &str| pgdrill(&root, &[what, "kept", &id], input);
    let (code, out, err) = inside(
        "psql",
        "\\pset tuples_only\nselect i, current_user from t;\n",
    );
    assert!(
        code == 0 && out.contains("42 | admin"),
        "{code} {out} {err}"
    );
    let (code, out, err) = inside(
        "sh",
        "echo $PGPORT; pg_controldata | grep -c 'Database cluster'; exit 7",
    );
    assert!(
        code == 7 && out.starts_with("5444\n1\n"),
        "{code} {out} {err}"
    );
    let (code, out, err) = inside("logs", "");
    assert!(
        code == 0 && out.contains("ready to accept connections"),
        "{code} {out} {err}"
    );
    let (code, _, err) = pgdrill(&root, &["sh", "other", &id], "");
    assert!(
        code == 3 && err.contains(&format!("kept {id}-1")),
        "{code} {err}"
    );

    let (code, out, err) = pgdrill(&root, &["clean", "--dry-run", &id], "");
    assert!(
        code == 0 && out.contains("would remove container"),
        "{code} {out} {err}"
    );
    assert_eq!(left(&id), ended.left);
    let (code, out, err) = pgdrill(&root, &["clean", &id], "");
    assert!(
        code == 0 && out.contains("removed container"),
        "{code} {out} {err}"
    );
    assert_eq!(left(&id), [""; 0]);
}

fn images_are_listed() {
    let root = Root::with("");
    let (code, out, err) = pgdrill(&root, &["images", "build", "pg-base"], "");
    assert!(
        code == 0 && out.starts_with("pgdrill/pg-base:17-"),
        "{code} {out} {err}"
    );
    let (code, list, err) = pgdrill(&root, &["images"], "");
    assert!(
        code == 0 && list.contains(out.trim()),
        "{code} {list} {err}"
    );
    let (code, _, err) = pgdrill(&root, &["images", "build", "nothing"], "");
    assert!(
        code == 3 && err.contains("no recipe for an image `nothing`"),
        "{code} {err}"
    );
}

fn doctor_finds_the_engine() {
    let (code, out, err) = pgdrill(&Root::with(""), &["doctor"], "");
    assert!(
        code == 0 && out.contains("ok  the engine answers"),
        "{code} {out} {err}"
    );
}
