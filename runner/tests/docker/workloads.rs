//! Workloads and invariants on a bad day: what is said, and that nobody outlives the scenario.

use rustix::process::Signal;

use crate::drill::{Root, drill};

crate::trials!(
    a_target_that_never_answers_its_clients_is_named,
    clients_for_which_there_is_no_room_are_explained,
    clients_that_are_never_served_again_leave_no_rto,
    an_outage_lasts_until_the_machine_is_back,
    clients_that_wait_for_a_frozen_server_leave_no_processes,
    a_signal_stops_the_clients_too,
    what_was_lost_is_counted_where_too_much_is,
    a_violation_fails_the_scenario_with_when_and_what_was_seen,
    what_is_never_known_has_failed_and_a_wrong_closure_is_said_at_once,
    a_violation_that_does_not_come_is_the_failure,
    a_signal_ends_a_look_that_gets_no_answer,
);

fn a_target_that_never_answers_its_clients_is_named() {
    let ended = drill(
        r#"let a = start_node("a");
kill_server(a, "STOP");
start_workload(a);"#,
    );
    ended.must(
        1,
        &[
            "`a` does not answer its clients",
            "gave up connecting after 5s",
            "scenarios/drill.rhai:3:1",
        ],
    );
}

fn clients_for_which_there_is_no_room_are_explained() {
    let root = Root::with(
        r#"let a = start_node("a", #{ config: #{ max_connections: 5, superuser_reserved_connections: 0, max_wal_senders: 0 } });
start_workload(a, #{ writers: 10 });"#,
    );
    root.run(&["--timeout", "30s"]).end().must(
        1,
        &[
            "waited for: the first acknowledgement of each client",
            "sorry, too many clients already",
        ],
    );
}

/// Clients on the machine are served until its plug is out, which is after its cables.
fn an_outage_lasts_until_the_machine_is_back() {
    let ended = drill(
        r#"let a = start_node("a");
let clients = start_workload(a);
power_off(a);
power_on(a);
start_server(a);
let cost = clients.stop();
expect(cost.rto == cost.gap, `out of service ${cost.rto}, longest silence ${cost.gap}`);
throw "all is well";"#,
    );
    ended.must(1, &["all is well"]);
}

fn clients_that_are_never_served_again_leave_no_rto() {
    let ended = drill(
        r#"let a = start_node("a");
let b = start_node("b");
let clients = start_workload(a, #{ connections: "new" });
kill_server(a);
clients.stop(b);
expect_rto(clients, "1h");"#,
    );
    ended.must(
        1,
        &[
            "out of service               not back after",
            "clients were not served again",
            "kill -KILL a: ",
            "scenarios/drill.rhai:6:1",
        ],
    );
}

fn clients_that_wait_for_a_frozen_server_leave_no_processes() {
    let ended = drill(
        r#"let a = start_node("a");
let clients = start_workload(a, #{ connections: "new", connect_timeout: "100ms" });
kill_server(a, "STOP");
wait_until(|| exec(a, "pgrep socat").code == 0);
kill_server(a, "CONT");
let cost = clients.stop();
wait_until(|| exec(a, "pgrep socat").code == 1, #{ timeout: "10s" });
print("none is left");"#,
    );
    ended.must(1, &["none is left"]);
}

fn a_signal_stops_the_clients_too() {
    let root = Root::with(
        r#"let a = start_node("a");
start_workload(a);
print("now");
psql(a, "select pg_sleep(300)");"#,
    );
    let mut run = root.run(&[]);
    run.until("now");
    run.signal(Signal::INT);
    run.end().must(130, &["stopping and cleaning up"]);
}

fn what_was_lost_is_counted_where_too_much_is() {
    let ended = drill(
        r#"let a = start_node("a");
let clients = start_workload(a, #{ writers: 1, rate: 1 });
psql(a, "delete from pgdrill_workload");
clients.stop();
expect_lost(clients, 0);"#,
    );
    ended.must(
        1,
        &[
            "1 acknowledged writes are lost",
            "of 1; expected: no acknowledged write is lost",
        ],
    );
}

fn a_violation_fails_the_scenario_with_when_and_what_was_seen() {
    let ended = drill(
        r#"let a = start_node("a");
always("the table stays", || value(a, "select to_regclass('pg_temp.t') is null and to_regclass('t') is null"));
step("A table comes");
psql(a, "create table t ()");
wait_until(a, "select pg_sleep(2) is not null");
psql(a, "drop table t");"#,
    );
    ended.must(
        1,
        &[
            "violated: the table stays",
            "scenarios/drill.rhai:2:1",
            "in the step `A table comes`",
            "seen: a: select to_regclass('pg_temp.t')",
            "-> f",
        ],
    );
}

fn what_is_never_known_has_failed_and_a_wrong_closure_is_said_at_once() {
    let never = drill(
        r#"let a = start_node("a");
stop_server(a);
always("a answers", || value(a, "select true"));"#,
    );
    never.must(
        1,
        &[
            "it was never known whether this held: a answers",
            "looks: 0 told something",
            "no connection",
        ],
    );
    let wrong = drill(
        r#"let a = start_node("a");
always("nothing", || psql(a, "select 1"));
print("went on");"#,
    );
    wrong.must(
        3,
        &["`psql` is shown, so it can't be polled", "drill.rhai:2:22"],
    );
    assert!(!wrong.err.contains("went on"), "{}", wrong.err);
}

fn a_violation_that_does_not_come_is_the_failure() {
    let ended = drill(
        r#"let a = start_node("a");
let up = always("a answers", || value(a, "select true"));
expect_violated(up, #{ timeout: "300ms" });"#,
    );
    ended.must(
        1,
        &[
            "this was expected to be violated: a answers",
            "scenarios/drill.rhai:3:1",
        ],
    );
}

fn a_signal_ends_a_look_that_gets_no_answer() {
    let root = Root::with(
        r#"let a = start_node("a");
always("a answers", || value(a, "select true"));
kill_server(a, "STOP");
print("now");
exec(a, "sleep 300");"#,
    );
    let mut run = root.run(&[]);
    run.until("now");
    run.signal(Signal::INT);
    run.end().must(130, &["stopping and cleaning up"]);
}
