//! A session: one run of one playbook. Its script waits in one place, [`Session::step`].

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::event::{Place, What};
use crate::lab::{self, Act, Glance, Lab, Node, Sink, World, diagnosis};
use crate::problem::{Blame, Problem};

mod observer;
mod pause;
mod typing;

use pause::Pausing;
pub use pause::{Pauses, Until};
pub use typing::{Keys, Typing};

/// A wait gives up after this, unless the call says otherwise.
pub const PATIENCE: Duration = Duration::from_mins(1);
/// Building images from nothing takes minutes; that it never ends is not expected.
const PREPARATION: Duration = Duration::from_hours(1);
/// How often a closure is polled.
const TICK: Duration = Duration::from_millis(2);
/// How often a call that waits looks after the daemons.
const LOOK: Duration = Duration::from_millis(250);

/// One run of one playbook.
#[derive(Debug)]
pub struct Session {
    pub sink: Sink,
    pub world: Arc<World>,
    /// The folder of the playbook.
    pub beside: std::path::PathBuf,
    runtime: Handle,
    stop: CancellationToken,
    deadline: Mutex<Instant>,
    limit: Duration,
    calls: AtomicU32,
    /// The scenario's own lab, and those of `lab(…)` that are open, innermost last.
    labs: Mutex<Vec<Arc<Lab>>>,
    /// Inside the closure of a `wait_until`: what is shown there would tell how often it polled.
    polling: AtomicU32,
    /// Set when time is up; then only what `finally` does still runs.
    over: AtomicU32,
    /// Set for one that only looks on.
    pub glance: Option<Glance>,
    /// Set for one that somebody follows at the keyboard.
    pausing: Option<Pausing>,
    /// Set for one whose script is typed.
    typing: Option<Typing>,
    /// How long it has paused.
    stood: Mutex<Duration>,
}

/// What a session is made of.
#[derive(Debug)]
pub struct Setting {
    pub sink: Sink,
    pub world: Arc<World>,
    pub major: u32,
    pub beside: std::path::PathBuf,
    pub stop: CancellationToken,
    pub limit: Duration,
    pub pauses: Option<Pauses>,
    pub typing: Option<Typing>,
}

impl Session {
    /// Must be made within a runtime, which its steps will use.
    pub fn new(setting: Setting) -> Self {
        let lab = Lab::new(Arc::clone(&setting.world), None, setting.major);
        Self {
            sink: setting.sink,
            world: setting.world,
            beside: setting.beside,
            runtime: Handle::current(),
            stop: setting.stop,
            deadline: Mutex::new(Instant::now() + setting.limit),
            limit: setting.limit,
            calls: AtomicU32::new(0),
            labs: Mutex::new(vec![Arc::new(lab)]),
            polling: AtomicU32::new(0),
            over: AtomicU32::new(0),
            glance: None,
            pausing: setting.pauses.map(Pausing::from),
            typing: setting.typing,
            stood: Mutex::default(),
        }
    }

    /// The innermost lab that is open.
    pub fn lab(&self) -> Arc<Lab> {
        let labs = self.labs.lock().expect("no panic holds it");
        Arc::clone(labs.last().expect("the scenario's own lab is never closed"))
    }

    pub fn open_lab(&self, title: &str) {
        let major = self.lab().major;
        let lab = Lab::new(Arc::clone(&self.world), Some(title), major);
        self.labs
            .lock()
            .expect("no panic holds it")
            .push(Arc::new(lab));
        self.sink.send(What::LabStarted {
            title: title.to_owned(),
        });
    }

    /// Takes down the innermost lab of `lab(…)`.
    pub fn close_lab(&self, place: &Place) -> Result<(), Problem> {
        let lab = {
            let mut labs = self.labs.lock().expect("no panic holds it");
            assert!(labs.len() > 1, "every close has its open");
            labs.pop().expect("there are at least two")
        };
        let title = lab.title.clone().unwrap_or_default();
        let ended = self.step(
            place,
            &format!("end of the lab {title}"),
            PATIENCE,
            async |act| {
                lab::shows_end(act, &lab);
                lab.close_watch(&act.sink).await;
                lab.take_down().await
            },
        );
        self.sink.send(What::LabFinished { title });
        ended
    }

