//! Constants of a playbook, read without running it.

use rhai::{Expr, Stmt};

use super::engine::{Playbook, compile, vocabulary};
use super::raise::place_of;
use crate::event::Place;
use crate::problem::{Blame, Problem};

/// A literal value in a constant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    Text(String),
    Texts(Vec<String>),
    Other,
}

/// A key of a constant that is a map, and its value.
#[derive(Debug, Clone)]
pub struct Item {
    pub key: String,
    pub value: Literal,
    /// Where the key stands.
    pub place: Place,
}

/// The map that a constant of the playbook is.
pub fn constant(playbook: &Playbook, name: &str) -> Result<Option<Vec<Item>>, Problem> {
    let ast = compile(&vocabulary(), playbook)?;
    let constant = ast.statements().iter().find_map(|it| match it {
        Stmt::Var(variable, ..) if variable.0.name == name => Some(&variable.1),
        _ => None,
    });
    let Some(value) = constant else {
        return Ok(None);
    };
    let Expr::Map(map, _) = value else {
        let message = format!("{name} must be a map: `const {name} = #{{ … }};`");
        let place = place_of(&playbook.path, value.start_position());
        return Err(Problem::new(Blame::Playbook, message).at(place));
    };
    let item = |(key, value): &(rhai::Ident, Expr)| Item {
        key: key.name.to_string(),
        value: literal(value),
        place: place_of(&playbook.path, key.pos),
    };
    Ok(Some(map.0.iter().map(item).collect()))
}

fn literal(value: &Expr) -> Literal {
    match value {
        Expr::StringConstant(text, _) => Literal::Text(text.to_string()),
        Expr::Array(items, _) => {
            let texts = items.iter().map(|item| match item {
                Expr::StringConstant(text, _) => Some(text.to_string()),
                _ => None,
            });
            texts
                .collect::<Option<_>>()
                .map_or(Literal::Other, Literal::Texts)
        }
        _ => Literal::Other,
    }
}
