//! Problems on their way through a script, and errors of a script as problems.

use std::sync::Arc;

use rhai::{Dynamic, EvalAltResult, NativeCallContext, Position};

use crate::event::Place;
use crate::lab::Act;
use crate::problem::{Blame, Problem};
use crate::session::{PATIENCE, Session};

use super::stage::Stage;
use super::words;

/// What every host function returns. (The name is one that Rhai's definition files know.)
pub type RhaiResultOf<T> = Result<T, Box<EvalAltResult>>;

/// The stage that a host function is called on.
pub fn stage(call: &NativeCallContext<'_>) -> Arc<Stage> {
    let tag = call.tag().expect("the engine's tag is the stage");
    tag.clone().cast::<Arc<Stage>>()
}

/// The session that a host function is called in.
pub fn session(call: &NativeCallContext<'_>) -> Arc<Session> {
    Arc::clone(&stage(call).session)
}

/// Where a host function is called.
pub fn place(call: &NativeCallContext<'_>) -> Place {
    place_of(call.call_source().unwrap_or_default(), call.call_position())
}

pub fn place_of(source: &str, position: Position) -> Place {
    Place {
        file: source.to_owned(),
        line: position.line().unwrap_or_default(),
        column: position.position().unwrap_or_default(),
    }
}

/// A step of the session at this call, with the patience that waits have by default.
pub fn step<T>(
    call: &NativeCallContext<'_>,
    what: impl Into<String>,
    work: impl AsyncFnOnce(&Act) -> Result<T, Problem>,
) -> RhaiResultOf<T> {
    session(call)
        .step(&place(call), &what.into(), PATIENCE, work)
        .map_err(raise)
}

/// The same for what is shown: it can't stand in the closure of a `wait_until`.
pub fn shown_step<T>(
    call: &NativeCallContext<'_>,
    what: impl Into<String>,
    work: impl AsyncFnOnce(&Act) -> Result<T, Problem>,
) -> RhaiResultOf<T> {
    let session = session(call);
    if session.is_polling() {
        let message = format!("`{}` is shown, so it can't be polled", call.fn_name());
        return Err(raise(Problem::new(Blame::Playbook, message)
            .note("the number of polls would be in the transcript; use `value`, `query` or `exec` in `wait_until`")
            .at(place(call))));
    }
    session
        .step(&place(call), &what.into(), PATIENCE, work)
        .map_err(raise)
}

/// A bad use of the language, at this call.
#[expect(
    clippy::unnecessary_box_returns,
    reason = "it is what Rhai's results hold"
)]
pub fn misuse(call: &NativeCallContext<'_>, message: impl Into<String>) -> Box<EvalAltResult> {
    raise(Problem::new(Blame::Playbook, message).at(place(call)))
}

/// What was read of an argument; what is wrong with it is at the call.
pub fn read<T>(call: &NativeCallContext<'_>, read: Result<T, Problem>) -> RhaiResultOf<T> {
    read.map_err(|problem| raise(problem.at(place(call))))
}

/// What a script may catch is what the system under test did; never that the machine failed, that
/// the playbook is wrong, or that somebody wants it to end.
#[expect(
    clippy::unnecessary_box_returns,
    reason = "it is what Rhai's results hold"
)]
pub fn raise(problem: Problem) -> Box<EvalAltResult> {
    let caught = problem.blame == Blame::System;
    let value = Dynamic::from(problem);
    Box::new(if caught {
        EvalAltResult::ErrorRuntime(value, Position::NONE)
    } else {
        EvalAltResult::ErrorTerminated(value, Position::NONE)
    })
}

/// The problem that ended a script, or that `fails` caught.
pub fn problem(error: &EvalAltResult, file: &str) -> Problem {
    let mut callers = Vec::new();
    let mut leaf = error;
    let mut source = file.to_owned();
    while let EvalAltResult::ErrorInFunctionCall(name, within, inner, position) = leaf {
        if !name.starts_with("anon$") {
            callers.push((name.clone(), place_of(&source, *position)));
        }
        if !within.is_empty() {
            source.clone_from(within);
        }
        leaf = inner;
    }
    if let EvalAltResult::ErrorInModule(_, inner, _) = leaf {
        return problem(inner, &source);
    }
    let place = place_of(&source, leaf.position());
    let mut problem = match leaf {
        EvalAltResult::ErrorRuntime(value, _) | EvalAltResult::ErrorTerminated(value, _)
            if value.is::<Problem>() =>
        {
            value.clone_cast::<Problem>()
        }
        EvalAltResult::ErrorRuntime(value, _) => Problem::new(Blame::System, thrown(value)),
        other => words::running(other),
    };
    if place.line > 0 {
        problem = problem.at(place);
    }
    for (name, place) in callers.into_iter().rev() {
        if place.line > 0 && problem.place.as_ref() != Some(&place) {
            problem = problem.note(format!(
                "called by `{name}` at {}:{}:{}",
                place.file, place.line, place.column
            ));
        }
    }
    problem
}

fn thrown(value: &Dynamic) -> String {
    if value.is_unit() {
        return "the playbook gave up".to_owned();
    }
    value.to_string()
}
