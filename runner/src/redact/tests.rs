//! What is redacted, and what must not be.

use proptest::prelude::*;

use super::*;
use crate::event::Place;

fn redacted(lines: &str) -> String {
    Redactor::new("").text(Some("p1"), lines)
}

fn sql(node: &str, output: &str) -> Shown {
    Shown {
        node: Some(node.to_owned()),
        form: Form::Sql,
        prompt: "=# ".to_owned(),
        continuation: "-# ".to_owned(),
        input: String::new(),
        output: output.to_owned(),
        place: Place::default(),
    }
}

#[test]
fn every_kind_is_known_by_its_look_or_its_context() {
    insta::assert_snapshot!(redacted(
        "backup at 0/3000148, redo 0/150, again 0/3000148.
rtt min/avg/max/mdev = 0.091/0.091/0.105/0.000 ms
64 bytes from 10.10.0.2: icmp_seq=1 ttl=64 time=0.091 ms
Time: 1.234 ms
/mnt/backup/base/20261121T101112Z-3f2a/PG_VERSION
/srv/0d9e8a3c-1111-4222-8333-123456789abc/x
link/ether 02:42:ac:11:00:02 brd ff:ff:ff:ff:ff:ff
000000020000000000000003.partial 000000020000000000000003 00000002.history
000000010000000000000003.00000028.backup
2026-11-21 10:11:12.123 UTC [4711] LOG:  recovery stopping before commit of transaction 740, time 2026-11-21T10:11:12.12Z
FATAL:  database system identifier differs: the primary's identifier is 7443434343434343434
Process 12 waits for ShareLock on transaction 741; blocked by process 13.
server started (PID: 99) for 10.10.0.2(43532) port=40000 port=5432
base/16390/16397 base/5/1249 relation 16397
psql (PostgreSQL) 17.6 (Debian 17.6-1)
PostgreSQL 17.6 (Debian 17.6-1) on x86_64-pc-linux-gnu, compiled by gcc 14, 64-bit
3f2a9c81d0e4
Sat Nov 21 11:23:10 UTC 2026"
    ), @"
    backup at <lsn:1>, redo <lsn:2>, again <lsn:1>.
    rtt min/avg/max/mdev = <duration>
    64 bytes from 10.10.0.2: icmp_seq=1 ttl=64 time=<duration>
    Time: <duration>
    /mnt/backup/base/<backup:1>/PG_VERSION
    /srv/<uuid:1>/x
    link/ether <mac:1> brd ff:ff:ff:ff:ff:ff
    <wal:1 timeline 2>.partial <wal:1 timeline 2> 00000002.history
    <wal:2 timeline 1>.<offset>.backup
    <timestamp:1> [<pid>] LOG:  recovery stopping before commit of transaction <xid:1>, time <timestamp:2>
    FATAL:  database system identifier differs: the primary's identifier is <system-identifier:1>
    Process <pid> waits for ShareLock on transaction <xid:2>; blocked by process <pid>.
    server started (PID: <pid>) for 10.10.0.2(<port>) port=<port> port=5432
    base/<oid:1>/<oid:2> base/5/1249 relation <oid:2>
    psql (PostgreSQL) <version>
    <version>
    <container:1>
    <timestamp:3>
    ");
}

#[test]
fn what_matters_stays() {
    for text in [
        "ERROR:  42P01: relation \"foo\" does not exist",
        "(2 rows)",
        "recovery target timeline 2",
        "either/or 1/2 a path/16384/17000 and 24/7 at 3.5/4.5",
        "00000002.history",
        "id 16384, total 123456, 20261121",
        "DELETE 16384",
        "Blocks per segment of large relation: 131072",
        "Fake LSN counter for unlogged rels:   0/0",
        "3 files in 2 directories, 100 transactions",
        "123456789012",
        "host=10.10.0.2 port=5432",
        "confirmed_flush_lsn 0/0",
    ] {
        assert_eq!(redacted(text), text);
    }
}

#[test]
fn a_timestamp_that_prints_a_digit_shorter_does_not_move_the_dashes() {
    let long = " id |             t              \n----+----------------------------\n  1 | 2026-11-21 10:11:12.123456\n(1 row)";
    let short = " id |             t             \n----+---------------------------\n  1 | 2026-11-21 10:11:12.12345\n(1 row)";
    let shown = |output| Redactor::new("").shown(&sql("p1", output)).1;
    assert_eq!(shown(long), shown(short));
    insta::assert_snapshot!(shown(long), @"
     id |       t       
    ----+---------------
      1 | <timestamp:1>
    (1 row)
    ");
}

#[test]
fn a_column_s_name_tells_what_its_numbers_are() {
    let output = "  pid  | xmin | oid   | relfilenode | n     | flush_lsn | client_port | xmax \n\
                  -------+------+-------+-------------+-------+-----------+-------------+------\n\
                  \x20 4711 |  740 | 16384 |        1249 | 16384 | 0/150     |       43532 |    0\n\
                  (1 row)";
    insta::assert_snapshot!(Redactor::new("").shown(&sql("p1", output)).1, @"
      pid  |  xmin   |   oid   | relfilenode |   n   | flush_lsn | client_port | xmax 
    -------+---------+---------+-------------+-------+-----------+-------------+------
     <pid> | <xid:1> | <oid:1> |        1249 | 16384 | <lsn:1>   |      <port> |    0
    (1 row)
    ");
}

#[test]
fn a_record_in_the_expanded_form_is_laid_out_again() {
    let output =
        "-[ RECORD 1 ]-+------\npid           | 12345\nreplay_lag    | \nlast_msg_time | x\n";
    insta::assert_snapshot!(Redactor::new("").shown(&sql("p1", output)).1, @"
    -[ RECORD 1 ]-+------
    pid           | <pid>
    replay_lag    | 
    last_msg_time | x
    ");
    let output = "-[ RECORD 1 ]\nt | 1\nx | 2\n";
    assert_eq!(table::parts(output).len(), 2, "it is recognised");
}

#[test]
fn a_table_without_a_placeholder_stays_as_it_was_printed() {
    let output = " a  |b \n----+---\n 1  | 2\n(1 row)";
    assert_eq!(Redactor::new("").shown(&sql("p1", output)).1, output);
}

#[test]
fn relations_stay_visible_across_commands_and_nodes() {
    let mut redactor = Redactor::new("");
    let mut at = |node, text| redactor.text(Some(node), text);
    let shown = [
        at(
            "p1",
            "0/3000148 then 0/3000200, pid 12, oid 16384, oid 16385",
        ),
        at("s1", "0/3000200 then 0/3000148, pid 12, oid 16385"),
    ];
    insta::assert_snapshot!(shown.join("\n"), @"
    <lsn:1> then <lsn:2>, pid <pid>, oid <oid:1>, oid <oid:2>
    <lsn:2> then <lsn:1>, pid <pid>, oid <oid:1>
    ");
}

#[test]
fn what_stands_in_the_playbook_as_a_whole_stays() {
    let playbook = "recover(rec, base, #{ target_lsn: \"0/3000148\", target_time: \"2026-01-01 00:00:00\" }); '2026-02-03'";
    let text = "0/3000148 0/300014 2026-01-01 00:00:00 2026-01-01 00:00:00.5 2026-02-03 00:00:00";
    insta::assert_snapshot!(Redactor::new(playbook).text(None, text), @"0/3000148 <lsn:1> 2026-01-01 00:00:00 <timestamp:1> 2026-02-03 00:00:00");
}

#[test]
fn what_comes_or_not_is_taken_out() {
    let mut redactor = Redactor::new("");
    redactor.add(r"(?m)^WARNING: .*not yet.*\n", "").unwrap();
    let shown =
        "starting\nWARNING: not yet\nWARNING: still not yet\nWARNING: else\nstarted at 0/3000148";
    insta::assert_snapshot!(redactor.text(None, shown), @"
    starting
    WARNING: else
    started at <lsn:1>
    ");
}

#[test]
fn a_playbook_adds_its_own_kinds_and_keeps_others() {
    let mut redactor = Redactor::new("");
    redactor.add(r"cost=(\d+)", "cost").unwrap();
    redactor.add(r"/tmp/\w+|my", "<my /tmp/x>").unwrap();
    redactor.drop_kind("lsn").unwrap();
    insta::assert_snapshot!(redactor.text(None, "cost=7 cost=8 cost=7 /tmp/abc 0/3000148"), @"cost=<cost:1> cost=<cost:2> cost=<cost:1> <my /tmp/x> 0/3000148");
    insta::assert_snapshot!(redactor.drop_kind("lns").unwrap_err().message, @"nothing is redacted as `lns`");
    insta::assert_snapshot!(redactor.add("(", "x").unwrap_err().message, @"`(` is not a regular expression");
}

/// Texts made of what the rules look for, and of what comes between.
fn ugly() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[0-9A-F]{1,3}/[0-9A-F]{1,8}",
        "0000000[12][0-9A-F]{16}",
        "2026-11-2[0-9] 1[0-9]:11:12(\\.[0-9]{1,6})?( UTC|\\+00)?",
        "(pid|transaction|oid|process|base/|identifier is|lsn|port|time)[:= ]",
        "[0-9]{1,20}",
        "\\[[0-9]{1,5}\\] LOG:",
        "[ /.:,()\\-\\[\\]_ax\n]",
        "[0-9a-f]{12}",
        "<(lsn|pid|wal):[0-9]>",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn redacting_twice_is_the_same_as_once(text in ugly()) {
        let mut redactor = Redactor::new("");
        let once = redactor.text(None, &text);
        prop_assert_eq!(redactor.text(None, &once), once);
    }

    #[test]
    fn the_same_text_gets_the_same_numbers(texts in prop::collection::vec(ugly(), 1..4)) {
        let mut redactor = Redactor::new("");
        let first: Vec<_> = texts.iter().map(|text| redactor.text(None, text)).collect();
        let again: Vec<_> = texts.iter().map(|text| redactor.text(None, text)).collect();
        prop_assert_eq!(first, again);
    }
}
