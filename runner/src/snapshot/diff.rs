//! The difference of two texts, as lines with what differs within them.

use std::fmt::Write;

use similar::{ChangeTag, InlineChange, TextDiff};

use super::body::Line;
use crate::event::{DiffLine, Piece, Sign};

/// How many equal lines stand around a difference.
const CONTEXT: usize = 3;

/// The lines of the diff, with a gap between its hunks; none if nothing differs.
pub fn lines(old: &[Line<'_>], new: &[Line<'_>]) -> Vec<DiffLine> {
    let (old_texts, new_texts) = (texts(old), texts(new));
    let diff = TextDiff::from_slices(&old_texts, &new_texts);
    let mut lines = Vec::new();
    for hunk in diff.grouped_ops(CONTEXT) {
        if !lines.is_empty() {
            lines.push(DiffLine {
                sign: Sign::Gap,
                line: 0,
                pieces: Vec::new(),
            });
        }
        for change in hunk.iter().flat_map(|op| diff.iter_inline_changes(op)) {
            lines.push(line(&change, old, new));
        }
    }
    lines
}

fn texts<'a>(lines: &[Line<'a>]) -> Vec<&'a str> {
    lines.iter().map(|line| line.text).collect()
}

/// The diff as plain text, with line numbers.
pub fn plain(diff: &[DiffLine]) -> String {
    let mut text = String::new();
    for DiffLine { sign, line, pieces } in diff {
        let sign = match sign {
            Sign::Equal => ' ',
            Sign::Removed => '-',
            Sign::Added => '+',
            Sign::Gap => {
                text.push_str("   ⋮\n");
                continue;
            }
        };
        let content: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
        let content = format!("{line:4} {sign} {content}");
        writeln!(text, "{}", content.trim_end()).expect("a string takes all text");
    }
    text
}

fn line(change: &InlineChange<'_, str>, old: &[Line<'_>], new: &[Line<'_>]) -> DiffLine {
    let old = change.old_index().map_or(0, |at| old[at].number);
    let (sign, line) = match change.tag() {
        ChangeTag::Equal => (Sign::Equal, old),
        ChangeTag::Delete => (Sign::Removed, old),
        ChangeTag::Insert => (
            Sign::Added,
            change.new_index().map_or(0, |at| new[at].number),
        ),
    };
    let mut pieces: Vec<Piece> = Vec::new();
    for (emphasized, text) in change.iter_strings_lossy() {
        match pieces
            .last_mut()
            .filter(|piece| piece.emphasized == emphasized)
        {
            Some(piece) => piece.text.push_str(&text),
            None => pieces.push(Piece {
                text: text.into_owned(),
                emphasized,
            }),
        }
    }
    DiffLine { sign, line, pieces }
}
