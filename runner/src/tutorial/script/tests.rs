//! Pages and the scripts that are made of them.

use regex::Regex;

use super::*;
use crate::snapshot::file::Stored;

fn page(body: &str) -> Page {
    Page::of(&Stored {
        file: String::new(),
        source: "scenarios/x.rhai".to_owned(),
        title: Some("X".to_owned()),
        body: body.to_owned(),
    })
}

fn drilled(body: &str) -> String {
    drill(&page(body)).unwrap_or_else(|problem| problem.message)
}

#[test]
fn a_block_becomes_calls_that_read_like_it() {
    let script = drilled(
        "## A server\n\nIt *archives*.\n\n    \
         $ docker run -d --name p1 -e 'A=b c' pg\n    \
         p1$ cat >> x <<'EOF'\n    a = '1'\n    EOF\n    \
         root@p1$ ip addr\n    1: lo\n    \
         p1=# select now() as t;\n           t\n    ---------------\n     <timestamp:1>\n    \
         p1/db=# select 1 / 0;\n    ERROR:  division by zero\n    \
         p1$ echo <timestamp:1>\n    # exit code 2",
    );
    insta::assert_snapshot!(script, @r#"
    # --- The drill -------------------------------------------------------------------------------------

    step '##' 'A server'

    # It *archives*.

    quietly host_as 'docker run -d --name p1 -e '\''A=b c'\'' pg' docker run -d --name p1 -e 'A=b c' pg
    what='p1 accepts connections' deadline=$((SECONDS + 120))
    until docker exec p1 pg_isready -q; do breathe; done
    quietly on p1 <<'EOF_'
    cat >> x <<'EOF'
    a = '1'
    EOF
    EOF_
    on root@p1 'ip addr'
    sql p1 'select now() as t;'
    bind '<timestamp:1>' 3 ' *\(.*[^ ]\)'
    fails sql p1/db 'select 1 / 0;'
    fails on p1 'echo <timestamp:1>'
    remark 'exit code 2'
    "#);
}

#[test]
fn each_stored_transcript_becomes_a_script() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(root.join("snapshots")).expect("it is there") {
        let name = entry.expect("readable").file_name();
        let file = format!("snapshots/{}", name.to_string_lossy());
        let stored = Stored::read(root, &file).expect("whole").expect("there");
        let text =
            script(&Page::of(&stored), &[], 17).unwrap_or_else(|it| panic!("{file}: {it:?}"));
        assert!(text.starts_with("#!/usr/bin/env bash\n"), "{file}");
    }
}

/// What a script made of the body does with a docker client that only notes what it is asked.
struct Played {
    calls: Vec<String>,
    out: String,
    err: String,
    succeeded: bool,
    /// Something of the page was run on this machine.
    escaped: bool,
}

/// Plays it where containers of these names are there already.
fn played(body: &str, there: &[&str]) -> Played {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let docker = format!(
        "#!/bin/sh\nfor a; do printf '%s\\036' \"$a\"; done >>'{calls}'; printf '\\035' >>'{calls}'\n\
         case $2 in inspect) case ' {there} ' in *\" $3 \"*) ;; *) exit 1 ;; esac ;; esac\n",
        calls = at("calls").display(),
        there = there.join(" "),
    );
    std::fs::write(at("docker"), docker).expect("a file");
    std::fs::set_permissions(at("docker"), PermissionsExt::from_mode(0o755)).expect("its mode");
    std::fs::write(at("x.sh"), script(&page(body), &[], 17).expect("a script")).expect("a file");
    let path = std::env::var("PATH").expect("there is one");
    let ended = std::process::Command::new("bash")
        .arg("x.sh")
        .current_dir(&folder)
        .env("PATH", format!("{}:{path}", folder.path().display()))
        .output()
        .expect("bash is there");
    let calls = std::fs::read_to_string(at("calls")).unwrap_or_default();
    let calls = calls.split_terminator('\u{1d}');
    let label = Regex::new(r"tutorial\.run=\d+-\d+").expect("it is constant");
    let words = |call: &str| {
        let words: Vec<_> = call.split_terminator('\u{1e}').collect();
        label
            .replace(&words.join("|"), "tutorial.run=this")
            .into_owned()
    };
    Played {
        calls: calls.map(words).collect(),
        out: String::from_utf8_lossy(&ended.stdout).into_owned(),
        err: String::from_utf8_lossy(&ended.stderr).into_owned(),
        succeeded: ended.status.success(),
        escaped: at("escaped").exists(),
    }
}

#[test]
fn nothing_of_a_page_is_run_on_the_reader_s_machine() {
    let played = played(
        "# $(touch escaped)\n\n## `touch escaped` $(touch escaped) '\n\n\
         Prose \u{1b}[2J\r $(touch escaped)\n\n    \
         $ docker run -d --name p1 -e 'A=$(touch escaped) `touch escaped` '\\''q'\\''' other:17 sleep infinity\n    \
         p1$ echo \"$(touch escaped)\" '`touch escaped`' \\ \u{1b}[2J\r\n    \
         p1$ cat <<'X'\n    EOF\n    $(touch escaped)\n    X\n    \
         p1=# select '$(touch escaped)', '`touch escaped`', 'it''s \\ &';\n     x\n    \
         # until  from `select '$(touch escaped)'` on p1\n    # from here on: `touch escaped` $(touch escaped) \\",
        &[],
    );
    assert!(!played.escaped, "{}\n{}", played.out, played.err);
    let shown = played
        .calls
        .iter()
        .filter(|it| it.starts_with("run") || it.contains("sh|-c"));
    let shown: Vec<_> = shown.map(|it| it.escape_debug().to_string()).collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    run|--label|org.pgdrill.tutorial.run=this|-d|--name|p1|-e|A=$(touch escaped) `touch escaped` \'q\'|other:17|sleep|infinity
    exec|p1|sh|-c|exec 2>&1\necho \"$(touch escaped)\" \'`touch escaped`\' \\ \u{1b}[2J\r
    exec|p1|sh|-c|exec 2>&1\ncat <<\'X\'\nEOF\n$(touch escaped)\nX
    exec|-i|p1|sh|-c|exec psql -X -v ON_ERROR_STOP=1 \"$@\" 2>&1|psql|-U|postgres|-d|postgres
    "#);
}

#[test]
fn names_that_are_taken_are_refused_before_anything_is_started() {
    let body =
        "    $ docker volume create backups\n    $ docker run -d --name p1 other:17 sleep infinity";
    let played = played(body, &["p1"]);
    assert!(!played.succeeded);
    insta::assert_snapshot!(played.err, @"

    error: these are there already, and are not touched:
        container p1
    If nobody needs them, this removes them:
        docker rm -fv p1
        docker volume rm backups
    ");
    insta::assert_snapshot!(played.calls.join("\n"), @"
    version
    container|inspect|p1
    volume|inspect|backups
    ");
}

#[test]
fn a_command_that_fails_unexpectedly_ends_the_script_and_what_it_made_is_removed() {
    let body =
        "    $ docker run -d --name p1 other:17 sleep infinity\n    p1$ true\n    # exit code 1";
    let played = played(body, &[]);
    assert!(!played.succeeded);
    insta::assert_snapshot!(played.out, @"

    $ docker run -d --name p1 other:17 sleep infinity
    p1$ true
    ");
    insta::assert_snapshot!(played.err, @"

    error: that was expected to fail, and it did not
    ");
    insta::assert_snapshot!(played.calls.last().cloned().unwrap_or_default(), @"ps|-aq|--no-trunc|--filter|label=org.pgdrill.tutorial.run=this");
}
