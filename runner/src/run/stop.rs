//! A stop from outside: the first time everything is cleaned up, the second time by force.

use std::pin::Pin;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Whether it ended something smaller than the run.
type Interrupt = Box<dyn Fn() -> bool + Send>;
type ByForce = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Whether somebody wants the run to end.
#[derive(Clone, Default)]
pub struct Stop {
    token: CancellationToken,
    code: Arc<AtomicI32>,
    by_force: Arc<Mutex<Option<ByForce>>>,
    interrupt: Arc<Mutex<Option<Interrupt>>>,
}

impl std::fmt::Debug for Stop {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Stop")
            .field("code", &self.code)
            .finish_non_exhaustive()
    }
}

impl Stop {
    /// Listens to Ctrl-C and SIGTERM from here on; must be called within a runtime.
    pub fn on_signals(say: fn(&str)) -> std::io::Result<Self> {
        let stop = Self::default();
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let told = stop.clone();
        tokio::spawn(async move {
            loop {
                let code = tokio::select! {
                    _ = interrupt.recv() => 130,
                    _ = terminate.recv() => 143,
                };
                if code == 130 && told.interrupts() {
                    continue;
                }
                if told.code.swap(code, Ordering::AcqRel) == 0 {
                    say("stopping and cleaning up; once more does it by force");
                    told.token.cancel();
                    continue;
                }
                say("cleaning up by force");
                let by_force = told.by_force.lock().expect("no panic holds it").take();
                if let Some(by_force) = by_force {
                    by_force.await;
                }
                std::process::exit(code);
            }
        });
        Ok(stop)
    }

    /// What a second signal does before the process ends.
    pub fn on_second(&self, clean_up: impl Future<Output = ()> + Send + 'static) {
        *self.by_force.lock().expect("no panic holds it") = Some(Box::pin(clean_up));
    }

    /// What Ctrl-C does before it asks for the end of the run.
    pub fn on_interrupt(&self, interrupt: impl Fn() -> bool + Send + 'static) {
        *self.interrupt.lock().expect("no panic holds it") = Some(Box::new(interrupt));
    }

    fn interrupts(&self) -> bool {
        let interrupt = self.interrupt.lock().expect("no panic holds it");
        interrupt.as_ref().is_some_and(|it| it())
    }

    pub fn token(&self) -> CancellationToken {
        self.token.clone()
    }

    /// Asks for the end as the first signal does; the run's outcome says how it ended.
    pub fn quit(&self) {
        self.token.cancel();
    }

    pub fn is_asked(&self) -> bool {
        self.token.is_cancelled()
    }

    /// The exit code of a stopped run: 130 after Ctrl-C, 143 after SIGTERM.
    pub fn code(&self) -> Option<i32> {
        Some(self.code.load(Ordering::Acquire)).filter(|code| *code != 0)
    }
}
