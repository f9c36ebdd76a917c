//! The store of snapshots: what is expected of a scenario, and what becomes of what it gave.

use std::fs;
use std::path::PathBuf;

use super::body;
use super::diff;
use super::file::{Stored, failed};
use crate::event::{DiffLine, SnapshotOutcome, SnapshotState};
use crate::problem::{Blame, Problem};
use crate::transcript::Section;

/// The snapshots of one root.
#[derive(Debug, Clone)]
pub struct Store {
    /// The folder above `snapshots/`.
    pub root: PathBuf,
    /// Nothing is written.
    pub ci: bool,
    pub update: Update,
}

/// What becomes of a transcript that differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Update {
    /// It is left beside the snapshot, as pending.
    #[default]
    Auto,
    /// It becomes the snapshot.
    Always,
    /// Nothing is written.
    No,
}

/// Which snapshot is meant.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub scenario: &'a str,
    /// The name of a snapshot beside the transcript.
    pub side: Option<&'a str>,
    /// The PostgreSQL major of this run.
    pub major: u32,
    /// The major that the plain file belongs to.
    pub default_major: u32,
}

/// What a run gave.
#[derive(Debug, Clone, Copy)]
pub struct Fresh<'a> {
    /// The playbook, relative to the root.
    pub source: &'a str,
    pub title: &'a str,
    pub body: &'a str,
}

impl Store {
    /// The snapshot that holds for a run: the major's own, else the plain one.
    pub fn expected(&self, subject: Subject<'_>) -> Result<Option<Stored>, Box<Problem>> {
        match Stored::read(&self.root, &subject.variant()?)? {
            Some(stored) => Ok(Some(stored)),
            None => Stored::read(&self.root, &subject.plain()?),
        }
    }

    /// Compares what a scenario gave, and writes what is to be written.
    pub fn settle(
        &self,
        subject: Subject<'_>,
        fresh: Fresh<'_>,
    ) -> Result<SnapshotOutcome, Box<Problem>> {
        let expected = self.expected(subject)?;
        let own = self.own_file(subject)?;
        let stored = |file: &str| Stored {
            file: file.to_owned(),
            source: fresh.source.to_owned(),
            title: subject.side.is_none().then(|| fresh.title.to_owned()),
            body: fresh.body.replace("\r\n", "\n").trim_end().to_owned(),
        };
        let outcome = |file: &str, state| SnapshotOutcome {
            file: file.to_owned(),
            state,
            differing_sides: Vec::new(),
            pending: Vec::new(),
        };
        let equal = expected
            .as_ref()
            .filter(|expected| differs(subject, expected, fresh.body).is_empty());
        if let Some(equal) = equal {
            let renewed = stored(&equal.file);
            self.drop_pending(&own)?;
            if renewed == *equal || !self.writes() {
                return Ok(outcome(&equal.file, SnapshotState::Matches));
            }
            renewed.write(&self.root)?;
            return Ok(outcome(&equal.file, SnapshotState::Renewed));
        }
        if self.accepts() {
            stored(&own).write(&self.root)?;
            self.drop_pending(&own)?;
            return Ok(outcome(&own, SnapshotState::Accepted));
        }
        let state = if expected.is_some() {
            SnapshotState::Differs
        } else {
            SnapshotState::Missing
        };
        let mut outcome = outcome(
            &expected.map_or_else(|| own.clone(), |expected| expected.file),
            state,
        );
        if self.writes() {
            let pending = format!("{own}.new");
            stored(&pending).write(&self.root)?;
            outcome.pending.push(pending);
        }
        Ok(outcome)
    }

    /// Drops what an earlier run has left for review.
    pub fn forget(&self, subject: Subject<'_>) -> Result<(), Box<Problem>> {
        self.drop_pending(&self.own_file(subject)?)
    }

    /// Pending files, relative to the root, sorted.
    pub fn pending(&self) -> Result<Vec<String>, Box<Problem>> {
        let mut files = self.files("snapshots")?;
        files.retain(|file| file.ends_with(".snap.new"));
        Ok(files)
    }

    /// Makes a pending file the snapshot.
    pub fn accept(&self, pending: &str) -> Result<(), Box<Problem>> {
        let file = pending.strip_suffix(".new").unwrap_or(pending);
        let renamed = fs::rename(self.root.join(pending), self.root.join(file));
        Ok(renamed.map_err(|error| failed("acceptance", file, &error))?)
    }

