//! The conversation: what a session shows of its events, and when it asks.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use super::prompt::{Asked, Prompt};
use crate::cli::keyboard::editor::Tty;
use crate::cli::keyboard::scene::Scene;
use crate::cli::out::print;
use crate::event::{Event, Line, Pause, What};
use crate::problem::Problem;
use crate::redact;
use crate::report::{Bill, Look, Terminal};
use crate::transcript::Transcript;

pub struct Conversation {
    terminal: Terminal<std::io::Stderr>,
    look: Look,
    scene: Scene,
    transcript: Transcript,
    /// So much of the transcript's text was shown.
    shown: String,
    /// Values are shown as they are.
    raw: Arc<AtomicBool>,
    was_raw: bool,
    /// The playbook so far, and the line that runs.
    playbook: String,
    typed: String,
    /// What its last command printed.
    output: String,
    /// The beginning is over; it is the user's turn.
    begun: bool,
    failure: Option<Problem>,
    prompt: Prompt,
    tty: Tty,
}

impl Conversation {
    pub fn new(prompt: Prompt, look: Look) -> Self {
        Self {
            terminal: Terminal::new(std::io::stderr(), look),
            look,
            scene: Scene::default(),
            transcript: Transcript::new(),
            shown: String::new(),
            raw: prompt.raw(),
            was_raw: false,
            playbook: String::new(),
            typed: String::new(),
            output: String::new(),
            begun: false,
            failure: None,
            tty: prompt.tty(),
            prompt,
        }
    }

    /// The first problem of a line, or of the end.
    pub fn failure(&self) -> Option<&Problem> {
        self.failure.as_ref()
    }

    pub fn tell(&mut self, event: &Event) {
        self.scene.take(event);
        self.transcript.push(event);
        match &event.what {
            What::Paused(pause) => {
                self.terminal.tell(event);
                self.begin();
                if let Pause::Line { variables } = pause {
                    self.ask(pause, variables);
                }
            }
            What::Resumed { .. } => {
                // If the run is to end, the prompt may still wait.
                self.tty.take_back();
                self.terminal.tell(event);
                self.see_raw();
            }
            What::LineStarted { text } => {
                self.output.clear();
                self.typed.clone_from(text);
                self.shown = self.transcript.body();
            }
            What::LineFinished(line) => self.finished(line),
            What::WorkloadStopped { .. } => {
                let mut bill = Bill::default();
                bill.take(&event.what);
                let lines: Vec<_> = bill
                    .lines()
                    .iter()
                    .map(|it| format!("    {it}\n"))
                    .collect();
                self.terminal.aside(|| print(&lines.concat()));
            }
            What::ScenarioFinished { problems, .. } => self.ended(problems),
            What::RunFinished { .. } => {}
            What::SectionFinished { .. } | What::LabStarted { .. } | What::LabFinished { .. }
                if self.begun =>
            {
                self.show();
            }
            what => {
                if let What::Shown(shown) = what {
                    self.output.clone_from(&shown.output);
                }
                self.show();
                self.terminal.tell(event);
            }
        }
    }

    /// The user's first turn.
    fn begin(&mut self) {
        if !std::mem::replace(&mut self.begun, true) {
            self.shown = self.transcript.body();
        }
    }

    fn ask(&mut self, pause: &Pause, variables: &[String]) {
        self.prompt.ask(Asked {
            standing: self.scene.standing(pause),
            variables: variables.to_vec(),
            playbook: self.playbook.clone(),
            failed: self.failure.is_some(),
        });
    }

    /// Shows what has come to the transcript.
    fn show(&mut self) {
        if !self.begun {
            return;
        }
        let body = self.transcript.body();
        let Some(new) = body.strip_prefix(self.shown.as_str()) else {
            self.shown = body;
            return;
        };
        let new = new.strip_prefix('\n').unwrap_or(new);
        if !new.trim().is_empty() {
            self.terminal.aside(|| print(&format!("{new}\n")));
        }
        self.shown = body;
    }

    fn finished(&mut self, line: &Line) {
        self.show();
        // What was shown as a command's output needs no repetition.
        let told = |value: &&String| value.trim_end() != self.output.trim_end();
        if let Some(value) = line.value.as_ref().filter(told) {
            self.terminal.aside(|| print(&format!("=> {value}\n")));
        }
        if let Some(problem) = &line.problem {
            let source = format!("{}{}", self.playbook, self.typed);
            let text = problem.render(Some(&source), self.look.color);
            self.terminal.aside(|| anstream::eprintln!("{text}"));
            self.failure.get_or_insert_with(|| (**problem).clone());
        }
        self.playbook.push_str(&line.kept);
    }

    /// What `finally` and invariants say in the end.
    fn ended(&mut self, problems: &[Problem]) {
        for problem in problems {
            let text = problem.render(Some(&self.playbook), self.look.color);
            self.terminal.aside(|| anstream::eprintln!("{text}"));
            self.failure.get_or_insert_with(|| problem.clone());
        }
    }

    /// From here on without placeholders, if that was asked for.
    fn see_raw(&mut self) {
        if self.raw.load(Ordering::Acquire) && !std::mem::replace(&mut self.was_raw, true) {
            for kind in redact::kinds() {
                self.transcript.push(&Event {
                    at: std::time::Duration::ZERO,
                    scenario: None,
                    what: What::RedactionDropped {
                        kind: kind.to_owned(),
                    },
                });
            }
        }
    }
}
