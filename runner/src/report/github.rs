//! What GitHub Actions shows of a run: annotations at the playbook's lines, and a summary.

use std::fmt::Write;
use std::path::Path;

use super::cases::{Case, Outcome, Trouble};
use super::results::{Results, Scenario, Step};
use super::seconds;
use crate::cost::Mark;
use crate::event::{Event, Place};
use crate::problem::Problem;
use crate::visible::{cut, line, visible};

/// What is longer is cut: GitHub takes a mebibyte a summary, mermaid 50,000 characters a picture,
/// and nobody reads an annotation to its end.
const SUMMARY: usize = 900_000;
const TIMELINE: usize = 40_000;
const ANNOTATION: usize = 4_000;
const TITLE: usize = 500;

/// A line for each failure. `here` is the working directory within the repository: playbooks' paths
/// are relative to it.
pub fn annotations(events: &[Event], here: &Path) -> String {
    let results = Results::of(events);
    let scenarios = results.scenarios.iter();
    let all = scenarios.flat_map(|scenario| {
        let cases = scenario.cases();
        let troubles = cases
            .iter()
            .filter_map(|case| Some((case, case.outcome.trouble()?)));
        let lines: Vec<_> = troubles
            .map(|(case, it)| {
                command(
                    here,
                    it.place.as_ref(),
                    &format!("{}: {}", scenario.heading(), case.name),
                    &text(case, it),
                )
            })
            .collect();
        lines
    });
    all.collect()
}

/// The line for a problem of a playbook that was not played.
pub fn annotation(problem: &Problem, here: &Path) -> String {
    let text = std::iter::once(&problem.message).chain(&problem.notes);
    let text = text.map(String::as_str).collect::<Vec<_>>().join("\n");
    command(here, problem.place.as_ref(), "pgdrill", &text)
}

fn text(case: &Case<'_>, trouble: &Trouble) -> String {
    match (trouble.kind, case.step) {
        ("snapshot", Some(_)) => format!("{}\n{}", trouble.message, trouble.text),
        _ => trouble.text.clone(),
    }
}

fn command(here: &Path, place: Option<&Place>, title: &str, text: &str) -> String {
    let mut properties = Vec::new();
    if let Some(place) = place {
        let file = here.join(&place.file).display().to_string();
        properties.push(format!("file={}", property(&visible(&cut(&file, TITLE)))));
        if place.line > 0 {
            properties.push(format!("line={},col={}", place.line, place.column.max(1)));
        }
    }
    properties.push(format!("title={}", property(&cut(&line(title), TITLE))));
    let text = visible(&cut(text.trim(), ANNOTATION));
    format!("::error {}::{}\n", properties.join(","), data(&text))
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// The job's summary, in GitHub's Markdown.
pub fn summary(events: &[Event]) -> String {
    let results = Results::of(events);
    let mut text = String::new();
    for (at, scenario) in results.scenarios.iter().enumerate() {
        let section = section(scenario);
        if text.len() + section.len() > SUMMARY {
            let left = results.scenarios.len() - at;
            writeln!(text, "{left} more: see the log.\n").expect("a text grows");
            break;
        }
        text.push_str(&section);
    }
    text
}

fn section(scenario: &Scenario) -> String {
    let mut text = format!(
        "### {}: {}\n\n",
        markdown(&scenario.heading()),
        scenario.word()
    );
    if !scenario.title.is_empty() {
        writeln!(text, "{}\n", markdown(&scenario.title)).expect("a text grows");
    }
    text.push_str("| | step | verdict | time |\n|--:|---|---|--:|\n");
    for (at, case) in scenario.cases().iter().enumerate() {
        let why = match &case.outcome {
            Outcome::Passed => String::new(),
            Outcome::Skipped(why) => format!(": {}", markdown(&cut(why, TITLE))),
            Outcome::Failed(it) | Outcome::Errored(it) => {
                format!(": {}", markdown(&cut(&it.message, TITLE)))
            }
        };
        let took = case.step.map_or(String::new(), |_| seconds(case.took));
        let (number, name, word) = (at + 1, markdown(&case.name), case.outcome.word());
        writeln!(text, "| {number} | {name} | {word}{why} | {took} |").expect("a text grows");
    }
    text.push('\n');
    let bill = scenario.bill.lines();
    if !bill.is_empty() {
        writeln!(
            text,
            "<pre>\n{}\n</pre>\n",
            html(&visible(&bill.join("\n")))
        )
        .expect("a text grows");
    }
    let timeline = timeline(scenario);
    if !scenario.steps.is_empty() && timeline.len() <= TIMELINE {
        writeln!(text, "```mermaid\n{timeline}```\n").expect("a text grows");
    }
    text
}

/// A picture: a bar a step, a diamond a fault or what was done about it.
fn timeline(scenario: &Scenario) -> String {
    let mut text =
        "gantt\n    dateFormat x\n    axisFormat %M:%S\n    todayMarker off\n".to_owned();
    let since = |at: std::time::Duration| at.saturating_sub(scenario.from).as_millis();
    let mut lab = None;
    for (at, step) in scenario.steps.iter().enumerate() {
        if at == 0 || lab != step.lab.as_ref() {
            lab = step.lab.as_ref();
            let title = lab.map_or("steps".to_owned(), |it| plain(it));
            writeln!(text, "    section {title}").expect("a text grows");
        }
        let took = step.took.as_millis().max(1);
        let (number, title) = (at + 1, plain(&step.title));
        writeln!(
            text,
            "    {number} {title} :{}{}, {took}ms",
            tag(step),
            since(step.from)
        )
        .expect("a text grows");
    }
    for (at, (when, mark)) in scenario.marks.iter().enumerate() {
        if at == 0 {
            text.push_str("    section marks\n");
        }
        let (tags, title) = match mark {
            Mark::Fault { name } => ("milestone, crit", format!("fault {name}")),
            Mark::PlannedStop { node } => ("milestone", format!("planned stop {node}")),
            Mark::PromotionCalled { node } => ("milestone", format!("promotion {node}")),
            Mark::Writable { node } => ("milestone", format!("writable {node}")),
            Mark::MoveCalled { address } => ("milestone", format!("move {address}")),
            Mark::VipMoved { address } => ("milestone", format!("moved {address}")),
        };
        writeln!(text, "    {} :{tags}, {}, 0ms", plain(&title), since(*when))
            .expect("a text grows");
    }
    text
}

fn tag(step: &Step) -> &'static str {
    if step.broken || !step.differs.is_empty() || !step.over {
        "crit, "
    } else {
        ""
    }
}

/// Words that mean nothing to mermaid, where they do not begin a line.
fn plain(text: &str) -> String {
    let letters = line(text);
    let letters = letters.chars().map(|it| {
        let kept = it.is_alphanumeric() || " -_.()/".contains(it);
        if kept { it } else { ' ' }
    });
    let plain = cut(letters.collect::<String>().trim(), 80);
    if plain.is_empty() {
        "-".to_owned()
    } else {
        plain
    }
}

/// Text that means nothing to Markdown, in a line.
fn markdown(text: &str) -> String {
    let mut escaped = String::new();
    for letter in line(text).chars() {
        if "\\`*_{}[]<>|~&$#@".contains(letter) {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
