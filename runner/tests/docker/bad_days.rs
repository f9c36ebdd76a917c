//! What bad input and a bad day get: a clear error, the right exit code, nothing left behind.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::drill::{Root, Running, command, drill};
use crate::left::{kill, left};

crate::trials!(
    an_sql_error_that_nobody_expected_fails_the_scenario,
    a_server_that_does_not_start_says_why,
    a_start_that_failed_can_be_tried_again,
    a_recovery_that_misses_its_target_says_so,
    a_container_that_dies_within_a_statement_is_an_error_of_the_environment,
    an_environments_failure_can_not_be_caught,
    a_wait_that_is_given_up_is_a_diagnosis,
    a_scenario_has_an_end,
    a_signal_stops_and_cleans_up,
    a_second_signal_cleans_up_by_force,
    a_runner_that_is_killed_leaves_nothing,
    a_full_disk_is_the_servers_problem,
    a_name_is_given_once,
    an_image_that_is_nowhere_is_named,
    a_recipe_that_fails_shows_its_last_lines,
    no_engine_is_said_with_what_was_tried,
    an_engine_without_permission_is_said,
    a_damaged_snapshot_is_not_overwritten,
    what_a_playbook_printed_once_is_not_left_for_review,
    two_runs_at_once_do_not_meet,
    what_is_to_be_done_in_the_end_is_done_after_a_failure,
);

fn an_sql_error_that_nobody_expected_fails_the_scenario() {
    let ended = drill("let a = start_node(\"a\");\npsql(a, \"select * from nowhere\");");
    ended.must(
        1,
        &[
            "relation \"nowhere\" does not exist",
            "SQLSTATE: 42P01",
            "scenarios/drill.rhai:2:1",
            "statement: select * from nowhere",
        ],
    );
}

fn a_server_that_does_not_start_says_why() {
    let ended = drill(r#"start_node("a", #{ config: #{ shared_buffers: "nonsense" } });"#);
    ended.must(
        1,
        &[
            "start of the server on node `a` failed",
            "invalid value for parameter \"shared_buffers\"",
        ],
    );
}

/// The machine of the first attempt goes, with its data directory.
fn a_start_that_failed_can_be_tried_again() {
    let ended = drill(
        r#"let wrong = #{ config: #{ shared_buffers: "nonsense" } };
fails(|| start_node("a", wrong));
let a = start_node("a");
fails(|| start_standby("s", a, wrong));
let s = start_standby("s", a);
expect_eq(value(s, "show shared_buffers"), value(a, "show shared_buffers"));
let again = "a";
start_node(again);"#,
    );
    ended.must(3, &["there is a node `a` already"]);
}

/// Whatever is to be done at the target; and the server is not asked while it ends.
fn a_recovery_that_misses_its_target_says_so() {
    let ended = drill(
        r#"let a = start_node("a");
archive_to(a, "/tmp/archive");
let base = basebackup(a, "/tmp/base");
switch_wal(a);
stop_server(a);
for action in ["pause", "promote"] {
    let to = #{ archive: "/tmp/archive", target_name: "nowhere", action: action };
    let failure = fails(|| recover(a, base, to));
    print(action + ": " + failure.message);
    expect_eq(exec(a, "grep 'the database system is' /tmp/server.log").out, "");
}
throw "all is well";"#,
    );
    let said = |action: &str| {
        format!(
            "{action}: recovery of node `a` failed: recovery ended before configured recovery target \
             was reached"
        )
    };
    ended.must(1, &[&said("pause"), &said("promote"), "all is well"]);
}

const SLEEPER: &str = r#"let a = start_node("a");
psql(a, "select 1");
print("now");
psql(a, "select pg_sleep(300)");"#;

fn a_container_that_dies_within_a_statement_is_an_error_of_the_environment() {
    let root = Root::with(SLEEPER);
    let mut run = root.run(&[]);
    run.until("now");
    kill(&run.container("a"));
    run.end().must(
        4,
        &[
            "the container has ended, with exit code 137",
            "scenarios/drill.rhai:4:1",
        ],
    );
}

fn an_environments_failure_can_not_be_caught() {
    let root = Root::with(
        r#"let a = start_node("a");
print("now");
try { fails(|| psql(a, "select pg_sleep(300)")); } catch { print("caught"); }
print("went on");"#,
    );
    let mut run = root.run(&[]);
    run.until("now");
    kill(&run.container("a"));
    let ended = run.end();
    ended.must(4, &["the container has ended"]);
    let told = |text: &str| ended.err.lines().any(|line| line.trim() == text);
    assert!(!told("caught") && !told("went on"), "{}", ended.err);
}

fn a_wait_that_is_given_up_is_a_diagnosis() {
    let ended = drill(
        r#"let a = start_node("a");
psql(a, "create table t (i int)");
let s = session(a);
s.psql("begin");
s.psql("lock table t");
session(a).send("select * from t");
wait_until(a, "select 41", 42, #{ timeout: "1s" });"#,
    );
    ended.must(
        1,
        &[
            "gave up after 1s",
            "last seen: 41",
            "a  accepts connections",
            "waits for a lock (relation) of client backend",
            ": select * from t",
            "a  log:",
            "scenarios/drill.rhai:7:1",
        ],
    );
}

fn a_scenario_has_an_end() {
    let root = Root::with(SLEEPER);
    root.run(&["--timeout", "4s"])
        .end()
        .must(1, &["the scenario was not over after 4s"]);
}

fn a_signal_stops_and_cleans_up() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let root = Root::with(SLEEPER);
        let mut run = root.run(&[]);
        run.until("now");
        run.signal(signal);
        run.end().must(code, &["stopping and cleaning up"]);
    }
}

