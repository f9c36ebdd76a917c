//! `pgdrill review`: what becomes of transcripts that differ from their snapshots.

use std::io::IsTerminal;
use std::path::Path;

use super::args::{self, Args};
use super::out::print;
use super::{code, run};
use crate::problem::{Blame, Problem};
use crate::report::draw;
use crate::snapshot::review;
use crate::snapshot::store::{Store, Update};

pub fn review(args: &Args, review: &args::Review) -> Result<u8, Problem> {
    let here = run::here()?;
    let store = Store {
        root: root(&here).to_owned(),
        ci: false,
        update: Update::Auto,
    };
    let names: Vec<_> = review.names.iter().map(String::as_str).collect();
    if review.accept {
        return Ok(decided(
            "accepted",
            &review::accept(&store, &names).map_err(|it| *it)?,
        ));
    }
    if review.reject {
        return Ok(decided(
            "rejected",
            &review::reject(&store, &names).map_err(|it| *it)?,
        ));
    }
    let pending = review::pending(&store, &names).map_err(|it| *it)?;
    if review.list {
        for pending in &pending {
            print(&format!("{}\n", pending.file));
        }
        return Ok(code::PASSED);
    }
    if pending.is_empty() {
        anstream::eprintln!("nothing is pending");
        return Ok(code::PASSED);
    }
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        let files = pending.iter().map(|it| format!("pending: {}", it.file));
        let message = "a review asks, and there is no terminal to ask on";
        let problem = Problem::new(Blame::Playbook, message)
            .with_notes(files)
            .note("say what becomes of them: --accept, --reject or --list, with names or for all");
        anstream::eprintln!("{}", problem.render(None, args.color()));
        return Ok(code::USAGE);
    }
    let color = args.color();
    let tally = review::ask(
        &store,
        &names,
        std::io::stdin().lock(),
        std::io::stderr(),
        |diff| draw(diff, color),
    );
    let tally = tally.map_err(|it| *it)?;
    anstream::eprintln!(
        "{} accepted, {} rejected, {} skipped",
        tally.accepted,
        tally.rejected,
        tally.skipped
    );
    Ok(code::PASSED)
}

/// The nearest folder from here upwards that has snapshots or scenarios.
fn root(here: &Path) -> &Path {
    let has = |folder: &Path| {
        ["snapshots", "scenarios"]
            .iter()
            .any(|it| folder.join(it).is_dir())
    };
    here.ancestors().find(|it| has(it)).unwrap_or(here)
}

fn decided(how: &str, files: &[String]) -> u8 {
    for file in files {
        print(&format!("{how} {file}\n"));
    }
    if files.is_empty() {
        anstream::eprintln!("nothing is pending");
    }
    code::PASSED
}
