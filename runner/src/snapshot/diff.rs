//! The difference of two texts, as lines with what differs within them.

use std::fmt::Write;

use similar::{ChangeTag, InlineChange, TextDiff};

use super::body::Line;
use crate::event::{DiffLine, Piece, Sign};

/// How many equal lines stand around a difference.
const CONTEXT: usize = 3;

/// The lines of the diff, with a gap between its hunks and where prose is left out; none if nothing differs.
pub fn lines(old: &[Line<'_>], new: &[Line<'_>]) -> Vec<DiffLine> {
    let (old_texts, new_texts) = (texts(old), texts(new));
    let diff = TextDiff::from_slices(&old_texts, &new_texts);
    let mut lines = Vec::new();
    for hunk in diff.grouped_ops(CONTEXT) {
        if !lines.is_empty() {
            lines.push(gap());
        }
        let mut before = Before::default();
        for change in hunk.iter().flat_map(|op| diff.iter_inline_changes(op)) {
            let old = change.old_index().map(|at| old[at].number);
            let new = change.new_index().map(|at| new[at].number);
            if before.leaves_out(old, new) {
                lines.push(gap());
            }
            lines.push(line(&change, old.or(new).unwrap_or_default()));
        }
    }
    lines
}

fn gap() -> DiffLine {
    DiffLine {
        sign: Sign::Gap,
        line: 0,
        pieces: Vec::new(),
    }
}

/// The numbers of the lines that come before the next one, in the old text and in the new.
#[derive(Default)]
struct Before {
    old: Option<usize>,
    new: Option<usize>,
}

impl Before {
    /// Whether prose, which is not compared, lies before the line of these numbers. Of a lone blank
    /// line nobody needs to know.
    fn leaves_out(&mut self, old: Option<usize>, new: Option<usize>) -> bool {
        let far = |before: Option<usize>, now: Option<usize>| {
            before
                .zip(now)
                .is_some_and(|(before, now)| now > before + 2)
        };
        let gap = far(self.old, old) || far(self.new, new);
        if gap {
            // The other text's next line lies behind this gap too: one mark is enough.
            *self = Self::default();
        }
        self.old = old.or(self.old);
        self.new = new.or(self.new);
        gap
    }
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

fn line(change: &InlineChange<'_, str>, line: usize) -> DiffLine {
    let sign = match change.tag() {
        ChangeTag::Equal => Sign::Equal,
        ChangeTag::Delete => Sign::Removed,
        ChangeTag::Insert => Sign::Added,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::body::compared;

    #[test]
    fn prose_between_two_outputs_leaves_a_mark() {
        let old = "    a=# select 1;\n     1\n\nProse.\n\n    a=# select 2;\n     2\n";
        let new = old.replace("     2\n", "     3\n");
        insta::assert_snapshot!(plain(&lines(&compared(old), &compared(&new))), @"
        1       a=# select 1;
        2        1
        ⋮
        6       a=# select 2;
        7 -      2
        7 +      3
        ");
    }
}
