//! Events and problems as lines.

use super::typed;
use crate::event::{Form, Pause, What};
use crate::problem::Problem;

pub fn told(what: &What) -> Option<String> {
    match what {
        What::Shown(shown) if shown.form == Form::Remark => Some(format!("# {}", shown.input)),
        What::Shown(shown) => Some(format!("{}{}", shown.prompt, shown.input)),
        What::Prose { text } => Some(format!("prose: {text}")),
        What::Said { text } => Some(format!("says: {text}")),
        What::SectionStarted { title, .. } => Some(format!("step: {title}")),
        What::LabStarted { title } => Some(format!("lab: {title}")),
        What::LabFinished { title } => Some(format!("end of lab: {title}")),
        What::Marked(mark) => Some(format!("mark: {mark:?}")),
        What::Paused(Pause::Step { title, .. }) => Some(format!("pause before: {title}")),
        What::Paused(Pause::Failure { problem }) => Some(format!(
            "pause after: {}",
            problem.as_ref().map_or("", |it| &it.message)
        )),
        What::LineStarted { text } => Some(format!("> {text}")),
        What::LineFinished(line) => Some(typed::became(line)),
        What::Violated { invariant, seen } => Some(format!("violated: {invariant}: {seen:?}")),
        _ => None,
    }
}

pub fn verdict(problem: &Problem) -> String {
    let place = problem
        .place
        .as_ref()
        .map(|it| format!("{}:{} ", it.line, it.column));
    let notes: Vec<_> = problem
        .notes
        .iter()
        .map(|note| format!("\n   = {note}"))
        .collect();
    format!(
        "{:?}: {}{}{}",
        problem.blame,
        place.unwrap_or_default(),
        problem.message,
        notes.concat()
    )
}
