//! What a fault cost: how long clients were without service, and which acknowledged writes are gone.
//! Pure arithmetic over what the writers of a workload saw, the marks of the run, and the rows that
//! are left.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

mod writes;

pub use writes::{Bucket, Writes, writes};

/// A row that a workload writes: by whom, and its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Row {
    pub writer: u32,
    pub sequence: u64,
}

/// A write as its client saw it. All times are of one monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Write {
    pub row: Row,
    pub sent: Duration,
    pub answer: Answer,
}

/// What the client heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It is committed, said the server, and the client heard it at that time.
    Acked(Duration),
    /// It is not: the server answered with an error.
    Refused,
    /// The answer never came, so it may be committed or not.
    InDoubt,
}

/// Something that happened in a run and that divides an outage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mark", rename_all = "kebab-case")]
pub enum Mark {
    /// From here on something is broken: it starts the clock.
    Fault {
        name: String,
    },
    /// A server was stopped on purpose: it starts no clock.
    PlannedStop {
        node: String,
    },
    PromotionCalled {
        node: String,
    },
    /// The promoted server accepts writes.
    Writable {
        node: String,
    },
    /// A VIP is to be moved.
    MoveCalled {
        address: String,
    },
    /// It has its new holder.
    VipMoved {
        address: String,
    },
}

/// A mark and when it was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    pub at: Duration,
    pub mark: Mark,
}

/// All that a workload saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// In any order.
    pub writes: Vec<Write>,
    /// Those that were set while it went on.
    pub marks: Vec<Marked>,
    /// When its writers were stopped.
    pub until: Duration,
}

/// What it cost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Writes that were acknowledged.
    pub acked: usize,
    /// Acknowledged, and gone.
    pub lost: usize,
    /// Answered with an error.
    pub refused: usize,
    /// Never answered, and there.
    pub in_doubt_present: usize,
    /// Never answered, and not there.
    pub in_doubt_absent: usize,
    /// There, although refused or never sent.
    pub phantom: usize,
    /// One for each fault, in the order of the faults.
    pub outages: Vec<Outage>,
    /// The longest outage; none if there was no fault, or if one never ended.
    #[serde(default, with = "crate::seconds::maybe")]
    pub rto: Option<Duration>,
    /// Of the longest outage.
    pub phases: Phases,
    /// The longest time from an acknowledgement to the next, or to the end, whatever was the reason.
    #[serde(default, with = "crate::seconds::maybe")]
    pub gap: Option<Duration>,
}

/// The time that clients were without service because of a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    pub fault: String,
    /// When it began, on the clock of the events.
    #[serde(default, with = "crate::seconds")]
    pub from: Duration,
    /// Until the writers were stopped, if it was not over then.
    #[serde(with = "crate::seconds")]
    pub lasted: Duration,
    pub over: bool,
}

/// An outage in parts that add up to it. None: what would end that part did not happen in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phases {
    /// Until somebody did something about it.
    #[serde(default, with = "crate::seconds::maybe")]
    pub detect: Option<Duration>,
    /// Until the promoted server was writable.
    #[serde(default, with = "crate::seconds::maybe")]
    pub promote: Option<Duration>,
    /// Until the address had moved.
    #[serde(default, with = "crate::seconds::maybe")]
    pub relocate: Option<Duration>,
    /// Until a client's write was acknowledged.
    #[serde(default, with = "crate::seconds::maybe")]
    pub reconnect: Option<Duration>,
}

