//! Reads a record, and says where it is damaged.

use std::path::Path;

use serde_json::Value;

use crate::event::{Event, SCHEMA};
use crate::problem::{Blame, Place, Problem};

/// All events of a record.
pub fn read(path: &Path) -> Result<Vec<Event>, Problem> {
    read_some(path, |_| true)
}

/// The first event and those whose lines are wanted.
pub fn read_some(path: &Path, wanted: impl Fn(&[u8]) -> bool) -> Result<Vec<Event>, Problem> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| {
        Problem::new(
            Blame::Environment,
            format!("`{name}` can't be read: {error}"),
        )
    })?;
    parse(&name, &bytes, wanted)
}

fn parse(name: &str, bytes: &[u8], wanted: impl Fn(&[u8]) -> bool) -> Result<Vec<Event>, Problem> {
    let ended = bytes.last() == Some(&b'\n');
    let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let lines: Vec<_> = text.split(|it| *it == b'\n').collect();
    begins(name, lines[0])?;
    let mut events = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if at > 0 && !wanted(line) {
            continue;
        }
        let event = serde_json::from_slice(line).map_err(|error| {
            let cut = at + 1 == lines.len() && !ended;
            damaged(name, at + 1, &error, cut)
        })?;
        events.push(event);
    }
    Ok(events)
}

/// Whether the first line is one that this program understands.
pub(super) fn begins(name: &str, line: &[u8]) -> Result<(), Problem> {
    let none = |what: &str| {
        Problem::new(
            Blame::Environment,
            format!("`{name}` is no record of a run: {what}"),
        )
        .note("a record is the `events.jsonl` that a run has left; `pgdrill runs` lists them")
    };
    if line.is_empty() {
        return Err(none("it is empty"));
    }
    let first: Value =
        serde_json::from_slice(line).map_err(|_| none("its first line is no JSON"))?;
    if first["event"] != "run-started" {
        return Err(none("its first event is not `run-started`"));
    }
    let schema = first["schema"].as_u64().unwrap_or_default();
    if schema == u64::from(SCHEMA) {
        return Ok(());
    }
    let by = first["pgdrill"].as_str().unwrap_or("another pgdrill");
    let message =
        format!("`{name}` has events of form {schema}, and this pgdrill reads form {SCHEMA}");
    Err(Problem::new(Blame::Environment, message).note(format!(
        "pgdrill {by} wrote it, and that version or a later one reads it"
    )))
}

fn damaged(name: &str, line: usize, error: &serde_json::Error, cut: bool) -> Problem {
    // serde_json counts lines within the one that it was given.
    let what = error.to_string();
    let what = what
        .rsplit_once(" at line ")
        .map_or(what.as_str(), |(what, _)| what);
    let problem = Problem::new(
        Blame::Environment,
        format!("line {line} of the record is damaged: {what}"),
    );
    let problem = problem.at(Place {
        file: name.to_owned(),
        line,
        column: error.column().max(1),
    });
    let before = line - 1;
    if cut {
        problem
            .note("the run was ended while it wrote this line, or the copy is not complete")
            .note(format!("a report of what is before it: head -n {before} {name} > cut.jsonl && pgdrill report cut.jsonl"))
    } else {
        problem.note("each line is an event as pgdrill wrote it: copy the file once more, without any change")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = r#"{"at":0,"event":"run-started","schema":1,"run":"abc","started":"2026-01-01T00:00:00Z","pgdrill":"0.1.0","engine":"Docker 28","command":[]}"#;

    fn problem(bytes: &[u8]) -> String {
        let read = parse("events.jsonl", bytes, |_| true);
        read.expect_err("it is damaged").render(None, false)
    }

    fn after_the_first(rest: &[u8]) -> String {
        problem(&[FIRST.as_bytes(), b"\n", rest].concat())
    }

    #[test]
    fn what_is_whole_is_read() {
        let text = format!(
            "{FIRST}\n{}\n",
            r#"{"at":1.5,"event":"run-finished","took":1.5}"#
        );
        let events = parse("events.jsonl", text.as_bytes(), |_| true).expect("it is whole");
        let lines: String = events.iter().map(crate::record::line).collect();
        assert_eq!(
            lines,
            text.replace(r#""at":0,"#, r#""at":0.0,"#)
                .replace("00Z", "00.000Z")
        );
    }

    #[test]
    fn what_is_no_record_is_said() {
        insta::assert_snapshot!(problem(b""), @"
        error: `events.jsonl` is no record of a run: it is empty
           = a record is the `events.jsonl` that a run has left; `pgdrill runs` lists them
        ");
        insta::assert_snapshot!(problem(b"<html>"), @"
        error: `events.jsonl` is no record of a run: its first line is no JSON
           = a record is the `events.jsonl` that a run has left; `pgdrill runs` lists them
        ");
        insta::assert_snapshot!(problem(b"{\"at\":0,\"event\":\"run-finished\",\"took\":1}\n"), @"
        error: `events.jsonl` is no record of a run: its first event is not `run-started`
           = a record is the `events.jsonl` that a run has left; `pgdrill runs` lists them
        ");
    }

    #[test]
    fn a_newer_record_is_for_a_newer_program() {
        let newer = FIRST
            .replace("\"schema\":1", "\"schema\":2")
            .replace("0.1.0", "0.9.0");
        insta::assert_snapshot!(problem(newer.as_bytes()), @"
        error: `events.jsonl` has events of form 2, and this pgdrill reads form 1
           = pgdrill 0.9.0 wrote it, and that version or a later one reads it
        ");
    }

    #[test]
    fn a_damaged_line_has_its_number() {
        insta::assert_snapshot!(after_the_first(b"{\"at\":1,\"event\":\"run-fin"), @"
        error: line 2 of the record is damaged: EOF while parsing a string
         --> events.jsonl:2:24
          = the run was ended while it wrote this line, or the copy is not complete
          = a report of what is before it: head -n 1 events.jsonl > cut.jsonl && pgdrill report cut.jsonl
        ");
        insta::assert_snapshot!(after_the_first(b"{\"at\":1,\"event\":\"run-fin\n{}\n"), @"
        error: line 2 of the record is damaged: EOF while parsing a string
         --> events.jsonl:2:24
          = each line is an event as pgdrill wrote it: copy the file once more, without any change
        ");
        insta::assert_snapshot!(after_the_first(b"{\"at\":1,\"event\":\"said\",\"text\":\"\xff\xfe\"}\n"), @"
        error: line 2 of the record is damaged: invalid unicode code point
         --> events.jsonl:2:32
          = each line is an event as pgdrill wrote it: copy the file once more, without any change
        ");
        insta::assert_snapshot!(after_the_first(b"{\"at\":1,\"event\":\"said\"}\n"), @"
        error: line 2 of the record is damaged: missing field `text`
         --> events.jsonl:2:23
          = each line is an event as pgdrill wrote it: copy the file once more, without any change
        ");
        insta::assert_snapshot!(after_the_first(b"{\"at\":-1,\"event\":\"said\",\"text\":\"\"}\n"), @"
        error: line 2 of the record is damaged: -1.0 is no number of seconds
         --> events.jsonl:2:8
          = each line is an event as pgdrill wrote it: copy the file once more, without any change
        ");
        insta::assert_snapshot!(after_the_first(b"\n{\"at\":1,\"event\":\"said\",\"text\":\"\"}\n"), @"
        error: line 2 of the record is damaged: EOF while parsing a value
         --> events.jsonl:2:1
          = each line is an event as pgdrill wrote it: copy the file once more, without any change
        ");
    }
}
