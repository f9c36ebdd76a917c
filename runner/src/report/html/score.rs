//! The scorecard: what a fault cost, in large letters.

use std::time::Duration;

use serde::Serialize;

use super::story::{Ending, Held, Scenario, Stage, Workload};
use super::text::{seconds, visible};
use crate::cost::Cost;
use crate::event::Verdict;

/// What was measured and checked in a stage.
#[derive(Debug, Serialize)]
pub struct Card {
    /// The lab; empty: the scenario itself.
    pub title: String,
    pub workloads: Vec<Clients>,
    /// Expectations: a class, and what was expected.
    pub held: Vec<(&'static str, String)>,
}

/// What clients of a workload went through.
#[derive(Debug, Serialize)]
pub struct Clients {
    pub target: String,
    pub patience: String,
    pub figures: Vec<Figure>,
    pub phases: Vec<Phase>,
}

/// A figure.
#[derive(Debug, Serialize)]
pub struct Figure {
    pub name: &'static str,
    pub value: String,
    pub note: String,
    pub bad: bool,
}

/// A part of an outage, and what part.
#[derive(Debug, Serialize)]
pub struct Phase {
    pub class: &'static str,
    pub name: &'static str,
    pub took: String,
    /// Of a hundred.
    pub part: f64,
}

/// The cards of a scenario's stages, those with figures first.
pub fn cards(scenario: &Scenario<'_>) -> Vec<Card> {
    let passed = matches!(
        scenario.ending,
        Ending::Finished {
            verdict: Verdict::Passed,
            ..
        }
    );
    let cards = scenario.stages.iter().filter_map(|it| card(it, passed));
    let (mut cards, others): (Vec<_>, Vec<_>) = cards.partition(|it| !it.workloads.is_empty());
    cards.extend(others);
    cards
}

/// The card of a stage; none: nothing was measured or checked.
fn card(stage: &Stage<'_>, passed: bool) -> Option<Card> {
    if stage.workloads.is_empty() && stage.checks.is_empty() {
        return None;
    }
    let held = stage.checks.iter().map(|check| {
        let class = match check.held {
            Held::Yes => "yes",
            // A drill that shows how something breaks has passed if it does.
            Held::No if passed => "wanted",
            Held::No => "no",
            Held::Unknown => "unknown",
        };
        (class, visible(check.message))
    });
    Some(Card {
        title: visible(stage.title.unwrap_or_default()),
        workloads: stage.workloads.iter().map(clients).collect(),
        held: held.collect(),
    })
}

fn clients(workload: &Workload<'_>) -> Clients {
    let cost = workload.cost;
    let mut figures = vec![service(cost), lost(cost), in_doubt(cost)];
    if cost.refused > 0 {
        figures.push(figure(
            "refused",
            cost.refused.to_string(),
            "answered with an error",
        ));
    }
    if cost.phantom > 0 {
        let note = "there, although refused or never sent";
        figures.push(Figure {
            bad: true,
            ..figure("phantom rows", cost.phantom.to_string(), note)
        });
    }
    if let (Some(rto), Some(gap)) = (cost.rto, cost.gap)
        && gap > rto
    {
        figures.push(figure(
            "longest silence",
            seconds(gap),
            "between two acknowledgements",
        ));
    }
    Clients {
        target: visible(workload.target),
        patience: patience(workload),
        figures,
        phases: phases(cost),
    }
}

fn figure(name: &'static str, value: String, note: impl Into<String>) -> Figure {
    Figure {
        name,
        value,
        note: note.into(),
        bad: false,
    }
}

fn patience(workload: &Workload<'_>) -> String {
    let (connect, answer) = (workload.connect_timeout, workload.answer_timeout);
    if connect == answer {
        return format!("clients give up after {}", seconds(connect));
    }
    let (connect, answer) = (seconds(connect), seconds(answer));
    format!("clients give up connecting after {connect}, waiting after {answer}")
}

fn service(cost: &Cost) -> Figure {
    let name = "out of service";
    if let Some(lasting) = cost.outages.iter().rfind(|it| !it.over) {
        let note = format!("{}: not back when the clients were stopped", lasting.fault);
        return Figure {
            bad: true,
            ..figure(
                name,
                format!("> {}", seconds(lasting.lasted)),
                visible(&note),
            )
        };
    }
    let Some(rto) = cost.rto else {
        let gap = cost.gap.map(|it| format!("longest gap {}", seconds(it)));
        return figure(name, "no fault".to_owned(), gap.unwrap_or_default());
    };
    let longest = cost.outages.iter().find(|it| it.lasted == rto);
    let fault = longest.map_or("", |it| it.fault.as_str());
    let note = match cost.outages.len() {
        1 => fault.to_owned(),
        count => format!("{fault}, the longest of {count}"),
    };
    figure(name, seconds(rto), visible(&note))
}

fn lost(cost: &Cost) -> Figure {
    Figure {
        bad: cost.lost > 0,
        ..figure(
            "acknowledged writes lost",
            cost.lost.to_string(),
            format!("of {}", cost.acked),
        )
    }
}

fn in_doubt(cost: &Cost) -> Figure {
    let (there, absent) = (cost.in_doubt_present, cost.in_doubt_absent);
    let note = match (there, absent) {
        (0, 0) => "every write was answered".to_owned(),
        (there, 0) => format!("never answered; {there} there"),
        (0, absent) => format!("never answered; {absent} not there"),
        (there, absent) => format!("never answered; {there} there, {absent} not"),
    };
    figure("in doubt", (there + absent).to_string(), note)
}

fn phases(cost: &Cost) -> Vec<Phase> {
    let all = [
        ("noticed", "noticed", cost.phases.detect),
        ("promoted", "promoted, writable", cost.phases.promote),
        ("moved", "address moved", cost.phases.relocate),
        ("back", "clients back", cost.phases.reconnect),
    ];
    let sum: Duration = all.iter().filter_map(|it| it.2).sum();
    let phases = all.into_iter().filter_map(|(class, name, took)| {
        let took = took?;
        let part = took.as_secs_f64() / sum.as_secs_f64().max(1e-9) * 100.0;
        Some(Phase {
            class,
            name,
            took: seconds(took),
            part: super::scale::tenth(part),
        })
    });
    phases.collect()
}
