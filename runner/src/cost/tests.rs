//! Histories and their figures, in a notation of lines:
//!
//! ```text
//! 1.2 3-5 ok      row 2 of writer 1: sent at 3 ms, acknowledged at 5
//! 1.3 6 no        refused
//! 1.4 9 ?         never answered
//! 7 fault kill    7 ms: a mark
//! left 1.2 1.4    the rows that are there in the end
//! until 50        the writers are stopped
//! ```

use insta::assert_snapshot;

use super::*;

mod properties;

fn ms(text: &str) -> Duration {
    Duration::from_millis(text.parse().expect("a time in milliseconds"))
}

fn row(text: &str) -> Row {
    let (writer, sequence) = text.split_once('.').expect("writer.sequence");
    Row {
        writer: writer.parse().expect("a writer"),
        sequence: sequence.parse().expect("a number"),
    }
}

fn mark(words: &[&str]) -> Mark {
    let name = words.get(1).copied().unwrap_or_default().to_owned();
    match words[0] {
        "fault" => Mark::Fault { name },
        "stop" => Mark::PlannedStop { node: name },
        "promote" => Mark::PromotionCalled { node: name },
        "writable" => Mark::Writable { node: name },
        "move" => Mark::MoveCalled { address: name },
        "moved" => Mark::VipMoved { address: name },
        other => panic!("{other} is no mark"),
    }
}

fn read(text: &str) -> (History, BTreeSet<Row>) {
    let (mut history, mut left) = (History::default(), BTreeSet::new());
    for line in text.lines().filter(|it| !it.trim().is_empty()) {
        let words: Vec<_> = line.split_whitespace().collect();
        match words.as_slice() {
            ["left", rows @ ..] => left.extend(rows.iter().map(|it| row(it))),
            ["until", time] => history.until = ms(time),
            [of, times, answer] if of.contains('.') => {
                let (sent, heard) = times.split_once('-').unwrap_or((times, times));
                let answer = match *answer {
                    "ok" => Answer::Acked(ms(heard)),
                    "no" => Answer::Refused,
                    _ => Answer::InDoubt,
                };
                history.writes.push(Write {
                    row: row(of),
                    sent: ms(sent),
                    answer,
                });
            }
            [time, words @ ..] => history.marks.push(Marked {
                at: ms(time),
                mark: mark(words),
            }),
            [] => unreachable!("empty lines are left out"),
        }
    }
    (history, left)
}

fn told(cost: &Cost) -> String {
    let time = |it: Option<Duration>| it.map_or("-".to_owned(), |it| it.as_millis().to_string());
    let mut lines = vec![format!(
        "acked {}, lost {}, refused {}, in doubt {} there and {} not, phantom {}",
        cost.acked,
        cost.lost,
        cost.refused,
        cost.in_doubt_present,
        cost.in_doubt_absent,
        cost.phantom
    )];
    lines.extend(cost.outages.iter().map(|it| {
        let end = if it.over { "" } else { ", never over" };
        format!("{}: {}{end}", it.fault, it.lasted.as_millis())
    }));
    let Phases {
        detect,
        promote,
        relocate,
        reconnect,
    } = cost.phases;
    let phases = [detect, promote, relocate, reconnect].map(time).join(" + ");
    lines.push(format!("rto {} = {phases}", time(cost.rto)));
    lines.push(format!("gap {}", time(cost.gap)));
    lines.join("\n")
}

fn figures(text: &str) -> String {
    let (history, left) = read(text);
    told(&cost(&history, &left))
}

