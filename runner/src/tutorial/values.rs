//! Values that change from run to run: a placeholder that is typed somewhere stands for what was
//! printed before, or, where nothing has printed it, for a value that is chosen.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::engine::quoted;
use crate::problem::{Blame, Problem};

use super::needs::lines;
use super::page::{Line, Page};

static PLACEHOLDER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"<[a-z][a-z-]*:\d+[^<>\n]*>").expect("it is constant"));

/// The placeholders that are still to get a value.
#[derive(Debug)]
pub struct Values {
    wanted: BTreeSet<String>,
}

impl Values {
    pub fn of(page: &Page) -> Self {
        let inputs = lines(page).filter_map(|line| match line {
            Line::Command(command) => Some(&command.input),
            Line::Remark(remark) => Some(&remark.text),
            Line::Text(_) => None,
        });
        let found = inputs.flat_map(|text| PLACEHOLDER.find_iter(text));
        Self {
            wanted: found.map(|it| it.as_str().to_owned()).collect(),
        }
    }

    /// The lines of a script that choose values for what a text needs and nobody has printed.
    pub fn chosen(&mut self, text: &str) -> Result<Vec<String>, Box<Problem>> {
        let mut lines = Vec::new();
        for found in PLACEHOLDER.find_iter(text) {
            let placeholder = found.as_str();
            if !self.wanted.remove(placeholder) {
                continue;
            }
            let (kind, number) = placeholder[1..placeholder.len() - 1]
                .split_once(':')
                .unwrap_or_default();
            let value = match (kind, number.parse::<u8>()) {
                ("backup", Ok(number)) => format!("\"$(date -u +%Y%m%dT%H%M%SZ)-{number:04x}\""),
                ("mac", Ok(number)) => format!("02:00:00:00:00:{number:02x}"),
                _ => {
                    let message = format!(
                        "the transcript types `{placeholder}`, which no command has printed before"
                    );
                    let problem = Problem::new(Blame::Playbook, message);
                    return Err(Box::new(problem.note(
                        "a playbook shows a value before it is used: `let t = now(node);`",
                    )));
                }
            };
            lines.push(format!("value {} {value}", quoted(placeholder)));
        }
        Ok(lines)
    }

    /// The lines of a script that take values from what a command has printed.
    pub fn printed(&mut self, output: &str) -> Vec<String> {
        let mut binds = Vec::new();
        for (at, line) in output.split('\n').enumerate() {
            for found in PLACEHOLDER.find_iter(line) {
                if self.wanted.remove(found.as_str()) {
                    let (before, after) = (&line[..found.start()], &line[found.end()..]);
                    let pattern = format!("{}\\(.*[^ ]\\){}", pattern(before), pattern(after));
                    let (placeholder, pattern) = (quoted(found.as_str()), quoted(&pattern));
                    binds.push(format!("bind {placeholder} {} {pattern}", at + 1));
                }
            }
        }
        binds
    }
}

/// A basic regular expression for a part of a line. A column's width depends on what is in it.
fn pattern(text: &str) -> String {
    let mut pattern = String::new();
    let mut rest = text;
    while let Some(found) = PLACEHOLDER.find(rest) {
        pattern.push_str(&literal(&rest[..found.start()]));
        pattern.push_str(".*");
        rest = &rest[found.end()..];
    }
    pattern.push_str(&literal(rest));
    pattern
}

fn literal(text: &str) -> String {
    let mut literal = String::new();
    for letter in text.chars() {
        match letter {
            ' ' if literal.ends_with(" *") => {}
            ' ' => literal.push_str(" *"),
            '\\' | '.' | '*' | '[' | ']' | '^' | '$' | '/' => {
                literal.push('\\');
                literal.push(letter);
            }
            letter => literal.push(letter),
        }
    }
    literal
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::file::Stored;

    fn values(body: &str) -> Values {
        Values::of(&Page::of(&Stored {
            file: String::new(),
            source: String::new(),
            title: None,
            body: body.to_owned(),
        }))
    }

    #[test]
    fn a_value_is_taken_from_where_it_was_printed() {
        let mut values = values("    p1$ echo <timestamp:4> <lsn:1>");
        let printed =
            "     before\n---------------\n <timestamp:4>\n(1 row)\n[<lsn:2>] at/of <lsn:1>, so";
        insta::assert_snapshot!(values.printed(printed).join("\n"), @r"
        bind '<timestamp:4>' 3 ' *\(.*[^ ]\)'
        bind '<lsn:1>' 5 '\[.*\] *at\/of *\(.*[^ ]\), *so'
        ");
        assert!(values.printed(printed).is_empty(), "the first place counts");
    }

    #[test]
    fn what_nobody_has_printed_is_chosen_or_refused() {
        let mut values = values("    p1$ echo <backup:1> <mac:2> <lsn:1>");
        let chosen = values
            .chosen("<backup:1> <mac:2> <backup:1>")
            .expect("known kinds");
        insta::assert_snapshot!(chosen.join("\n"), @r#"
        value '<backup:1>' "$(date -u +%Y%m%dT%H%M%SZ)-0001"
        value '<mac:2>' 02:00:00:00:00:02
        "#);
        let refused = values
            .chosen("<lsn:1>")
            .expect_err("a position can't be chosen");
        insta::assert_snapshot!(refused.message, @"the transcript types `<lsn:1>`, which no command has printed before");
    }
}
