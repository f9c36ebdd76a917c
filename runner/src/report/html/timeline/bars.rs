//! A workload's writes as a strip of bars, and its outages below.

use std::fmt::Write;
use std::time::Duration;

use serde::Serialize;

use super::super::scale::{Scale, tenth};
use super::super::story::Workload;
use super::super::text::{seconds, visible};
use super::fits;
use crate::cost::{Bucket, Mark, Phases};

/// Of an outage below the bars.
pub const OUTAGE: f64 = 24.0;
/// Of a bar, at least.
const BAR: f64 = 2.0;

/// The writes: a path of bars for each kind. What was acknowledged stands on the line, what was not
/// hangs from it.
#[derive(Debug, Default, Serialize)]
pub struct Strip {
    pub kept: String,
    pub lost: String,
    pub refused: String,
    pub in_doubt: String,
    /// The line.
    pub y: f64,
    pub x: f64,
    pub width: f64,
    pub title: String,
}

/// Of the strip's height the part above the line.
const ABOVE: f64 = 0.68;

/// The strip of a workload; none: nothing of it is in the window.
pub fn bars(workload: &Workload<'_>, scale: &Scale, y: f64, height: f64) -> Option<Strip> {
    let (width, columns) = columns(workload, scale);
    let most = |of: fn(&Bucket) -> u32| columns.iter().map(|it| of(&it.1)).max().unwrap_or(0);
    let above = most(|it| it.kept + it.lost);
    let below = most(|it| it.refused + it.in_doubt);
    let (first, last) = (columns.first()?.0, columns.last()?.0 + width);
    let line = tenth(y + height * ABOVE);
    let mut strip = Strip {
        y: line,
        x: first,
        width: tenth(last.min(scale.width) - first),
        title: visible(&format!("writes to {}", workload.target)),
        ..Strip::default()
    };
    for (x, it) in &columns {
        let wide = tenth((width - 0.4).max(1.6));
        let up = |count: u32| part(count, above) * height * ABOVE;
        let down = |count: u32| part(count, below) * height * (1.0 - ABOVE);
        let (there, gone) = (up(it.kept), up(it.lost));
        rect(&mut strip.kept, *x, line - there, wide, there);
        rect(&mut strip.lost, *x, line - there - gone, wide, gone);
        let (refused, doubt) = (down(it.refused), down(it.in_doubt));
        rect(&mut strip.refused, *x, line, wide, refused);
        rect(&mut strip.in_doubt, *x, line + refused, wide, doubt);
    }
    Some(strip)
}

fn rect(path: &mut String, x: f64, y: f64, width: f64, height: f64) {
    if height > 0.0 {
        let (y, height) = (tenth(y), tenth(height));
        write!(path, "M{x} {y}h{width}v{height}h-{width}z").expect("a text grows");
    }
}

fn part(count: u32, most: u32) -> f64 {
    f64::from(count) / f64::from(most.max(1))
}

/// The buckets that are in the window, as columns that are wide enough to be seen: their width,
/// places and contents.
fn columns(workload: &Workload<'_>, scale: &Scale) -> (f64, Vec<(f64, Bucket)>) {
    let writes = workload.writes;
    let mut columns: Vec<(f64, Bucket)> = Vec::new();
    let mut width = BAR;
    for (bucket, number) in writes.buckets.iter().zip(0_u32..) {
        let from = writes.from + writes.width * number;
        let Some((x, wide)) = scale.span(from, from + writes.width) else {
            continue;
        };
        if wide <= 0.0 {
            continue;
        }
        width = width.max(wide);
        match columns.last_mut() {
            Some((start, sum)) if x - *start < BAR => {
                sum.kept += bucket.kept;
                sum.lost += bucket.lost;
                sum.refused += bucket.refused;
                sum.in_doubt += bucket.in_doubt;
            }
            _ => columns.push((x, *bucket)),
        }
    }
    (width, columns)
}

/// The time that clients were without service, in its parts.
#[derive(Debug, Serialize)]
pub struct Outage {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
    pub label: String,
    pub title: String,
    pub parts: Vec<Part>,
}

/// A part of an outage.
#[derive(Debug, Serialize)]
pub struct Part {
    pub x: f64,
    pub width: f64,
    pub class: &'static str,
    pub label: String,
    pub title: String,
}

/// The outages of a workload that are in the window.
pub fn outages(
    workload: &Workload<'_>,
    marks: &[(Duration, &Mark)],
    scale: &Scale,
    y: f64,
    close: bool,
) -> Vec<Outage> {
    let longest = workload.cost.outages.iter().map(|it| it.lasted).max();
    let outages = workload.cost.outages.iter().filter_map(|outage| {
        let to = outage.from + outage.lasted;
        let (x, width) = scale.span(outage.from, to)?;
        let long = if outage.over {
            format!("{} out of service", seconds(outage.lasted))
        } else {
            format!("not back after {}", seconds(outage.lasted))
        };
        let is_longest = Some(outage.lasted) == longest;
        Some(Outage {
            x,
            y,
            width,
            height: OUTAGE,
            label: long.clone(),
            title: visible(&format!("{}: {long}", outage.fault)),
            parts: if close && is_longest && workload.cost.rto.is_some() {
                parts(&workload.cost.phases, outage.from, marks, scale)
            } else {
                Vec::new()
            },
        })
    });
    outages.collect()
}

/// The parts of the longest outage, one after the other as its marks came.
fn parts(phases: &Phases, from: Duration, marks: &[(Duration, &Mark)], scale: &Scale) -> Vec<Part> {
    let moved = |it: &&(Duration, &Mark)| it.0 >= from && matches!(it.1, Mark::VipMoved { .. });
    let ready = |it: &&(Duration, &Mark)| it.0 >= from && matches!(it.1, Mark::Writable { .. });
    let first = |of: &dyn Fn(&&(Duration, &Mark)) -> bool| marks.iter().find(of).map(|it| it.0);
    let mut middle = [
        (first(&ready), "promoted", phases.promote),
        (first(&moved), "moved", phases.relocate),
    ];
    middle.sort_by_key(|it| it.0);
    let named = [("noticed", phases.detect)]
        .into_iter()
        .chain(middle.map(|(_, name, long)| (name, long)))
        .chain([("back", phases.reconnect)]);
    let mut at = from;
    let parts = named.filter_map(|(class, long)| {
        let long = long?;
        let (x, width) = scale.span(at, at + long)?;
        at += long;
        let word = match class {
            "noticed" => "noticed",
            "promoted" => "promoted, writable",
            "moved" => "address moved",
            _ => "clients back",
        };
        let title = format!("{word} {}", seconds(long));
        let label = [title.as_str(), word, class]
            .into_iter()
            .find(|it| fits(it, width));
        Some(Part {
            x,
            width,
            class,
            label: label.unwrap_or_default().to_owned(),
            title,
        })
    });
    parts.collect()
}