#[test]
fn every_write_is_counted_by_what_was_heard_and_what_is_left() {
    assert_snapshot!(figures("
        1.1 0-1 ok
        1.2 2-3 ok
        1.3 4 no
        1.4 5 no
        1.5 6 ?
        2.1 6 ?
        left 1.1 1.4 1.5 7.7
    "), @"
    acked 2, lost 1, refused 2, in doubt 1 there and 1 not, phantom 2
    rto - = - + - + - + -
    gap 2
    ");
}

#[test]
fn an_outage_goes_from_the_last_acknowledgement_to_the_first_and_its_phases_add_up() {
    assert_snapshot!(figures("
        1.1 0-2 ok
        2.1 1-3 ok
        1.2 4 ?
        5 fault kill
        20 promote p2
        30 writable p2
        31 move vip
        40 moved vip
        2.2 41-44 ok
        1.3 42-43 ok
        left 1.1 2.1 2.2 1.3
    "), @"
    acked 4, lost 0, refused 0, in doubt 0 there and 1 not, phantom 0
    kill: 40
    rto 40 = 17 + 10 + 10 + 3
    gap 40
    ");
}

#[test]
fn an_address_may_move_before_the_promotion() {
    assert_snapshot!(figures("
        1.1 0-2 ok
        5 fault kill
        10 move vip
        12 moved vip
        20 promote p2
        30 writable p2
        1.2 31-33 ok
        left 1.1 1.2
    "), @"
    acked 2, lost 0, refused 0, in doubt 0 there and 0 not, phantom 0
    kill: 31
    rto 31 = 8 + 18 + 2 + 3
    gap 31
    ");
}

#[test]
fn a_promotion_that_nobody_called_has_no_time_of_noticing() {
    assert_snapshot!(figures("
        1.1 0-2 ok
        5 fault kill
        30 writable p2
        1.2 31-33 ok
        left 1.1 1.2
    "), @"
    acked 2, lost 0, refused 0, in doubt 0 there and 0 not, phantom 0
    kill: 31
    rto 31 = - + 28 + - + 3
    gap 31
    ");
}

#[test]
fn an_answer_that_was_on_its_way_at_the_fault_does_not_end_the_outage() {
    assert_snapshot!(figures("
        1.1 0-2 ok
        1.2 3-6 ok
        2.1 4-90 ok
        5 fault kill
        2.2 50-52 ok
        left 1.1 1.2 2.1 2.2
    "), @"
    acked 4, lost 0, refused 0, in doubt 0 there and 0 not, phantom 0
    kill: 50
    rto 50 = - + - + - + -
    gap 46
    ");
}

#[test]
fn at_the_faults_own_time_an_answer_is_before_it_and_so_is_a_question() {
    assert_snapshot!(figures("
        1.1 0-5 ok
        1.2 5-6 ok
        5 fault kill
        1.3 7-9 ok
        left 1.1 1.2 1.3
    "), @"
    acked 3, lost 0, refused 0, in doubt 0 there and 0 not, phantom 0
    kill: 4
    rto 4 = - + - + - + -
    gap 3
    ");
}

#[test]
fn an_outage_that_is_not_over_leaves_no_rto() {
    assert_snapshot!(figures("
        1.1 0-2 ok
        5 fault kill
        1.2 6-8 ok
        9 fault again
        20 promote p2
        1.3 10 ?
        until 60
        left 1.1 1.2
    "), @"
    acked 2, lost 0, refused 0, in doubt 0 there and 1 not, phantom 0
    kill: 6
    again: 52, never over
    rto - = - + - + - + -
    gap 52
    ");
}

#[test]
fn a_fault_before_any_acknowledgement_starts_the_clock_itself() {
    assert_snapshot!(figures("
        1.1 0 ?
        5 fault kill
        1.2 6-8 ok
        left 1.2
    "), @"
    acked 1, lost 0, refused 0, in doubt 0 there and 1 not, phantom 0
    kill: 3
    rto 3 = - + - + - + -
    gap 0
    ");
}

#[test]
fn faults_that_overlap_are_an_outage_each_and_the_longest_counts() {
    assert_snapshot!(figures("
        1.1 0-2 ok
        5 fault cable
        8 fault plug
        1.2 6-30 ok
        1.3 31-33 ok
        left 1.1 1.2 1.3
    "), @"
    acked 3, lost 0, refused 0, in doubt 0 there and 0 not, phantom 0
    cable: 28
    plug: 31
    rto 31 = - + - + - + -
    gap 28
    ");
}

#[test]
fn a_planned_stop_starts_no_clock_and_its_time_is_no_faults() {
    assert_snapshot!(figures("
        1.1 0-2 ok
        3 stop p1
        1.2 20-22 ok
        23 stop p1
        40 fault kill
        1.3 44-46 ok
        left 1.1 1.2 1.3
    "), @"
    acked 3, lost 0, refused 0, in doubt 0 there and 0 not, phantom 0
    kill: 6
    rto 6 = - + - + - + -
    gap 24
    ");
}

#[test]
fn a_stop_within_an_outage_does_not_shorten_it() {
    assert_snapshot!(figures("
        1.1 0-2 ok
        5 fault isolated
        7 stop p1
        9 promote p2
        15 writable p2
        1.2 20-22 ok
        left 1.1 1.2
    "), @"
    acked 2, lost 0, refused 0, in doubt 0 there and 0 not, phantom 0
    isolated: 20
    rto 20 = 7 + 6 + - + 7
    gap 20
    ");
}

#[test]
fn nothing_costs_nothing() {
    assert_snapshot!(figures(""), @"
    acked 0, lost 0, refused 0, in doubt 0 there and 0 not, phantom 0
    rto - = - + - + - + -
    gap -
    ");
}
