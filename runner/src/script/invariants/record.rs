//! What an invariant has seen, and what follows from it.

use std::time::Duration;

use crate::problem::Problem;

/// What one look told.
#[derive(Debug)]
pub enum Look {
    Holds,
    /// It does not, and what was seen.
    Violated(Vec<String>),
    /// Why there was no answer.
    Unknown(String),
    /// The playbook's closure is wrong.
    Wrong(Problem),
    /// The run was stopped meanwhile.
    Cancelled,
}

/// All looks so far.
#[derive(Debug, Default)]
pub struct Record {
    /// For so long it may be violated.
    within: Duration,
    pub definite: u64,
    pub unknown: u64,
    /// Why the last one that was unknown was.
    pub why: Option<String>,
    /// Since when all that is known is that it does not hold.
    since: Option<Duration>,
    pub violation: Option<Violation>,
    pub wrong: Option<Problem>,
    pub cancelled: bool,
}

/// The first time that it was violated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub at: Duration,
    pub seen: Vec<String>,
}

impl Record {
    pub fn new(within: Duration) -> Self {
        Self {
            within,
            ..Self::default()
        }
    }

    /// Takes in a look; whether it is the one that violates.
    pub fn take(&mut self, at: Duration, look: Look) -> bool {
        match look {
            Look::Holds => {
                self.definite += 1;
                self.since = None;
            }
            Look::Violated(seen) => {
                self.definite += 1;
                let since = *self.since.get_or_insert(at);
                if self.violation.is_none() && at.saturating_sub(since) >= self.within {
                    self.violation = Some(Violation { at, seen });
                    return true;
                }
            }
            Look::Unknown(why) => {
                self.unknown += 1;
                self.why = Some(why);
            }
            Look::Wrong(problem) => self.wrong = Some(problem),
            Look::Cancelled => self.cancelled = true,
        }
        false
    }

    /// Whether there has been a look at all.
    pub fn has_begun(&self) -> bool {
        self.definite + self.unknown > 0 || self.wrong.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks, 10 ms apart: `+` holds, `-` does not, `?` is unknown.
    fn record(within: u64, looks: &str) -> String {
        let mut record = Record::new(Duration::from_millis(within));
        for (look, at) in looks.chars().zip((10..).step_by(10)) {
            let look = match look {
                '+' => Look::Holds,
                '-' => Look::Violated(vec![]),
                _ => Look::Unknown(String::new()),
            };
            record.take(Duration::from_millis(at), look);
        }
        let violated = record.violation.map(|it| it.at.as_millis());
        format!("{} {} {violated:?}", record.definite, record.unknown)
    }

    #[test]
    fn the_first_violation_counts_and_what_is_unknown_is_none() {
        assert_eq!(record(0, "++?-+-"), "5 1 Some(40)");
        assert_eq!(record(0, "???"), "0 3 None");
        assert_eq!(record(0, ""), "0 0 None");
    }

    #[test]
    fn for_a_time_it_may_be_violated_and_then_it_must_hold_again() {
        assert_eq!(record(20, "--+--+"), "6 0 None");
        assert_eq!(record(20, "+---"), "4 0 Some(40)");
        assert_eq!(record(20, "-?-"), "2 1 Some(30)");
    }
}
