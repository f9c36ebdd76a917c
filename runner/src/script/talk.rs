//! A playbook that is typed: line by line, after the beginning of another one or from nothing.

use std::sync::Arc;

use rhai::{AST, Dynamic, Engine, Expr, Scope, Stmt};

use super::engine::{Playbook, on_stage};
use super::pieces::{functions, is_ended, is_open, offset, starts};
use super::raise::problem;
use super::stage::Stage;
use super::{check, prose, words};
use crate::event::{Line, What};
use crate::problem::Problem;
use crate::session::Session;

/// Plays what is typed to its end, after the playbook (up to a line of it), and then what its
/// `finally` asked for. The first problem comes first.
pub fn talk(playbook: &Playbook, until: Option<usize>, session: &Arc<Session>) -> Vec<Problem> {
    let mut talk = Talk::new(&playbook.path, session);
    session.begin_clock();
    if !playbook.source.is_empty() {
        let line = session.run_line(|| talk.run(&playbook.source, until));
        talk.keep(Line {
            value: None,
            ..line
        });
    }
    while let Some(text) = session.next_line(talk.variables()) {
        session.sink.send(What::LineStarted { text: text.clone() });
        let line = session.run_line(|| talk.line(&text));
        talk.keep(line);
    }
    session.end();
    talk.stage.finish(&talk.engine)
}

struct Talk {
    stage: Arc<Stage>,
    engine: Engine,
    scope: Scope<'static>,
    /// The functions so far.
    library: AST,
    /// The playbook so far: what was typed and has succeeded.
    playbook: Playbook,
}

impl Talk {
    fn new(path: &str, session: &Arc<Session>) -> Self {
        let stage = Arc::new(Stage::new(Arc::clone(session), path, ""));
        let mut library = AST::empty();
        library.set_source(path);
        Self {
            engine: on_stage(&stage),
            stage,
            scope: Scope::new(),
            library,
            playbook: Playbook {
                path: path.to_owned(),
                source: String::new(),
            },
        }
    }

