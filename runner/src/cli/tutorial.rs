//! `pgdrill tutorial`: a scenario for people who follow it by hand.

use std::path::Path;

use super::args::{self, Args, Format};
use super::run::here;
use super::{code, out};
use crate::image::DEFAULT_MAJOR;
use crate::problem::{Blame, Problem};
use crate::scenario::{self, Scenario};
use crate::script;
use crate::snapshot::file::Stored;
use crate::snapshot::store::{Store, Subject, Update};
use crate::tutorial::{self, Docs, Entry, Page, Tutorial, stale};

pub fn tutorial(args: &Args, tutorial: &args::Tutorial) -> Result<u8, Problem> {
    let here = here()?;
    if tutorial.check {
        return check(&scenario::root(&here), args.color());
    }
    if tutorial.write {
        return write(&scenario::root(&here));
    }
    let name = tutorial.playbook.clone().unwrap_or_default();
    let scenarios = scenario::find(&[name], &here)?;
    let [scenario] = scenarios.as_slice() else {
        let problem = Problem::new(Blame::Playbook, "a tutorial is made of one playbook");
        let names = scenarios.iter().map(|it| it.name.as_str());
        let names: Vec<_> = names.collect();
        return Err(problem.note(format!("there are: {}", names.join(", "))));
    };
    let stored = stored(scenario, tutorial.pg)?;
    let page = Page::of(&stored);
    if let Some(problem) = old(scenario, &stored, &page)? {
        anstream::eprintln!("warning: {}", problem.message);
        for note in &problem.notes {
            anstream::eprintln!("   = {note}");
        }
    }
    let made = made(scenario, &page, tutorial.pg)?;
    let text = match tutorial.format {
        Format::Md => made.markdown(),
        Format::Html => made.html(),
        Format::Sh => tutorial::script(&page, std::slice::from_ref(&scenario.root), tutorial.pg)
            .map_err(|it| *it)?,
    };
    match &tutorial.output {
        None => out::print(&text),
        Some(file) => std::fs::write(file, text).map_err(|error| {
            let message = format!("write of `{}` failed", file.display());
            Problem::new(Blame::Environment, message).note(error.to_string())
        })?,
    }
    Ok(code::PASSED)
}

fn made<'a>(scenario: &'a Scenario, page: &'a Page, major: u32) -> Result<Tutorial<'a>, Problem> {
    let roots = [scenario.root.clone()];
    let playbook = &scenario.playbook.source;
    Tutorial::of(page, &scenario.name, playbook, &roots, major).map_err(|it| *it)
}

/// The snapshot that a tutorial is made of.
fn stored(scenario: &Scenario, major: u32) -> Result<Stored, Problem> {
    if let Some(why) = scenario.skipped(major) {
        let message = format!(
            "there is no tutorial of `{}` on PostgreSQL {major}",
            scenario.name
        );
        return Err(Problem::new(Blame::Playbook, message).note(why));
    }
    let store = Store {
        root: scenario.root.clone(),
        ci: false,
        update: Update::No,
    };
    let subject = Subject {
        scenario: &scenario.name,
        side: None,
        major,
        default_major: DEFAULT_MAJOR,
    };
    let stored = store.expected(subject).map_err(|it| *it)?;
    stored.ok_or_else(|| {
        let name = &scenario.name;
        Problem::new(
            Blame::System,
            format!("`{name}` has no snapshot that a tutorial could be made of"),
        )
        .note(format!(
            "`pgdrill run {name}` plays it, `pgdrill review {name}` accepts its transcript"
        ))
    })
}

/// What tells that a snapshot is older than its playbook.
fn old(scenario: &Scenario, stored: &Stored, page: &Page) -> Result<Option<Problem>, Problem> {
    let titles = script::titles(&scenario.playbook, &scenario.root, &scenario.folder)?;
    let stale = stale(page, &titles.certain, titles.all.as_ref());
    if stale.is_empty() {
        return Ok(None);
    }
    let message = format!("snapshot `{}` is older than its playbook", stored.file);
    let name = &scenario.name;
    Ok(Some(
        Problem::new(Blame::System, message)
            .with_notes(stale)
            .note(format!(
                "`pgdrill run {name}` plays it, `pgdrill review {name}` accepts its transcript"
            )),
    ))
}

/// The pages of all scenarios below a folder, as they should be.
fn docs(here: &Path) -> Result<(Docs, Vec<Problem>), Problem> {
    let scenarios = scenario::find(&[], here)?;
    let mut old_ones = Vec::new();
    let mut entries = Vec::new();
    for scenario in &scenarios {
        let stored = stored(scenario, DEFAULT_MAJOR)?;
        let page = Page::of(&stored);
        old_ones.extend(old(scenario, &stored, &page)?);
        entries.push(Entry {
            scenario: scenario.name.clone(),
            title: page.title.clone(),
            introduction: page.opening(),
            markdown: made(scenario, &page, DEFAULT_MAJOR)?.markdown(),
        });
    }
    Ok((Docs::of(here, &entries), old_ones))
}

fn write(here: &Path) -> Result<u8, Problem> {
    let (docs, old) = docs(here)?;
    if let Some(problem) = old.into_iter().next() {
        return Err(problem);
    }
    for file in docs.write().map_err(|it| *it)? {
        out::print(&format!("{file}\n"));
    }
    Ok(code::PASSED)
}

fn check(here: &Path, color: bool) -> Result<u8, Problem> {
    let (docs, mut problems) = docs(here)?;
    let stale = docs.stale().map_err(|it| *it)?;
    if !stale.is_empty() {
        let problem = Problem::new(Blame::System, "the tutorials in `docs` are out of date");
        problems.push(
            problem
                .with_notes(stale)
                .note("`pgdrill tutorial --write` writes them again"),
        );
    }
    for problem in &problems {
        anstream::eprintln!("{}", problem.render(None, color));
    }
    Ok(if problems.is_empty() {
        code::PASSED
    } else {
        code::FAILED
    })
}
