//! Pauses: the script waits for somebody at the keyboard, and the scenario's clock stands still.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{Session, stopped};
use crate::event::{Pause, Place, What};
use crate::problem::{Blame, Problem};

/// How far a script goes before it pauses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Until {
    /// To the next step.
    Step,
    /// To the step at this place.
    At(Place),
    /// To the end.
    End,
}

/// When the scenarios of a run pause, and where the answers come from.
#[derive(Debug, Clone)]
pub struct Pauses {
    /// How far each scenario goes at first.
    pub first: Until,
    /// Whether one that has failed waits before it is taken down.
    pub on_failure: bool,
    answers: Arc<tokio::sync::Mutex<UnboundedReceiver<Until>>>,
}

impl Pauses {
    /// The other half is whoever answers.
    pub fn new(first: Until, on_failure: bool) -> (Self, UnboundedSender<Until>) {
        let (answer, answers) = unbounded_channel();
        let pauses = Self {
            first,
            on_failure,
            answers: Arc::new(tokio::sync::Mutex::new(answers)),
        };
        (pauses, answer)
    }
}

/// The pauses of one session.
#[derive(Debug)]
pub(super) struct Pausing {
    pauses: Pauses,
    until: Mutex<Until>,
    /// It has paused for a failure; what follows from that is not worth another pause.
    failed: AtomicBool,
    /// So many closures run that are expected to fail.
    expected: AtomicUsize,
}

impl From<Pauses> for Pausing {
    fn from(pauses: Pauses) -> Self {
        Self {
            until: Mutex::new(pauses.first.clone()),
            pauses,
            failed: AtomicBool::default(),
            expected: AtomicUsize::default(),
        }
    }
}

impl Pausing {
    async fn answer(&self) -> Option<Until> {
        self.pauses.answers.lock().await.recv().await
    }
}

impl Session {
    /// Waits for the user where a step is about to begin, if that was asked for.
    pub fn pause_before(&self, title: &str, place: &Place) -> Result<(), Problem> {
        let Some(pausing) = self.pausing.as_ref().filter(|_| !self.is_polling()) else {
            return Ok(());
        };
        let due = match &*pausing.until.lock().expect("no panic holds it") {
            Until::Step => true,
            Until::At(wanted) => (&wanted.file, wanted.line) == (&place.file, place.line),
            Until::End => false,
        };
        if !due {
            return Ok(());
        }
        let pause = Pause::Step {
            title: title.to_owned(),
            place: place.clone(),
        };
        let answer = self.runtime.block_on(self.pause(pause, pausing.answer()));
        let until = answer.ok_or_else(|| stopped().at(place.clone()))?;
        *pausing.until.lock().expect("no panic holds it") = until;
        Ok(())
    }

    /// The same where the script has failed, before anything is taken down.
    pub fn pause_after(&self, problem: &Problem) {
        self.runtime.block_on(self.pause_at_failure(Some(problem)));
    }

    /// Runs what is expected to fail: that is no failure of the scenario.
    pub fn expecting_failure<T>(&self, run: impl FnOnce() -> T) -> T {
        let count = self.pausing.as_ref().map(|it| &it.expected);
        count.inspect(|it| _ = it.fetch_add(1, Ordering::AcqRel));
        let result = run();
        count.inspect(|it| _ = it.fetch_sub(1, Ordering::AcqRel));
        result
    }

    /// Waits for the user because the scenario has failed, if that was asked for: with a problem, or
    /// because of its snapshots.
    pub async fn pause_at_failure(&self, problem: Option<&Problem>) {
        let Some(pausing) = self.pausing.as_ref().filter(|it| it.pauses.on_failure) else {
            return;
        };
        let expected = pausing.expected.load(Ordering::Acquire) > 0;
        let wanted = problem.is_none_or(|it| match it.blame {
            Blame::Cancelled => false,
            Blame::System => !expected,
            Blame::Playbook | Blame::Environment => true,
        });
        if wanted && !self.nodes().is_empty() && !pausing.failed.swap(true, Ordering::AcqRel) {
            let problem = problem.cloned().map(Box::new);
            // However it is answered, the end is what follows.
            (self.pause(Pause::Failure { problem }, pausing.answer())).await;
        }
    }

    /// How long it has stood still.
    pub fn stood(&self) -> Duration {
        *self.stood.lock().expect("no panic holds it")
    }

    /// Waits for an answer; none: the run is to end.
    pub(super) async fn pause<T>(
        &self,
        why: Pause,
        answer: impl Future<Output = Option<T>>,
    ) -> Option<T> {
        let begun = Instant::now();
        self.sink.send(What::Paused(why));
        let answer = tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            answer = answer => answer,
        };
        let after = begun.elapsed();
        *self.deadline.lock().expect("no panic holds it") += after;
        *self.stood.lock().expect("no panic holds it") += after;
        self.sink.send(What::Resumed { after });
        answer
    }
}
