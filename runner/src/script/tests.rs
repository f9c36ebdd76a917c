//! The language on an engine that only writes down what is asked of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::unbounded_channel;
use tokio_util::sync::CancellationToken;

use super::{Playbook, play, talk};
use crate::engine::Engine;
use crate::engine::recording::recording;
use crate::image::{Images, Settings};
use crate::lab::{Sink, World};
use crate::session::{Pauses, Session, Setting, Typing};

mod pauses;
mod told;
mod typed;

use told::{told, verdict};

const LONG: Duration = Duration::from_mins(10);
const SHORT: Duration = Duration::from_millis(50);

/// Everything that a playbook caused: what it showed, what became of it, what the engine was asked.
pub fn played(source: &str) -> String {
    played_until(source, LONG, None)
}

fn played_until(source: &str, limit: Duration, stop_after: Option<Duration>) -> String {
    played_with(source, limit, stop_after, None)
}

fn played_with(
    source: &str,
    limit: Duration,
    stop_after: Option<Duration>,
    pauses: Option<Pauses>,
) -> String {
    played_by(source, limit, stop_after, pauses, None)
}

/// The same for what is typed after it.
fn played_typed(source: &str, limit: Duration, typing: Typing) -> String {
    played_by(source, limit, None, None, Some(typing))
}

