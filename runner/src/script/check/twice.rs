//! What must not come twice: titles of steps, names of snapshots and of nodes. Only what is certain
//! counts: literal names, one after the other.

use std::collections::BTreeMap;

use rhai::{AST, ASTNode, Expr, FnCallExpr, Position, Stmt};

use super::File;
use super::arguments::closure;
use crate::event::Place;
use crate::problem::{Blame, Problem};
use crate::script::raise::place_of;

pub fn check(file: &File) -> Vec<Problem> {
    let mut twice = Twice {
        file,
        nodes: !removes(file),
        problems: Vec::new(),
    };
    twice.block(file.ast.statements(), &mut Seen::new());
    for function in file
        .ast
        .iter_functions()
        .filter(|it| !it.name.contains('$'))
    {
        twice.block(&body(&file.ast, function.name), &mut Seen::new());
    }
    twice.problems
}

/// What was named in a scope: (function, name) and where.
type Seen = BTreeMap<(&'static str, String), Place>;

struct Twice<'a> {
    file: &'a File,
    /// Whether names of nodes are free only when their lab ends.
    nodes: bool,
    problems: Vec<Problem>,
}

impl Twice<'_> {
    fn block(&mut self, statements: &[Stmt], seen: &mut Seen) {
        for statement in statements {
            match statement {
                Stmt::Var(variable, ..) => self.expression(&variable.1, seen),
                Stmt::Expr(expression) => self.expression(expression, seen),
                Stmt::FnCall(call, at) => self.call(call, *at, seen),
                Stmt::Block(block) => self.block(block.statements(), seen),
                // What may not be reached, or in another way: it is compared with what came before.
                Stmt::If(flow, _) => {
                    self.block(flow.body.statements(), &mut seen.clone());
                    self.block(flow.branch.statements(), &mut seen.clone());
                }
                Stmt::While(flow, _) | Stmt::Do(flow, ..) => {
                    self.block(flow.body.statements(), &mut seen.clone());
                }
                Stmt::For(parts, _) => {
                    self.block(parts.2.body.statements(), &mut seen.clone());
                }
                _ => {}
            }
        }
    }

    fn expression(&mut self, expression: &Expr, seen: &mut Seen) {
        if let Expr::FnCall(call, at) = expression {
            self.call(call, *at, seen);
        }
    }

    fn call(&mut self, call: &FnCallExpr, at: Position, seen: &mut Seen) {
        if call.is_qualified() {
            return;
        }
        let (function, what) = match call.name.as_str() {
            "step" => ("step", "the step"),
            "snapshot" => ("snapshot", "the snapshot"),
            "start_node" if self.nodes => ("start_node", "the node"),
            "lab" => return self.lab(call),
            _ => return,
        };
        let Some(Expr::StringConstant(name, _)) = call.args.first() else {
            return;
        };
        let place = place_of(&self.file.path, at);
        if let Some(first) = seen.get(&(function, name.to_string())) {
            let message = format!("{what} \"{name}\" is there already");
            let problem = Problem::new(Blame::Playbook, message).note(format!(
                "the first is at {}:{}:{}",
                first.file, first.line, first.column
            ));
            self.problems.push(problem.at(place));
        } else {
            seen.insert((function, name.to_string()), place);
        }
    }

    /// A lab has names of its own.
    fn lab(&mut self, call: &FnCallExpr) {
        let Some(name) = call.args.last().and_then(closure) else {
            return;
        };
        self.block(&body(&self.file.ast, &name), &mut Seen::new());
    }
}

/// A function's statements. (Rhai keeps them in a type without a public name.)
fn body(ast: &AST, name: &str) -> Vec<Stmt> {
    let mut statements = Vec::new();
    // Not `clone_functions_only_filtered`: it keeps all functions (Rhai 1.27).
    let mut only = ast.clone_functions_only();
    only.retain_functions(|_, _, it, _| it == name);
    only.walk(&mut |path| {
        if let [ASTNode::Stmt(statement)] = path {
            statements.push((*statement).clone());
        }
        true
    });
    statements
}

/// Whether a name may become free again: here, or in what is imported.
fn removes(file: &File) -> bool {
    let mut removes = file.imports.values().any(Option::is_none);
    file.ast.walk(&mut |path| {
        removes |= match path.last() {
            Some(
                ASTNode::Expr(Expr::FnCall(call, _) | Expr::MethodCall(call, _))
                | ASTNode::Stmt(Stmt::FnCall(call, _)),
            ) => call.name == "remove_node",
            _ => false,
        };
        !removes
    });
    removes || file.imports.values().flatten().any(|it| self::removes(it))
}