fn a_second_signal_cleans_up_by_force() {
    let root = Root::with(
        r#"let a = start_node("a");
finally(|| { print("at the end"); exec(a, "sleep 300"); });
print("now");
psql(a, "select pg_sleep(300)");"#,
    );
    let mut run = root.run(&[]);
    run.until("now");
    run.signal(Signal::INT);
    run.until("at the end");
    run.signal(Signal::INT);
    run.end().must(130, &["cleaning up by force"]);
}

fn a_runner_that_is_killed_leaves_nothing() {
    let root = Root::with(SLEEPER);
    let mut run = root.run(&[]);
    run.until("now");
    let id = run.id();
    run.signal(Signal::KILL);
    run.end();
    let end = Instant::now() + Duration::from_secs(15);
    while !left(&id).is_empty() {
        assert!(Instant::now() < end, "left after 15 s: {:?}", left(&id));
        std::thread::yield_now();
    }
}

fn a_full_disk_is_the_servers_problem() {
    let ended = drill(
        r#"let a = start_node("a", #{ disk: "64MB", config: #{ max_wal_size: "32MB", min_wal_size: "32MB" } });
psql(a, "create table t (x text)");
psql(a, "insert into t select repeat('x', 1000) from generate_series(1, 200000)");"#,
    );
    ended.must(1, &["No space left on device", "scenarios/drill.rhai:3:1"]);
}

/// What can be seen before the run is; a name that is computed is found where it is used.
fn a_name_is_given_once() {
    let ended = drill("start_node(\"a\", #{ server: false });\nstart_node(\"a\");");
    ended.must(3, &["there already", "scenarios/drill.rhai:2:1"]);
    let ended = drill("for name in [\"a\", \"a\"] {\nstart_node(name, #{ server: false });\n}");
    ended.must(
        3,
        &["there is a node `a` already", "scenarios/drill.rhai:2:1"],
    );
}

