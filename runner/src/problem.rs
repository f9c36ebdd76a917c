//! A problem: what went wrong, where in the playbook, why, and what to do about it. It is shown
//! once, by [`Problem::render`].

use serde::{Deserialize, Serialize};

use crate::event::{Place, Verdict};

/// Something that ended a scenario or a command, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub blame: Blame,
    /// One fragment, lower case: what failed.
    pub message: String,
    /// Where in the playbook, if a playbook caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// How many characters the caret underlines (0: one).
    #[serde(default)]
    pub width: usize,
    /// The chain of causes, facts and advice, a line or more each.
    #[serde(default)]
    pub notes: Vec<String>,
    /// The SQLSTATE, if an SQL error caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sqlstate: Option<String>,
}

/// Who is to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Blame {
    /// The system under test: a check, a snapshot, a server that does not do what it should.
    System,
    /// The playbook.
    Playbook,
    /// The machine: engine, image, files.
    Environment,
    /// Somebody stopped the run.
    Cancelled,
}

impl Blame {
    pub fn verdict(self) -> Verdict {
        match self {
            Blame::System => Verdict::Failed,
            Blame::Playbook | Blame::Environment => Verdict::Errored,
            Blame::Cancelled => Verdict::Cancelled,
        }
    }
}

impl Problem {
    pub fn new(blame: Blame, message: impl Into<String>) -> Self {
        Self {
            blame,
            message: message.into(),
            place: None,
            width: 0,
            notes: Vec::new(),
            sqlstate: None,
        }
    }

    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place.get_or_insert(place);
        self
    }
}
