//! A failover that never happened, and the events that such histories are made of.

use std::time::Duration;

use crate::cost::{Bucket, Cost, Mark, Outage, Phases, Writes};
use crate::event::{
    Event, Form, LogLine, Place, Reach, Role, Shown, SnapshotOutcome, SnapshotState, Verdict, What,
};

pub fn ms(time: u64) -> Duration {
    Duration::from_millis(time)
}

pub fn at(time: u64, what: What) -> Event {
    Event {
        at: ms(time),
        scenario: Some("failover".to_owned()),
        what,
    }
}

pub fn began(title: &str) -> What {
    What::ScenarioStarted {
        path: "scenarios/failover.rhai".to_owned(),
        source: "step(\"x\");\n".to_owned(),
        title: title.to_owned(),
        introduction: "What *happens*.".to_owned(),
        major: 17,
    }
}

pub fn step(title: &str) -> What {
    What::SectionStarted {
        title: title.to_owned(),
        place: Place::default(),
    }
}

pub fn over(title: &str) -> What {
    What::SectionFinished {
        title: title.to_owned(),
        took: ms(1),
        differs: Vec::new(),
        broken: false,
    }
}

pub fn node(name: &str) -> What {
    What::NodeStarted {
        node: name.to_owned(),
        container: format!("run-{name}"),
        image: "pgdrill/pg:17-abc".to_owned(),
    }
}

pub fn is(node: &str, role: Role) -> What {
    What::RoleChanged {
        node: node.to_owned(),
        role,
    }
}

pub fn holds(nodes: &[&str]) -> What {
    What::VipHeld {
        address: "10.0.0.9".to_owned(),
        nodes: nodes.iter().map(|it| (*it).to_owned()).collect(),
    }
}

pub fn shown(input: &str, output: &str) -> What {
    What::Shown(Shown {
        node: None,
        form: Form::Shell,
        prompt: "$ ".to_owned(),
        continuation: "> ".to_owned(),
        input: input.to_owned(),
        output: output.to_owned(),
        place: Place::default(),
    })
}

pub fn finished(verdict: Verdict) -> What {
    What::ScenarioFinished {
        verdict,
        took: ms(4_000),
        problems: Vec::new(),
        snapshot: SnapshotOutcome {
            file: "snapshots/failover.snap".to_owned(),
            state: SnapshotState::Matches,
            ..SnapshotOutcome::default()
        },
    }
}

pub fn stopped() -> What {
    let bucket = |kept, lost, in_doubt| Bucket {
        kept,
        lost,
        in_doubt,
        refused: 0,
    };
    What::WorkloadStopped {
        target: "10.0.0.9".to_owned(),
        connect_timeout: ms(1_000),
        answer_timeout: ms(500),
        cost: Cost {
            acked: 5,
            lost: 1,
            in_doubt_absent: 1,
            outages: vec![Outage {
                fault: "power off p1".to_owned(),
                from: ms(1_990),
                lasted: ms(510),
                over: true,
            }],
            rto: Some(ms(510)),
            phases: Phases {
                detect: Some(ms(210)),
                promote: Some(ms(200)),
                relocate: None,
                reconnect: Some(ms(100)),
            },
            ..Cost::default()
        },
        writes: Writes {
            from: ms(1_800),
            width: ms(100),
            buckets: vec![
                bucket(2, 0, 0),
                bucket(1, 1, 1),
                bucket(0, 0, 0),
                bucket(0, 0, 0),
                bucket(0, 0, 0),
                bucket(0, 0, 0),
                bucket(0, 0, 0),
                bucket(1, 0, 0),
            ],
        },
    }
}

/// Two nodes, a loss of power, and a promotion, within four seconds.
pub fn failover() -> Vec<Event> {
    let network = What::NetworkChanged {
        node: "p1".to_owned(),
        reach: Reach::None,
        broken: vec!["the cable of eth0 is out".to_owned()],
    };
    let behind = |bytes| What::StandbyBehind {
        node: "p2".to_owned(),
        bytes,
    };
    let p2 = || "p2".to_owned();
    let fault = "power off p1".to_owned();
    let log = LogLine {
        at: Some(ms(2_300)),
        text: "2026-11-21 15:00:02.300 UTC [9] LOG:  received promote request".to_owned(),
    };
    vec![
        at(0, began("Failover")),
        at(0, step("A pair")),
        at(200, node("p1")),
        at(300, is("p1", Role::Recovering)),
        at(400, is("p1", Role::Primary)),
        at(500, node("p2")),
        at(800, is("p2", Role::Recovering)),
        at(1_000, is("p2", Role::Standby)),
        at(1_100, holds(&["p1"])),
        at(1_500, over("A pair")),
        at(1_500, step("The power goes")),
        at(1_700, behind(0)),
        at(1_900, behind(1_000)),
        at(2_000, What::Marked(Mark::Fault { name: fault })),
        at(2_000, network),
        at(2_100, is("p1", Role::Off)),
        at(2_100, holds(&[])),
        at(2_200, What::Marked(Mark::PromotionCalled { node: p2() })),
        at(2_400, What::Marked(Mark::Writable { node: p2() })),
        at(2_400, is("p2", Role::Primary)),
        at(2_400, holds(&["p2"])),
        at(3_000, stopped()),
        at(3_500, shown("psql", "1")),
        at(
            3_600,
            What::ServerLog {
                node: p2(),
                lines: vec![log],
                left_out: 7,
            },
        ),
        at(4_000, over("The power goes")),
        at(4_000, finished(Verdict::Passed)),
    ]
}