fn an_image_that_is_nowhere_is_named() {
    let ended = drill(r#"start_node("a", #{ image: "no-such-image" });"#);
    ended.must(
        4,
        &[
            "image `no-such-image` is not there and can't be had",
            "images/no-such-image/Dockerfile",
        ],
    );
}

fn a_recipe_that_fails_shows_its_last_lines() {
    let root = Root::with(r#"start_node("a", #{ image: "broken" });"#);
    root.write(
        "images/broken/Dockerfile",
        "FROM pg-base\nRUN echo the last words; exit 9\n",
    );
    root.run(&[]).end().must(
        4,
        &["the build of image `broken:17` failed", "the last words"],
    );
}

fn no_engine_is_said_with_what_was_tried() {
    let root = Root::with("");
    let dead = root.path().join("dead.sock");
    drop(UnixListener::bind(&dead).expect("a socket"));
    for (socket, why) in [
        (dead.clone(), "nobody listens there"),
        (root.path().join("none"), "no such file"),
    ] {
        let mut command = command(root.path(), &["run", "drill"]);
        command.env("DOCKER_HOST", format!("unix://{}", socket.display()));
        Running::start(command)
            .end()
            .must(4, &["no container engine answers", why, "start one"]);
    }
}

/// Root may use every socket: then the program runs as somebody else, as far as it may.
fn an_engine_without_permission_is_said() {
    let root = Root::with("");
    let socket = root.path().join("closed.sock");
    let _listener = UnixListener::bind(&socket).expect("a socket");
    std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o000)).expect("it is ours");
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(root.path(), open.clone()).expect("it is ours");
    let mut command = command(root.path(), &["run", "drill"]);
    if rustix::process::getuid().is_root() {
        // The program may lie where nobody else can look.
        let program = root.path().join("pgdrill");
        std::fs::copy(env!("CARGO_BIN_EXE_pgdrill"), &program).expect("a copy");
        std::fs::set_permissions(&program, open).expect("it is ours");
        let mut other = std::process::Command::new("setpriv");
        other
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(program)
            .args(["run", "drill"])
            .current_dir(root.path());
        command = other;
    }
    command.env("DOCKER_HOST", format!("unix://{}", socket.display()));
    let ended = Running::start(command).end();
    ended.must(
        4,
        &[
            "may not be used by this user",
            "permission denied",
            "usermod -aG docker",
        ],
    );
}

fn what_a_playbook_printed_once_is_not_left_for_review() {
    let root = Root::with("let a = start_node(\"a\");\npsql(a, \"select 1 as old\");");
    root.run(&[]).end().must(1, &["pgdrill review drill"]);
    let pending = root.path().join("snapshots/drill.snap.new");
    assert!(pending.exists());
    root.write(
        "scenarios/drill.rhai",
        "let a = start_node(\"a\");\npsql(a, \"select 1 as new\");\npsql(a, \"select nothing\");",
    );
    root.run(&[])
        .end()
        .must(1, &["column \"nothing\" does not exist"]);
    assert!(!pending.exists());
}

fn a_damaged_snapshot_is_not_overwritten() {
    let root = Root::with(r#"let a = start_node("a", #{ server: false }); sh(a, "echo hello");"#);
    let damaged = "<<<<<<< ours\n---\nsource: x\n---\ntext\n=======\n>>>>>>> theirs\n";
    root.write("snapshots/drill.snap", damaged);
    let ended = root.run(&["--update", "always"]).end();
    assert!(
        matches!(ended.code, 1 | 3 | 4) && ended.left.is_empty(),
        "{ended:?}"
    );
    assert!(ended.err.contains("snapshots/drill.snap"), "{}", ended.err);
    let now =
        std::fs::read_to_string(root.path().join("snapshots/drill.snap")).expect("it is there");
    assert_eq!(now, damaged);
}

fn two_runs_at_once_do_not_meet() {
    let root = Root::with(r#"let a = start_node("a"); psql(a, "select 'hello' as x");"#);
    root.run(&["--update", "always"]).end().must(0, &[]);
    let both = [root.run(&["--update", "no"]), root.run(&["--update", "no"])];
    for run in both {
        run.end().must(0, &["1 passed"]);
    }
}

fn what_is_to_be_done_in_the_end_is_done_after_a_failure() {
    let ended = drill(
        r#"let a = start_node("a", #{ server: false });
finally(|| print("first in, last out"));
finally(|| print("at the end: " + exec(a, "echo alive").out));
expect(false, "it is not so");"#,
    );
    ended.must(
        1,
        &["it is not so", "at the end: alive", "first in, last out"],
    );
}
