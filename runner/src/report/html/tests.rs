//! The page as a whole, made of histories that never happened.

use std::fmt::Write;

use super::html;
use crate::cost::Mark;
use crate::event::{LogLine, Place, Verdict, What};

pub mod history;

use history::{at, began, failover, finished, node, over, shown, step};

/// What of a page is between its elements, a line each, without the pictures.
fn words(page: &str) -> String {
    let body = page.split("<main>").nth(1).unwrap_or_default();
    let (mut text, mut rest) = (String::new(), body.to_owned());
    while let (Some(from), Some(to)) = (rest.find("<figure"), rest.find("</figure>")) {
        rest.replace_range(from..to + "</figure>".len(), "");
    }
    let body = rest;
    for piece in body.split('<').skip(1) {
        let (_, said) = piece.split_once('>').unwrap_or_default();
        if !said.trim().is_empty() {
            writeln!(text, "{}", said.trim()).expect("a text grows");
        }
    }
    text
}

#[test]
fn a_page_tells_verdict_cost_roles_transcript_and_log() {
    insta::assert_snapshot!(words(&html(&failover())), @"
        pgdrill, run
        passed
        Failover
        failover
        PostgreSQL 17
        4.00 s
        out of service 0.51 s, 1 write lost
        2 steps
        A pair
        1.50 s
        The power goes
        2.50 s
        What
        happens
        .
        writes to 10.0.0.9; clients give up connecting after 1.00 s, waiting after 0.50 s
        0.51 s
        out of service
        power off p1
        1
        acknowledged writes lost
        of 5
        1
        in doubt
        never answered; 1 not there
        noticed
        0.21 s
        promoted, writable
        0.20 s
        clients back
        0.10 s
        1
        A pair
        1.50 s
        2
        The power goes
        2.50 s
        2.00 s
        power off p1
        $
        psql
        1
        What the servers said: p2
        (4 lines)
        p2: 7 lines are not here
        2.000
        power off p1
        2.200
        promote p2
        2.300
        p2
        [9] LOG:  received promote request
        2.400
        p2 writable
        The transcript is that of snapshots&#x2f;failover.snap. Images:
        pgdrill&#x2f;pg:17-abc
        . Alone:
        pgdrill run scenarios&#x2f;failover.rhai --pg 17
        How to do it again
        pgdrill
        ?
        engine
        ?
        ");
}

#[test]
fn what_would_break_a_page_is_text_in_it() {
    let bad = "</script></style><img src=x onerror=alert(1)>\"'&<!-- \0\x1b[31m \u{202e}";
    let mut events = failover();
    events.insert(
        1,
        at(
            0,
            What::Prose {
                text: bad.to_owned(),
            },
        ),
    );
    events.insert(2, at(0, shown(bad, bad)));
    events.insert(3, at(0, step(bad)));
    events.insert(
        4,
        at(
            0,
            What::Said {
                text: bad.to_owned(),
            },
        ),
    );
    events.insert(5, at(0, node(bad)));
    events[0] = at(0, began(bad));
    let checked = What::Checked {
        message: bad.to_owned(),
        held: false,
        place: Place::default(),
    };
    let fault = Mark::Fault {
        name: bad.to_owned(),
    };
    let held = What::VipHeld {
        address: bad.to_owned(),
        nodes: vec![bad.to_owned()],
    };
    let log = What::ServerLog {
        node: bad.to_owned(),
        lines: vec![LogLine {
            at: None,
            text: bad.to_owned(),
        }],
        left_out: 0,
    };
    for what in [checked, What::Marked(fault), held, log] {
        events.insert(6, at(10, what));
    }
    let page = html(&events);
    for broken in [
        "<img",
        "</script",
        "<!-- ",
        "\0",
        "\x1b",
        "\u{202e}",
        "onerror=alert(1)>",
    ] {
        assert!(!page.contains(broken), "{broken:?} is in the page");
    }
    assert_eq!(page.matches("</style>").count(), 1);
    assert!(page.contains("␛[31m"));
}

#[test]
fn megabytes_are_cut_and_the_page_says_so() {
    let mut events = failover();
    events.insert(2, at(0, shown("cat big", &"x".repeat(5 << 20))));
    let page = html(&events);
    assert!(page.len() < 300_000, "{} bytes", page.len());
    assert!(page.contains("5088 kB more in the record of the run"));
}

#[test]
fn three_hundred_steps_and_several_scenarios_have_a_list() {
    let mut events = vec![at(0, began("Many steps")), at(0, node("p1"))];
    for number in 0..300 {
        let title = format!("Step {number}");
        events.push(at(number * 100, step(&title)));
        events.push(at(number * 100 + 90, over(&title)));
    }
    events.push(at(30_000, finished(Verdict::Failed)));
    let mut skipped = at(
        30_000,
        What::ScenarioSkipped {
            path: "scenarios/new.rhai".to_owned(),
            why: "needs PostgreSQL 18".to_owned(),
        },
    );
    skipped.scenario = Some("new".to_owned());
    events.push(skipped);
    let page = html(&events);
    assert!(page.contains("id=\"s1-step-300\""));
    let list = page
        .split("<nav")
        .nth(1)
        .and_then(|it| it.split("</nav>").next());
    let list = words(&format!("<main><nav{}", list.unwrap_or_default()));
    insta::assert_snapshot!(list, @"
        scenario
        verdict
        what it cost
        time
        Many steps
        failover
        failed
        4.00 s
        new
        new
        skipped
        needs PostgreSQL 18
        ");
}

#[test]
fn a_record_that_ends_early_or_is_empty_is_a_page_all_the_same() {
    let cut = html(&failover()[..14]);
    assert!(cut.contains("not finished"));
    assert!(html(&[]).contains("Nothing was run"));
}

#[test]
fn the_same_events_are_the_same_page() {
    assert_eq!(html(&failover()), html(&failover()));
}
