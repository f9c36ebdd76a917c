//! JSON lines: a line for the run, for each scenario and step, for what each workload went through
//! and for each invariant. Times are in seconds. `EVENTS.md` describes them.

use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::cases::{Case, Outcome};
use super::results::{Ending, Invariant, Results, Scenario, Workload};
use crate::cost::Cost;
use crate::event::{Event, Place};

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Line<'a> {
    Run {
        run: &'a str,
        verdict: &'static str,
        #[serde(with = "crate::seconds::moment")]
        started: SystemTime,
        #[serde(with = "crate::seconds::maybe")]
        took: Option<Duration>,
        pgdrill: &'a str,
        engine: &'a str,
    },
    Scenario {
        scenario: &'a str,
        title: &'a str,
        path: &'a str,
        major: Option<u32>,
        version: Option<&'a str>,
        verdict: &'static str,
        /// Why it was not played.
        skipped: Option<&'a str>,
        #[serde(with = "crate::seconds")]
        from: Duration,
        #[serde(with = "crate::seconds")]
        took: Duration,
    },
    Step {
        scenario: &'a str,
        lab: Option<&'a str>,
        step: &'a str,
        verdict: &'static str,
        #[serde(with = "crate::seconds::maybe")]
        from: Option<Duration>,
        #[serde(with = "crate::seconds")]
        took: Duration,
        place: Option<&'a Place>,
        blame: Option<&'static str>,
        message: Option<&'a str>,
        details: Option<&'a str>,
    },
    Workload {
        scenario: &'a str,
        lab: Option<&'a str>,
        target: &'a str,
        #[serde(with = "crate::seconds")]
        connect_timeout: Duration,
        #[serde(with = "crate::seconds")]
        answer_timeout: Duration,
        cost: &'a Cost,
    },
    Invariant {
        scenario: &'a str,
        lab: Option<&'a str>,
        invariant: &'a str,
        verdict: &'static str,
        definite: u64,
        unknown: u64,
    },
}

pub fn json(events: &[Event]) -> String {
    let results = Results::of(events);
    let run = Line::Run {
        run: &results.run,
        verdict: results.word(),
        started: results.started,
        took: results.took,
        pgdrill: &results.pgdrill,
        engine: &results.engine,
    };
    let scenarios = results.scenarios.iter().map(scenario);
    std::iter::once(run.text()).chain(scenarios).collect()
}

impl Line<'_> {
    fn text(&self) -> String {
        let json = serde_json::to_string(self).expect("it is plain data");
        format!("{json}\n")
    }
}

fn scenario(scenario: &Scenario) -> String {
    let head = Line::Scenario {
        scenario: &scenario.name,
        title: &scenario.title,
        path: &scenario.path,
        major: scenario.major,
        version: scenario.version.as_deref(),
        verdict: scenario.word(),
        skipped: match &scenario.ending {
            Ending::Skipped(why) => Some(why),
            Ending::Finished(_) | Ending::CutOff => None,
        },
        from: scenario.from,
        took: scenario.took,
    };
    let cases = scenario.cases();
    let steps = cases
        .iter()
        .filter(|it| !matches!(it.outcome, Outcome::Skipped(_)));
    let name = scenario.name.as_str();
    let steps = steps.map(|it| step(name, it).text());
    let workloads = scenario
        .workloads
        .iter()
        .map(|it| workload(name, it).text());
    let invariants = scenario
        .invariants
        .iter()
        .map(|it| invariant(name, it).text());
    let lines = std::iter::once(head.text()).chain(steps);
    lines.chain(workloads).chain(invariants).collect()
}

fn step<'a>(scenario: &'a str, case: &'a Case<'_>) -> Line<'a> {
    let trouble = case.outcome.trouble();
    let place = trouble
        .and_then(|it| it.place.as_ref())
        .or(case.step.map(|it| &it.place));
    Line::Step {
        scenario,
        lab: case.step.and_then(|it| it.lab.as_deref()),
        step: case.step.map_or(&case.name, |it| &it.title),
        verdict: case.outcome.word(),
        from: case.step.map(|it| it.from),
        took: case.took,
        // What concerns a playbook as a whole has no line.
        place: place.filter(|it| it.line > 0),
        blame: trouble.map(|it| it.kind),
        message: trouble.map(|it| it.message.as_str()),
        details: trouble.map(|it| it.text.as_str()),
    }
}

fn workload<'a>(scenario: &'a str, workload: &'a Workload) -> Line<'a> {
    Line::Workload {
        scenario,
        lab: workload.lab.as_deref(),
        target: &workload.target,
        connect_timeout: workload.connect_timeout,
        answer_timeout: workload.answer_timeout,
        cost: &workload.cost,
    }
}

fn invariant<'a>(scenario: &'a str, invariant: &'a Invariant) -> Line<'a> {
    Line::Invariant {
        scenario,
        lab: invariant.lab.as_deref(),
        invariant: &invariant.says,
        verdict: invariant.word(),
        definite: invariant.definite,
        unknown: invariant.unknown,
    }
}