    /// How deep the labs are nested, and which of them it is.
    pub fn scope(&self) -> usize {
        self.lab().number
    }

    /// All labs that are still open, innermost first.
    pub fn labs(&self) -> Vec<Arc<Lab>> {
        self.labs
            .lock()
            .expect("no panic holds it")
            .iter()
            .rev()
            .cloned()
            .collect()
    }

    /// Does one thing that takes time: the only place in which a script waits. Ends early when the
    /// run is stopped, when the scenario's time is up, or when `patience` is, which is a diagnosis.
    pub fn step<T>(
        &self,
        place: &Place,
        what: &str,
        patience: Duration,
        work: impl AsyncFnOnce(&Act) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        if let Some(glance) = &self.glance {
            return self.look(glance, place, what, work);
        }
        // The calls of a poll are no events: nobody wants to count them.
        let quiet = self.is_polling();
        let started = Instant::now();
        let call = if quiet { 0 } else { self.begin(what, place) };
        let act = Act::new(self.sink.clone(), call, place.clone());
        let deadline = self.deadline_now().min(started + patience);
        let ending = self.ending();
        let result = self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = ending.cancelled(), if !self.is_over() => Err(self.interrupted()),
                result = work(&act) => result,
                problem = self.death_of_a_daemon(&act) => Err(problem),
                () = tokio::time::sleep_until(deadline.into()) => Err(self.given_up(&act, what, patience).await),
            }
        });
        let result = result.map_err(|problem| problem.at(place.clone()));
        if !quiet {
            self.finish(call, started, result.as_ref().err().cloned());
        }
        result
    }

    /// Does what the drill needs and is no part of it, such as building an image: the scenario's
    /// clock stands still meanwhile.
    pub fn prepare<T>(
        &self,
        place: &Place,
        what: &str,
        work: impl AsyncFnOnce(&Act) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let started = Instant::now();
        let until = self.deadline_now();
        *self.deadline.lock().expect("no panic holds it") = started + PREPARATION;
        let prepared = self.step(place, what, PREPARATION, work);
        *self.deadline.lock().expect("no panic holds it") = until + started.elapsed();
        prepared
    }

    /// The script begins now, and with it the scenario's time.
    pub fn begin_clock(&self) {
        *self.deadline.lock().expect("no panic holds it") = Instant::now() + self.limit;
    }

    /// Whether the script must end now, and why.
    pub fn must_end(&self) -> Option<Problem> {
        if self.is_over() {
            return None;
        }
        if self.ending().is_cancelled() {
            return Some(self.interrupted());
        }
        (Instant::now() >= *self.deadline.lock().expect("no panic holds it"))
            .then(|| self.timed_out())
    }

    /// From here on only what is to be done whatever happened: neither a stop nor the scenario's
    /// deadline ends it, only the patience of each call.
    pub fn end(&self) {
        self.over.store(1, Ordering::Release);
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire) > 0
    }

    fn deadline_now(&self) -> Instant {
        if self.is_over() {
            Instant::now() + PATIENCE
        } else {
            *self.deadline.lock().expect("no panic holds it")
        }
    }

    fn timed_out(&self) -> Problem {
        let limit = humantime::format_duration(self.limit);
        Problem::new(
            Blame::System,
            format!("the scenario was not over after {limit}"),
        )
        .note("`timeout` in SCENARIO or --timeout changes its limit")
    }

    async fn given_up(&self, act: &Act, what: &str, patience: Duration) -> Problem {
        if self.glance.is_some() {
            return observer::no_answer(what);
        }
        let watch = act.watch();
        let mut problem = if Instant::now() >= self.deadline_now() {
            self.timed_out().note(format!("in: {what}"))
        } else {
            let patience = humantime::format_duration(patience);
            Problem::new(Blame::System, format!("{what}: gave up after {patience}"))
        };
        if let Some(waits_for) = watch.waits_for {
            problem = problem.note(format!("waited for: {waits_for}"));
        }
        if let Some(saw) = watch.saw {
            problem = problem.note(format!("last seen: {saw}"));
        }
        for node in self.nodes() {
            problem = problem.with_notes(diagnosis(&node).await);
        }
        problem
    }

    fn nodes(&self) -> Vec<Arc<Node>> {
        self.labs().iter().flat_map(|lab| lab.nodes()).collect()
    }

    /// Calls a playbook's closure again and again until it gives a result; it also says what it
    /// saw. A closure must not be called from within a step, so it polls here.
    pub fn poll<T, E>(
        &self,
        place: &Place,
        what: &str,
        patience: Duration,
        mut attempt: impl FnMut() -> Result<(String, Option<T>), E>,
        refuse: impl Fn(Problem) -> E,
    ) -> Result<T, E> {
        let polling = Polling::begin(self);
        let started = Instant::now();
        let call = self.begin(what, place);
        let act = Act::new(self.sink.clone(), call, place.clone());
        act.waits_for(what);
        let deadline = self.deadline_now().min(started + patience);
        let ending = self.ending();
        let result = loop {
            match attempt() {
                Ok((_, Some(result))) => break Ok(result),
                Ok((saw, None)) => act.saw(saw),
                Err(error) => break Err(error),
            }
            let waited: Result<(), Problem> = self.runtime.block_on(async {
                tokio::select! {
                    biased;
                    () = ending.cancelled(), if !self.is_over() => Err(self.interrupted()),
                    () = tokio::time::sleep(TICK) => Ok(()),
                }
            });
            let checked = match waited {
                Ok(()) if Instant::now() >= deadline => {
                    Err(self.runtime.block_on(self.given_up(&act, what, patience)))
                }
                Ok(()) => self.runtime.block_on(self.daemons_live(&act)),
                stopped => stopped,
            };
            if let Err(problem) = checked {
                break Err(refuse(problem.at(place.clone())));
            }
        };
        drop(polling);
        self.finish(call, started, None);
        result
    }

    /// A daemon that nobody stopped and that has ended will not bring what is waited for.
    async fn daemons_live(&self, act: &Act) -> Result<(), Problem> {
        if !act.is_time_to_look() {
            return Ok(());
        }
        for node in self.nodes() {
            node.check_daemons().await?;
        }
        Ok(())
    }

    /// Waits for the end of a daemon that nobody stopped, while the call waits for something.
    async fn death_of_a_daemon(&self, act: &Act) -> Problem {
        loop {
            tokio::time::sleep(LOOK).await;
            if act.watch().waits_for.is_none() {
                continue;
            }
            match self.daemons_live(act).await {
                Err(problem) if problem.blame == Blame::System => return problem,
                // A machine that is just going off tells nothing of its daemons.
                _ => {}
            }
        }
    }

    fn begin(&self, what: &str, place: &Place) -> u32 {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        self.sink.send(What::CallStarted {
            call,
            what: what.to_owned(),
            place: place.clone(),
        });
        call
    }

    fn finish(&self, call: u32, started: Instant, problem: Option<Problem>) {
        self.sink.send(What::CallFinished {
            call,
            took: started.elapsed(),
            problem: problem.map(Box::new),
        });
    }

    pub fn is_polling(&self) -> bool {
        self.polling.load(Ordering::Acquire) > 0
    }
}

/// A poll of a playbook's closure is under way: shown functions are an error.
#[derive(Debug)]
struct Polling<'a>(&'a Session);

impl<'a> Polling<'a> {
    fn begin(session: &'a Session) -> Self {
        session.polling.fetch_add(1, Ordering::AcqRel);
        Self(session)
    }
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        self.0.polling.fetch_sub(1, Ordering::AcqRel);
    }
}

fn stopped() -> Problem {
    Problem::new(Blame::Cancelled, "the run was stopped")
}
