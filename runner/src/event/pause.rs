//! Events of somebody at the keyboard: where a script waits, what became of a line.

use serde::{Deserialize, Serialize};

use super::Place;
use crate::problem::Problem;

/// Where a script waits for somebody at the keyboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "pause", rename_all = "kebab-case")]
pub enum Pause {
    /// Before a step.
    Step { title: String, place: Place },
    /// After a failure, before anything is taken down. Without a problem, a snapshot differs.
    Failure {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        problem: Option<Box<Problem>>,
    },
    /// For a line of the script itself.
    Line { variables: Vec<String> },
}

/// What became of a line that was typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What of it belongs to the playbook now: the statements that succeeded.
    pub kept: String,
    /// The value that it gave, as a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Box<Problem>>,
}
