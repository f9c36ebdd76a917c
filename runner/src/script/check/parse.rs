//! Parsing for the check: on, after a name that is not defined, so that the rest is checked too.

use std::collections::BTreeSet;

use rhai::{AST, Engine, OptimizationLevel, ParseErrorType, Scope};

use crate::problem::Problem;
use crate::script::engine::{Playbook, vocabulary};
use crate::script::{prose, words};

/// What becomes of a file's comments.
#[derive(Debug, Clone, Copy)]
pub enum Prose {
    /// They are told, as in a run.
    Told,
    /// They are none: the file is imported.
    Silent,
}

/// Parses a file as far as possible.
pub fn parse(playbook: &Playbook, prose: Prose) -> (Option<AST>, Vec<Problem>) {
    let mut engine = vocabulary();
    let source = match prose {
        Prose::Told => prose::told(&engine, &playbook.source),
        Prose::Silent => playbook.source.clone(),
    };
    let mut problems = Vec::new();
    let mut scope = Scope::new();
    let mut undefined = BTreeSet::new();
    loop {
        let error = match compile(&engine, &scope, &source) {
            Ok(ast) => return (Some(ast), problems),
            Err(error) => error,
        };
        problems.push(words::unparsed(&engine, playbook, &error));
        match error.err_type() {
            // What follows from a map without its `#` is no news.
            _ if words::is_key(&source, &error) => return (None, problems),
            ParseErrorType::VariableUndefined(name) if undefined.insert(name.clone()) => {
                scope.push(name.clone(), ());
            }
            ParseErrorType::ModuleUndefined(_) if engine.strict_variables() => {
                engine.set_strict_variables(false);
            }
            _ => return (None, problems),
        }
    }
}

fn compile(engine: &Engine, scope: &Scope<'_>, source: &str) -> Result<AST, rhai::ParseError> {
    debug_assert_eq!(engine.optimization_level(), OptimizationLevel::None);
    engine.compile_with_scope(scope, source)
}
