//! The prompt of a pause: what is typed until the run shall go on.

use rustyline::Editor;
use rustyline::error::ReadlineError;
use rustyline::history::MemHistory;

use super::Reins;
use super::command::{self, Command};
use super::editor::{Tty, Words, at_pauses};
use super::preview;
use super::program;
use super::scene::Standing;
use crate::event::Pause;
use crate::session::Until;

pub struct Prompt {
    reins: Reins,
    /// None: the terminal can't be read, and nothing pauses for long.
    editor: Option<Editor<Words, MemHistory>>,
    tty: Tty,
}

impl Prompt {
    pub fn new(reins: Reins, tty: Tty) -> Self {
        Self {
            reins,
            editor: at_pauses().ok(),
            tty,
        }
    }

    /// Asks until there is an answer, and gives it.
    pub fn ask(&mut self, standing: &Standing) {
        self.say(&preview::preview(standing));
        self.say(match standing.pause {
            Pause::Step { .. } | Pause::Line { .. } => "\nEnter goes on; ? says what else\n",
            Pause::Failure { .. } => {
                "\nit has failed, and the nodes are still there; `next` takes them down, ? says what else\n"
            }
        });
        loop {
            let answer = match self.line(standing) {
                Some(line) => self.obey(&line, standing),
                None => Some(Answer::Quit),
            };
            match answer {
                Some(Answer::Go(until)) => {
                    // A run that was stopped meanwhile needs no answer.
                    let _ = self.reins.answers.send(until);
                    return;
                }
                Some(Answer::Quit) => return self.reins.stop.quit(),
                None => {}
            }
        }
    }

    /// A line; none: whoever types has had enough.
    fn line(&mut self, standing: &Standing) -> Option<String> {
        let editor = self.editor.as_mut()?;
        if let Some(words) = editor.helper_mut() {
            words.nodes = standing.nodes.iter().map(|it| it.name.clone()).collect();
            words.steps = standing.steps.iter().map(|it| it.title.clone()).collect();
        }
        loop {
            match self.tty.read(|| editor.readline("pgdrill> ")) {
                Ok(line) => return Some(line),
                // The window has another size.
                Err(ReadlineError::Signal(rustyline::error::Signal::Resize)) => {}
                Err(_) => return None,
            }
        }
    }

    /// Does what a line says; an answer ends the pause.
    fn obey(&self, line: &str, standing: &Standing) -> Option<Answer> {
        let failed = matches!(standing.pause, Pause::Failure { .. });
        if failed && line.trim().is_empty() {
            self.say("`next` takes the nodes down\n");
            return None;
        }
        let done = match command::parse(line) {
            Ok(Command::Next) => return Some(Answer::Go(Until::Step)),
            Ok(Command::End) => return Some(Answer::Go(Until::End)),
            Ok(Command::Quit) => return Some(Answer::Quit),
            Ok(Command::To(_)) if failed => Err("it has failed: no step comes any more".to_owned()),
            Ok(Command::To(wanted)) => match standing.find(&wanted) {
                Ok(step) => return Some(Answer::Go(Until::At(step.place.clone()))),
                Err(why) => Err(why),
            },
            Ok(Command::Inside(what, node)) => self.inside(what, node.as_deref(), standing),
            Ok(Command::Nodes) => Ok(preview::nodes(standing)),
            Ok(Command::Steps) => Ok(preview::steps(standing)),
            Ok(Command::Transcript) => Ok(format!("{}\n", standing.transcript)),
            Ok(Command::Help) => Ok(command::help()),
            Err(why) => Err(why),
        };
        match done {
            Ok(text) => self.say(&text),
            Err(why) => self.say(&format!("{why}\n")),
        }
        None
    }

    fn inside(
        &self,
        what: &str,
        node: Option<&str>,
        standing: &Standing,
    ) -> Result<String, String> {
        let node = program::choose(&standing.nodes, node)?;
        program::open(what, node, self.reins.host.as_deref())?;
        Ok(String::new())
    }

    fn say(&self, text: &str) {
        if self.reins.color {
            anstream::eprint!("{text}");
        } else {
            anstream::eprint!("{}", anstream::adapter::strip_str(text));
        }
    }
}

enum Answer {
    Go(Until),
    Quit,
}
