//! Calls: of functions that there are, with as many arguments as they take.

use std::collections::{BTreeMap, BTreeSet};

use rhai::{AST, ASTNode, Expr, FnAccess, FnCallExpr, Position, Stmt};

use super::language::Language;
use super::{File, arguments};
use crate::problem::{Blame, Problem};
use crate::script::engine::DISABLED;
use crate::script::options::{listed, nearest};
use crate::script::prose::TELL;
use crate::script::raise::place_of;
use crate::script::words;

/// What Rhai itself understands wherever a function's name can stand.
const KEYWORDS: &[&str] = &[
    "call",
    "curry",
    "debug",
    "is_def_fn",
    "is_def_var",
    "is_shared",
    "print",
    "type_of",
];

/// The playbook's own functions: how many parameters they take.
type Own = BTreeMap<String, BTreeSet<usize>>;

pub fn check(file: &File, language: &Language) -> Vec<Problem> {
    let calls = Calls {
        file,
        language,
        own: own(&file.ast, Visible::Here),
        methods: (file.imports.values().flatten())
            .flat_map(|it| own(&it.ast, Visible::Methods))
            .collect(),
        keys: keys(&file.ast),
        variables: variables(&file.ast),
    };
    let mut problems = Vec::new();
    file.ast.walk(&mut |path| {
        match path.last() {
            Some(ASTNode::Expr(Expr::FnCall(call, at)) | ASTNode::Stmt(Stmt::FnCall(call, at))) => {
                problems.extend(calls.function(call, *at));
            }
            Some(ASTNode::Expr(Expr::MethodCall(call, at))) => {
                problems.extend(calls.method(call, *at));
            }
            _ => {}
        }
        true
    });
    problems
}

struct Calls<'a> {
    file: &'a File,
    language: &'a Language,
    own: Own,
    /// Methods that imported files define for a type: they are seen without their file's name.
    methods: Own,
    /// Keys of maps, which may hold closures.
    keys: BTreeSet<String>,
    variables: BTreeSet<String>,
}

impl Calls<'_> {
    fn function(&self, call: &FnCallExpr, at: Position) -> Vec<Problem> {
        let name = call.name.as_str();
        if call.is_operator_call() || name == TELL {
            return Vec::new();
        }
        if call.is_qualified() {
            return self.qualified(call, at).into_iter().collect();
        }
        if name == "Fn" {
            return self.pointer(call).into_iter().collect();
        }
        if KEYWORDS.contains(&name) {
            return Vec::new();
        }
        let given = call.args.len();
        if self.own.get(name).is_some_and(|it| it.contains(&given)) {
            return Vec::new();
        }
        let arguments: Vec<_> = call.args.iter().map(Some).collect();
        self.native(name, &arguments, given, at)
    }

    /// A native function counts what stands before the dot, a playbook's does not.
    fn method(&self, call: &FnCallExpr, at: Position) -> Vec<Problem> {
        let name = call.name.as_str();
        let given = call.args.len();
        let written = [&self.own, &self.methods].map(|it| it.get(name));
        if KEYWORDS.contains(&name)
            || self.keys.contains(name)
            || written.iter().flatten().any(|it| it.contains(&given))
        {
            return Vec::new();
        }
        let arguments: Vec<_> = std::iter::once(None)
            .chain(call.args.iter().map(Some))
            .collect();
        let mut problems = self.native(name, &arguments, given, at);
        if let Some(problem) = problems.first_mut()
            && self
                .own
                .get(name)
                .is_some_and(|it| it.contains(&(given + 1)))
        {
            problem.notes = vec![format!(
                "a playbook's own function is called as `{name}(…)`"
            )];
        }
        problems
    }

    fn native(
        &self,
        name: &str,
        arguments: &[Option<&Expr>],
        written: usize,
        at: Position,
    ) -> Vec<Problem> {
        let place = place_of(&self.file.path, at);
        let overloads = self.language.overloads(name);
        let own = self.own.get(name);
        if DISABLED.contains(&name) {
            return vec![words::reserved(name).at(place)];
        }
        if overloads.is_empty() && own.is_none() {
            return vec![self.unknown(name).at(place)];
        }
        let fitting: Vec<_> = (overloads.iter())
            .filter(|it| it.parameters.len() == arguments.len())
            .collect();
        if !fitting.is_empty() {
            return arguments::check(name, &fitting, arguments, &self.file.path);
        }
        // The playbook's own function is what its author means; what stands before a dot is not
        // one of its arguments.
        let (takes, given) = match own {
            Some(own) => (own.clone(), written),
            None => (
                overloads.iter().map(|it| it.parameters.len()).collect(),
                arguments.len(),
            ),
        };
        let mut problem = wrong_number(name, &takes, given);
        if own.is_none() {
            if written < arguments.len() {
                problem = problem.note("what stands before the dot is the first argument");
            }
            let ours = overloads.iter().any(|it| it.ours);
            let signatures: Vec<_> = (overloads.iter())
                .filter(|it| it.ours || !ours)
                .map(|it| it.signature.as_str())
                .take(4)
                .collect();
            problem = problem.note(signatures.join("\n"));
            if ours {
                problem = problem.note(format!("manual: pgdrill api {name}"));
            }
        }
        vec![problem.at(place)]
    }

    fn unknown(&self, name: &str) -> Problem {
        let own = self.own.keys().map(String::as_str);
        let own = own.filter(|it| !it.contains('$'));
        let ours = own.chain(self.language.names(true));
        let near = nearest(name, ours).or_else(|| nearest(name, self.language.names(false)));
        let mut message = format!("`{name}` is not a function");
        if self.variables.contains(name) {
            return Problem::new(Blame::Playbook, message).note(format!(
                "a closure in a variable is called as `{name}.call(…)`"
            ));
        }
        if let Some(near) = near {
            message = format!("{message}, did you mean `{near}`?");
        }
        Problem::new(Blame::Playbook, message).note("`pgdrill api` lists all functions")
    }

    /// `ha::failover(p1)`: of a file that is imported, or of one that that imports.
    fn qualified(&self, call: &FnCallExpr, at: Position) -> Option<Problem> {
        let mut file = self.file;
        for part in &call.namespace.path {
            file = file.imports.get(part.name.as_str())?.as_deref()?;
        }
        let name = call.name.as_str();
        let there = own(&file.ast, Visible::Outside);
        let place = place_of(&self.file.path, at);
        let Some(takes) = there.get(name) else {
            let mut message = format!("`{name}` is not a function of {}", file.path);
            if let Some(near) = nearest(name, there.keys().map(String::as_str)) {
                message = format!("{message}, did you mean `{near}`?");
            }
            let names: Vec<_> = there.keys().map(String::as_str).collect();
            let problem = Problem::new(Blame::Playbook, message);
            return Some(problem.note(listed("it has", &names)).at(place));
        };
        let given = call.args.len();
        (!takes.contains(&given)).then(|| wrong_number(name, takes, given).at(place))
    }

    /// `Fn("name")`.
    fn pointer(&self, call: &FnCallExpr) -> Option<Problem> {
        let Some(Expr::StringConstant(name, at)) = call.args.first() else {
            return None;
        };
        let known =
            self.own.contains_key(name.as_str()) || !self.language.overloads(name).is_empty();
        (!known).then(|| self.unknown(name).at(place_of(&self.file.path, *at)))
    }
}

