//! What went wrong, on the terminal, and pauses for it.

use std::io::Write;

use super::Terminal;
use crate::event::Pause;
use crate::problem::Problem;

impl<W: Write> Terminal<W> {
    /// Writes something beside the report, without its spinner.
    pub fn aside(&self, write: impl FnOnce()) {
        self.spinner.suspend(write);
    }

    /// The terminal is the prompt's now.
    pub(super) fn pause(&mut self, pause: &Pause) {
        self.heading();
        match pause {
            Pause::Failure { problem } => match problem {
                Some(problem) => self.problem(problem),
                None => self.line("\n  the transcript differs from its snapshot"),
            },
            Pause::Step { .. } | Pause::Line { .. } => {}
        }
        self.spinner.disable_steady_tick();
        self.spinner.finish_and_clear();
    }

    /// Shows what went wrong, once.
    pub(super) fn problem(&mut self, problem: &Problem) {
        let once = (problem.message.clone(), problem.place.clone());
        if self.scenario.told.contains(&once) {
            return;
        }
        self.scenario.told.push(once);
        let here = problem
            .place
            .as_ref()
            .is_some_and(|place| place.file == self.scenario.path);
        let source = here.then_some(self.scenario.source.as_str());
        let text = problem.render(source, self.look.color);
        self.line("");
        self.line(&text);
    }
}