fn played_by(
    source: &str,
    limit: Duration,
    stop_after: Option<Duration>,
    pauses: Option<Pauses>,
    typing: Option<Typing>,
) -> String {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.expect("threads").block_on(async {
        let engine = recording();
        let shared: Arc<dyn Engine> = engine.clone();
        let images = Images::new(engine.clone(), Vec::new(), Settings::default());
        let (sender, mut events) = unbounded_channel();
        let world = World::new(shared, images, "run", std::env::temp_dir());
        let stop = CancellationToken::new();
        let session = Arc::new(Session::new(Setting {
            sink: Sink::new(sender, Instant::now()),
            world: Arc::new(world),
            major: 17,
            beside: std::env::temp_dir(),
            stop: stop.clone(),
            limit,
            pauses,
            typing: typing.clone(),
        }));
        // Stopped in the middle of a call, however long the way to it is.
        let watched = engine.clone();
        let stopping = stop_after.map(|after| {
            tokio::spawn(async move {
                while watched.text().is_empty() {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                tokio::time::sleep(after).await;
                stop.cancel();
            })
        });
        let playbook = Playbook {
            path: "a.rhai".to_owned(),
            source: source.to_owned(),
        };
        let playing = Arc::clone(&session);
        let problems = tokio::task::spawn_blocking(move || match typing {
            Some(typing) => talk(&playbook, typing.until, &playing),
            None => play(&playbook, &playing),
        })
        .await
        .expect("no panic");
        if let Some(stopping) = stopping {
            stopping.abort();
        }
        let asked = engine.text();
        let mut lines = Vec::new();
        while let Ok(event) = events.try_recv() {
            lines.extend(told(&event.what));
        }
        lines.extend(problems.iter().map(verdict));
        lines.extend(asked.lines().map(|line| format!("engine: {line}")));
        for lab in session.labs() {
            lab.take_down().await.expect("the recording removes all");
        }
        lines.extend(
            engine
                .text()
                .lines()
                .skip(asked.lines().count())
                .map(|line| format!("at the end: {line}")),
        );
        lines.join("\n")
    })
}

#[test]
fn a_node_starts_and_all_of_it_ends_with_the_scenario() {
    insta::assert_snapshot!(played(r#"
        step("One");
        // The first.
        let a = start_node("a", #{ image: "postgres:17", config: #{ work_mem: "8MB" } });
        kill_node(a);
    "#), @"
step: One
prose: The first.
$ docker run -d --name a postgres:17 -c work_mem=8MB
$ docker kill a
mark: Fault { name: \"kill a\" }
engine: create a from postgres:17
engine: kill a
at the end: remove a
");
}

#[test]
fn cancellation_cannot_be_caught_and_still_cleans_up() {
    insta::assert_snapshot!(played_until(r#"
        try { start_node("a", #{ image: "stuck" }) } catch { print("caught") }
    "#, LONG, Some(SHORT)), @"
$ docker run -d --name a stuck
Cancelled: 2:15 the run was stopped
engine: create a from stuck
at the end: remove a
");
}

#[test]
fn time_that_is_up_ends_a_loop_without_calls() {
    insta::assert_snapshot!(played_until("loop { }", SHORT, None), @"
System: 1:6 the scenario was not over after 50ms
   = `timeout` in SCENARIO or --timeout changes its limit
");
}

#[test]
fn what_the_system_does_can_be_caught_and_what_the_playbook_or_machine_does_cannot() {
    insta::assert_snapshot!(played(r#"
        let a = start_node("a", #{ image: "postgres:17" });
        print(fails(|| sh(a, "broken")).code);
        try { sh(a, "broken") } catch (failure) { print(failure.message) }
        fails(|| start_node("b", #{ image: "missing" }));
    "#), @"
$ docker run -d --name a postgres:17
a$ broken
# exit code 3
says: 3
a$ broken
# exit code 3
says: the command on node `a` failed with exit code 3
Environment: 5:18 image `missing` is not there and can't be had
   = no such image: `missing`
   = `images/missing/Dockerfile` would be its recipe, and there is none
engine: create a from postgres:17
at the end: remove a
");
}

#[test]
fn a_closure_that_does_not_fail_is_the_failure() {
    insta::assert_snapshot!(played("fails(|| 1);"), @"System: 1:1 it was expected to fail, and it did not");
}

#[test]
fn labs_have_their_own_names_and_end_with_them() {
    insta::assert_snapshot!(played(r#"
        for mode in ["one", "two"] {
            lab(mode, || {
                step("Start");
                // Told in each lab.
                start_node("a", #{ image: "postgres:17", server: false });
                finally(|| print("finally " + mode));
            });
        }
    "#), @"
lab: one
step: Start
prose: Told in each lab.
$ docker run -d --name a postgres:17 sleep infinity
says: finally one
$ docker rm -fv a
end of lab: one
lab: two
step: Start
prose: Told in each lab.
$ docker run -d --name a postgres:17 sleep infinity
says: finally two
$ docker rm -fv a
end of lab: two
engine: create a from postgres:17
engine: remove a
engine: create a from postgres:17
engine: remove a
");
}

#[test]
fn what_is_left_for_the_end_is_done_last_one_first_whatever_happened() {
    insta::assert_snapshot!(played(r#"
        finally(|| print("first asked"));
        finally(|| { print("second asked"); throw "oh" });
        expect(false, "the world is flat");
    "#), @"
says: second asked
says: first asked
System: 4:9 expected: the world is flat
System: 3:45 oh
");
}

#[test]
fn checks_name_both_values_and_refuse_to_compare_unlike_ones() {
    insta::assert_snapshot!(
        [r#"expect_eq(1 + 1, 3, "sums are right");"#, "expect_eq(1, 2);", r#"expect_eq("2", 2);"#, r#"if 2 == "2" { }"#, "expect_eq([1, #{ a: 1.0 }], [1, #{ a: 1 }]);"]
            .map(played).join("\n"),
        @r#"
System: 1:1 not equal: sums are right
   = wanted: 3
   = actual: 2
System: 1:1 not equal
   = wanted: 2
   = actual: 1
Playbook: 1:1 "2" is compared with 2: they are never equal
Playbook: 1:6 a number is compared with a text: they are never equal
   = convert one of them: `.to_string()`, `parse_int(…)`
"#
    );
}

#[test]
fn bad_options_are_errors_at_the_call() {
    insta::assert_snapshot!(
        [
            r#"let keys = #{ imge: "pg" }; start_node("a", keys);"#,
            r#"start_node("a", #{ port: 70000 });"#,
            r#"start_node("a", #{ volumes: #{ "/x": "backups" } });"#,
            r#"start_node("a", #{ caps: ["SYS_ADMIN"] });"#,
            r#"start_node("a", #{ storage: "tape" });"#,
            r#"start_node("A B");"#,
            r#"let a = start_node("a", #{ image: "postgres:17", server: false }); recover(a, #{ archive: "/x", target_time: "1", target_name: "2" });"#,
        ]
        .map(played).join("\n"),
        @r#"
Playbook: 1:29 `start_node` has no option `imge`, did you mean `image`?
   = it takes: image, pg, volumes, config, hba, env, hostname, memory, storage, disk, data,
port, caps, lan, network, server, initdb, auth, user, password
   = manual: pgdrill api start_node
Playbook: 1:1 option `port` of `start_node` must be a number from 1 to 65535, not 70000 (a number)
   = manual: pgdrill api start_node
Playbook: 1:1 option `volumes` of `start_node` must be a map from absolute paths to volumes, #{ "/mnt/backup": volume("backups") }, not #{"/x": "backups"}
   = manual: pgdrill api start_node
Playbook: 1:1 option `caps` of `start_node` must be an array of some of "NET_ADMIN", "NET_RAW", "SYS_NICE", "SYS_PTRACE", "IPC_LOCK", "AUDIT_WRITE", not ["SYS_ADMIN"]
   = manual: pgdrill api start_node
Playbook: 1:1 option `storage` of `start_node` must be one of "volume", "memory", "layer", not "tape"
   = manual: pgdrill api start_node
Playbook: 1:1 `A B` is no name for a node
   = up to 40 lower-case letters, digits, `-` and `_`, the first a letter or a digit
$ docker run -d --name a postgres:17 sleep infinity
Playbook: 1:68 `recover` takes one target: target_time, target_lsn, target_xid, target_name or immediate
engine: create a from postgres:17
at the end: remove a
"#
    );
}

#[test]
fn a_name_is_taken_once_and_free_after_removal() {
    insta::assert_snapshot!(played(r#"
        let a = start_node("a", #{ image: "postgres:17", server: false });
        remove_node(a);
        let again = start_node("a", #{ image: "postgres:17", server: false });
        fails(|| sh(a, "true"));
    "#), @"
$ docker run -d --name a postgres:17 sleep infinity
$ docker rm -fv a
mark: PlannedStop { node: \"a\" }
$ docker run -d --name a postgres:17 sleep infinity
Playbook: 5:18 node `a` was removed
engine: create a from postgres:17
engine: remove a
engine: remove volume a-data
engine: create a from postgres:17
at the end: remove a
");
    insta::assert_snapshot!(played(r#"
        start_node("a", #{ image: "postgres:17", server: false });
        start_node("a");
    "#), @"
$ docker run -d --name a postgres:17 sleep infinity
Playbook: 3:9 there is a node `a` already
   = remove_node frees a name; another name is simpler
engine: create a from postgres:17
at the end: remove a
");
}

#[test]
fn what_is_shown_cannot_be_polled() {
    insta::assert_snapshot!(played(r#"
        let a = start_node("a", #{ image: "postgres:17", server: false });
        wait_until(|| sh(a, "true") == "");
    "#), @"
$ docker run -d --name a postgres:17 sleep infinity
Playbook: 3:23 `sh` is shown, so it can't be polled
   = the number of polls would be in the transcript; use `value`, `query` or `exec` in `wait_until`
engine: create a from postgres:17
at the end: remove a
");
}

#[test]
fn a_wait_that_is_given_up_is_a_diagnosis() {
    insta::assert_snapshot!(played(r#"
        let n = 0;
        wait_until(|| { n += 1; n > 3 });
        print(n);
        let a = start_node("a", #{ image: "postgres:17", server: false });
        kill_node(a);
        wait_until(|| { 7; false }, #{ timeout: "1s" });
    "#), @"
says: 4
$ docker run -d --name a postgres:17 sleep infinity
$ docker kill a
mark: Fault { name: \"kill a\" }
System: 7:9 the condition of the playbook: gave up after 1s
   = waited for: the condition of the playbook
   = last seen: false
   = a  container stopped, exit code 137
engine: create a from postgres:17
engine: kill a
at the end: remove a
");
}

#[test]
fn prose_in_a_loop_is_told_once() {
    insta::assert_snapshot!(played("for i in 0..3 {\n// Again and again.\nprint(i);\n}"), @"
prose: Again and again.
says: 0
says: 1
says: 2
");
}

#[test]
fn errors_in_functions_name_their_callers() {
    insta::assert_snapshot!(played("fn check(x) {\n  expect(x > 1, \"large\");\n}\nfn outer() {\n  check(1);\n}\nouter();"), @"
System: 2:3 expected: large
   = called by `check` at a.rhai:5:3
   = called by `outer` at a.rhai:7:1
");
}
