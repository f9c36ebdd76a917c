//! Marks over the lanes: what happened, and when.

use std::time::Duration;

use serde::Serialize;

use super::super::scale::Scale;
use super::super::text::visible;
use super::{LETTER, told};
use crate::cost::Mark;

/// Of a row of labels.
const ROW: f64 = 17.0;
/// More rows than this would be a list, not a picture.
const ROWS: usize = 5;

/// A mark.
#[derive(Debug, Serialize)]
pub struct Flag {
    pub x: f64,
    pub class: &'static str,
    /// The label's place; none: there is no room for it.
    pub at: Option<(f64, f64)>,
    /// The label stands to the left of its line.
    pub left: bool,
    pub label: String,
}

pub fn height(rows: usize) -> f64 {
    f64::from(u32::try_from(rows).unwrap_or_default()) * ROW + if rows > 0 { 4.0 } else { 0.0 }
}

/// The flags, faults first, and how many rows their labels take. Only a close-up names all.
pub fn flags(marks: &[(Duration, &Mark)], scale: &Scale, close: bool) -> (Vec<Flag>, usize) {
    let is_fault = |mark: &Mark| matches!(mark, Mark::Fault { .. });
    let mut shown: Vec<_> = (marks.iter())
        .filter(|(at, mark)| {
            scale.holds(*at) && (close || !matches!(mark, Mark::MoveCalled { .. }))
        })
        .collect();
    shown.sort_by_key(|(at, mark)| (!is_fault(mark), *at));
    let mut taken: Vec<(usize, f64, f64)> = Vec::new();
    let mut flags = Vec::new();
    for (at, mark) in shown {
        let (class, label) = told(mark);
        let label = visible(&label);
        let x = scale.x(*at);
        #[expect(clippy::cast_precision_loss, reason = "it is a picture")]
        let long = label.chars().count() as f64 * LETTER + 10.0;
        let left = x + long > scale.width && x > long;
        let (start, end) = if left { (x - long, x) } else { (x, x + long) };
        let wanted = close || is_fault(mark) || matches!(mark, Mark::Writable { .. });
        let is_free = |row: usize| {
            let mut there = taken.iter().filter(|(it, ..)| *it == row);
            !there.any(|(_, from, to)| start < *to && *from < end)
        };
        let row = (0..ROWS).find(|row| wanted && is_free(*row));
        taken.extend(row.map(|row| (row, start, end)));
        flags.push(Flag {
            x,
            class,
            at: row.map(|row| {
                let number = f64::from(u32::try_from(row).unwrap_or_default());
                let beside = if left { -5.0 } else { 5.0 };
                (x + beside, super::BANDS + number * ROW + 13.0)
            }),
            left,
            label,
        });
    }
    let rows = taken.iter().map(|(row, ..)| row + 1).max();
    (flags, rows.unwrap_or_default())
}
