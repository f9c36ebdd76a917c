//! What a call of a playbook can tell while it works: what it shows, what it waits for.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use crate::cost::{Mark, Marked};
use crate::event::{Event, Form, Place, Shown, What};
use crate::problem::Problem;
use crate::prompt::Prompt;
use crate::remark::Remark;

use super::course::Course;

/// How often a poll of our own looks.
const TICK: Duration = Duration::from_millis(2);

/// Where the events of a scenario go.
#[derive(Debug, Clone)]
pub struct Sink {
    sender: UnboundedSender<Event>,
    start: Instant,
    scenario: Option<String>,
    course: Arc<Mutex<Course>>,
}

impl Sink {
    pub fn new(sender: UnboundedSender<Event>, start: Instant) -> Self {
        Self {
            sender,
            start,
            scenario: None,
            course: Arc::default(),
        }
    }

    /// The same sink for the events of one scenario.
    #[must_use]
    pub fn of(&self, scenario: &str) -> Self {
        Self {
            scenario: Some(scenario.to_owned()),
            course: Arc::default(),
            ..self.clone()
        }
    }

    /// Since the start of the run.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    pub fn send(&self, what: What) {
        self.send_at(self.elapsed(), what);
    }

    /// Sends a mark, which workloads that go on meanwhile will ask for.
    pub fn mark(&self, mark: Mark) {
        let at = self.elapsed();
        self.send_at(at, What::Marked(mark));
    }

    /// The scenario's marks of a time.
    pub fn marks(&self, time: RangeInclusive<Duration>) -> Vec<Marked> {
        let course = self.course.lock().expect("no panic holds it");
        let within = course.marks.iter().filter(|it| time.contains(&it.at));
        within.cloned().collect()
    }

    /// Where the scenario was at a time, in words.
    pub fn around(&self, at: Duration) -> String {
        self.course.lock().expect("no panic holds it").around(at)
    }

    /// A sink on the same clock whose events nobody sees.
    #[must_use]
    pub fn mute(&self) -> Self {
        let (nobody, _) = tokio::sync::mpsc::unbounded_channel();
        Self::new(nobody, self.start)
    }

    fn send_at(&self, at: Duration, what: What) {
        let mut course = self.course.lock().expect("no panic holds it");
        course.take(at, &what);
        drop(course);
        // The receiver goes only after all that send, or with the whole run.
        let _ = self.sender.send(Event {
            at,
            scenario: self.scenario.clone(),
            what,
        });
    }
}

/// One call of a host function, from its beginning to its end.
#[derive(Debug, Clone)]
pub struct Act {
    pub sink: Sink,
    pub call: u32,
    pub place: Place,
    watch: Arc<Mutex<Watch>>,
}

/// What the call waits for, and what it saw last.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    pub waits_for: Option<String>,
    pub saw: Option<String>,
    looked: Option<Instant>,
}

impl Act {
    pub fn new(sink: Sink, call: u32, place: Place) -> Self {
        Self {
            sink,
            call,
            place,
            watch: Arc::default(),
        }
    }

    pub fn watch(&self) -> Watch {
        self.watch.lock().expect("no panic holds it").clone()
    }

    /// Says what is waited for from here on.
    pub fn waits_for(&self, what: impl Into<String>) {
        let what = what.into();
        *self.watch.lock().expect("no panic holds it") = Watch {
            waits_for: Some(what.clone()),
            ..Watch::default()
        };
        self.sink.send(What::CallWaiting {
            call: self.call,
            what,
        });
    }

    /// Whether a look at what costs more than a poll is due: some five times a second.
    pub fn is_time_to_look(&self) -> bool {
        let mut watch = self.watch.lock().expect("no panic holds it");
        let due = watch
            .looked
            .is_none_or(|it| it.elapsed() > Duration::from_millis(200));
        if due {
            watch.looked = Some(Instant::now());
        }
        due
    }

    /// Notes what a poll saw, for the diagnosis if the wait is given up.
    pub fn saw(&self, value: impl fmt::Display) {
        self.watch.lock().expect("no panic holds it").saw = Some(value.to_string());
    }

    /// Polls until there is a result; the step's deadline ends it otherwise.
    pub async fn until<T>(
        &self,
        what: impl Into<String>,
        mut poll: impl AsyncFnMut() -> Result<Option<T>, Problem>,
    ) -> Result<T, Problem> {
        self.waits_for(what);
        loop {
            if let Some(result) = poll().await? {
                return Ok(result);
            }
            tokio::time::sleep(TICK).await;
        }
    }

    /// Shows a command of a shell in a node (or, without one, on the Docker host).
    pub fn shows(&self, node: Option<&str>, input: impl Into<String>, output: impl Into<String>) {
        self.shows_as(None, node, input, output);
    }

    /// The same for another account than the image's own.
    pub fn shows_as(
        &self,
        user: Option<&str>,
        node: Option<&str>,
        input: impl Into<String>,
        output: impl Into<String>,
    ) {
        let prompt = match node {
            None => Prompt::Host,
            Some(node) => Prompt::Node {
                node: node.to_owned(),
                user: user.map(str::to_owned),
            },
        };
        self.sink.send(What::Shown(Shown {
            node: node.map(str::to_owned),
            form: Form::Shell,
            prompt: prompt.to_string(),
            continuation: prompt.continuation(),
            input: input.into(),
            output: output.into(),
            place: self.place.clone(),
        }));
    }

    /// Shows SQL as psql does; `prompt` is `test=# ` or `test=> `.
    pub fn shows_sql(
        &self,
        node: Option<&str>,
        prompt: &str,
        input: impl Into<String>,
        output: impl Into<String>,
    ) {
        self.sink.send(What::Shown(Shown {
            node: node.map(str::to_owned),
            form: Form::Sql,
            prompt: prompt.to_owned(),
            continuation: prompt.replace("=# ", "-# ").replace("=> ", "-> "),
            input: input.into(),
            output: output.into(),
            place: self.place.clone(),
        }));
    }

    /// Shows what a statement printed that was shown before.
    pub fn shows_answer(&self, node: Option<&str>, output: impl Into<String>) {
        self.sink.send(What::Shown(Shown {
            node: node.map(str::to_owned),
            form: Form::Sql,
            prompt: String::new(),
            continuation: String::new(),
            input: String::new(),
            output: output.into(),
            place: self.place.clone(),
        }));
    }

    /// A remark in the transcript.
    pub fn remarks(&self, node: Option<&str>, remark: &Remark) {
        self.sink.send(What::Shown(Shown {
            node: node.map(str::to_owned),
            form: Form::Remark,
            prompt: "# ".to_owned(),
            continuation: "# ".to_owned(),
            input: remark.to_string(),
            output: String::new(),
            place: self.place.clone(),
        }));
    }

    /// From here on something is broken: the clock of an outage starts.
    pub fn breaks(&self, name: impl Into<String>) {
        self.sink.mark(Mark::Fault { name: name.into() });
    }

    pub fn says(&self, text: impl Into<String>) {
        self.sink.send(What::Said { text: text.into() });
    }
}
