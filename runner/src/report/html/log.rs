//! The servers' logs of a stage in one order, with what happened in between.

use std::time::Duration;

use serde::Serialize;

use super::story::{Log, Stage};
use super::text::{seconds, visible};
use super::timeline::told;

/// What the servers said.
#[derive(Debug, Serialize)]
pub struct Chronicle {
    pub nodes: String,
    pub lines: Vec<Row>,
    pub left_out: Vec<String>,
}

/// A line, or a mark.
#[derive(Debug, Serialize)]
pub struct Row {
    pub at: String,
    /// None: it is a mark.
    pub node: Option<String>,
    /// Nodes are told apart by so many classes.
    pub number: usize,
    pub class: &'static str,
    pub text: String,
}

/// The logs of a stage; none: there are none. `zero` is when the scenario began.
pub fn chronicle(stage: &Stage<'_>, zero: Duration) -> Option<Chronicle> {
    if stage.logs.is_empty() {
        return None;
    }
    let mut rows: Vec<(Duration, Row)> = Vec::new();
    for log in &stage.logs {
        let number = stage.nodes.iter().position(|it| it.name == log.node);
        rows.extend(lines(log, number.unwrap_or_default(), stage.from, zero));
    }
    for (at, mark) in &stage.marks {
        let (class, text) = told(mark);
        let row = Row {
            at: time(*at, zero),
            node: None,
            number: 0,
            class,
            text: visible(&text),
        };
        rows.push((*at, row));
    }
    // Stable: lines of a node that tell no time stay behind the one that does.
    rows.sort_by_key(|it| it.0);
    let mut nodes: Vec<&str> = Vec::new();
    for log in &stage.logs {
        if !nodes.contains(&log.node) {
            nodes.push(log.node);
        }
    }
    let left_out = stage.logs.iter().filter(|it| it.left_out > 0);
    Some(Chronicle {
        nodes: visible(&nodes.join(", ")),
        lines: rows.into_iter().map(|it| it.1).collect(),
        left_out: left_out
            .map(|it| format!("{}: {} lines are not here", visible(it.node), it.left_out))
            .collect(),
    })
}

fn lines(log: &Log<'_>, number: usize, from: Duration, zero: Duration) -> Vec<(Duration, Row)> {
    let mut last = from;
    let lines = log.lines.iter().map(|line| {
        last = line.at.unwrap_or(last);
        // The time stands before it already.
        let text = match (line.at, line.text.find(" UTC ").or(line.text.find(" GMT "))) {
            (Some(_), Some(end)) => &line.text[end + 5..],
            _ => line.text.as_str(),
        };
        let row = Row {
            at: line.at.map_or(String::new(), |at| time(at, zero)),
            node: Some(visible(log.node)),
            number: number % 4,
            class: severity(text),
            text: visible(text),
        };
        (last, row)
    });
    lines.collect()
}

fn time(at: Duration, zero: Duration) -> String {
    match at.checked_sub(zero) {
        Some(since) => format!("{:.3}", since.as_secs_f64()),
        None => format!("−{}", seconds(zero.saturating_sub(at))),
    }
}

fn severity(text: &str) -> &'static str {
    let says = |word: &&&str| text.contains(&format!("{word}:  "));
    match ["PANIC", "FATAL", "ERROR", "WARNING"].iter().find(says) {
        Some(&"WARNING") => "warning",
        Some(_) => "error",
        None => "",
    }
}
