//! Close-ups: outages are short, and what happens in them is what matters.

use std::time::Duration;

use super::story::Stage;
use super::text::visible;

/// A part of a stage that is worth a picture of its own.
#[derive(Debug, PartialEq, Eq)]
pub struct CloseUp {
    pub title: String,
    pub window: (Duration, Duration),
    /// When the outage began.
    pub zero: Duration,
}

/// A picture is that much longer than its outage, on each side.
const MARGIN: f64 = 0.4;
const LEAST: Duration = Duration::from_millis(100);
/// More pictures than these nobody looks at.
const MOST: usize = 4;
/// An outage that fills so much of the whole picture can be seen there.
const LARGE: f64 = 0.6;

/// A window around each outage of the stage; those that lie within each other share one.
pub fn windows(stage: &Stage<'_>) -> Vec<CloseUp> {
    let outages = (stage.workloads.iter()).flat_map(|it| &it.cost.outages);
    let mut all: Vec<_> = outages
        .map(|it| (it.from, it.from + it.lasted, it.fault.as_str()))
        .collect();
    all.sort();
    let mut spans: Vec<(Duration, Duration, Vec<&str>)> = Vec::new();
    for (from, to, fault) in all {
        match spans.last_mut() {
            Some((_, end, faults)) if from <= *end => {
                *end = to.max(*end);
                if !faults.contains(&fault) {
                    faults.push(fault);
                }
            }
            _ => spans.push((from, to, vec![fault])),
        }
    }
    let whole = stage.to.saturating_sub(stage.from).as_secs_f64();
    spans.retain(|(from, to, _)| to.saturating_sub(*from).as_secs_f64() < LARGE * whole);
    spans.truncate(MOST);
    let windows = spans.into_iter().map(|(from, to, faults)| {
        let margin = to.saturating_sub(from).mul_f64(MARGIN).max(LEAST);
        CloseUp {
            title: visible(&faults.join(", ")),
            window: (
                from.saturating_sub(margin).max(stage.from),
                (to + margin).min(stage.to),
            ),
            zero: from,
        }
    });
    windows.collect()
}
