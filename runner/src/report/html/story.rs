//! The story of a run: its events, sorted by scenario, lab, node and step.

use std::time::Duration;

use crate::cost::{Cost, Mark, Writes};
use crate::event::{DiffLine, Event, LogLine, Reach, Role, Shown, SnapshotOutcome, Verdict};
use crate::problem::Problem;

mod take;

/// A run.
#[derive(Debug, Default)]
pub struct Story<'a> {
    pub started: Option<&'a Event>,
    pub took: Option<Duration>,
    pub scenarios: Vec<Scenario<'a>>,
    /// What belongs to no scenario.
    pub warnings: Vec<&'a str>,
}

/// A scenario of it.
#[derive(Debug, Default)]
pub struct Scenario<'a> {
    pub name: &'a str,
    pub path: &'a str,
    pub source: &'a str,
    pub title: &'a str,
    pub introduction: &'a str,
    pub major: Option<u32>,
    pub from: Duration,
    /// Images and the versions of their servers, in the order of their use.
    pub images: Vec<(&'a str, Option<&'a str>)>,
    /// The scenario itself, then its labs in the order of their beginnings.
    pub stages: Vec<Stage<'a>>,
    pub steps: Vec<Step<'a>>,
    /// When images were made, or somebody was asked: the scenario's clock stood still.
    pub pauses: Vec<(Duration, Duration)>,
    pub ending: Ending<'a>,
    open: Vec<usize>,
}

/// How a scenario ended.
#[derive(Debug, Default)]
pub enum Ending<'a> {
    Finished {
        verdict: Verdict,
        took: Duration,
        problems: &'a [Problem],
        snapshot: &'a SnapshotOutcome,
    },
    Skipped(&'a str),
    /// The events end before it does.
    #[default]
    CutOff,
}

/// A scenario's own time, or a lab of it.
#[derive(Debug, Default)]
pub struct Stage<'a> {
    /// None: the scenario itself.
    pub title: Option<&'a str>,
    /// From its beginning to the last thing that happened in it.
    pub from: Duration,
    pub to: Duration,
    pub nodes: Vec<Lane<'a>>,
    pub addresses: Vec<Address<'a>>,
    pub marks: Vec<(Duration, &'a Mark)>,
    pub workloads: Vec<Workload<'a>>,
    pub checks: Vec<Check<'a>>,
    pub logs: Vec<Log<'a>>,
    /// Where the stage ended before the last call, which may be that of its end.
    before: Duration,
}

/// A node over the time.
#[derive(Debug)]
pub struct Lane<'a> {
    pub name: &'a str,
    /// From then on; none: there is no such node (any more).
    pub roles: Vec<(Duration, Option<Role>)>,
    pub reach: Vec<(Duration, Reach, &'a [String])>,
    /// Bytes that it is behind.
    pub behind: Vec<(Duration, u64)>,
}

/// A virtual address over the time.
#[derive(Debug)]
pub struct Address<'a> {
    pub address: &'a str,
    pub holders: Vec<(Duration, &'a [String])>,
}

/// What clients went through.
#[derive(Debug)]
pub struct Workload<'a> {
    pub target: &'a str,
    pub connect_timeout: Duration,
    pub answer_timeout: Duration,
    pub cost: &'a Cost,
    pub writes: &'a Writes,
}

/// An expectation.
#[derive(Debug)]
pub struct Check<'a> {
    pub message: &'a str,
    pub held: Held,
}

/// Whether it held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    Yes,
    No,
    /// Nobody could look.
    Unknown,
}

/// A server's log.
#[derive(Debug)]
pub struct Log<'a> {
    pub node: &'a str,
    pub lines: &'a [LogLine],
    pub left_out: usize,
}

/// A step: what happened in it, in its order.
#[derive(Debug)]
pub struct Step<'a> {
    /// None: what stands before the first step of the scenario or of a lab, or after a lab.
    pub title: Option<&'a str>,
    pub stage: usize,
    pub from: Duration,
    pub to: Option<Duration>,
    pub differs: &'a [DiffLine],
    pub broken: bool,
    pub items: Vec<(Duration, Item<'a>)>,
}

/// Something in a step.
#[derive(Debug)]
pub enum Item<'a> {
    Prose(&'a str),
    Shown(&'a Shown),
    Check(&'a str, bool),
    Mark(&'a Mark),
    Said(&'a str),
    Warned(&'a str),
    Violated(&'a str, &'a [String]),
    /// Why a call failed.
    Problem(&'a Problem),
}

impl Step<'_> {
    /// Something in it is not as it should be.
    pub fn is_bad(&self) -> bool {
        self.broken || !self.differs.is_empty()
    }
}

impl Scenario<'_> {
    /// Its steps of a stage with their numbers, from 1 in the scenario.
    pub fn steps_of(&self, stage: usize) -> impl Iterator<Item = (usize, &Step<'_>)> {
        let numbered = self.steps.iter().filter(|it| it.title.is_some()).zip(1..);
        let numbered = numbered.map(|(step, number)| (number, step));
        numbered.filter(move |(_, step)| step.stage == stage)
    }
}
