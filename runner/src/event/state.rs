//! What nodes are, and what their servers said.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Its server accepts writes, or would if clients were let.
    Primary,
    /// Its server replays what an upstream or an archive gives it, until it is promoted.
    Standby,
    /// Its server starts, or replays WAL on its way to a recovery's end.
    Recovering,
    /// The machine is on, its server is not running.
    Down,
    /// The machine is frozen, with all that runs on it.
    Paused,
    /// The machine is off.
    Off,
}

/// Whether a node can be reached, as far as faults of the network are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    Whole,
    /// By some, or on some of its interfaces.
    Part,
    /// Not by clients.
    None,
}

/// A line of a server's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When, on the clock of the events, if the line tells.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "crate::seconds::maybe"
    )]
    pub at: Option<Duration>,
    pub text: String,
}
