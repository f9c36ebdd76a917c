//! Events: all that comes out of a run. Reporters, transcripts, snapshots and exit codes are made
//! from them and from nothing else.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::cost::{Cost, Mark, Writes};
pub use crate::problem::Place;
use crate::problem::{Blame, Problem};

mod state;

pub use state::{LogLine, Reach, Role};

mod pause;

pub use pause::{Line, Pause};

/// The version of the events' form, in the first event of every run.
pub const SCHEMA: u32 = 1;

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Since the start of the run.
    #[serde(with = "crate::seconds")]
    pub at: Duration,
    /// The scenario that it belongs to (`pitr`, `ha/failover`), if it belongs to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum What {
    RunStarted {
        schema: u32,
        run: String,
        /// By the wall clock; all else is told since then.
        #[serde(with = "crate::seconds::moment")]
        started: SystemTime,
        pgdrill: String,
        engine: String,
        /// What was typed to start it, a word each, the program's own name first.
        #[serde(default)]
        command: Vec<String>,
    },
    /// An image that is missing is being made.
    ImageStarted {
        image: String,
        why: String,
    },
    /// A line of what the making of an image says.
    ImageSaid {
        image: String,
        line: String,
    },
    ImageFinished {
        image: String,
        #[serde(with = "crate::seconds")]
        took: Duration,
    },
    ScenarioStarted {
        /// The playbook's path as it was given, for messages.
        path: String,
        /// The playbook's text: places point into it, and what stands in it is never redacted.
        source: String,
        title: String,
        /// The rest of the `//!` lines, in Markdown.
        introduction: String,
        /// The PostgreSQL major that its nodes have unless they say otherwise.
        major: u32,
    },
    /// The server's full version, when it is known (`17.6`).
    ServerVersion {
        image: String,
        version: String,
    },
    LabStarted {
        title: String,
    },
    LabFinished {
        title: String,
    },
    /// `step("…")`: a section of the transcript begins.
    SectionStarted {
        title: String,
        place: Place,
    },
    /// The section is over; its text has been compared with the snapshot, if there is one.
    SectionFinished {
        title: String,
        #[serde(with = "crate::seconds")]
        took: Duration,
        /// What differs from the snapshot, as lines of a diff.
        differs: Vec<DiffLine>,
        /// The scenario ended in this section with a problem.
        broken: bool,
    },
    /// Words for the reader: Markdown, from the playbook's comments or `note`.
    Prose {
        text: String,
    },
    /// A host function began. Everything that a script waits for lies between this and its end.
    CallStarted {
        call: u32,
        what: String,
        place: Place,
    },
    /// What the running call is waiting for just now.
    CallWaiting {
        call: u32,
        what: String,
    },
    CallFinished {
        call: u32,
        #[serde(with = "crate::seconds")]
        took: Duration,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        problem: Option<Box<Problem>>,
    },
    /// A command and what it printed, for the transcript.
    Shown(Shown),
    /// What is shown from here on is for scripts and snapshots, and not for readers.
    HidingStarted,
    HidingFinished,
    /// A check (`expect`) that held or did not.
    Checked {
        message: String,
        held: bool,
        place: Place,
    },
    /// `print` and `debug` of a playbook, and what a call wants to be known.
    Said {
        text: String,
    },
    /// Something that the user should know and that is no failure.
    Warned {
        text: String,
    },
    /// `redact(regex, placeholder)`: from here on matches are placeholders of this kind.
    RedactionAdded {
        regex: String,
        placeholder: String,
    },
    /// `keep(kind)`: placeholders of this kind are switched off from here on.
    RedactionDropped {
        kind: String,
    },
    /// `snapshot(name, value)`: text beside the transcript.
    SideSnapshot {
        name: String,
        text: String,
        place: Place,
    },
    /// Something that starts an outage or divides it.
    Marked(Mark),
    /// A workload was stopped, and its rows were read back.
    WorkloadStopped {
        target: String,
        /// What clients see depends on how long they wait.
        #[serde(with = "crate::seconds")]
        connect_timeout: Duration,
        #[serde(with = "crate::seconds")]
        answer_timeout: Duration,
        cost: Cost,
        /// What became of the writes over the time.
        #[serde(default)]
        writes: Writes,
    },
    /// An invariant is violated; it is told the first time only.
    Violated {
        invariant: String,
        /// What was seen.
        seen: Vec<String>,
    },
    /// An invariant was looked at for the last time.
    InvariantEnded {
        invariant: String,
        /// Looks that told something, and those that did not.
        definite: u64,
        unknown: u64,
        violated: bool,
    },
    NodeStarted {
        node: String,
        container: String,
        image: String,
    },
    /// A node was removed. Those that the end of its scenario or lab takes down have no such event.
    NodeEnded {
        node: String,
    },
    /// What a node is from here on. Until the first of these it is a machine without a server.
    RoleChanged {
        node: String,
        role: Role,
    },
    /// What of a node's network is out of order from here on.
    NetworkChanged {
        node: String,
        reach: Reach,
        /// In words, such as `the cable of eth1 is out`; none: all is well again.
        broken: Vec<String>,
    },
    /// Who holds a virtual address from here on: nobody, a node, or two in a split brain.
    VipHeld {
        address: String,
        nodes: Vec<String>,
    },
    /// How far a standby is behind, sampled while a workload goes on.
    StandbyBehind {
        node: String,
        /// Of WAL that the primary has written and the standby has not replayed.
        bytes: u64,
    },
    /// A server's log: the lines around faults and changes of roles, at the end of its scenario or
    /// lab or when the node is removed.
    ServerLog {
        node: String,
        lines: Vec<LogLine>,
        /// How many lines of it are not here.
        left_out: usize,
    },
    ScenarioFinished {
        verdict: Verdict,
        #[serde(with = "crate::seconds")]
        took: Duration,
        problems: Vec<Problem>,
        snapshot: SnapshotOutcome,
    },
    ScenarioSkipped {
        path: String,
        why: String,
    },
    /// The script waits for somebody at the keyboard; the scenario's clock stands still.
    Paused(Pause),
    Resumed {
        #[serde(with = "crate::seconds")]
        after: Duration,
    },
    /// A line was typed into the script.
    LineStarted {
        text: String,
    },
    LineFinished(Line),
    /// Containers were left for the user to look into.
    Kept {
        nodes: Vec<String>,
    },
    RunFinished {
        #[serde(with = "crate::seconds")]
        took: Duration,
    },
}