    fn variables(&self) -> Vec<String> {
        let mut names: Vec<_> = (self.scope.iter())
            .map(|(name, ..)| name.to_owned())
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// A line of the user's: nothing of it is run if anything is wrong in it.
    fn line(&mut self, text: &str) -> Line {
        let text = terminated(&self.engine, text);
        let session = &self.stage.session;
        let whole = Playbook {
            path: self.playbook.path.clone(),
            source: format!("{}{text}", self.playbook.source),
        };
        let before = self.playbook.source.lines().count();
        let wrong = check(&whole, &session.world.root, &session.beside);
        let new = |it: &Problem| it.place.as_ref().is_none_or(|at| at.line > before);
        if let Some(problem) = wrong.into_iter().find(new) {
            return failed(problem);
        }
        self.run(&text, None)
    }

    /// Runs the statements of a text one by one, up to a line of it; those that succeed are kept.
    fn run(&mut self, text: &str, until: Option<usize>) -> Line {
        let whole = format!("{}{text}", self.playbook.source);
        self.stage.reads(&whole);
        let above = self.playbook.source.lines().count();
        let told = prose::told(&self.engine, text);
        let padded = format!("{}{told}", "\n".repeat(above));
        let ast = match self.engine.compile_with_scope(&self.scope, &padded) {
            Ok(ast) => ast,
            Err(error) => {
                let here = Playbook {
                    path: self.playbook.path.clone(),
                    source: whole,
                };
                return failed(words::unparsed(&self.engine, &here, &error));
            }
        };
        self.library = self.library.merge(&ast.clone_functions_only());
        let starts = starts(&self.engine, &padded, &ast);
        let cut = until
            .and_then(|line| offset(&padded, rhai::Position::new(u16::try_from(line).ok()?, 1)));
        let mut value = Dynamic::UNIT;
        for (at, start) in starts.iter().enumerate() {
            if cut.is_some_and(|cut| *start >= cut) {
                break;
            }
            let end = starts.get(at + 1).copied().unwrap_or(padded.len());
            match self.statement(&padded, *start, end) {
                Ok(given) => value = given,
                Err(problem) => {
                    let kept = original(text, &padded, above, *start);
                    return Line {
                        kept: kept.to_owned(),
                        ..failed(problem)
                    };
                }
            }
        }
        let kept = match cut {
            None => text.to_owned(),
            Some(cut) => {
                let begun = original(text, &padded, above, cut).to_owned();
                let later = functions(&self.engine, text, begun.len());
                let later: Vec<_> = later.iter().map(|it| format!("{it}\n\n")).collect();
                format!("{begun}{}", later.concat())
            }
        };
        Line {
            kept,
            value: shown(&value),
            problem: None,
        }
    }

    /// Runs one statement, at its place.
    fn statement(&mut self, text: &str, start: usize, end: usize) -> Result<Dynamic, Problem> {
        let path = self.playbook.path.clone();
        let piece = blanked(text, start, end);
        let unparsed = |engine: &Engine, error: &rhai::ParseError| {
            let here = Playbook {
                path: path.clone(),
                source: text.to_owned(),
            };
            words::unparsed(engine, &here, error)
        };
        let ast = (self.engine.compile_with_scope(&self.scope, &piece))
            .map_err(|error| unparsed(&self.engine, &error))?;
        if let [Stmt::Import(import, at)] = ast.statements()
            && let Expr::StringConstant(name, _) = &import.0
        {
            let module = (self.engine.module_resolver())
                .resolve(&self.engine, Some(&path), name, *at)
                .map_err(|error| problem(&error, &path))?;
            // Rhai forgets imports with the script that has them; this engine does not.
            self.engine
                .register_static_module(import.1.as_str(), module.clone());
            self.stage.imports(import.1.as_str(), module);
            return Ok(Dynamic::UNIT);
        }
        let variables = self.scope.len();
        let mut whole = self.library.merge(&ast);
        whole.set_source(path.as_str());
        let ran = self.engine.eval_ast_with_scope(&mut self.scope, &whole);
        ran.map_err(|error| {
            self.scope.rewind(variables);
            problem(&error, &path)
        })
    }

    /// Adds what has succeeded to the playbook, and tells what became of the line.
    fn keep(&mut self, line: Line) {
        let mut kept = line.kept.clone();
        if !kept.is_empty() && !kept.ends_with('\n') {
            kept.push('\n');
        }
        self.playbook.source.push_str(&kept);
        self.stage
            .session
            .sink
            .send(What::LineFinished(Line { kept, ..line }));
    }
}

fn failed(problem: Problem) -> Line {
    Line {
        kept: String::new(),
        value: None,
        problem: Some(Box::new(problem)),
    }
}

/// A text without what is not of this piece, which keeps its place.
fn blanked(text: &str, start: usize, end: usize) -> String {
    let keep = |c: char| if c == '\n' { '\n' } else { ' ' };
    let before: String = text[..start].chars().map(keep).collect();
    format!("{before}{}", &text[start..end])
}

/// The part of what was typed that stands before an offset of the text that is run. The lines are
/// the same; what differs is how long those with comments are.
fn original<'a>(text: &'a str, padded: &str, above: usize, to: usize) -> &'a str {
    let lines = padded[..to].matches('\n').count();
    let Some(line) = lines.checked_sub(above) else {
        return "";
    };
    let begin = padded[..to].rfind('\n').map_or(0, |it| it + 1);
    let column = padded[begin..to].chars().count();
    let at = rhai::Position::new(
        u16::try_from(line + 1).unwrap_or(u16::MAX),
        u16::try_from(column + 1).unwrap_or(u16::MAX),
    );
    let end = offset(text, at).unwrap_or(text.len());
    &text[..end.min(text.len())]
}

/// The line as it can stand in a playbook: its last statement ends.
fn terminated(engine: &Engine, text: &str) -> String {
    let text = text.trim_end();
    if is_open(engine, text) {
        return format!("{text}\n");
    }
    let closed = |text: &str| is_ended(engine, text);
    let mut parsing = super::engine::vocabulary();
    parsing.set_strict_variables(false);
    let complete = parsing.compile(text).is_ok_and(|ast| {
        let last = ast.statements().last();
        last.is_none_or(|it| it.is_self_terminated() && text.ends_with('}'))
    });
    if complete || closed(text) {
        return format!("{text}\n");
    }
    let on_the_line = format!("{text};");
    if closed(&on_the_line) {
        return format!("{on_the_line}\n");
    }
    // A comment at its end.
    format!("{text}\n;\n")
}

/// A value for a person; what only pgdrill can use, such as a node, is not worth a line.
fn shown(value: &Dynamic) -> Option<String> {
    if let Some(text) = value.read_lock::<rhai::ImmutableString>() {
        return Some(text.to_string());
    }
    let plain =
        value.is_int() || value.is_float() || value.is_bool() || value.is_array() || value.is_map();
    plain.then(|| value.to_string())
}
