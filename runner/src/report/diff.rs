//! A diff for a terminal.

use anstyle::{AnsiColor, Effects, Style};

use crate::event::{DiffLine, Sign};

/// The lines of a diff with their numbers, as a text; what differs within a line stands out.
pub fn draw(diff: &[DiffLine], styled: bool) -> String {
    diff.iter().map(|line| one(line, styled)).collect()
}

fn one(line: &DiffLine, styled: bool) -> String {
    let (sign, color) = match line.sign {
        Sign::Equal => (' ', Style::new()),
        Sign::Removed => ('-', AnsiColor::Red.on_default()),
        Sign::Added => ('+', AnsiColor::Green.on_default()),
        Sign::Gap => return "     ⋮\n".to_owned(),
    };
    let plain = Style::new();
    let color = if styled { color } else { plain };
    let number = match line.sign {
        Sign::Added => String::new(),
        _ => line.line.to_string(),
    };
    let mut text = format!("{number:>4} {color}{sign}{color:#}");
    for piece in &line.pieces {
        let style = if styled && piece.emphasized {
            color | Effects::UNDERLINE
        } else {
            color
        };
        text = format!("{text}{style}{}{style:#}", piece.text);
    }
    format!("{}\n", text.trim_end())
}
