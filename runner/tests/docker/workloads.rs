//! Workloads on a bad day: what is said, and that no client outlives its scenario.

use rustix::process::Signal;

use crate::drill::{Root, drill};

crate::trials!(
    a_target_that_never_answers_its_clients_is_named,
    clients_that_are_never_served_again_leave_no_rto,
    clients_that_wait_for_a_frozen_server_leave_no_processes,
    a_signal_stops_the_clients_too,
    what_was_lost_is_counted_where_too_much_is,
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
            "gave up connecting after 1s",
            "scenarios/drill.rhai:3:1",
        ],
    );
}

fn clients_that_are_never_served_again_leave_no_rto() {
    let ended = drill(
        r#"let a = start_node("a");
let b = start_node("b");
let clients = start_workload(a, #{ connections: "new" });
kill_server(a, "STOP");
clients.stop(b);
expect_rto(clients, "1h");"#,
    );
    ended.must(
        1,
        &[
            "out of service               not back after",
            "clients were not served again",
            "kill -STOP a: ",
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