/// What the faults of a history cost, given the rows that are left in the end.
pub fn cost(history: &History, left: &BTreeSet<Row>) -> Cost {
    let mut cost = Cost::default();
    let mut expected = 0;
    for write in &history.writes {
        let there = left.contains(&write.row);
        match (write.answer, there) {
            (Answer::Acked(_), _) => {
                cost.acked += 1;
                cost.lost += usize::from(!there);
            }
            (Answer::Refused, _) => cost.refused += 1,
            (Answer::InDoubt, true) => cost.in_doubt_present += 1,
            (Answer::InDoubt, false) => cost.in_doubt_absent += 1,
        }
        expected += usize::from(there && write.answer != Answer::Refused);
    }
    cost.phantom = left.len() - expected;
    let stretches: Vec<_> = (history.marks.iter())
        .filter_map(|it| match &it.mark {
            Mark::Fault { name } => Some((name, stretch(history, it.at))),
            _ => None,
        })
        .collect();
    let longest = stretches
        .iter()
        .map(|(_, it)| it)
        .max_by_key(|it| it.long());
    if stretches.iter().all(|(_, it)| it.over) {
        cost.rto = longest.map(Stretch::long);
        cost.phases = longest.map_or(Phases::default(), |it| phases(history, it));
    }
    let outages = stretches.iter().map(|(fault, it)| Outage {
        fault: (*fault).clone(),
        from: it.from,
        lasted: it.long(),
        over: it.over,
    });
    cost.outages = outages.collect();
    cost.gap = gap(history);
    cost
}

/// From the end of service to its return.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    from: Duration,
    to: Duration,
    over: bool,
}

impl Stretch {
    fn long(&self) -> Duration {
        self.to.saturating_sub(self.from)
    }
}

/// The outage of a fault.
///
/// It begins with the last acknowledgement that had come by then. It ends with the first
/// acknowledgement of a write that was *sent* after the fault: the answer to an earlier one may have
/// been on its way when the fault struck, and says nothing about the service since. Whoever
/// acknowledges it counts, also an old primary that nobody stopped: the client was served, and the
/// write is lost later.
fn stretch(history: &History, fault: Duration) -> Stretch {
    let before = acknowledged(history).map(|(_, heard)| heard);
    let last = before.filter(|heard| *heard <= fault).max();
    let after = acknowledged(history).filter(|(sent, _)| *sent > fault);
    let first = after.map(|(_, heard)| heard).min();
    // Nobody was served before the fault, or not since a stop that was planned: then the fault
    // itself is where the outage begins.
    let served = last.filter(|last| !is_planned(history, *last, fault));
    Stretch {
        from: served.unwrap_or(fault),
        to: first.unwrap_or(history.until.max(fault)),
        over: first.is_some(),
    }
}

/// When each acknowledged write was sent, and its acknowledgement heard.
fn acknowledged(history: &History) -> impl Iterator<Item = (Duration, Duration)> {
    history
        .writes
        .iter()
        .filter_map(|write| match write.answer {
            Answer::Acked(heard) => Some((write.sent, heard)),
            Answer::Refused | Answer::InDoubt => None,
        })
}

fn is_planned(history: &History, last: Duration, fault: Duration) -> bool {
    history
        .marks
        .iter()
        .any(|it| matches!(it.mark, Mark::PlannedStop { .. }) && last <= it.at && it.at <= fault)
}

/// Divides an outage at its marks: each part belongs to the mark that ends it. The first is noticing,
/// if what ends it is something that was called; what is called later ends no part, since another
/// one is still under way.
fn phases(history: &History, outage: &Stretch) -> Phases {
    let mut marks: Vec<_> = (history.marks.iter())
        .filter(|it| outage.from <= it.at && it.at <= outage.to)
        .collect();
    marks.sort_by_key(|it| it.at);
    let mut phases = Phases::default();
    let mut since = outage.from;
    let mut noticed = false;
    for Marked { at, mark } in marks {
        let phase = match mark {
            Mark::Writable { .. } => &mut phases.promote,
            Mark::VipMoved { .. } => &mut phases.relocate,
            Mark::PromotionCalled { .. } | Mark::MoveCalled { .. } if !noticed => {
                &mut phases.detect
            }
            _ => continue,
        };
        *phase = Some(phase.unwrap_or_default() + at.saturating_sub(since));
        since = *at;
        noticed = true;
    }
    if noticed {
        phases.reconnect = Some(outage.to.saturating_sub(since));
    }
    phases
}

fn gap(history: &History) -> Option<Duration> {
    let mut heard: Vec<_> = acknowledged(history).map(|(_, heard)| heard).collect();
    heard.sort_unstable();
    // Service that ends a while after a fault is no outage of it, and still shows.
    let last = heard.last().copied()?;
    heard.push(history.until.max(last));
    let gaps = heard.windows(2).map(|pair| pair[1].saturating_sub(pair[0]));
    gaps.max()
}

#[cfg(test)]
mod tests;