    /// Removes a pending file.
    pub fn reject(&self, pending: &str) -> Result<(), Box<Problem>> {
        let removed = fs::remove_file(self.root.join(pending));
        Ok(removed.map_err(|error| failed("removal", pending, &error))?)
    }

    /// Snapshot files that belong to none of these scenarios, relative to the root, sorted.
    pub fn unreferenced(&self, scenarios: &[&str]) -> Result<Vec<String>, Box<Problem>> {
        let mut files = self.files("snapshots")?;
        files.retain(|file| {
            name(file).is_some_and(|name| !scenarios.iter().any(|scenario| belongs(name, scenario)))
        });
        Ok(files)
    }

    /// Whatever comes becomes the snapshot.
    pub fn accepts(&self) -> bool {
        self.writes() && self.update == Update::Always
    }

    fn writes(&self) -> bool {
        !self.ci && self.update != Update::No
    }

    /// The file that this run may write: the plain one belongs to the default major.
    fn own_file(&self, subject: Subject<'_>) -> Result<String, Box<Problem>> {
        let variant = subject.variant()?;
        let has_variant = self.root.join(&variant).exists();
        if has_variant || subject.major != subject.default_major {
            Ok(variant)
        } else {
            subject.plain()
        }
    }

    fn drop_pending(&self, file: &str) -> Result<(), Box<Problem>> {
        let pending = format!("{file}.new");
        if self.writes() && self.root.join(&pending).exists() {
            self.reject(&pending)?;
        }
        Ok(())
    }

    fn files(&self, folder: &str) -> Result<Vec<String>, Box<Problem>> {
        let entries = match fs::read_dir(self.root.join(folder)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("listing", folder, &error).into()),
        };
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| failed("listing", folder, &error))?;
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                files.extend(self.files(&path)?);
            } else {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }
}

impl Subject<'_> {
    fn plain(&self) -> Result<String, Box<Problem>> {
        Ok(format!("{}.snap", self.stem()?))
    }

    fn variant(&self) -> Result<String, Box<Problem>> {
        Ok(format!("{}@{}.snap", self.stem()?, self.major))
    }

    fn stem(&self) -> Result<String, Box<Problem>> {
        let Some(side) = self.side else {
            return Ok(format!("snapshots/{}", self.scenario));
        };
        let plain = |letter: char| letter.is_alphanumeric() || "-_.".contains(letter);
        if side.is_empty() || side.starts_with('.') || !side.chars().all(plain) {
            let message = format!("`{side}` can't be a snapshot's name");
            let problem = Problem::new(Blame::Playbook, message);
            return Err(Box::new(
                problem.note("letters, digits, `-`, `_` and `.` make a name"),
            ));
        }
        Ok(format!("snapshots/{}__{side}", self.scenario))
    }
}

/// What differs in one section, as soon as it is over.
pub fn compare_section(expected: &Stored, fresh: &Section) -> Vec<DiffLine> {
    let old = expected.compared();
    let above = expected.header().lines().count() + fresh.line - 1;
    let new = body::later(body::compared(&fresh.text), above);
    diff::lines(body::section(&old, fresh), &new)
}

/// What differs in all of a body, prose aside.
pub fn compare(expected: &Stored, fresh: &str) -> Vec<DiffLine> {
    diff::lines(&body::compared(&expected.body), &body::compared(fresh))
}

fn differs(subject: Subject<'_>, expected: &Stored, fresh: &str) -> Vec<DiffLine> {
    match subject.side {
        None => compare(expected, fresh),
        Some(_) => diff::lines(&body::all(&expected.body), &body::all(fresh)),
    }
}

/// A snapshot's name: `ha/failover`, `pitr@13`, `pitr__rows`.
pub(super) fn name(file: &str) -> Option<&str> {
    let file = file.strip_suffix(".new").unwrap_or(file);
    file.strip_prefix("snapshots/")?.strip_suffix(".snap")
}

/// Whether a snapshot's name belongs to a scenario: its transcript, a variant, or one beside it.
pub(super) fn belongs(name: &str, scenario: &str) -> bool {
    let rest = name.strip_prefix(scenario);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('@') || rest.starts_with("__"))
}

#[cfg(test)]
mod tests;
