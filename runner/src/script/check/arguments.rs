//! Arguments that are written out: their kinds, the keys of options, regular expressions, kinds of
//! placeholders.

use rhai::{Expr, FnPtr, Stmt};

use super::language::{Function, Language};
use crate::problem::{Blame, Problem};
use crate::redact;
use crate::script::options::{listed, nearest, unknown_key};
use crate::script::raise::place_of;

/// Checks the arguments of a call whose number fits; what stands before a dot is not known.
pub fn check(
    name: &str,
    overloads: &[&Function],
    arguments: &[Option<&Expr>],
    file: &str,
) -> Vec<Problem> {
    if !overloads.iter().all(|it| it.ours) {
        return Vec::new();
    }
    if let Some(problem) = kinds(name, overloads, arguments, file) {
        return vec![problem];
    }
    let mut problems = options(name, arguments, file);
    let text = |at: usize| match arguments.get(at) {
        Some(Some(Expr::StringConstant(text, place))) => Some((text.as_str(), *place)),
        _ => None,
    };
    let wrong = match name {
        "redact" => text(0).and_then(|(text, at)| Some((pattern(text)?, at))),
        "wait_for_log" => text(1).and_then(|(text, at)| Some((pattern(text)?, at))),
        "keep" => text(0).and_then(|(text, at)| Some((placeholder(text)?, at))),
        _ => None,
    };
    problems.extend(wrong.map(|(problem, at)| problem.at(place_of(file, at))));
    problems
}

/// The keys of an option map that is written out at the call.
fn options(name: &str, arguments: &[Option<&Expr>], file: &str) -> Vec<Problem> {
    let Some(Some(Expr::Map(map, _))) = arguments.last() else {
        return Vec::new();
    };
    let Some(keys) = Language::keys(name) else {
        return Vec::new();
    };
    (map.0.iter())
        .filter(|(key, _)| !keys.contains(&key.name.as_str()))
        .map(|(key, _)| unknown_key(name, &key.name, &keys).at(place_of(file, key.pos)))
        .collect()
}

/// The first argument that fits in no way to call the function.
fn kinds(
    name: &str,
    overloads: &[&Function],
    arguments: &[Option<&Expr>],
    file: &str,
) -> Option<Problem> {
    let misfit = |function: &&Function| {
        (function.parameters.iter().zip(arguments)).position(|((_, wanted), given)| {
            !given.and_then(kind).is_none_or(|it| fits(it, wanted))
        })
    };
    let misfits: Option<Vec<_>> = overloads.iter().map(misfit).collect();
    let (at, function) = (misfits?.into_iter().zip(overloads)).max_by_key(|(at, _)| *at)?;
    let argument = arguments[at]?;
    let (parameter, wanted) = &function.parameters[at];
    let message = format!(
        "`{name}` takes {} as `{parameter}`, not {}",
        article(wanted),
        article(kind(argument)?)
    );
    let signatures: Vec<_> = overloads.iter().map(|it| it.signature.as_str()).collect();
    let problem = Problem::new(Blame::Playbook, message)
        .note(signatures.join("\n"))
        .note(format!("manual: pgdrill api {name}"));
    Some(problem.at(place_of(file, argument.start_position())))
}

fn fits(given: &str, wanted: &str) -> bool {
    given == wanted || wanted == "value"
}

/// What an argument certainly is.
fn kind(argument: &Expr) -> Option<&'static str> {
    Some(match argument {
        Expr::StringConstant(..) | Expr::InterpolatedString(..) => "text",
        Expr::IntegerConstant(..) => "number",
        Expr::FloatConstant(..) => "number with a fraction",
        Expr::BoolConstant(..) => "boolean",
        Expr::CharConstant(..) => "single character (a text stands in double quotes)",
        Expr::Array(..) => "array",
        Expr::Map(..) => "map",
        Expr::Unit(_) => "nothing",
        other => {
            closure(other)?;
            "closure"
        }
    })
}

fn article(kind: &str) -> String {
    match kind {
        "nothing" => kind.to_owned(),
        "boolean" => "true or false".to_owned(),
        "array" => "an array".to_owned(),
        other => format!("a {other}"),
    }
}

/// The name of the function that a closure is.
pub fn closure(expression: &Expr) -> Option<String> {
    match expression {
        Expr::DynamicConstant(value, _) => Some((value.read_lock::<FnPtr>()?).fn_name().to_owned()),
        // What captures variables is a block that shares them and then curries.
        Expr::Stmt(block) => match block.statements().last()? {
            Stmt::Expr(last) => match &**last {
                Expr::FnCall(call, _) if call.name == "curry" => closure(call.args.first()?),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

fn pattern(text: &str) -> Option<Problem> {
    let error = regex::Regex::new(text).err()?;
    let reason = error.to_string();
    let reason = reason.lines().last().unwrap_or_default();
    let reason = reason.strip_prefix("error: ").unwrap_or(reason);
    let message = format!("`{text}` is no regular expression: {reason}");
    Some(Problem::new(Blame::Playbook, message))
}

fn placeholder(kind: &str) -> Option<Problem> {
    let kinds: Vec<_> = redact::kinds().collect();
    if kinds.contains(&kind) {
        return None;
    }
    let mut message = format!("nothing is redacted as `{kind}`");
    if let Some(near) = nearest(kind, kinds.iter().copied()) {
        message = format!("{message}, did you mean `{near}`?");
    }
    Some(Problem::new(Blame::Playbook, message).note(listed("kinds", &kinds)))
}
