//! What goes wrong between a primary and its standbys, and that it is told in the servers' words.

use crate::drill::drill;

crate::trials!(
    a_node_that_is_no_standby_is_not_promoted,
    a_rewind_whose_wal_is_gone_says_what_keeps_it,
    a_standby_that_went_its_own_way_says_so,
    a_slot_that_is_lost_is_said,
    a_standby_whose_upstream_is_out_of_reach_says_so,
    a_recovery_of_a_standby_is_none_of_its_upstream,
    an_archive_that_is_not_there_is_no_end_of_one,
);

/// With its standby.signal it would stream, and never come to the end of an archive.
fn a_recovery_of_a_standby_is_none_of_its_upstream() {
    let ended = drill(
        r#"let p1 = start_node("p1");
let p2 = start_standby("p2", p1);
stop_server(p2);
recover(p2, #{ restore_command: "false" });
expect(is_primary(p2), "it has left its upstream");
expect_eq(timeline(p2), 2);
throw "all is well";"#,
    );
    ended.must(1, &["all is well"]);
}

fn an_archive_that_is_not_there_is_no_end_of_one() {
    let ended = drill(
        r#"let p1 = start_node("p1");
let base = basebackup(p1, "/tmp/base");
stop_server(p1);
let date = "21.13.2026";
let wrong = #{ restore_command: "false", target_time: date };
expect(fails(|| recover(p1, base, wrong)).message.contains(date), "the server's words are told");
recover(p1, base, #{ archive: "/tmp/archiv" });"#,
    );
    let said = "there is no directory `/tmp/archiv` on node `p1`";
    ended.must(1, &[said, "scenarios/drill.rhai:7:1"]);
}

fn a_node_that_is_no_standby_is_not_promoted() {
    let ended = drill("let p1 = start_node(\"p1\");\npromote(p1);");
    let said = "node `p1` can't be promoted: it is no standby";
    ended.must(1, &[said, "scenarios/drill.rhai:2:1"]);
}

/// The last checkpoint that both have is in a WAL file that the old primary has removed since.
fn a_rewind_whose_wal_is_gone_says_what_keeps_it() {
    let ended = drill(
        r#"let p1 = start_node("p1", #{ config: #{ min_wal_size: "32MB" } });
let p2 = start_standby("p2", p1);
promote(p2);
for i in 0..4 {
    psql(p1, "create table a" + i + " (i int)");
    switch_wal(p1);
    psql(p1, "checkpoint");
}
stop_server(p1);
rewind(p1, p2);"#,
    );
    ended.must(
        1,
        &[
            "rewind of node `p1` failed: could not find previous WAL record",
            "`wal_keep_size` keeps it on the node",
            "scenarios/drill.rhai:10:1",
        ],
    );
}

fn a_standby_that_went_its_own_way_says_so() {
    let ended = drill(
        r#"let p1 = start_node("p1");
let p2 = start_standby("p2", p1);
promote(p2);
psql(p1, "create table here_alone (i int)");
stop_server(p1);
follow(p1, p2);"#,
    );
    ended.must(
        1,
        &[
            "node `p1` can't follow `p2`: ",
            "before current recovery point",
            "rewind",
            "scenarios/drill.rhai:6:1",
        ],
    );
}

fn a_slot_that_is_lost_is_said() {
    let ended = drill(
        r#"let p1 = start_node("p1", #{ config: #{ max_slot_wal_keep_size: "1MB", min_wal_size: "32MB" } });
let p2 = start_standby("p2", p1, #{ slot: "for_p2" });
stop_server(p2);
for i in 0..4 {
    psql(p1, "create table a" + i + " (i int)");
    switch_wal(p1);
    psql(p1, "checkpoint");
}
expect_eq(slots(p1)[0].wal_status, "lost");
start_server(p2);
wait_streaming(p1, p2);"#,
    );
    ended.must(
        1,
        &[
            "node `p2` can't follow `p1`: ",
            "its replication slot \"for_p2\" is lost",
            "max_slot_wal_keep_size",
            "scenarios/drill.rhai:11:1",
        ],
    );
}

fn a_standby_whose_upstream_is_out_of_reach_says_so() {
    let ended = drill(
        r#"let p1 = start_node("p1");
unplug(p1, "eth0");
start_standby("p2", p1);"#,
    );
    ended.must(
        1,
        &[
            "`pg_basebackup` on node `p2` failed",
            "No route to host",
            "scenarios/drill.rhai:3:1",
        ],
    );
}
