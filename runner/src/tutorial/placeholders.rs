//! Placeholders: what stands in a page for values that differ each time, and what it means.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::page::{Line, Page, Part};

/// What the kinds that the redaction knows stand for.
const MEANINGS: &[(&str, &str)] = &[
    (
        "backup",
        "the id of a base backup, made of the time at which it is taken; choose one",
    ),
    ("uuid", "an id that is made anew each time"),
    ("mac", "the hardware address of an interface"),
    ("offset", "a position within a WAL file"),
    (
        "wal",
        "the name of a WAL file; its first eight digits are the timeline",
    ),
    ("timestamp", "a moment"),
    ("date", "a day"),
    ("time", "a time of day"),
    ("duration", "how long something took"),
    ("lsn", "a position in the WAL"),
    ("position", "a position in the WAL"),
    (
        "system-identifier",
        "the number that a database cluster gets when it is created",
    ),
    ("xid", "the id of a transaction"),
    ("oid", "a number that a server gave to an object of its own"),
    ("pid", "the id of a process"),
    ("port", "a port that the kernel chose"),
    ("container", "the id of a container"),
    ("version", "the version of your PostgreSQL"),
];

const OTHERS: &str = "a value that differs each time";

/// Tells placeholders from other words in angle brackets.
#[derive(Debug)]
pub(super) struct Placeholders<'a> {
    /// The playbook's text, in which its own placeholders stand.
    playbook: &'a str,
}

/// A kind that occurs in a page.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(super) struct Kind {
    /// The first of its placeholders, as it stands in the page.
    pub example: String,
    pub meaning: &'static str,
}

impl<'a> Placeholders<'a> {
    pub fn of(playbook: &'a str) -> Self {
        Self { playbook }
    }

    /// Where placeholders stand in a text, and what they mean.
    pub fn find(&self, text: &str) -> Vec<(Range<usize>, &'static str)> {
        static ONE: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"<([A-Za-z][\w -]*?)(:\d+(?: timeline \d+)?)?>")
                .expect("a fixed expression")
        });
        let found = ONE.captures_iter(text).filter_map(|found| {
            let meaning = MEANINGS.iter().find(|(kind, _)| *kind == &found[1]);
            let known =
                meaning.is_some() || found.get(2).is_some() || self.playbook.contains(&found[0]);
            let meaning = meaning.map_or(OTHERS, |(_, meaning)| meaning);
            known.then(|| (found.get_match().range(), meaning))
        });
        found.collect()
    }

    /// The kinds in the blocks of a page, in the order in which a reader meets them.
    pub fn kinds(&self, page: &Page) -> Vec<Kind> {
        let mut kinds = Vec::new();
        let mut seen = BTreeSet::new();
        for text in page.parts.iter().flat_map(texts) {
            for (range, meaning) in self.find(text) {
                let example = &text[range];
                let name = example
                    .split(':')
                    .next()
                    .unwrap_or_default()
                    .trim_end_matches('>');
                if seen.insert(name.to_owned()) {
                    kinds.push(Kind {
                        example: example.to_owned(),
                        meaning,
                    });
                }
            }
        }
        kinds
    }
}

/// What stands in a block.
fn texts(part: &Part) -> Vec<&str> {
    let Part::Block(lines) = part else {
        return Vec::new();
    };
    lines
        .iter()
        .flat_map(|line| match line {
            Line::Command(command) => [command.input.as_str(), command.output.as_str()],
            Line::Remark(remark) => [remark.text.as_str(), remark.output.as_str()],
            Line::Text(text) => [text.as_str(), ""],
        })
        .collect()
}
