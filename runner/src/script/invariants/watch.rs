//! The thread that looks whether an invariant holds.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rhai::{Dynamic, FnPtr, NativeCallContext};

use super::record::{Look, Record};
use crate::event::{Place, What};
use crate::lab::{Act, Sink};
use crate::problem::{Blame, Problem};
use crate::remark::Remark;
use crate::script::checks::called;
use crate::script::engine::on_stage;
use crate::script::raise::{place, problem, stage};

/// Something that must hold all the time.
#[derive(Debug)]
pub struct Invariant {
    pub name: String,
    place: Place,
    sink: Sink,
    record: Arc<Mutex<Record>>,
    /// Dropping the first half asks the thread to look once more and to end.
    thread: Mutex<Option<(Sender<()>, JoinHandle<()>)>>,
    /// Its violation was asked for.
    expected: Mutex<bool>,
}

impl Invariant {
    /// Begins to look. The closure gets copies of what it captures: the script goes on with its own
    /// variables on its own thread.
    #[expect(deprecated, reason = "not deprecated, the note says, but volatile")]
    pub fn watch(
        call: &NativeCallContext<'_>,
        name: &str,
        mut condition: FnPtr,
        every: Duration,
        within: Duration,
    ) -> Self {
        let main = stage(call);
        let captured: Vec<_> = condition.iter_curry().map(Dynamic::flatten_clone).collect();
        condition.set_curry(captured);
        let observed = Arc::new(main.observed());
        let mut context = call.store_data();
        context.global.tag = Dynamic::from(Arc::clone(&observed));
        let record = Arc::new(Mutex::new(Record::new(within)));
        let sink = main.session.sink.clone();
        let (end, asked) = channel();
        let watcher = {
            let (record, sink) = (Arc::clone(&record), sink.clone());
            let (name, file) = (name.to_owned(), place(call).file);
            move || {
                let engine = on_stage(&observed);
                let glance = observed.session.glance.clone().unwrap_or_default();
                let look = || {
                    let call = context.create_context(&engine);
                    let answer = called(&call, &condition);
                    read(
                        answer.map_err(|error| problem(&error, &file)),
                        glance.take(),
                    )
                };
                let mut last = false;
                while note(&name, &sink, &record, look()) && !last {
                    last = asked.recv_timeout(every) != Err(RecvTimeoutError::Timeout);
                }
            }
        };
        let builder = std::thread::Builder::new().name("invariant".to_owned());
        let thread = builder.spawn(watcher).expect("the system has threads");
        Self {
            name: name.to_owned(),
            place: place(call),
            sink,
            record,
            thread: Mutex::new(Some((end, thread))),
            expected: Mutex::default(),
        }
    }
}

/// What a call of the closure told.
fn read(answer: Result<Dynamic, Problem>, mut seen: Vec<String>) -> Look {
    match answer {
        Ok(value) => match (value.as_bool(), value.is_unit()) {
            (Ok(true), _) => Look::Holds,
            (Ok(false), _) => {
                if seen.is_empty() {
                    seen.push("its closure returned false".to_owned());
                }
                Look::Violated(seen)
            }
            (_, true) => Look::Unknown("its closure returned nothing".to_owned()),
            _ => {
                let message = format!("an invariant is true or false, not {value}");
                Look::Wrong(Problem::new(Blame::Playbook, message))
            }
        },
        Err(problem) => match problem.blame {
            Blame::System => Look::Unknown(problem.message),
            Blame::Cancelled => Look::Cancelled,
            Blame::Playbook | Blame::Environment => Look::Wrong(problem),
        },
    }
}

/// Notes a look; whether there is any use in another.
fn note(name: &str, sink: &Sink, record: &Mutex<Record>, look: Look) -> bool {
    let goes_on = !matches!(look, Look::Wrong(_) | Look::Cancelled);
    let mut record = record.lock().expect("no panic holds it");
    if record.take(sink.elapsed(), look)
        && let Some(violation) = &record.violation
    {
        sink.send(What::Violated {
            invariant: name.to_owned(),
            seen: violation.seen.clone(),
        });
    }
    goes_on
}

