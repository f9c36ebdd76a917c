//! Constants of a playbook, read without running it.

use rhai::{Dynamic, Map};

use super::engine::{Playbook, compile, vocabulary};
use crate::problem::{Blame, Problem};

/// A literal value in a constant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    Text(String),
    Texts(Vec<String>),
    Other,
}

/// The map that a constant of the playbook is.
pub fn constant(
    playbook: &Playbook,
    name: &str,
) -> Result<Option<Vec<(String, Literal)>>, Problem> {
    let ast = compile(&vocabulary(), playbook)?;
    let Some((_, _, value)) = ast
        .iter_literal_variables(true, false)
        .find(|(it, ..)| *it == name)
    else {
        return Ok(None);
    };
    let Some(map) = value.try_cast::<Map>() else {
        let message = format!("{name} in {} must be a map of literals", playbook.path);
        return Err(Problem::new(Blame::Playbook, message));
    };
    Ok(Some(
        map.into_iter()
            .map(|(key, value)| (key.to_string(), literal(value)))
            .collect(),
    ))
}

fn literal(value: Dynamic) -> Literal {
    if let Ok(text) = value.clone().into_string() {
        return Literal::Text(text);
    }
    let texts = value.into_array().ok().and_then(|items| {
        items
            .into_iter()
            .map(|item| item.into_string().ok())
            .collect::<Option<Vec<_>>>()
    });
    texts.map_or(Literal::Other, Literal::Texts)
}
