//! The results of a run: what its events say of each scenario, step by step. The reports for
//! machines are made from them.

use std::time::{Duration, SystemTime};

use super::bill::Bill;
use crate::cost::{Cost, Mark};
use crate::event::{DiffLine, Event, Place, SnapshotOutcome, Verdict, What};
use crate::problem::Problem;

/// What became of a run.
#[derive(Debug)]
pub struct Results {
    pub run: String,
    pub started: SystemTime,
    pub pgdrill: String,
    pub engine: String,
    pub scenarios: Vec<Scenario>,
    /// None: the events end before the run.
    pub took: Option<Duration>,
}

/// What became of a scenario.
#[derive(Debug, Default)]
pub struct Scenario {
    pub name: String,
    pub path: String,
    pub title: String,
    pub(super) source: String,
    pub major: Option<u32>,
    /// The server's full version.
    pub version: Option<String>,
    /// Since the start of the run.
    pub from: Duration,
    pub took: Duration,
    pub ending: Ending,
    pub problems: Vec<Problem>,
    pub snapshot: SnapshotOutcome,
    pub steps: Vec<Step>,
    pub workloads: Vec<Workload>,
    pub invariants: Vec<Invariant>,
    /// Faults, promotions, moves of addresses, and when they were.
    pub marks: Vec<(Duration, Mark)>,
    pub(super) bill: Bill,
    labs: Vec<String>,
}

/// How a scenario ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Ending {
    Finished(Verdict),
    /// Why it was not played.
    Skipped(String),
    /// The events end before the scenario.
    #[default]
    CutOff,
}

/// A step of a scenario.
#[derive(Debug, Clone)]
pub struct Step {
    /// The innermost lab that it belongs to.
    pub lab: Option<String>,
    pub title: String,
    pub place: Place,
    pub from: Duration,
    pub took: Duration,
    pub differs: Vec<DiffLine>,
    /// The scenario ended in it with a problem.
    pub broken: bool,
    pub over: bool,
}

/// What a workload went through.
#[derive(Debug, Clone)]
pub struct Workload {
    /// What tells it from others: its lab, else what it wrote to, with a number if that is not enough.
    pub name: String,
    pub lab: Option<String>,
    pub target: String,
    pub connect_timeout: Duration,
    pub answer_timeout: Duration,
    pub cost: Cost,
}

/// What should always hold, and whether it did.
#[derive(Debug, Clone)]
pub struct Invariant {
    /// What tells it from others: its lab and what it says.
    pub name: String,
    pub lab: Option<String>,
    pub says: String,
    pub definite: u64,
    pub unknown: u64,
    pub violated: bool,
}

impl Results {
    pub fn of(events: &[Event]) -> Self {
        let mut results = Self {
            run: String::new(),
            started: SystemTime::UNIX_EPOCH,
            pgdrill: String::new(),
            engine: String::new(),
            scenarios: Vec::new(),
            took: None,
        };
        for event in events {
            results.take(event);
        }
        results
    }

    fn take(&mut self, event: &Event) {
        match &event.what {
            What::RunStarted {
                run,
                started,
                pgdrill,
                engine,
                ..
            } => {
                self.run.clone_from(run);
                self.started = *started;
                self.pgdrill.clone_from(pgdrill);
                self.engine.clone_from(engine);
            }
            What::RunFinished { took } => self.took = Some(*took),
            What::ScenarioStarted { .. } | What::ScenarioSkipped { .. } => {
                let mut scenario = Scenario {
                    name: event.scenario.clone().unwrap_or_default(),
                    from: event.at,
                    ..Scenario::default()
                };
                scenario.take(event);
                self.scenarios.push(scenario);
            }
            _ => {
                let scenario = self.scenarios.last_mut();
                if let Some(scenario) =
                    scenario.filter(|it| event.scenario.as_ref() == Some(&it.name))
                {
                    scenario.take(event);
                }
            }
        }
    }

    /// How the run ended, in a word: the worst that became of a scenario.
    pub fn word(&self) -> &'static str {
        let words = ["stopped", "errored", "failed"];
        let worst = words
            .into_iter()
            .find(|word| self.scenarios.iter().any(|it| it.word() == *word));
        worst.unwrap_or(if self.took.is_none() {
            "unfinished"
        } else {
            "passed"
        })
    }
}

