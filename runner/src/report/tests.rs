//! Reports of a run that has some of everything, and of one whose texts are bad for every format.

use std::path::Path;
use std::time::{Duration, SystemTime};

use insta::assert_snapshot;

use super::*;
use crate::cost::{Cost, Mark, Outage, Phases, Writes};
use crate::event::{
    DiffLine, Event, Form, Piece, Place, SCHEMA, Shown, Sign, SnapshotOutcome, SnapshotState,
    Verdict, What,
};
use crate::problem::{Blame, Problem};
use crate::visible::line;

mod bad_values;
mod formats;

fn ms(time: u64) -> Duration {
    Duration::from_millis(time)
}

fn place(line: usize) -> Place {
    Place {
        file: "scenarios/ha.rhai".to_owned(),
        line,
        column: 1,
    }
}

/// Events, one after the other.
#[derive(Default)]
struct Story {
    events: Vec<Event>,
    scenario: Option<String>,
    now: u64,
}

impl Story {
    /// What happens so many milliseconds later.
    fn then(&mut self, later: u64, what: What) -> &mut Self {
        self.now += later;
        self.events.push(Event {
            at: ms(self.now),
            scenario: self.scenario.clone(),
            what,
        });
        self
    }

    fn run(&mut self) -> &mut Self {
        self.then(
            0,
            What::RunStarted {
                schema: SCHEMA,
                run: "abc234".to_owned(),
                started: SystemTime::UNIX_EPOCH + ms(1_767_225_600_000),
                pgdrill: "0.1.0".to_owned(),
                engine: "Docker 28".to_owned(),
                command: vec!["pgdrill".to_owned(), "run".to_owned()],
            },
        )
    }

    fn scenario(&mut self, name: &str, title: &str) -> &mut Self {
        self.scenario = Some(name.to_owned());
        let version = What::ServerVersion {
            image: "pg".to_owned(),
            version: "17.12".to_owned(),
        };
        self.then(
            1,
            What::ScenarioStarted {
                path: format!("scenarios/{name}.rhai"),
                source: "step(\"one\");\npsql(p1, \"select 1\");\n".to_owned(),
                title: title.to_owned(),
                introduction: String::new(),
                major: 17,
            },
        )
        .then(1, version)
    }

    fn step(&mut self, title: &str, line: usize) -> &mut Self {
        let title = title.to_owned();
        let mut place = place(line);
        place.file = format!(
            "scenarios/{}.rhai",
            self.scenario.as_deref().unwrap_or_default()
        );
        self.then(1, What::SectionStarted { title, place })
    }

    fn ends(&mut self, took: u64, differs: Vec<DiffLine>, broken: bool) -> &mut Self {
        let what = What::SectionFinished {
            title: String::new(),
            took: ms(took),
            differs,
            broken,
        };
        self.then(took, what)
    }

    fn shows(&mut self, input: &str, output: &str) -> &mut Self {
        let call = What::CallStarted {
            call: 1,
            what: "psql on p1".to_owned(),
            place: place(2),
        };
        self.then(5, call).prints(20, input, output)
    }

    fn prints(&mut self, later: u64, input: &str, output: &str) -> &mut Self {
        let shown = What::Shown(Shown {
            node: Some("p1".to_owned()),
            form: Form::Sql,
            prompt: "p1=# ".to_owned(),
            continuation: "p1-# ".to_owned(),
            input: input.to_owned(),
            output: output.to_owned(),
            place: place(2),
        });
        self.then(later, shown)
    }

    fn finishes(
        &mut self,
        verdict: Verdict,
        problems: Vec<Problem>,
        state: SnapshotState,
    ) -> &mut Self {
        let name = self.scenario.clone().unwrap_or_default();
        let what = What::ScenarioFinished {
            verdict,
            took: ms(self.now),
            problems,
            snapshot: SnapshotOutcome {
                file: format!("snapshots/{name}.snap"),
                state,
                ..SnapshotOutcome::default()
            },
        };
        self.then(10, what);
        self.scenario = None;
        self
    }

    fn ended(&mut self) -> Vec<Event> {
        let took = ms(self.now);
        self.then(0, What::RunFinished { took });
        std::mem::take(&mut self.events)
    }
}

fn changed(from: &str, to: &str) -> Vec<DiffLine> {
    let line = |sign, text: &str| DiffLine {
        sign,
        line: 4,
        pieces: vec![Piece {
            text: text.to_owned(),
            emphasized: true,
        }],
    };
    vec![line(Sign::Removed, from), line(Sign::Added, to)]
}

/// One that passes, one that differs, one that costs too much, one without a snapshot, one that the
/// machine fails, and one that is for other majors.
fn story() -> Vec<Event> {
    let mut story = Story::default();
    story.run().scenario("pitr", "Point-in-time recovery");
    story.step("A server", 1).then(
        1,
        What::Prose {
            text: "A server\nthat archives.".to_owned(),
        },
    );
    story
        .shows("create table t as\nselect 1 as i", "SELECT 1")
        .ends(1290, vec![], false);
    story
        .step("The accident", 2)
        .shows("select i from t", " i\n---\n 1\n(1 row)");
    story.ends(220, changed(" 1", " 2"), false);
    story.finishes(Verdict::Failed, vec![], SnapshotState::Differs);
    story.scenario("ha", "Failover").then(
        0,
        What::LabStarted {
            title: "Asynchronous".to_owned(),
        },
    );
    story.step("Power is lost", 1).then(
        100,
        What::Marked(Mark::Fault {
            name: "power off p1".to_owned(),
        }),
    );
    story.then(
        900,
        What::WorkloadStopped {
            target: "10.0.0.1".to_owned(),
            connect_timeout: ms(1000),
            answer_timeout: ms(2000),
            cost: cost(),
            writes: Writes::default(),
        },
    );
    story.then(
        0,
        What::InvariantEnded {
            invariant: "one primary".to_owned(),
            definite: 40,
            unknown: 3,
            violated: true,
        },
    );
    let lost = Problem::new(
        Blame::System,
        "3 acknowledged writes are lost, expected at most 0",
    )
    .at(place(2));
    let left =
        Problem::new(Blame::Environment, "removal of container `p2` failed").note("it is busy");
    story.ends(1000, vec![], true).finishes(
        Verdict::Errored,
        vec![lost, left],
        SnapshotState::NotCompared,
    );
    story
        .scenario("new", "")
        .finishes(Verdict::Failed, vec![], SnapshotState::Missing);
    story.scenario = Some("old".to_owned());
    story.then(
        1,
        What::ScenarioSkipped {
            path: "scenarios/old.rhai".to_owned(),
            why: "it is for PostgreSQL <13, not 17".to_owned(),
        },
    );
    story.ended()
}

fn cost() -> Cost {
    Cost {
        acked: 43,
        lost: 3,
        in_doubt_absent: 4,
        outages: vec![Outage {
            fault: "power off p1".to_owned(),
            from: ms(1700),
            lasted: ms(890),
            over: true,
        }],
        rto: Some(ms(890)),
        phases: Phases {
            detect: Some(ms(540)),
            promote: Some(ms(60)),
            relocate: Some(ms(120)),
            reconnect: Some(ms(170)),
        },
        gap: Some(ms(890)),
        ..Cost::default()
    }
}
