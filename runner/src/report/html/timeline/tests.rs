//! Where things are in a picture.

use super::super::story::Story;
use super::super::tests::history::{failover, ms};
use super::*;

/// A picture in words, a line for each thing in it.
fn told(picture: &Picture) -> String {
    let mut lines = vec![format!("{} by {}", picture.width, picture.height)];
    let names = picture
        .names
        .iter()
        .map(|it| format!("name {} at {}", it.text, it.y));
    lines.extend(names);
    for it in &picture.bands {
        lines.push(format!(
            "step {} at {}, {} wide: {}",
            it.number, it.x, it.width, it.label
        ));
    }
    for it in &picture.flags {
        let label = it
            .at
            .map_or("no label".to_owned(), |(x, y)| format!("label at {x} {y}"));
        lines.push(format!("{} {} at {}, {label}", it.class, it.label, it.x));
    }
    for it in &picture.bars {
        let Bar { x, y, width, .. } = it;
        lines.push(format!(
            "{} at {x} {y}, {width} wide: {}",
            it.class, it.title
        ));
    }
    for it in &picture.curves {
        lines.push(format!("behind {} ({})", it.path, it.most));
    }
    for it in &picture.strips {
        lines.push(format!(
            "kept {}\nlost {}\nin doubt {}",
            it.kept, it.lost, it.in_doubt
        ));
    }
    for it in &picture.outages {
        lines.push(format!(
            "outage at {}, {} wide: {}",
            it.x, it.width, it.title
        ));
        let parts = it.parts.iter();
        lines.extend(parts.map(|it| format!("  at {}, {} wide: {}", it.x, it.width, it.title)));
    }
    let ticks = picture
        .ticks
        .iter()
        .map(|(x, label)| format!("{label} at {x}"));
    lines.push(ticks.collect::<Vec<_>>().join(", "));
    let key = picture.key.iter().map(|it| it.1);
    lines.push(format!("key: {}", key.collect::<Vec<_>>().join(", ")));
    lines.join("\n")
}

fn drawn(window: (u64, u64), zero: u64, close: bool) -> String {
    let events = failover();
    let story = Story::of(&events);
    let frame = Frame {
        scenario: &story.scenarios[0],
        number: 0,
        window: (ms(window.0), ms(window.1)),
        zero: ms(zero),
        close,
    };
    told(&picture(frame))
}