fn wrong_number(name: &str, takes: &BTreeSet<usize>, given: usize) -> Problem {
    let numbers: Vec<_> = takes.iter().map(usize::to_string).collect();
    let numbers = match numbers.as_slice() {
        [one] if one == "0" => "no".to_owned(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} or {last}", rest.join(", ")),
        [] => unreachable!("every function takes some number"),
    };
    let word = if numbers == "1" {
        "argument"
    } else {
        "arguments"
    };
    let given = if given == 0 {
        "none".to_owned()
    } else {
        given.to_string()
    };
    let message = format!("`{name}` takes {numbers} {word}, not {given}");
    Problem::new(Blame::Playbook, message)
}

/// From where a file's functions are looked at.
#[derive(Debug, Clone, Copy)]
enum Visible {
    Here,
    Outside,
    Methods,
}

fn own(ast: &AST, visible: Visible) -> Own {
    let mut own = Own::new();
    for function in ast.iter_fn_def() {
        let seen = match visible {
            Visible::Here => true,
            Visible::Outside => function.access == FnAccess::Public && !function.name.contains('$'),
            Visible::Methods => function.this_type.is_some(),
        };
        if seen {
            own.entry(function.name.to_string())
                .or_default()
                .insert(function.params.len());
        }
    }
    own
}

/// Keys of maps, and properties that are assigned to.
fn keys(ast: &AST) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    ast.walk(&mut |path| {
        match path.last() {
            Some(ASTNode::Expr(Expr::Map(map, _))) => {
                keys.extend(map.0.iter().map(|(key, _)| key.name.to_string()));
            }
            Some(ASTNode::Expr(Expr::Property(property, _))) => {
                keys.insert(property.2.to_string());
            }
            _ => {}
        }
        true
    });
    keys
}

fn variables(ast: &AST) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = (ast.iter_fn_def())
        .flat_map(|it| it.params.iter().map(ToString::to_string))
        .collect();
    ast.walk(&mut |path| {
        if let Some(ASTNode::Stmt(Stmt::Var(variable, ..))) = path.last() {
            names.insert(variable.0.name.to_string());
        }
        true
    });
    names
}
