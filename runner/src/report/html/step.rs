//! The transcript of a step as it was in this run, and how it differs from the snapshot.

use serde::Serialize;

use super::story::{Item, Scenario, Step};
use super::text::{beginning, seconds, visible};
use super::timeline::told;
use crate::cost::Mark;
use crate::event::{DiffLine, Form, Shown, Sign};
use crate::markdown;

/// A step.
#[derive(Debug, Serialize)]
pub struct StepView {
    /// None: what stands outside of steps.
    pub number: Option<usize>,
    pub title: String,
    pub took: String,
    pub bad: bool,
    pub word: &'static str,
    pub pieces: Vec<Piece>,
    pub differs: Vec<Line>,
}

/// Something in it.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Piece {
    Prose {
        html: String,
    },
    Block {
        commands: Vec<Command>,
    },
    Note {
        class: &'static str,
        text: String,
        at: String,
    },
}

/// A command and what it printed.
#[derive(Debug, Serialize)]
pub struct Command {
    pub prompt: String,
    pub input: String,
    pub output: String,
    pub rest: String,
    pub remark: bool,
}

/// A line of a diff.
#[derive(Debug, Serialize)]
pub struct Line {
    pub class: &'static str,
    pub sign: &'static str,
    pub number: usize,
    pub pieces: Vec<(String, bool)>,
}

/// The steps of a stage. What has nothing in it is left out, unless it has a title.
pub fn steps(scenario: &Scenario<'_>, stage: usize) -> Vec<StepView> {
    let mut number = 0;
    let mut views = Vec::new();
    for step in &scenario.steps {
        number += usize::from(step.title.is_some());
        if step.stage == stage {
            views.push(view(scenario, step, number));
        }
    }
    views
}

fn view(scenario: &Scenario<'_>, step: &Step<'_>, number: usize) -> StepView {
    let mut pieces: Vec<Piece> = Vec::new();
    for (at, item) in &step.items {
        let at = seconds(at.saturating_sub(scenario.from));
        match (item, pieces.last_mut()) {
            (Item::Shown(shown), Some(Piece::Block { commands })) => commands.push(command(shown)),
            (Item::Shown(shown), _) => pieces.push(Piece::Block {
                commands: vec![command(shown)],
            }),
            (Item::Prose(text), _) => pieces.push(Piece::Prose {
                html: markdown::html(text),
            }),
            (item, _) => pieces.extend(note(item, at)),
        }
    }
    StepView {
        number: step.title.map(|_| number),
        title: visible(step.title.unwrap_or_default()),
        took: (step.to).map_or(String::new(), |to| seconds(to.saturating_sub(step.from))),
        bad: step.is_bad(),
        word: match (step.broken, step.differs.is_empty()) {
            (true, _) => "broken",
            (false, false) => "differs",
            (false, true) => "ok",
        },
        pieces,
        differs: step.differs.iter().map(line).collect(),
    }
}

fn note(item: &Item<'_>, at: String) -> Option<Piece> {
    let (class, text) = match item {
        Item::Check(message, true) => ("yes", (*message).to_owned()),
        Item::Check(message, false) => ("no", (*message).to_owned()),
        Item::Mark(mark @ Mark::Fault { .. }) => told(mark),
        // What a call does is in what it shows; a fault is worth more words.
        Item::Mark(_) | Item::Prose(_) | Item::Shown(_) => return None,
        Item::Said(text) => ("said", (*text).to_owned()),
        Item::Warned(text) => ("warned", format!("warning: {text}")),
        Item::Violated(invariant, seen) => {
            ("no", format!("violated: {invariant} ({})", seen.join("; ")))
        }
        Item::Problem(problem) => ("problem", problem.message.clone()),
    };
    let (text, _) = beginning(&text);
    Some(Piece::Note { class, text, at })
}

fn command(shown: &Shown) -> Command {
    let (input, missing) = beginning(&shown.input);
    let (output, rest) = beginning(shown.output.trim_end());
    let input = input.replace('\n', &format!("\n{}", visible(&shown.continuation)));
    Command {
        prompt: visible(&shown.prompt),
        input,
        output,
        rest: [missing, rest].concat(),
        remark: shown.form == Form::Remark,
    }
}

fn line(line: &DiffLine) -> Line {
    let (class, sign) = match line.sign {
        Sign::Equal => ("equal", " "),
        Sign::Removed => ("removed", "−"),
        Sign::Added => ("added", "+"),
        Sign::Gap => ("gap", "⋮"),
    };
    let pieces = line.pieces.iter().map(|it| {
        let (text, _) = beginning(&it.text);
        (text, it.emphasized)
    });
    Line {
        class,
        sign,
        number: line.line,
        pieces: pieces.collect(),
    }
}
