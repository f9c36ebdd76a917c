//! A session that only looks on, beside the one that a script plays in.

use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::{Session, stopped};
use crate::event::Place;
use crate::lab::{Act, Glance};
use crate::problem::{Blame, Problem};

/// A look that takes longer has seen nothing.
const PATIENCE: Duration = Duration::from_secs(3);
/// The scenario's own end ends an observer too.
const NO_END: Duration = Duration::from_hours(1000);

impl Session {
    /// A session for what looks on from the side: what it does is no event and no part of the
    /// script's calls, has connections of its own, and takes little time.
    #[must_use]
    pub fn observer(&self) -> Self {
        Self {
            sink: self.sink.mute(),
            world: Arc::clone(&self.world),
            beside: self.beside.clone(),
            runtime: self.runtime.clone(),
            stop: self.stop.child_token(),
            deadline: Mutex::new(Instant::now() + NO_END),
            limit: self.limit,
            calls: AtomicU32::new(0),
            labs: Mutex::new(self.labs().into_iter().rev().collect()),
            // What is shown would tell how often it looked.
            polling: AtomicU32::new(1),
            over: AtomicU32::new(0),
            glance: Some(Glance::default()),
            pausing: None,
            typing: None,
            stood: Mutex::default(),
        }
    }

    /// A step of an observer. Whatever keeps it from an answer is nobody's mistake.
    pub(super) fn look<T>(
        &self,
        glance: &Glance,
        place: &Place,
        what: &str,
        work: impl AsyncFnOnce(&Act) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let act = Act::new(self.sink.clone(), 0, place.clone());
        let looked = self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => Err(stopped()),
                result = glance.during(work(&act)) => result,
                () = tokio::time::sleep(PATIENCE) => Err(no_answer(what)),
            }
        });
        looked.map_err(|problem| match problem.blame {
            Blame::Cancelled => problem,
            _ => Problem {
                blame: Blame::System,
                ..problem.at(place.clone())
            },
        })
    }
}

pub(super) fn no_answer(what: &str) -> Problem {
    let limit = humantime::format_duration(PATIENCE);
    Problem::new(Blame::System, format!("{what}: no answer within {limit}"))
}
