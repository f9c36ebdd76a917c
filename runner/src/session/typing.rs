//! A session whose script is typed: where its lines come from, and how one of them is interrupted.

use std::sync::{Arc, Mutex};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

use super::{Session, stopped};
use crate::event::Pause;
use crate::problem::{Blame, Problem};

/// The session's half.
#[derive(Debug, Clone)]
pub struct Typing {
    /// The line of the playbook's text before which it begins; none: after its end.
    pub until: Option<usize>,
    lines: Arc<tokio::sync::Mutex<UnboundedReceiver<String>>>,
    running: Running,
}

/// What ends the line that runs, while one does.
type Running = Arc<Mutex<Option<CancellationToken>>>;

/// The half of whoever types; without it the session ends.
#[derive(Debug, Clone)]
pub struct Keys {
    lines: UnboundedSender<String>,
    running: Running,
}

impl Typing {
    pub fn new(until: Option<usize>) -> (Self, Keys) {
        let (lines, typed) = unbounded_channel();
        let running = Running::default();
        let typing = Self {
            until,
            lines: Arc::new(tokio::sync::Mutex::new(typed)),
            running: Arc::clone(&running),
        };
        (typing, Keys { lines, running })
    }
}

impl Keys {
    pub fn line(&self, text: String) {
        // A session that has ended meanwhile does not read it.
        let _ = self.lines.send(text);
    }

    /// What interrupts the line that runs, and says whether there was one.
    pub fn interrupt(&self) -> impl Fn() -> bool + Send + 'static {
        let running = Arc::clone(&self.running);
        move || match &*running.lock().expect("no panic holds it") {
            Some(token) if !token.is_cancelled() => {
                token.cancel();
                true
            }
            _ => false,
        }
    }
}

impl Session {
    /// Waits for the next line; none: there is none any more.
    pub fn next_line(&self, variables: Vec<String>) -> Option<String> {
        let typing = self.typing.as_ref()?;
        let line = async { typing.lines.lock().await.recv().await };
        (self.runtime).block_on(self.pause(Pause::Line { variables }, line))
    }

    /// Runs a line, which can be interrupted.
    pub fn run_line<T>(&self, run: impl FnOnce() -> T) -> T {
        let running = |token| {
            if let Some(typing) = &self.typing {
                *typing.running.lock().expect("no panic holds it") = token;
            }
        };
        running(Some(self.stop.child_token()));
        let result = run();
        running(None);
        result
    }

    /// What ends the script as it is now: an interrupt of its line, or a stop of the run.
    pub(super) fn ending(&self) -> CancellationToken {
        let running = self.typing.as_ref().map(|it| &it.running);
        let line = running.and_then(|it| it.lock().expect("no panic holds it").clone());
        line.unwrap_or_else(|| self.stop.clone())
    }

    pub(super) fn interrupted(&self) -> Problem {
        if self.stop.is_cancelled() {
            return stopped();
        }
        Problem::new(Blame::Cancelled, "it was interrupted")
            .note("what it had begun may be there in part; the session goes on")
    }
}