/// A command and what it printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Where it ran: a node's name, or none for the Docker host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    pub form: Form,
    /// What stands before the first line of the input: `test=# `, `rec$ `, `$ `.
    pub prompt: String,
    /// What stands before each further line of the input.
    pub continuation: String,
    pub input: String,
    /// What it printed, both streams in their order, without the last line's end.
    pub output: String,
    pub place: Place,
}

/// What a shown command is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// SQL in psql; its tables can be laid out again.
    Sql,
    /// A line of a shell.
    Shell,
    /// A remark, such as what is waited for (`# until s1 streams from p1`).
    Remark,
}

/// How a scenario ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Passed,
    /// A check or a snapshot: the system under test is to blame.
    Failed,
    /// The playbook or the machine is to blame.
    Errored,
    /// Stopped from outside.
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

/// A line of a diff with its number in the old or the new text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffLine {
    pub sign: Sign,
    /// Counted from 1 in the snapshot's file (removed and equal lines) or in the new one (added).
    pub line: usize,
    /// The text in pieces; the emphasized ones are what differs within the line.
    pub pieces: Vec<Piece>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    Equal,
    Removed,
    Added,
    /// Lines are left out here.
    Gap,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    pub text: String,
    #[serde(default)]
    pub emphasized: bool,
}

/// What became of a scenario's snapshots.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SnapshotOutcome {
    /// The transcript's snapshot file, relative to the root.
    pub file: String,
    pub state: SnapshotState,
    /// Snapshots beside the transcript that differ or are missing.
    #[serde(default)]
    pub differing_sides: Vec<String>,
    /// Pending files that were left, relative to the root.
    pub pending: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SnapshotState {
    /// It was not compared: the scenario ended before its end.
    #[default]
    NotCompared,
    Matches,
    /// Only prose differed; the file was renewed.
    Renewed,
    /// `--update always` wrote it.
    Accepted,
    Differs,
    /// There is none yet.
    Missing,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_survives_its_way_through_json() {
        let event = Event {
            at: Duration::from_millis(1500),
            scenario: Some("ha".to_owned()),
            what: What::Marked(Mark::Fault {
                name: "kill p1".to_owned(),
            }),
        };
        let json = serde_json::to_string(&event).expect("events can be written");
        insta::assert_snapshot!(json, @r#"{"at":1.5,"scenario":"ha","event":"marked","mark":"fault","name":"kill p1"}"#);
        let read: Event = serde_json::from_str(&json).expect("and read");
        assert_eq!(read, event);
    }
}
