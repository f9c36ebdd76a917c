//! The line editor, and the terminal as it was before.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use rustyline::completion::{Completer, Pair};
use rustyline::config::{Behavior, CompletionType, Config};
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{Context, Editor, Helper};

use super::command::COMMANDS;

/// How prompts read lines, whatever becomes of the standard output.
pub fn config() -> Config {
    Config::builder()
        .behavior(Behavior::PreferTerm)
        .completion_type(CompletionType::List)
        .auto_add_history(true)
        .build()
}

/// The editor of a pause.
pub fn at_pauses() -> rustyline::Result<Editor<Words, MemHistory>> {
    let mut editor = Editor::with_history(config(), MemHistory::new())?;
    editor.set_helper(Some(Words::default()));
    Ok(editor)
}

/// Completes commands and their arguments.
#[derive(Debug, Default)]
pub struct Words {
    pub nodes: Vec<String>,
    pub steps: Vec<String>,
}

impl Words {
    fn candidates(&self, before: &str) -> (usize, Vec<String>) {
        let Some((command, argument)) = before.split_once(' ') else {
            let names = COMMANDS.iter().map(|(name, ..)| (*name).to_owned());
            return (0, names.filter(|it| it.starts_with(before)).collect());
        };
        let known = match command {
            "psql" | "sh" | "logs" | "p" | "l" => &self.nodes,
            "to" | "t" => &self.steps,
            _ => return (0, Vec::new()),
        };
        let fitting = known.iter().filter(|it| it.starts_with(argument)).cloned();
        (before.len() - argument.len(), fitting.collect())
    }
}

impl Completer for Words {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (from, words) = self.candidates(&line[..at]);
        let pair = |word: String| Pair {
            display: word.clone(),
            replacement: word,
        };
        Ok((from, words.into_iter().map(pair).collect()))
    }
}

impl Helper for Words {}
impl Hinter for Words {
    type Hint = String;
}
impl Highlighter for Words {}
impl Validator for Words {}

/// The terminal as it was: a run that ends while a prompt waits gives it back.
#[derive(Clone)]
pub struct Tty {
    before: Option<Termios>,
    lent: Arc<AtomicBool>,
}

impl Tty {
    pub fn now() -> Self {
        Self {
            before: tcgetattr(std::io::stdin()).ok(),
            lent: Arc::default(),
        }
    }

    /// Reads a line, during which the terminal is the editor's.
    pub fn read<T>(&self, read: impl FnOnce() -> T) -> T {
        self.lent.store(true, Ordering::Release);
        let read = read();
        self.lent.store(false, Ordering::Release);
        read
    }

    /// Takes it back from a prompt that nobody will answer any more.
    pub fn take_back(&self) {
        let lent = self.lent.swap(false, Ordering::AcqRel);
        let Some(before) = self.before.as_ref().filter(|_| lent) else {
            return;
        };
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, before);
        // The line editor has pastes marked, which nobody takes off then.
        let _ = std::io::stderr().write_all(b"\x1b[?2004l\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_nodes_and_steps_are_completed() {
        let words = Words {
            nodes: vec!["p1".to_owned(), "p2".to_owned()],
            steps: vec!["The accident".to_owned(), "The end".to_owned()],
        };
        let lines = ["s", "psql ", "to The e", "quit ", "psql p2"];
        let shown: Vec<_> = (lines.iter())
            .map(|line| format!("{line:?}: {:?}", words.candidates(line)))
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
    "s": (0, ["sh", "steps"])
    "psql ": (5, ["p1", "p2"])
    "to The e": (3, ["The end"])
    "quit ": (0, [])
    "psql p2": (5, ["p2"])
"#);
    }
}
