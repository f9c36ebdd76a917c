//! Which lines of a body are compared: commands, what they print, and headings. Prose is not.

use crate::transcript::{Section, fence_mark};

/// A line that is compared, without trailing spaces: editors and insta take them away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// From 1, in the body, or in its file ([`later`]).
    pub number: usize,
    pub text: &'a str,
}

/// All lines of a text.
pub fn all(text: &str) -> Vec<Line<'_>> {
    let text = text.trim_end();
    let lines = text.split('\n').enumerate();
    let lines = lines.map(|(at, line)| Line {
        number: at + 1,
        text: line.trim_end(),
    });
    if text.is_empty() {
        Vec::new()
    } else {
        lines.collect()
    }
}

/// The same lines with the numbers that they have so many lines further down.
pub fn later(mut lines: Vec<Line<'_>>, by: usize) -> Vec<Line<'_>> {
    for line in &mut lines {
        line.number += by;
    }
    lines
}

/// The lines of a body without its prose. A blank line between two lines of a block is the output's
/// own; any other sets something off.
pub fn compared(body: &str) -> Vec<Line<'_>> {
    let mut compared: Vec<Line<'_>> = Vec::new();
    let mut blank = Vec::new();
    let mut in_block = false;
    let mut fence = None;
    for line in all(body) {
        if let Some(mark) = fence {
            if line.text.trim_start().starts_with(mark) {
                fence = None;
            }
        } else if line.text.is_empty() {
            blank.push(line);
        } else if line.text.starts_with("    ") {
            if in_block {
                compared.append(&mut blank);
            }
            blank.clear();
            compared.push(line);
            in_block = true;
        } else {
            in_block = false;
            blank.clear();
            fence = fence_mark(line.text);
            if level(&line).is_some() {
                compared.push(line);
            }
        }
    }
    compared
}

/// The lines of one section among a body's.
pub fn section<'b, 'a>(lines: &'b [Line<'a>], section: &Section) -> &'b [Line<'a>] {
    let heading = |level: usize, title: &str, from: usize| {
        let heading = format!("{} {}", "#".repeat(level), title.trim_end());
        let found = lines[from..].iter().position(|line| line.text == heading);
        found.map(|at| from + at)
    };
    let start = match (&section.lab, &section.title) {
        (None, None) => Some(0),
        (None, Some(title)) => heading(2, title, 0),
        (Some(lab), None) => heading(2, lab, 0),
        (Some(lab), Some(title)) => heading(2, lab, 0).and_then(|lab| heading(3, title, lab)),
    };
    let Some(start) = start else { return &[] };
    let inside = usize::from(section.lab.is_some() || section.title.is_some());
    let rest = &lines[(start + inside).min(lines.len())..];
    let length = rest
        .iter()
        .position(|line| level(line).is_some())
        .unwrap_or(rest.len());
    &lines[start..start + inside + length]
}

fn level(line: &Line<'_>) -> Option<usize> {
    let title = line.text.trim_start_matches('#');
    let level = line.text.len() - title.len();
    ((2..=3).contains(&level) && title.starts_with(' ')).then_some(level)
}
