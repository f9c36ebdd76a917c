//! Arguments that are written out: their kinds, the keys and values of options, texts that have a form.

use rhai::{Dynamic, Expr, FnPtr, Ident, Stmt};

use super::language::{Function, Language};
use crate::problem::{Blame, Problem};
use crate::script::forms::FORMS;
use crate::script::kinds::Computed;
use crate::script::options::{unknown_key, wrong_value};
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
    for form in FORMS.iter().filter(|it| it.function == name) {
        if let Some(Some(Expr::StringConstant(text, at))) = arguments.get(form.at) {
            let wrong = (form.wrong)(text);
            problems.extend(wrong.map(|it| it.at(place_of(file, *at))));
        }
    }
    problems
}

/// The options that are written out at the call: their keys, and values that are no matter of
/// computing.
fn options(name: &str, arguments: &[Option<&Expr>], file: &str) -> Vec<Problem> {
    let Some(Some(Expr::Map(map, _))) = arguments.last() else {
        return Vec::new();
    };
    let Some(options) = Language::options(name) else {
        return Vec::new();
    };
    let wrong = |(key, value): &(Ident, Expr)| {
        let Some((_, kind)) = options.iter().find(|(name, _)| *name == key.name) else {
            let names: Vec<_> = options.iter().map(|(name, _)| *name).collect();
            return Some(unknown_key(name, &key.name, &names).at(place_of(file, key.pos)));
        };
        let place = place_of(file, value.start_position());
        let value = literal(value);
        (!kind.admits(&value)).then(|| wrong_value(name, &key.name, *kind, &value).at(place))
    };
    map.0.iter().filter_map(wrong).collect()
}

/// What an expression is, as far as it is written out.
fn literal(expression: &Expr) -> Dynamic {
    match expression {
        Expr::StringConstant(text, _) => text.into(),
        Expr::IntegerConstant(number, _) => (*number).into(),
        Expr::FloatConstant(number, _) => (**number).into(),
        Expr::BoolConstant(flag, _) => (*flag).into(),
        Expr::CharConstant(one, _) => (*one).into(),
        Expr::Unit(_) => Dynamic::UNIT,
        Expr::Array(items, _) => Dynamic::from_array(items.iter().map(literal).collect()),
        Expr::Map(map, _) => {
            let item = |(key, value): &(Ident, Expr)| (key.name.as_str().into(), literal(value));
            Dynamic::from_map(map.0.iter().map(item).collect())
        }
        _ => Dynamic::from(Computed),
    }
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
    // Of several that are as near, one that takes a node is the one that is meant.
    let near = |(at, function): &(usize, &&Function)| (*at, function.parameters[*at].1 == "Node");
    let (at, function) = (misfits?.into_iter().zip(overloads)).max_by_key(near)?;
    let argument = arguments[at]?;
    let (parameter, wanted) = &function.parameters[at];
    let message = format!(
        "`{name}` takes {} as `{parameter}`, not {}",
        article(wanted),
        article(kind(argument)?)
    );
    let signatures: Vec<_> = overloads.iter().map(|it| it.signature.as_str()).collect();
    let mut problem = Problem::new(Blame::Playbook, message);
    if let (Expr::StringConstant(name, _), "Node") = (argument, wanted.as_str()) {
        problem = problem.note(format!(
            "a node is what start_node returned: `let {name} = start_node(\"{name}\");`, then {name} without quotes"
        ));
    }
    let problem = problem
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