impl Invariant {
    /// Waits for the first look.
    pub async fn begins(&self, act: &Act) -> Result<(), Problem> {
        act.until(format!("an answer whether {}", self.name), async || {
            let record = self.record();
            match &record.wrong {
                Some(problem) => Err(problem.clone()),
                None => Ok(record.has_begun().then_some(())),
            }
        })
        .await?;
        let invariant = self.name.clone();
        act.remarks(None, &Remark::Watched { invariant });
        Ok(())
    }

    /// Waits for a last look.
    pub async fn ends(&self, act: &Act) {
        if let Some(thread) = self.last() {
            let what = format!("a last look whether {}", self.name);
            // It polls nothing that could fail.
            let _ = act
                .until(what, async || Ok(thread.is_finished().then_some(())))
                .await;
        }
    }

    /// Waits for a violation, and ends the invariant with it.
    pub async fn is_violated(&self, act: &Act, patience: Duration) -> bool {
        let violated = act.until(format!("a violation of: {}", self.name), async || {
            let thread = self.thread.lock().expect("no panic holds it");
            let over = thread.as_ref().is_none_or(|(_, it)| it.is_finished());
            Ok((over || self.record().violation.is_some()).then_some(()))
        });
        let _ = tokio::time::timeout(patience, violated).await;
        self.ends(act).await;
        let violated = self.record().violation.is_some();
        *self.expected.lock().expect("no panic holds it") = violated;
        violated
    }

    /// Ends it, if it has not ended, and says what is wrong.
    pub fn end(&self) -> Option<Problem> {
        if let Some(thread) = self.last() {
            // A panic there has said what it had to say.
            let _ = thread.join();
        }
        let expected = *self.expected.lock().expect("no panic holds it");
        let record = self.record();
        self.sink.send(What::InvariantEnded {
            invariant: self.name.clone(),
            definite: record.definite,
            unknown: record.unknown,
            violated: record.violation.is_some(),
        });
        if record.cancelled {
            return None;
        }
        let problem = match (&record.wrong, &record.violation) {
            (Some(problem), _) => problem.clone(),
            (None, Some(_)) if expected => return None,
            (None, Some(_)) => Problem::new(Blame::System, format!("violated: {}", self.name)),
            (None, None) if record.definite > 0 => return None,
            (None, None) => {
                let message = format!("it was never known whether this held: {}", self.name);
                Problem::new(Blame::System, message)
            }
        };
        drop(record);
        let problem = self.notes().into_iter().fold(problem, Problem::note);
        Some(problem.at(self.place.clone()))
    }

    /// What it has seen, in lines.
    pub fn notes(&self) -> Vec<String> {
        let record = self.record();
        let mut notes = Vec::new();
        if let Some(violation) = &record.violation {
            let at = violation.at.as_secs_f64();
            let around = self.sink.around(violation.at);
            notes.push(format!("first at {at:.2} s of the run, {around}"));
            notes.extend(violation.seen.iter().map(|it| format!("seen: {it}")));
        }
        let (definite, unknown) = (record.definite, record.unknown);
        notes.push(format!(
            "looks: {definite} told something, {unknown} did not"
        ));
        notes.extend(
            record
                .why
                .as_ref()
                .map(|it| format!("the last that did not: {it}")),
        );
        notes
    }

    /// Asks for a last look; the thread that does it, if it was not asked before.
    fn last(&self) -> Option<JoinHandle<()>> {
        let (end, thread) = self.thread.lock().expect("no panic holds it").take()?;
        drop(end);
        Some(thread)
    }

    fn record(&self) -> std::sync::MutexGuard<'_, Record> {
        self.record.lock().expect("no panic holds it")
    }
}
