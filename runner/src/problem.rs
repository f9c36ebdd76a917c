//! A problem: what went wrong, where in the playbook, why, and what to do about it. It is shown
//! once, by [`Problem::render`].

use annotate_snippets::{AnnotationKind, Element, Level, Origin, Renderer, Snippet};
use serde::{Deserialize, Serialize};

/// Something that ended a scenario or a command, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub blame: Blame,
    /// One fragment, lower case: what failed.
    pub message: String,
    /// Where in the playbook, if a playbook caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The chain of causes, facts and advice, a line or more each.
    #[serde(default)]
    pub notes: Vec<String>,
    /// The SQLSTATE, if an SQL error caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sqlstate: Option<String>,
}

/// A place in a playbook; line and column count from 1, in characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
pub struct Place {
    pub file: String,
    pub line: usize,
    pub column: usize,
}

/// Who is to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Blame {
    /// The system under test: a check, a snapshot, a server that does not do what it should.
    System,
    /// The playbook.
    Playbook,
    /// The machine: engine, image, files.
    Environment,
    /// Somebody stopped the run.
    Cancelled,
}

/// So many lines of a failed program are worth reading.
pub const LAST_LINES: usize = 15;

impl Problem {
    pub fn new(blame: Blame, message: impl Into<String>) -> Self {
        Self {
            blame,
            message: message.into(),
            place: None,
            notes: Vec::new(),
            sqlstate: None,
        }
    }

    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    #[must_use]
    pub fn with_notes(mut self, notes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.notes.extend(notes.into_iter().map(Into::into));
        self
    }

    /// Notes what a program said last: as much of it as is worth reading.
    #[must_use]
    pub fn with_last_lines(self, text: &str) -> Self {
        let lines: Vec<_> = text.trim().lines().collect();
        let last = lines.len().saturating_sub(LAST_LINES);
        self.with_notes(lines[last..].iter().copied())
    }

    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place.get_or_insert(place);
        self
    }
}

impl Problem {
    /// The problem for a person: what failed, the place and its line, causes and advice. `source`
    /// is the text of the file that the place is in, as far as it is known.
    pub fn render(&self, source: Option<&str>, styled: bool) -> String {
        let Some(place) = &self.place else {
            return self.without_place(styled);
        };
        let report = Level::ERROR
            .primary_title(self.message.as_str())
            .elements(std::iter::empty::<Element<'_>>());
        let shown = source.and_then(|source| Some((source, span(source, place)?)));
        let is_shown = shown.is_some();
        let report = match shown {
            Some((source, span)) => report.element(
                Snippet::source(source)
                    .path(place.file.as_str())
                    .annotation(AnnotationKind::Primary.span(span)),
            ),
            None if place.line > 0 => report.element(
                Origin::path(place.file.as_str())
                    .line(place.line)
                    .char_column(place.column),
            ),
            None => report.element(Origin::path(place.file.as_str())),
        };
        let notes = self
            .notes
            .iter()
            .map(|note| Level::NOTE.no_name().message(note.as_str()));
        let renderer = if styled {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let text = renderer.render(&[report.elements(notes)]);
        if is_shown { text } else { in_line(&text) }
    }
}

impl Problem {
    fn without_place(&self, styled: bool) -> String {
        let style = if styled {
            anstyle::AnsiColor::BrightRed.on_default() | anstyle::Effects::BOLD
        } else {
            anstyle::Style::new()
        };
        let notes = self
            .notes
            .iter()
            .map(|note| format!("\n   = {}", note.replace('\n', "\n     ")));
        format!(
            "{style}error{style:#}: {}{}",
            self.message,
            notes.collect::<String>()
        )
    }
}

/// Where no line is shown, the renderer leaves out the column of its number: it is put back, so
/// that all problems have the same columns.
fn in_line(text: &str) -> String {
    let arrow = |line: &str| {
        anstream::adapter::strip_str(line)
            .to_string()
            .starts_with("--> ")
    };
    let mut below = false;
    let lines = text.split('\n').map(|line| {
        below |= arrow(line);
        let column = if below { " " } else { "" };
        format!("{column}{line}")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The word at a place, in bytes of the source.
fn span(source: &str, place: &Place) -> Option<std::ops::Range<usize>> {
    let line = source
        .split_inclusive('\n')
        .nth(place.line.checked_sub(1)?)?;
    let before: usize = (source.split_inclusive('\n').take(place.line - 1))
        .map(str::len)
        .sum();
    let skip: usize = line
        .chars()
        .take(place.column.saturating_sub(1))
        .map(char::len_utf8)
        .sum();
    let rest = &line[skip.min(line.len())..];
    let word = rest
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(rest.len());
    let width = if word > 0 {
        word
    } else {
        rest.chars().next().map_or(0, char::len_utf8)
    };
    let start = before + skip;
    Some(start..start + width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_shows_its_line_with_a_caret_and_then_what_to_do() {
        let problem = Problem::new(Blame::Playbook, "`recover` has no option `target_tme`")
            .at(Place {
                file: "scenarios/pitr.rhai".into(),
                line: 2,
                column: 11,
            })
            .note("it takes: archive, target_time")
            .note("manual: pgdrill api recover");
        assert_eq!(
            problem.render(Some("let a = 1;\nrecover(#{target_tme: 1});\n"), false),
            "\
error: `recover` has no option `target_tme`
 --> scenarios/pitr.rhai:2:11
  |
2 | recover(#{target_tme: 1});
  |           ^^^^^^^^^^
  |
  = it takes: archive, target_time
  = manual: pgdrill api recover"
        );
    }

    #[test]
    fn without_the_text_of_its_file_a_problem_has_the_same_columns() {
        let problem = Problem::new(Blame::System, "it failed")
            .at(Place {
                file: "scenarios/lib/ha.rhai".into(),
                line: 124,
                column: 5,
            })
            .note("one\ntwo")
            .note("three");
        let expected = "\
error: it failed
 --> scenarios/lib/ha.rhai:124:5
  = one
    two
  = three";
        assert_eq!(problem.render(None, false), expected);
        let styled = problem.render(None, true);
        assert_eq!(anstream::adapter::strip_str(&styled).to_string(), expected);
    }

    #[test]
    fn of_what_a_program_said_the_last_lines_are_noted() {
        let said: Vec<_> = (1..=20).map(|line| format!("line {line}")).collect();
        let problem = Problem::new(Blame::System, "it failed").with_last_lines(&said.join("\n"));
        let notes = problem.notes;
        assert_eq!(
            (notes.len(), notes[0].as_str(), notes[14].as_str()),
            (LAST_LINES, "line 6", "line 20")
        );
    }

    #[test]
    fn a_problem_without_a_place_is_its_message_and_notes() {
        let problem = Problem::new(Blame::Environment, "no container engine answers")
            .note("unix:///x  no such file");
        assert_eq!(
            problem.render(None, false),
            "error: no container engine answers\n   = unix:///x  no such file"
        );
    }
}
