//! Which nodes a playbook will start, as far as that can be told from its text: calls of
//! `start_node` and `start_standby` outside of all blocks, whose options are literals and volumes.

use std::collections::BTreeMap;

use rhai::{AST, ASTNode, Dynamic, Expr, Map, Stmt};

use super::{nodes, replication};
use crate::lab::{NodeOptions, Volume};

/// The nodes in the order of their starts, up to the first whose options can't be told; and whether
/// no other can be started.
pub fn ahead(
    ast: &AST,
    volume: impl Fn(&str) -> Option<Volume>,
) -> (Vec<(String, NodeOptions)>, bool) {
    let mut known = BTreeMap::new();
    let mut nodes = Vec::new();
    for statement in ast.statements() {
        let (variable, expression) = match statement {
            Stmt::Var(it, ..) => (Some(it.0.name.to_string()), &it.1),
            Stmt::Expr(expression) => (None, &**expression),
            _ => continue,
        };
        let value = match called(expression, "volume") {
            Some([Expr::StringConstant(name, _)]) => volume(name).map(Dynamic::from),
            _ => told(expression, &known),
        };
        if let (Some(variable), Some(value)) = (variable, value) {
            known.insert(variable, value);
        }
        let Some((name, options, read)) = start(expression) else {
            continue;
        };
        let options = match options {
            [] => Some(Map::new()),
            [options, ..] => told(options, &known).and_then(Dynamic::try_cast::<Map>),
        };
        let Some(options) = options.and_then(read) else {
            break;
        };
        nodes.push((name.to_owned(), options));
    }
    let all = starts(ast) == nodes.len();
    (nodes, all)
}

/// How the options of a node's start are read.
type Read = fn(Map) -> Option<NodeOptions>;

/// The name and the options of a node that is started here.
fn start(expression: &Expr) -> Option<(&str, &[Expr], Read)> {
    if let Some([Expr::StringConstant(name, _), options @ ..]) = called(expression, "start_node") {
        return Some((name, options, nodes::read_ahead));
    }
    match called(expression, "start_standby") {
        Some([Expr::StringConstant(name, _), _, options @ ..]) => {
            Some((name, options, replication::read_ahead))
        }
        _ => None,
    }
}

/// How many calls there are that could start a node.
fn starts(ast: &AST) -> usize {
    let mut starts = 0;
    ast.walk(&mut |path| {
        let call = match path.last() {
            Some(
                ASTNode::Expr(Expr::FnCall(call, _) | Expr::MethodCall(call, _))
                | ASTNode::Stmt(Stmt::FnCall(call, _)),
            ) => call,
            // An imported function may start any.
            Some(ASTNode::Stmt(Stmt::Import(..))) => {
                starts = usize::MAX;
                return false;
            }
            _ => return true,
        };
        if matches!(call.name.as_str(), "start_node" | "start_standby") {
            starts += 1;
        }
        true
    });
    starts
}

/// The arguments of an expression that calls this function.
fn called<'a>(expression: &'a Expr, function: &str) -> Option<&'a [Expr]> {
    match expression {
        Expr::FnCall(call, _) if call.name == function && call.namespace.is_empty() => {
            Some(&call.args)
        }
        _ => None,
    }
}

/// The value of an expression made of literals and known variables.
fn told(expression: &Expr, known: &BTreeMap<String, Dynamic>) -> Option<Dynamic> {
    match expression {
        Expr::Variable(it, ..) => known.get(it.1.as_str()).cloned(),
        Expr::Map(it, _) => {
            let entries =
                it.0.iter()
                    .map(|(key, value)| Some((key.name.as_str().into(), told(value, known)?)));
            entries.collect::<Option<Map>>().map(Dynamic::from)
        }
        Expr::Array(items, _) => {
            let items = items
                .iter()
                .map(|item| told(item, known))
                .collect::<Option<rhai::Array>>();
            items.map(Dynamic::from)
        }
        literal => literal.get_literal_value(None),
    }
}
