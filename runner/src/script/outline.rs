//! The outline of a playbook: its steps as they stand in its text.

use std::collections::BTreeSet;

use rhai::{AST, ASTNode, Expr, FnCallExpr, Position, Stmt};

use super::engine::{Playbook, compile, vocabulary};
use super::raise::place_of;
use crate::event::Place;

/// A step in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its title, or the expression that makes it.
    pub title: String,
    pub place: Place,
    /// The last of its lines.
    pub last: usize,
    /// It stands in a block or a function: it may come again, or never.
    pub nested: bool,
}

/// The steps in the order of their lines; none of a playbook that does not parse.
pub fn outline(playbook: &Playbook) -> Vec<Step> {
    let Ok(ast) = compile(&vocabulary(), playbook) else {
        return Vec::new();
    };
    let top: BTreeSet<_> = (ast.statements().iter()).map(Stmt::position).collect();
    let lines: Vec<_> = playbook.source.lines().collect();
    let calls = calls(&ast);
    let starts: BTreeSet<_> = (calls.iter().filter_map(|(at, _)| at.line())).collect();
    let step = |(at, title): &(Position, Option<String>)| {
        let place = place_of(&playbook.path, *at);
        let line = lines.get(place.line - 1).copied().unwrap_or_default();
        Step {
            title: title.clone().unwrap_or_else(|| argument(line).to_owned()),
            last: last(&lines, place.line, &starts),
            nested: !top.contains(at),
            place,
        }
    };
    calls.iter().map(step).collect()
}

/// The calls of `step`, with the titles that are literal.
fn calls(ast: &AST) -> Vec<(Position, Option<String>)> {
    let mut calls = Vec::new();
    ast.walk(&mut |path| {
        if let Some(ASTNode::Stmt(Stmt::FnCall(call, at)) | ASTNode::Expr(Expr::FnCall(call, at))) =
            path.last()
            && is_step(call)
        {
            let title = match &call.args[0] {
                Expr::StringConstant(title, _) => Some(title.to_string()),
                _ => None,
            };
            calls.push((*at, title));
        }
        true
    });
    calls.sort_by_key(|(at, _)| *at);
    calls.dedup();
    calls
}

fn is_step(call: &FnCallExpr) -> bool {
    call.name == "step" && call.args.len() == 1 && !call.is_qualified()
}

/// What stands in the brackets of a call on a line.
fn argument(line: &str) -> &str {
    let line = line.trim().trim_end_matches(';');
    let inner = line.strip_prefix("step(").unwrap_or(line);
    inner.strip_suffix(')').unwrap_or(inner)
}

/// A step goes on to the next one, or to where its block ends, which its indentation tells.
fn last(lines: &[&str], first: usize, starts: &BTreeSet<usize>) -> usize {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let own = depth(lines[first - 1]);
    let mut last = first;
    for (line, number) in lines[first..].iter().zip(first + 1..) {
        if starts.contains(&number) || !line.trim().is_empty() && depth(line) < own {
            break;
        }
        if !line.trim().is_empty() {
            last = number;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_have_titles_lines_and_know_whether_they_may_come_again() {
        let playbook = Playbook {
            path: "a.rhai".into(),
            source: "\
let a = 1;
step(\"One\");
// Prose.
print(a);

for i in 1..3 {
    step(\"Phase \" + i);
    print(i);
}
step(`Last`);

print(2);
"
            .into(),
        };
        let shown = |it: &Step| {
            let nested = if it.nested { " (nested)" } else { "" };
            format!("{}-{} {}{nested}", it.place.line, it.last, it.title)
        };
        let outline: Vec<_> = outline(&playbook).iter().map(shown).collect();
        insta::assert_snapshot!(outline.join("\n"), @r#"
        2-6 One
        7-8 "Phase " + i (nested)
        10-12 Last
        "#);
    }
}