impl Scenario {
    fn take(&mut self, event: &Event) {
        self.bill.take(&event.what);
        match &event.what {
            What::ScenarioStarted {
                path,
                source,
                title,
                major,
                ..
            } => {
                self.path.clone_from(path);
                self.source.clone_from(source);
                self.title.clone_from(title);
                self.major = Some(*major);
            }
            What::ScenarioSkipped { path, why } => {
                self.path.clone_from(path);
                self.ending = Ending::Skipped(why.clone());
            }
            What::ServerVersion { version, .. } => {
                self.version.get_or_insert_with(|| version.clone());
            }
            What::LabStarted { title } => self.labs.push(title.clone()),
            What::LabFinished { .. } => drop(self.labs.pop()),
            What::SectionStarted { title, place } => self.steps.push(Step {
                lab: self.labs.last().cloned(),
                title: title.clone(),
                place: place.clone(),
                from: event.at,
                took: Duration::ZERO,
                differs: Vec::new(),
                broken: false,
                over: false,
            }),
            What::SectionFinished {
                took,
                differs,
                broken,
                ..
            } => {
                if let Some(step) = self.steps.last_mut() {
                    step.took = *took;
                    step.differs.clone_from(differs);
                    step.broken = *broken;
                    step.over = true;
                }
            }
            What::Marked(mark) => self.marks.push((event.at, mark.clone())),
            What::WorkloadStopped {
                target,
                connect_timeout,
                answer_timeout,
                cost,
                ..
            } => {
                let name = self.labs.last().unwrap_or(target).clone();
                let taken: Vec<_> = self.workloads.iter().map(|it| it.name.as_str()).collect();
                self.workloads.push(Workload {
                    name: unlike(&name, &taken),
                    lab: self.labs.last().cloned(),
                    target: target.clone(),
                    connect_timeout: *connect_timeout,
                    answer_timeout: *answer_timeout,
                    cost: cost.clone(),
                });
            }
            What::InvariantEnded {
                invariant,
                definite,
                unknown,
                violated,
            } => {
                let lab = self.labs.last().cloned();
                let name = under(lab.as_deref(), invariant);
                let taken: Vec<_> = self.invariants.iter().map(|it| it.name.as_str()).collect();
                self.invariants.push(Invariant {
                    name: unlike(&name, &taken),
                    lab,
                    says: invariant.clone(),
                    definite: *definite,
                    unknown: *unknown,
                    violated: *violated,
                });
            }
            What::ScenarioFinished {
                verdict,
                took,
                problems,
                snapshot,
            } => {
                self.ending = Ending::Finished(*verdict);
                self.took = *took;
                self.problems.clone_from(problems);
                self.snapshot = snapshot.clone();
            }
            _ => {}
        }
    }

    /// How it ended, in a word.
    pub fn word(&self) -> &'static str {
        match &self.ending {
            Ending::Finished(Verdict::Passed) => "passed",
            Ending::Finished(Verdict::Failed) => "failed",
            Ending::Finished(Verdict::Errored) => "errored",
            Ending::Finished(Verdict::Cancelled) => "stopped",
            Ending::Skipped(_) => "skipped",
            Ending::CutOff => "unfinished",
        }
    }

    /// The scenario and what it was played on: `pitr (PostgreSQL 17.12)`.
    pub fn heading(&self) -> String {
        let major = self.major.map(|it| it.to_string());
        match self.version.as_ref().or(major.as_ref()) {
            Some(version) => format!("{} (PostgreSQL {version})", self.name),
            None => self.name.clone(),
        }
    }
}

impl Step {
    /// Its title, after its lab's.
    pub fn name(&self) -> String {
        under(self.lab.as_deref(), &self.title)
    }
}

fn under(lab: Option<&str>, name: &str) -> String {
    lab.map_or_else(|| name.to_owned(), |lab| format!("{lab}: {name}"))
}

/// The name, or that name with a number, if it is taken.
fn unlike(name: &str, taken: &[&str]) -> String {
    let numbered = (2..).map(|number| format!("{name} ({number})"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names
        .find(|it| !taken.contains(&it.as_str()))
        .expect("there are numbers enough")
}
