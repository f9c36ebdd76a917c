//! What became of a workload's writes over the time, in buckets: enough to draw it.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Answer, History, Row};

/// More buckets than this nobody can tell apart in a picture.
const BUCKETS: u128 = 600;
/// Less than this is finer than what clients can tell.
const FINEST: Duration = Duration::from_millis(10);

/// Writes over the time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Writes {
    /// Where the first bucket begins, on the clock of the events.
    #[serde(with = "crate::seconds")]
    pub from: Duration,
    /// How long each bucket is.
    #[serde(with = "crate::seconds")]
    pub width: Duration,
    pub buckets: Vec<Bucket>,
}

/// The writes of a time: when the acknowledged ones were heard of, when the others were sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// Acknowledged, and there in the end.
    pub kept: u32,
    /// Acknowledged, and gone.
    pub lost: u32,
    /// Answered with an error.
    pub refused: u32,
    /// Never answered.
    pub in_doubt: u32,
}

/// A history's writes, from its first to its end, given the rows that are left.
pub fn writes(history: &History, left: &BTreeSet<Row>) -> Writes {
    let Some(from) = history.writes.iter().map(|it| it.sent).min() else {
        return Writes::default();
    };
    let moment = |write: &super::Write| match write.answer {
        Answer::Acked(heard) => heard,
        Answer::Refused | Answer::InDoubt => write.sent,
    };
    let last = history.writes.iter().map(moment).max().unwrap_or(from);
    let long = last.max(history.until).saturating_sub(from);
    let width = width(long);
    let mut buckets = vec![Bucket::default(); number(long, width) + 1];
    for write in &history.writes {
        let bucket = &mut buckets[number(moment(write).saturating_sub(from), width)];
        *match write.answer {
            Answer::Acked(_) if left.contains(&write.row) => &mut bucket.kept,
            Answer::Acked(_) => &mut bucket.lost,
            Answer::Refused => &mut bucket.refused,
            Answer::InDoubt => &mut bucket.in_doubt,
        } += 1;
    }
    Writes {
        from,
        width,
        buckets,
    }
}

/// A whole number of hundredths of a second.
fn width(long: Duration) -> Duration {
    let finest = FINEST.as_millis();
    let steps = long.as_millis().div_ceil(BUCKETS * finest).max(1);
    FINEST * u32::try_from(steps).unwrap_or(u32::MAX)
}

fn number(since: Duration, width: Duration) -> usize {
    usize::try_from(since.as_nanos() / width.as_nanos()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::Write;

    fn ms(time: u64) -> Duration {
        Duration::from_millis(time)
    }

    fn history(writes: &[(u64, Answer)], until: u64) -> History {
        let writes = writes
            .iter()
            .zip(1..)
            .map(|((sent, answer), sequence)| Write {
                row: Row {
                    writer: 1,
                    sequence,
                },
                sent: ms(*sent),
                answer: *answer,
            });
        History {
            writes: writes.collect(),
            until: ms(until),
            ..History::default()
        }
    }

    #[test]
    fn writes_are_counted_where_clients_heard_of_them() {
        let acked = |heard| Answer::Acked(ms(heard));
        let history = history(
            &[
                (1000, acked(1004)),
                (1005, acked(1012)),
                (1020, Answer::InDoubt),
                (1021, Answer::Refused),
                (1022, acked(1049)),
            ],
            1050,
        );
        let left = [1, 5].map(|sequence| Row {
            writer: 1,
            sequence,
        });
        let writes = writes(&history, &left.into());
        let lines = writes.buckets.iter().zip(0..).map(|(it, at)| {
            let Bucket {
                kept,
                lost,
                refused,
                in_doubt,
            } = it;
            let from = writes.from + writes.width * at;
            format!("{from:?}: {kept} kept, {lost} lost, {refused} refused, {in_doubt} in doubt")
        });
        insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @"
        1s: 1 kept, 0 lost, 0 refused, 0 in doubt
        1.01s: 0 kept, 1 lost, 0 refused, 0 in doubt
        1.02s: 0 kept, 0 lost, 1 refused, 1 in doubt
        1.03s: 0 kept, 0 lost, 0 refused, 0 in doubt
        1.04s: 1 kept, 0 lost, 0 refused, 0 in doubt
        1.05s: 0 kept, 0 lost, 0 refused, 0 in doubt
        ");
    }

    #[test]
    fn however_long_it_took_there_are_at_most_some_600_buckets() {
        let buckets = |until| {
            let history = history(&[(0, Answer::Refused)], until);
            let writes = writes(&history, &BTreeSet::new());
            format!("{until} ms: {} of {:?}", writes.buckets.len(), writes.width)
        };
        let lines = [0, 9, 5_999, 6_000, 6_001, 3_600_000].map(buckets);
        insta::assert_snapshot!(lines.join("\n"), @"
        0 ms: 1 of 10ms
        9 ms: 1 of 10ms
        5999 ms: 600 of 10ms
        6000 ms: 601 of 10ms
        6001 ms: 301 of 20ms
        3600000 ms: 601 of 6s
        ");
    }

    #[test]
    fn without_writes_there_is_nothing() {
        assert_eq!(
            writes(&history(&[], 10), &BTreeSet::new()),
            Writes::default()
        );
    }
}