#[test]
fn a_failover_is_drawn_over_four_seconds() {
    insta::assert_snapshot!(drawn((0, 4_000), 0, false), @"
        1000 by 301
        name p1 at 66
        name p2 at 100
        name behind at 136
        name 10.0.0.9 at 169
        name writes at 213
        step 1 at 0, 375 wide: 1  A pair
        step 2 at 375, 625 wide: 2  The power goes
        fault power off p1 at 500, label at 505 37
        called promote p2 at 550, no label
        done p2 writable at 600, label at 605 37
        down at 50 53, 25 wide: p1 is no server, 0.10 s
        recovering at 75 53, 25 wide: p1 is recovering, 0.10 s
        primary at 100 53, 425 wide: p1 is primary, 1.70 s
        off at 525 53, 350 wide: p1 is machine off, 1.40 s
        cut at 500 68, 500 wide: p1: the cable of eth0 is out
        down at 125 87, 75 wide: p2 is no server, 0.30 s
        recovering at 200 87, 50 wide: p2 is recovering, 0.20 s
        standby at 250 87, 350 wide: p2 is standby, 1.40 s
        primary at 600 87, 275 wide: p2 is primary, 1.10 s
        holder at 275 159, 250 wide: 10.0.0.9 is held by p1
        nobody at 525 159, 75 wide: 10.0.0.9 is held by nobody
        holder at 600 159, 400 wide: 10.0.0.9 is held by p2
        behind M425 151H475V125 (at most 1000 bytes)
        kept M450 187h24.6v35.4h-24.6zM475 204.7h24.6v17.7h-24.6zM625 204.7h24.6v17.7h-24.6z
        lost M475 187h24.6v17.7h-24.6z
        in doubt M475 222.4h24.6v16.6h-24.6z
        outage at 497.5, 127.5 wide: power off p1: 0.51 s out of service
        0.0 s at 0, 0.5 s at 125, 1.0 s at 250, 1.5 s at 375, 2.0 s at 500, 2.5 s at 625, 3.0 s at 750, 3.5 s at 875, 4.0 s at 1000
        key: primary, standby, starts or recovers, no server, machine off, not reached, acknowledged, acknowledged and lost, in doubt
        ");
}

#[test]
fn a_close_up_names_all_marks_and_divides_the_outage() {
    insta::assert_snapshot!(drawn((1_900, 2_600), 1_990, true), @"
        1000 by 301
        name p1 at 66
        name p2 at 100
        name behind at 136
        name 10.0.0.9 at 169
        name writes at 213
        step 2 at 0, 1000 wide: 2  The power goes
        fault power off p1 at 142.9, label at 147.9 37
        called promote p2 at 428.6, label at 433.6 37
        done p2 writable at 714.3, label at 719.3 37
        primary at 0 53, 285.7 wide: p1 is primary, 1.70 s
        off at 285.7 53, 714.3 wide: p1 is machine off, 1.40 s
        cut at 142.9 68, 857.1 wide: p1: the cable of eth0 is out
        standby at 0 87, 714.3 wide: p2 is standby, 1.40 s
        primary at 714.3 87, 285.7 wide: p2 is primary, 1.10 s
        holder at 0 159, 285.7 wide: 10.0.0.9 is held by p1
        nobody at 285.7 159, 428.6 wide: 10.0.0.9 is held by nobody
        holder at 714.3 159, 285.7 wide: 10.0.0.9 is held by p2
        behind M0 125 (at most 1000 bytes)
        kept M0 204.7h142.5v17.7h-142.5zM857.1 204.7h142.5v17.7h-142.5z
        lost M0 187h142.5v17.7h-142.5z
        in doubt M0 222.4h142.5v16.6h-142.5z
        outage at 128.6, 728.5 wide: power off p1: 0.51 s out of service
          at 128.6, 300 wide: noticed 0.21 s
          at 428.6, 285.7 wide: promoted, writable 0.20 s
          at 714.3, 142.8 wide: clients back 0.10 s
        −0.05 s at 57.1, 0.00 s at 128.6, 0.05 s at 200, 0.10 s at 271.4, 0.15 s at 342.9, 0.20 s at 414.3, 0.25 s at 485.7, 0.30 s at 557.1, 0.35 s at 628.6, 0.40 s at 700, 0.45 s at 771.4, 0.50 s at 842.9, 0.55 s at 914.3, 0.60 s at 985.7
        key: primary, standby, machine off, not reached, acknowledged, acknowledged and lost, in doubt
        ");
}

#[test]
fn labels_take_rows_of_their_own_and_turn_at_the_edge() {
    let marks: Vec<_> = (0..8)
        .map(|it| Mark::Fault {
            name: format!("fault number {it}"),
        })
        .collect();
    let times = [0, 10, 20, 30, 40, 50, 60, 990];
    let marks: Vec<_> = times.into_iter().map(ms).zip(&marks).collect();
    let scale = Scale::new((ms(0), ms(1_000)), &[], 1000.0, ms(0));
    let (flags, rows) = flags(&marks, &scale, false);
    let lines = flags.iter().map(|it| match it.at {
        Some((x, y)) => format!("{} at {x} {y}, left {}", it.label, it.left),
        None => format!("{} only a line", it.label),
    });
    let lines: Vec<_> = lines.chain([format!("{rows} rows")]).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
        fault number 0 at 5 37, left false
        fault number 1 at 15 54, left false
        fault number 2 at 25 71, left false
        fault number 3 at 35 88, left false
        fault number 4 at 45 105, left false
        fault number 5 only a line
        fault number 6 only a line
        fault number 7 at 985 37, left true
        5 rows
        ");
}
