//! What a run leaves behind on purpose: its record, and reports that are the same at any time later.

use std::path::Path;

use crate::drill::{Ended, Root, Running, command};

crate::trials!(
    a_report_made_later_is_the_one_that_the_run_left,
    a_run_without_a_place_for_its_record_passes,
    github_is_told_at_the_playbooks_line,
    a_record_of_a_killed_run_can_be_read,
    what_the_server_of_a_dead_machine_logged_is_told,
);

/// Prints what no document likes, and fails.
const LOUD: &str = r#"//! # Loud
step("All <kinds> & \"quotes\"");
let a = start_node("a");
sh(a, "printf 'a\\033[31m]]>\\000\\377</script> ::error::no\\n'; seq 30000");
step("It fails");
psql(a, "select * from nowhere");"#;

fn pgdrill(root: &Root, arguments: &[&str]) -> Ended {
    let mut command = command(root.path(), arguments);
    command.env("XDG_STATE_HOME", root.path().join("state"));
    Running::start(command).end()
}

fn read(root: &Root, file: &str) -> String {
    let bytes =
        std::fs::read(root.path().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    String::from_utf8(bytes).expect("it is UTF-8")
}

fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("it is there").flatten();
    let mut names: Vec<_> = entries
        .map(|it| it.file_name().display().to_string())
        .collect();
    names.sort();
    names
}

fn a_report_made_later_is_the_one_that_the_run_left() {
    let root = Root::with(LOUD);
    let run = ["run", "drill", "--verbose", "--report", "now"];
    pgdrill(&root, &run).must(1, &["relation \"nowhere\" does not exist"]);
    let listed = pgdrill(&root, &["runs"]).out;
    let name = listed
        .split_whitespace()
        .next()
        .expect("a run is listed")
        .to_owned();
    assert!(
        listed.contains("failed") && listed.contains("drill"),
        "{listed}"
    );
    let later = pgdrill(&root, &["report", &name, "-o", "later"]);
    assert_eq!(later.code, 0, "{}", later.err);
    let (now, then) = (
        files(&root.path().join("now")),
        files(&root.path().join("later")),
    );
    assert_eq!(now, then);
    assert!(now.len() >= 5, "{now:?}");
    for file in &now {
        let same = read(&root, &format!("now/{file}")) == read(&root, &format!("later/{file}"));
        assert!(same, "{file} differs");
    }
    let one = pgdrill(&root, &["report", "now", "--format", "junit"]);
    assert_eq!(one.out, read(&root, "now/junit.xml"));
    let xml = quick_junit::Report::deserialize_from_str(&one.out).expect("it is JUnit's XML");
    assert_eq!((xml.tests, xml.failures, xml.errors), (2, 1, 0));
    assert!(
        read(&root, "now/run.cast").contains("29999"),
        "the whole output is recorded"
    );
    // It is taken for what it is: the reports of an earlier run, which go.
    pgdrill(&root, &run).must(1, &[]);
}

fn a_run_without_a_place_for_its_record_passes() {
    let root = Root::with("let a = start_node(\"a\");\npsql(a, \"select 1\");");
    root.write("state", "a file is no folder");
    let run = pgdrill(&root, &["run", "drill", "--update", "always"]);
    run.must(0, &["1 passed", "warning: this run has no record: "]);
}

fn github_is_told_at_the_playbooks_line() {
    let root = Root::with(LOUD);
    let mut command = command(root.path(), &["run", "drill", "--verbose"]);
    command
        .env("XDG_STATE_HOME", root.path().join("state"))
        .env("GITHUB_ACTIONS", "true")
        .env(
            "GITHUB_WORKSPACE",
            root.path().parent().expect("it is below"),
        )
        .env("GITHUB_STEP_SUMMARY", root.path().join("summary.md"));
    let ended = Running::start(command).end();
    let folder = root.path().file_name().expect("it has a name").display();
    let told = format!("::error file={folder}/scenarios/drill.rhai,line=6,col=1,title=");
    let lines: Vec<_> = ended.err.lines().collect();
    let at = |lead: &str| lines.iter().position(|it| it.starts_with(lead));
    let token = lines[at("::stop-commands::").expect("commands are off")];
    let token = token.trim_start_matches("::stop-commands::");
    let on = at(&format!("::{token}::")).expect("commands are on again");
    assert!(at(&told).is_some_and(|it| it > on), "{}", ended.err);
    let summary = read(&root, "summary.md");
    for part in [
        "| 1 | All \\<kinds\\> \\&",
        "| 2 | It fails | failed: ",
        "```mermaid\ngantt",
    ] {
        assert!(summary.contains(part), "{part}: {summary}");
    }
}

fn a_record_of_a_killed_run_can_be_read() {
    let root = Root::with(
        "step(\"one\");\nlet a = start_node(\"a\");\nprint(\"now\");\npsql(a, \"select pg_sleep(300)\");",
    );
    let mut command = command(root.path(), &["run", "drill", "--verbose"]);
    command.env("XDG_STATE_HOME", root.path().join("state"));
    let mut run = Running::start(command);
    run.until("now");
    let listed = pgdrill(&root, &["runs"]).out;
    assert!(listed.contains("running"), "{listed}");
    run.signal(rustix::process::Signal::KILL);
    run.end();
    let report = pgdrill(&root, &["report", "--format", "tap"]);
    assert!(
        report.out.contains("not ok 1 - one") && report.out.contains("kind: \"unfinished\""),
        "{}",
        report.out
    );
    let listed = pgdrill(&root, &["runs"]).out;
    assert!(listed.contains("unfinished"), "{listed}");
}

fn what_the_server_of_a_dead_machine_logged_is_told() {
    let root = Root::with(
        "step(\"One\");\nlet a = start_node(\"a\");\nlet b = start_node(\"b\");\n\
         psql(a, \"select * from nowhere\", #{ fails: true });\npower_off(a);",
    );
    let run = ["run", "drill", "--update", "always", "--report", "now"];
    pgdrill(&root, &run).must(0, &[]);
    let record = read(&root, "now/events.jsonl");
    let log_of = |node: &str| {
        let node = format!("\"node\":\"{node}\"");
        let mut lines = record.lines();
        lines.find(|it| it.contains("\"server-log\"") && it.contains(&node))
    };
    let log = log_of("a").expect("the machine that is off has told");
    let log: serde_json::Value = serde_json::from_str(log).expect("it is JSON");
    let lines = log["lines"].as_array().expect("a list");
    let said = |it: &&serde_json::Value| it["text"].to_string().contains("nowhere");
    let line = lines.iter().find(said).expect("the error was logged");
    // In the time of the run, as the clock of the other machine has it.
    let (at, end) = (line["at"].as_f64(), log["at"].as_f64());
    assert!(at > Some(0.0) && at < end, "{log}");
    assert!(log_of("b").is_some());
}
