//! A glance: a look from the side, while a script goes its way.

use std::sync::{Arc, Mutex};

use crate::problem::Problem;

tokio::task_local! {
    /// Set while work is done for one who only looks on.
    static GLANCE: Glance;
}

/// What a look has seen.
#[derive(Debug, Clone, Default)]
pub struct Glance(Arc<Mutex<Vec<String>>>);

impl Glance {
    /// Does work of one who looks on: with connections of its own, and noting what it sees.
    pub async fn during<T>(
        &self,
        work: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        GLANCE.scope(self.clone(), work).await
    }

    /// What was seen since this was asked last.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("no panic holds it"))
    }
}

/// Whether what is done now is a look from the side.
pub(super) fn is_one() -> bool {
    GLANCE.try_with(|_| ()).is_ok()
}

/// Notes what was seen, if it is for a look.
pub(super) fn saw(what: impl FnOnce() -> String) {
    let _ = GLANCE.try_with(|glance| {
        let mut seen = glance.0.lock().expect("no panic holds it");
        seen.push(what());
    });
}
