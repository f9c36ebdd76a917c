//! A snapshot's file, in insta's format: `---`, a header, `---`, the text.

use std::fs;
use std::path::Path;

use super::body::{self, Line};
use crate::problem::{Blame, Problem};

/// What a snapshot file has in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Relative to the root.
    pub file: String,
    /// The playbook that it is made from, relative to the root.
    pub source: String,
    /// The scenario's title; a snapshot beside a transcript has none.
    pub title: Option<String>,
    pub body: String,
}

impl Stored {
    /// Reads a file of the root; none if there is no such file.
    pub fn read(root: &Path, file: &str) -> Result<Option<Self>, Box<Problem>> {
        let bytes = match fs::read(root.join(file)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("read", file, &error).into()),
        };
        let text = String::from_utf8(bytes).map_err(|error| {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            damaged(
                file,
                before.split(|byte| *byte == b'\n').count(),
                "it is no UTF-8 text",
            )
        })?;
        Self::parse(file, &text.replace("\r\n", "\n")).map(Some)
    }

    fn parse(file: &str, text: &str) -> Result<Self, Box<Problem>> {
        if let Some(line) = merge_marker(text) {
            return Err(damaged(file, line, "a merge is not resolved").into());
        }
        let mut stored = Self {
            file: file.to_owned(),
            source: String::new(),
            title: None,
            body: String::new(),
        };
        let mut lines = text.split('\n').enumerate();
        if lines
            .next()
            .is_none_or(|(_, line)| line.trim_end() != "---")
        {
            return Err(damaged(file, 1, "it does not begin with `---`").into());
        }
        loop {
            let (at, line) = match lines.next() {
                Some((_, line)) if line.trim_end() == "---" => break,
                Some(line) => line,
                None => return Err(damaged(file, 1, "its header has no end").into()),
            };
            if line.is_empty() || line.starts_with(' ') {
                continue; // nested values, which only insta writes
            }
            let field = line
                .split_once(':')
                .map(|(key, value)| (key, unquoted(value.trim())));
            match field {
                Some(("source", Some(value))) => stored.source = value,
                Some(("description", Some(value))) => stored.title = Some(value),
                Some((_, Some(_))) => {}
                None | Some((_, None)) => {
                    return Err(
                        damaged(file, at + 1, &format!("`{line}` is no line of a header")).into(),
                    );
                }
            }
        }
        let body: Vec<_> = lines.map(|(_, line)| line).collect();
        body.join("\n").trim_end().clone_into(&mut stored.body);
        Ok(stored)
    }

    /// Writes the file at once: nobody sees a half of it.
    pub fn write(&self, root: &Path) -> Result<(), Box<Problem>> {
        let path = root.join(&self.file);
        let folder = path.parent().unwrap_or(root);
        let written = fs::create_dir_all(folder).and_then(|()| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let part = folder.join(format!(".{name}.{}", std::process::id()));
            fs::write(&part, self.text())
                .and_then(|()| fs::rename(&part, &path))
                .inspect_err(|_| {
                    let _ = fs::remove_file(&part);
                })
        });
        Ok(written.map_err(|error| failed("write", &self.file, &error))?)
    }

    /// The lines that are compared, with their numbers in the file.
    pub fn compared(&self) -> Vec<Line<'_>> {
        body::later(body::compared(&self.body), self.header().lines().count())
    }

    /// All lines, with their numbers in the file.
    pub fn all(&self) -> Vec<Line<'_>> {
        body::later(body::all(&self.body), self.header().lines().count())
    }

    fn text(&self) -> String {
        format!("{}{}\n", self.header(), self.body)
    }

    /// What stands above the body, as pgdrill and insta write it.
    pub fn header(&self) -> String {
        let title = self
            .title
            .as_deref()
            .map(|title| format!("description: {}\n", scalar(title)));
        let (source, title) = (scalar(&self.source), title.unwrap_or_default());
        format!("---\nsource: {source}\n{title}---\n")
    }
}

/// A problem with a snapshot's file.
pub(super) fn failed(what: &str, file: &str, error: &std::io::Error) -> Problem {
    let message = format!("{what} of snapshot `{file}` failed");
    Problem::new(Blame::Environment, message).note(error.to_string())
}

fn damaged(file: &str, line: usize, why: &str) -> Problem {
    let problem = Problem::new(
        Blame::Environment,
        format!("snapshot `{file}` is damaged in line {line}: {why}"),
    );
    problem.note("mend it, or remove it and run the scenario again")
}

/// The line of the first marker of a merge; a text may have a lone one of its own.
fn merge_marker(text: &str) -> Option<usize> {
    let mut lines = text.split('\n').enumerate();
    let (ours, _) = lines.find(|(_, line)| line.starts_with("<<<<<<< "))?;
    lines.find(|(_, line)| line.trim_end() == "=======")?;
    lines.find(|(_, line)| line.starts_with(">>>>>>> "))?;
    Some(ours + 1)
}

/// A text of YAML as insta writes it, so that `cargo insta` leaves the header as it is: in quotes
/// where it could be taken for something else. JSON's strings are YAML's too.
fn scalar(value: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || " /._-+()".contains(c);
    let other = ["yes", "no", "true", "false", "on", "off", "null"];
    if value.starts_with(char::is_alphabetic)
        && value.chars().all(plain)
        && !value.ends_with(' ')
        && !other.iter().any(|it| value.eq_ignore_ascii_case(it))
        && value.parse::<f64>().is_err()
    {
        return value.to_owned();
    }
    serde_json::Value::from(value).to_string()
}

fn unquoted(value: &str) -> Option<String> {
    match value.as_bytes() {
        [b'"', ..] => serde_json::from_str(value).ok(),
        [b'\'', .., b'\''] if value.len() > 1 => Some(value[1..value.len() - 1].replace("''", "'")),
        _ => Some(value.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_has_quotes_where_yaml_could_take_it_for_something_else() {
        let texts = [
            "scenarios/pitr.rhai",
            "Point-in-time recovery",
            "Regret: back in time",
            "#1",
            "No",
            "Infinity",
            "10",
            "",
            "SQL, shown",
            "what's \"it\"",
        ];
        let shown: Vec<_> = texts.map(scalar).to_vec();
        insta::assert_snapshot!(shown.join("\n"), @r##"
        scenarios/pitr.rhai
        Point-in-time recovery
        "Regret: back in time"
        "#1"
        "No"
        "Infinity"
        "10"
        ""
        "SQL, shown"
        "what's \"it\""
        "##);
        for (text, shown) in texts.iter().zip(&shown) {
            assert_eq!(unquoted(shown).as_deref(), Some(*text));
        }
    }
}
