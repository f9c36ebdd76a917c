//! The cases of a scenario, as test reports know them: one a step, and one more for what went wrong
//! outside of the steps.

use std::time::Duration;

use super::advice::advice;
use super::diff::draw;
use super::results::{Ending, Scenario, Step};
use crate::event::{Place, SnapshotState, Verdict};
use crate::problem::{Blame, Problem};

/// One thing that passed or did not.
#[derive(Debug)]
pub struct Case<'a> {
    pub name: String,
    pub step: Option<&'a Step>,
    pub took: Duration,
    pub outcome: Outcome,
}

#[derive(Debug)]
pub enum Outcome {
    Passed,
    /// Why.
    Skipped(String),
    /// The system under test is to blame.
    Failed(Trouble),
    /// The playbook or the machine is, or somebody stopped it.
    Errored(Trouble),
}

/// What went wrong.
#[derive(Debug)]
pub struct Trouble {
    /// `snapshot`, `system`, `playbook`, `environment`, `cancelled` or `unfinished`.
    pub kind: &'static str,
    /// In a line.
    pub message: String,
    /// In full.
    pub text: String,
    pub place: Option<Place>,
}

/// What follows the last step: problems of the end, and of the taking down.
const END: &str = "(end)";
const SNAPSHOT: &str = "(snapshot)";

impl Scenario {
    pub fn cases(&self) -> Vec<Case<'_>> {
        if let Ending::Skipped(why) = &self.ending {
            return vec![apart(self.name.clone(), Outcome::Skipped(why.clone()))];
        }
        let mut problems = self.problems.iter();
        let mut cases = Vec::new();
        for step in &self.steps {
            let outcome = if step.broken {
                problems.next().map_or_else(
                    || unfinished(step.place.clone()),
                    |it| self.outcome(it, Some(step)),
                )
            } else if !step.over {
                unfinished(step.place.clone())
            } else if step.differs.is_empty() {
                Outcome::Passed
            } else {
                Outcome::Failed(self.difference(step))
            };
            cases.push(Case {
                name: step.name(),
                step: Some(step),
                took: step.took,
                outcome,
            });
        }
        cases.extend(problems.map(|it| apart(END.to_owned(), self.outcome(it, None))));
        if self.ending == Ending::CutOff && self.steps.iter().all(|it| it.over) {
            cases.push(apart(END.to_owned(), unfinished(self.place())));
        }
        cases.extend(
            self.snapshots(&cases)
                .map(|it| apart(SNAPSHOT.to_owned(), it)),
        );
        if cases.is_empty() {
            cases.push(Case {
                took: self.took,
                ..apart(self.name.clone(), self.whole())
            });
        }
        cases
    }

    /// Of a scenario that has neither steps nor problems.
    fn whole(&self) -> Outcome {
        match self.ending {
            Ending::Finished(Verdict::Cancelled) => Outcome::Errored(Trouble {
                kind: "cancelled",
                message: "the run was stopped".to_owned(),
                text: String::new(),
                place: self.place(),
            }),
            _ => Outcome::Passed,
        }
    }

    fn outcome(&self, problem: &Problem, step: Option<&Step>) -> Outcome {
        let here = problem
            .place
            .as_ref()
            .is_some_and(|it| it.file == self.path);
        let (kind, wrap): (_, fn(Trouble) -> Outcome) = match problem.blame {
            Blame::System => ("system", Outcome::Failed),
            Blame::Playbook => ("playbook", Outcome::Errored),
            Blame::Environment => ("environment", Outcome::Errored),
            Blame::Cancelled => ("cancelled", Outcome::Errored),
        };
        wrap(Trouble {
            kind,
            message: problem.message.clone(),
            text: problem.render(here.then_some(self.source.as_str()), false),
            place: (problem.place.clone())
                .or_else(|| step.map(|it| it.place.clone()))
                .or_else(|| self.place()),
        })
    }

    fn difference(&self, step: &Step) -> Trouble {
        Trouble {
            kind: "snapshot",
            message: match self.snapshot.file.as_str() {
                "" => "what it printed differs from the snapshot".to_owned(),
                file => format!("what it printed differs from {file}"),
            },
            text: draw(&step.differs, false),
            place: Some(step.place.clone()),
        }
    }

    /// What the snapshots say against the scenario, where no step has said it.
    fn snapshots(&self, cases: &[Case<'_>]) -> Option<Outcome> {
        let told = (cases.iter())
            .any(|it| matches!(&it.outcome, Outcome::Failed(it) if it.kind == "snapshot"));
        let file = &self.snapshot.file;
        let message = match self.snapshot.state {
            SnapshotState::Missing => format!("there is no snapshot {file}"),
            SnapshotState::Differs if !told => format!("the transcript differs from {file}"),
            _ => format!(
                "the snapshot {} differs or is missing",
                self.snapshot.differing_sides.first()?
            ),
        };
        let advice = advice(&self.name, &self.path, &self.snapshot, false, false);
        Some(Outcome::Failed(Trouble {
            kind: "snapshot",
            message,
            text: advice.join("\n\n"),
            place: self.place(),
        }))
    }

    /// The playbook as a whole.
    fn place(&self) -> Option<Place> {
        (!self.path.is_empty()).then(|| Place {
            file: self.path.clone(),
            line: 0,
            column: 0,
        })
    }
}

impl Outcome {
    pub fn word(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Skipped(_) => "skipped",
            Self::Failed(_) => "failed",
            Self::Errored(_) => "errored",
        }
    }

    pub fn trouble(&self) -> Option<&Trouble> {
        match self {
            Self::Failed(trouble) | Self::Errored(trouble) => Some(trouble),
            Self::Passed | Self::Skipped(_) => None,
        }
    }
}

/// A case that is no step.
fn apart<'a>(name: String, outcome: Outcome) -> Case<'a> {
    Case {
        name,
        step: None,
        took: Duration::ZERO,
        outcome,
    }
}

fn unfinished(place: impl Into<Option<Place>>) -> Outcome {
    Outcome::Errored(Trouble {
        kind: "unfinished",
        message: "the record ends before the scenario does".to_owned(),
        text: "the record ends before the scenario does: the run was killed, or still goes on"
            .to_owned(),
        place: place.into(),
    })
}
