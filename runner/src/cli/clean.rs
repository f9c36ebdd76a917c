//! `pgdrill clean`: removes what runs have left, by label. Runs that are still going, and those of
//! other users and machines on the same engine, are left alone and named.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::args::{self, Args};
use super::code;
use super::out::print;
use crate::engine::{Containers, Docker, Left, LeftOver, OWNER_LABEL, RUN_LABEL, owner};
use crate::lab::sweep;
use crate::problem::{Blame, Problem};
use crate::run::is_alive;

pub async fn clean(args: &Args, clean: &args::Clean) -> Result<u8, Problem> {
    let engine = Arc::new(Docker::connect(args.host.as_deref()).await?);
    let runs = runs(&engine.left(RUN_LABEL).await?);
    for name in &clean.runs {
        if !runs.contains_key(name) {
            return Err(unknown(name, &runs));
        }
    }
    let mut nothing = true;
    for (name, run) in &runs {
        if !clean.runs.is_empty() && !clean.runs.contains(name) {
            continue;
        }
        nothing = false;
        if let Some(why) = run.kept_from(name).filter(|_| !clean.all) {
            anstream::eprintln!(
                "run {name} {why}: left alone (`pgdrill clean --all {name}` removes it too)"
            );
            continue;
        }
        if !clean.dry_run {
            sweep(&*engine, &format!("{RUN_LABEL}={name}")).await?;
        }
        let verb = if clean.dry_run {
            "would remove"
        } else {
            "removed"
        };
        for thing in &run.things {
            print(&format!("{verb} {thing}\n"));
        }
    }
    if nothing {
        anstream::eprintln!("nothing is left of any run");
    }
    Ok(code::PASSED)
}

/// What one run has on the engine.
#[derive(Default)]
struct Run {
    things: Vec<String>,
    owners: BTreeSet<String>,
}

impl Run {
    /// Why it is not ours to remove.
    fn kept_from(&self, name: &str) -> Option<String> {
        if is_alive(name) {
            return Some("is still going".to_owned());
        }
        let ours = owner();
        if self.owners.is_empty() {
            return Some("does not say whose it is".to_owned());
        }
        let other = self.owners.iter().find(|it| **it != ours)?;
        Some(format!("was started by {other}, not by {ours}"))
    }
}

fn runs(left: &Left) -> BTreeMap<String, Run> {
    let mut runs: BTreeMap<String, Run> = BTreeMap::new();
    let kinds: [(&str, &[LeftOver]); 4] = [
        ("container", &left.containers),
        ("volume", &left.volumes),
        ("network", &left.networks),
        ("image", &left.images),
    ];
    for (kind, things) in kinds {
        for thing in things {
            let Some(name) = label(thing, RUN_LABEL) else {
                continue;
            };
            let run = runs.entry(name.to_owned()).or_default();
            run.things.push(format!("{kind} {}", thing.name));
            run.owners
                .extend(label(thing, OWNER_LABEL).map(str::to_owned));
        }
    }
    runs
}

fn label<'a>(thing: &'a LeftOver, name: &str) -> Option<&'a str> {
    let mut labels = thing.labels.iter();
    labels.find_map(|(key, value)| (key == name).then_some(value.as_str()))
}

fn unknown(name: &str, runs: &BTreeMap<String, Run>) -> Problem {
    let message = format!("nothing is left of a run `{name}`");
    let there: Vec<_> = runs.keys().map(String::as_str).collect();
    Problem::new(Blame::Playbook, message).note(if there.is_empty() {
        "nor of any other run".to_owned()
    } else {
        format!("something is left of: {}", there.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_sorted_by_run() {
        let thing = |name: &str, run: &str| LeftOver {
            name: name.to_owned(),
            labels: vec![(RUN_LABEL.to_owned(), run.to_owned())],
            running: false,
        };
        let left = Left {
            containers: vec![thing("c1", "one"), thing("c2", "two")],
            volumes: vec![thing("v1", "one")],
            ..Left::default()
        };
        let runs = runs(&left);
        let shown: Vec<_> = runs
            .iter()
            .map(|(name, run)| format!("{name}: {}", run.things.join(", ")))
            .collect();
        assert_eq!(shown, ["one: container c1, volume v1", "two: container c2"]);
    }
}
