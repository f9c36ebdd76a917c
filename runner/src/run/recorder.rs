//! The recorder: folds a scenario's events into its transcript and compares that with the snapshot,
//! section by section, as the run goes on.

use std::time::Duration;

use crate::event::{Event, Pause, SnapshotOutcome, SnapshotState, What};
use crate::problem::Problem;
use crate::scenario::Scenario;
use crate::snapshot::file::Stored;
use crate::snapshot::store::{Fresh, Store, Subject, compare_section};
use crate::transcript::Transcript;

/// Listens to one scenario.
#[derive(Debug)]
pub struct Recorder {
    name: String,
    /// The playbook, relative to the root.
    source: String,
    store: Store,
    major: u32,
    default_major: u32,
    expected: Result<Option<Stored>, Box<Problem>>,
    transcript: Transcript,
    /// The section that is open, and since when; the making of an image is none of its time.
    open: Option<(String, Duration)>,
    side_differs: bool,
}

impl Recorder {
    pub fn new(scenario: &Scenario, store: Store, major: u32, default_major: u32) -> Self {
        let path = scenario
            .folder
            .strip_prefix(&scenario.root)
            .unwrap_or(&scenario.folder);
        let file = scenario.name.rsplit('/').next().unwrap_or(&scenario.name);
        let mut recorder = Self {
            name: scenario.name.clone(),
            source: path.join(format!("{file}.rhai")).display().to_string(),
            store,
            major,
            default_major,
            expected: Ok(None),
            transcript: Transcript::new(),
            open: None,
            side_differs: false,
        };
        recorder.expected = recorder.store.expected(recorder.subject(None));
        recorder
    }

    /// Takes in an event; returns what goes on to the reporters, with what follows from it.
    pub fn take(&mut self, event: Event) -> Vec<Event> {
        if event.scenario.as_ref() != Some(&self.name) {
            return vec![event];
        }
        let mut events = match event.what {
            What::SectionStarted { .. }
            | What::LabStarted { .. }
            | What::LabFinished { .. }
            // Its time is over when the pause begins.
            | What::Paused(Pause::Step { .. } | Pause::Line { .. }) => self.end_section(event.at, false),
            What::Paused(Pause::Failure { .. }) => self.end_section(event.at, true),
            _ => Vec::new(),
        };
        self.transcript.push(&event);
        match (&event.what, &mut self.open) {
            (What::SectionStarted { title, .. }, _) => {
                self.open = Some((title.clone(), event.at));
            }
            (What::ImageFinished { took, .. }, Some((_, since))) => *since += *took,
            _ => {}
        }
        events.push(event);
        events
    }

    /// Ends the open section, if there is one, and compares it.
    pub fn end_section(&mut self, at: Duration, broken: bool) -> Vec<Event> {
        let Some((title, since)) = self.open.take() else {
            return Vec::new();
        };
        let section = self.transcript.sections().last().cloned();
        let differs = match (&self.expected, &section, broken || self.store.accepts()) {
            (Ok(Some(expected)), Some(section), false) => compare_section(expected, section),
            _ => Vec::new(),
        };
        let event = Event {
            at,
            scenario: Some(self.name.clone()),
            what: What::SectionFinished {
                title,
                took: at.saturating_sub(since),
                differs,
                broken,
            },
        };
        self.transcript.push(&event);
        vec![event]
    }

    /// Compares and writes the snapshots, at the end of a scenario that was not broken.
    pub fn settle(&mut self, broken: bool) -> Result<SnapshotOutcome, Box<Problem>> {
        if let Err(problem) = &self.expected {
            return Err(problem.clone());
        }
        if broken {
            return Ok(SnapshotOutcome::default());
        }
        let title = self.transcript.title().to_owned();
        let body = self.transcript.body();
        let fresh = |body| Fresh {
            source: &self.source,
            title: &title,
            body,
        };
        let mut outcome = self.store.settle(self.subject(None), fresh(&body))?;
        let mut side_differs = false;
        for side in self.transcript.sides() {
            let one = self
                .store
                .settle(self.subject(Some(&side.name)), fresh(&side.text))?;
            if is_different(one.state) {
                side_differs = true;
                outcome.differing_sides.push(one.file);
            }
            outcome.pending.extend(one.pending);
        }
        self.side_differs = side_differs;
        Ok(outcome)
    }

    /// A scenario that failed on its way leaves nothing for review: what an earlier run has left is
    /// not what its playbook does now.
    pub fn forget(&self) -> Result<(), Box<Problem>> {
        let sides = self.transcript.sides();
        let mut subjects = sides.iter().map(|it| self.subject(Some(&it.name)));
        subjects.try_for_each(|it| self.store.forget(it))?;
        self.store.forget(self.subject(None))
    }

    /// Whether the snapshots speak against the scenario: they differ, or there are none.
    pub fn differs(&self, outcome: &SnapshotOutcome) -> bool {
        self.side_differs || is_different(outcome.state)
    }

    fn subject<'a>(&'a self, side: Option<&'a str>) -> Subject<'a> {
        Subject {
            scenario: &self.name,
            side,
            major: self.major,
            default_major: self.default_major,
        }
    }
}

fn is_different(state: SnapshotState) -> bool {
    matches!(state, SnapshotState::Differs | SnapshotState::Missing)
}
