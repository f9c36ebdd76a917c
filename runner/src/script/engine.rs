//! Rhai, set up for playbooks: the vocabulary, limits, and no other way out.

use std::sync::Arc;

use rhai::module_resolvers::DummyModuleResolver;
use rhai::packages::{Package, StandardPackage};
use rhai::{AST, Dynamic, Engine, ImmutableString, Map, OptimizationLevel, Scope};

use super::ahead::ahead;
use super::imports::Imports;
use super::prose;
use super::raise::{RhaiResultOf, problem, raise};
use super::stage::Stage;
use super::words;
use super::{
    backups, checks, commands, faults, invariants, logs, machines, networks, nodes, recovery,
    replication, roles, servers, sessions, sql, story, targets, vips, workloads,
};
use crate::event::What;
use crate::problem::{Blame, Problem};
use crate::session::Session;

/// A playbook's text and where it comes from.
#[derive(Debug, Clone, Default)]
pub struct Playbook {
    /// The path as it is shown.
    pub path: String,
    pub source: String,
}

/// Runs a playbook to its end, and then what its `finally` asked for. It blocks the thread: a
/// script waits by blocking. The first problem comes first.
pub fn play(playbook: &Playbook, session: &Arc<Session>) -> Vec<Problem> {
    let stage = Arc::new(Stage::new(
        Arc::clone(session),
        &playbook.path,
        &playbook.source,
    ));
    let engine = on_stage(&stage);
    let ran = compile(&engine, playbook).and_then(|ast| {
        let lab = session.lab();
        let (nodes, all) = ahead(&ast, |name| lab.volume(name).ok());
        lab.expect_nodes(nodes, all);
        session.begin_clock();
        let ran = engine.run_ast_with_scope(&mut Scope::new(), &ast);
        ran.map_err(|error| problem(&error, &playbook.path))
    });
    if let Err(problem) = &ran {
        session.pause_after(problem);
    }
    let mut problems: Vec<_> = ran.err().into_iter().collect();
    session.end();
    problems.extend(stage.finish(&engine));
    problems
}

/// The language, played on a stage.
pub fn on_stage(stage: &Arc<Stage>) -> Engine {
    let session = &stage.session;
    let mut engine = vocabulary();
    engine.set_default_tag(Dynamic::from(Arc::clone(stage)));
    engine.set_module_resolver(Imports::new(
        session.world.root.clone(),
        session.beside.clone(),
    ));
    for (name, module) in stage.modules() {
        engine.register_static_module(name, module);
    }
    let watched = Arc::clone(session);
    engine.on_progress(move |_| watched.must_end().map(Dynamic::from));
    let sink = session.sink.clone();
    engine.on_print(move |text| {
        sink.send(What::Said {
            text: text.to_owned(),
        });
    });
    let sink = session.sink.clone();
    engine.on_debug(move |text, _, position| {
        sink.send(What::Said {
            text: format!("{position}: {text}"),
        });
    });
    engine
}

/// Parses a playbook, with its comments as calls that tell them.
pub fn compile(engine: &Engine, playbook: &Playbook) -> Result<AST, Problem> {
    let told = prose::told(engine, &playbook.source);
    let mut ast = engine
        .compile(&told)
        .map_err(|error| words::unparsed(engine, playbook, &error))?;
    ast.set_source(playbook.path.as_str());
    Ok(ast)
}

/// Functions of Rhai's that would get around what a run knows and can end.
pub const DISABLED: &[&str] = &["eval", "exit", "sleep"];

/// A part of the vocabulary.
pub struct Chapter {
    pub title: &'static str,
    pub register: fn(&mut Engine),
}

const fn chapter(title: &'static str, register: fn(&mut Engine)) -> Chapter {
    Chapter { title, register }
}

/// The vocabulary, in the order in which a reader meets it.
pub const CHAPTERS: &[Chapter] = &[
    chapter("The story", story::register),
    chapter("Nodes", nodes::register),
    chapter("Machines", machines::register),
    chapter("Networks", networks::register),
    chapter("Virtual addresses", vips::register),
    chapter("Faults", faults::register),
    chapter("Servers", servers::register),
    chapter("SQL", sql::register),
    chapter("Sessions", sessions::register),
    chapter("Commands and files", commands::register),
    chapter("Logs", logs::register),
    chapter("Base backups and the archive", backups::register),
    chapter("Recovery and promotion", recovery::register),
    chapter("Replication", replication::register),
    chapter("Roles", roles::register),
    chapter("Workloads", workloads::register),
    chapter("Invariants", invariants::register),
    chapter("Checks and waits", checks::register),
];

/// An engine that knows the whole language and is not in any session.
pub fn vocabulary() -> Engine {
    let mut engine = Engine::new_raw();
    engine.register_global_module(StandardPackage::new().as_shared_module());
    engine.set_module_resolver(DummyModuleResolver::new());
    engine.set_optimization_level(OptimizationLevel::None);
    engine.set_strict_variables(true);
    // Or the operators that `refuse_unlike` registers are never asked.
    engine.set_fast_operators(false);
    engine.set_fail_on_invalid_map_property(true);
    engine.set_max_operations(50_000_000);
    engine.set_max_call_levels(64);
    engine.set_max_expr_depths(128, 64);
    engine.set_max_string_size(16 << 20);
    engine.set_max_array_size(100_000);
    engine.set_max_map_size(100_000);
    engine.set_max_modules(100);
    for symbol in DISABLED {
        engine.disable_symbol(*symbol);
    }
    engine.register_type_with_name::<Problem>("Failure");
    engine.register_get("message", |problem: &mut Problem| problem.message.clone());
    engine.register_get("sqlstate", |problem: &mut Problem| {
        problem
            .sqlstate
            .clone()
            .map_or(Dynamic::UNIT, Dynamic::from)
    });
    engine.register_fn("to_string", |problem: &mut Problem| problem.message.clone());
    refuse_unlike(&mut engine);
    for chapter in CHAPTERS {
        (chapter.register)(&mut engine);
    }
    targets::register(&mut engine);
    engine
}

/// `2 == "2"` would silently be false, and `!=` true: an error instead. Comparing with `()` (NULL)
/// stays possible.
fn refuse_unlike(engine: &mut Engine) {
    fn refuse<A: Clone + Send + Sync + 'static, B: Clone + Send + Sync + 'static>(
        engine: &mut Engine,
        a: &'static str,
        b: &'static str,
    ) {
        let refused = move || -> RhaiResultOf<bool> {
            Err(raise(
                Problem::new(
                    Blame::Playbook,
                    format!("{a} is compared with {b}: they are never equal"),
                )
                .note("convert one of them: `.to_string()`, `parse_int(…)`"),
            ))
        };
        for operator in ["==", "!="] {
            engine.register_fn(operator, move |_: A, _: B| refused());
            engine.register_fn(operator, move |_: B, _: A| refused());
        }
    }
    refuse::<i64, ImmutableString>(engine, "a number", "a text");
    refuse::<f64, ImmutableString>(engine, "a number", "a text");
    refuse::<bool, ImmutableString>(engine, "true or false", "a text");
    refuse::<i64, bool>(engine, "a number", "true or false");
    refuse::<i64, rhai::Array>(engine, "a number", "an array");
    refuse::<ImmutableString, rhai::Array>(engine, "a text", "an array");
    refuse::<i64, Map>(engine, "a number", "a map");
    refuse::<ImmutableString, Map>(engine, "a text", "a map");
    refuse::<rhai::Array, Map>(engine, "an array", "a map");
}
