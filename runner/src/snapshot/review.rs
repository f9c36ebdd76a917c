//! The review of pending snapshots, on a terminal or by name.

use std::io::{BufRead, Write};

use super::diff;
use super::file::{Stored, failed};
use super::store::{Store, belongs, name};
use crate::event::DiffLine;
use crate::problem::{Blame, Problem};

/// A snapshot that waits for a decision.
#[derive(Debug, Clone)]
pub struct Pending {
    /// The pending file, relative to the root.
    pub file: String,
    /// What it would change, prose included; all is added if there is no snapshot yet.
    pub diff: Vec<DiffLine>,
}

/// How many were decided in which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub accepted: usize,
    pub rejected: usize,
    pub skipped: usize,
}

/// Pending snapshots with their diffs; with names only those of these scenarios or files.
pub fn pending(store: &Store, names: &[&str]) -> Result<Vec<Pending>, Box<Problem>> {
    let files = selected(store, names)?;
    files
        .into_iter()
        .map(|file| {
            Ok(Pending {
                diff: changes(store, &file)?,
                file,
            })
        })
        .collect()
}

/// Accepts pending snapshots, all without names; gives their files.
pub fn accept(store: &Store, names: &[&str]) -> Result<Vec<String>, Box<Problem>> {
    let files = selected(store, names)?;
    files.iter().try_for_each(|file| store.accept(file))?;
    Ok(files)
}

/// Rejects pending snapshots, all without names; gives their files.
pub fn reject(store: &Store, names: &[&str]) -> Result<Vec<String>, Box<Problem>> {
    let files = selected(store, names)?;
    files.iter().try_for_each(|file| store.reject(file))?;
    Ok(files)
}

/// Asks for each pending snapshot what to do. `draw` makes a text of a diff.
pub fn ask(
    store: &Store,
    names: &[&str],
    mut answers: impl BufRead,
    mut screen: impl Write,
    draw: impl Fn(&[DiffLine]) -> String,
) -> Result<Tally, Box<Problem>> {
    let pending = pending(store, names)?;
    let mut tally = Tally::default();
    let mut all = false;
    for (at, Pending { file, diff }) in pending.iter().enumerate() {
        let answer = if all {
            Answer::Accept
        } else {
            let heading = format!("{} of {}: {file}\n{}", at + 1, pending.len(), draw(diff));
            answer(&heading, &mut answers, &mut screen)
                .map_err(|error| failed("review", file, &error))?
        };
        match answer {
            Answer::Accept | Answer::All => {
                store.accept(file)?;
                tally.accepted += 1;
                all |= answer == Answer::All;
            }
            Answer::Reject => {
                store.reject(file)?;
                tally.rejected += 1;
            }
            Answer::Skip => tally.skipped += 1,
        }
    }
    Ok(tally)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Accept,
    Reject,
    Skip,
    All,
}

/// Asks until the answer is one of the four; the end of the answers skips.
fn answer(
    heading: &str,
    answers: &mut impl BufRead,
    screen: &mut impl Write,
) -> std::io::Result<Answer> {
    writeln!(screen, "{heading}")?;
    loop {
        write!(screen, "[a]ccept, [r]eject, [s]kip, [A]ccept all? ")?;
        screen.flush()?;
        let mut line = String::new();
        if answers.read_line(&mut line)? == 0 {
            writeln!(screen)?;
            return Ok(Answer::Skip);
        }
        match line.trim() {
            "a" => return Ok(Answer::Accept),
            "r" => return Ok(Answer::Reject),
            "s" => return Ok(Answer::Skip),
            "A" => return Ok(Answer::All),
            _ => {}
        }
    }
}

fn selected(store: &Store, names: &[&str]) -> Result<Vec<String>, Box<Problem>> {
    let files = store.pending()?;
    let is_of = |file: &String, wanted: &str| {
        file == wanted || name(file).is_some_and(|name| belongs(name, wanted))
    };
    if let Some(unknown) = names
        .iter()
        .find(|wanted| !files.iter().any(|file| is_of(file, wanted)))
    {
        let problem = Problem::new(
            Blame::Playbook,
            format!("nothing of `{unknown}` is pending"),
        );
        let list = if files.is_empty() {
            "nothing".to_owned()
        } else {
            files.join(", ")
        };
        return Err(Box::new(problem.note(format!("pending: {list}"))));
    }
    let wanted = |file: &String| names.is_empty() || names.iter().any(|wanted| is_of(file, wanted));
    Ok(files.into_iter().filter(wanted).collect())
}

fn changes(store: &Store, pending: &str) -> Result<Vec<DiffLine>, Box<Problem>> {
    let file = pending.strip_suffix(".new").unwrap_or(pending);
    let old = Stored::read(&store.root, file)?;
    let new = Stored::read(&store.root, pending)?;
    let old = old.as_ref().map_or(Vec::new(), Stored::all);
    let new = new.as_ref().map_or(Vec::new(), Stored::all);
    Ok(diff::lines(&old, &new))
}

#[cfg(test)]
mod tests;
