//! TAP 14: a subtest a scenario, a test point a step, with YAML blocks whose values are JSON.

use std::fmt::Write;

use serde_json::Value;

use super::cases::{Case, Outcome};
use super::figures::{figures, seconds};
use super::results::{Ending, Results, Scenario};
use crate::event::Event;
use crate::visible::{line, visible};

pub fn tap(events: &[Event]) -> String {
    let results = Results::of(events);
    let mut text = format!("TAP version 14\n1..{}\n", results.scenarios.len());
    for (at, scenario) in results.scenarios.iter().enumerate() {
        text.push_str(&subtest(at + 1, scenario));
    }
    text
}

fn subtest(number: usize, scenario: &Scenario) -> String {
    let name = description(&scenario.heading());
    if let Ending::Skipped(why) = &scenario.ending {
        return format!("ok {number} - {name} # SKIP {}\n", line(why));
    }
    let cases = scenario.cases();
    let mut text = format!("# Subtest: {name}\n    1..{}\n", cases.len());
    for (at, case) in cases.iter().enumerate() {
        for line in point(at + 1, case).lines() {
            writeln!(text, "    {line}").expect("a text grows");
        }
    }
    let passed = cases.iter().all(|it| it.outcome.trouble().is_none());
    text.push_str(&test_point(passed, number, &name));
    let mut block = vec![
        ("verdict".to_owned(), scenario.word().into()),
        ("seconds".to_owned(), number_of(&seconds(scenario.took))),
    ];
    for workload in &scenario.workloads {
        let figures = figures(&workload.cost).into_iter();
        let figures = figures
            .map(|(name, value)| (name.to_owned(), number_of(&value)))
            .collect();
        block.push((workload.name.clone(), Value::Object(figures)));
    }
    for invariant in &scenario.invariants {
        block.push((invariant.name.clone(), invariant.word().into()));
    }
    text.push_str(&yaml(block));
    text
}

fn point(number: usize, case: &Case<'_>) -> String {
    let passed = case.outcome.trouble().is_none();
    let mut text = test_point(passed, number, &description(&case.name));
    let mut block = vec![("seconds".to_owned(), number_of(&seconds(case.took)))];
    if let Some(trouble) = case.outcome.trouble() {
        let severity = if matches!(case.outcome, Outcome::Failed(_)) {
            "fail"
        } else {
            "error"
        };
        block.push(("severity".to_owned(), severity.into()));
        block.push(("kind".to_owned(), trouble.kind.into()));
        block.push(("message".to_owned(), trouble.message.clone().into()));
        if let Some(place) = &trouble.place {
            let at = match place.line {
                0 => place.file.clone(),
                line => format!("{}:{line}:{}", place.file, place.column),
            };
            block.push(("at".to_owned(), at.into()));
        }
        block.push(("details".to_owned(), trouble.text.clone().into()));
    }
    text.push_str(&yaml(block));
    text
}

fn test_point(passed: bool, number: usize, description: &str) -> String {
    let word = if passed { "ok" } else { "not ok" };
    format!("{word} {number} - {description}\n")
}

/// In a line; a `#` would begin a directive.
fn description(text: &str) -> String {
    line(text).replace('\\', "\\\\").replace('#', "\\#")
}

/// YAML 1.2 reads JSON, whose texts have no line ends in them.
fn yaml(block: Vec<(String, Value)>) -> String {
    let mut text = "  ---\n".to_owned();
    for (key, value) in block {
        let plain = key.chars().all(|it| it.is_ascii_lowercase());
        let key = if plain {
            key
        } else {
            Value::String(visible(&key)).to_string()
        };
        writeln!(text, "  {key}: {}", shown(value)).expect("a text grows");
    }
    text.push_str("  ...\n");
    text
}

/// Characters that YAML does not print are shown as others.
fn shown(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(visible(&text)),
        other => other,
    }
}

fn number_of(text: &str) -> Value {
    text.parse::<f64>().map_or(Value::Null, |it| {
        if text.contains('.') {
            it.into()
        } else {
            text.parse::<u64>().map_or(Value::Null, Value::from)
        }
    })
}
