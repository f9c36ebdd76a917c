//! `pgdrill check`: what is wrong with playbooks, before any of them is run.

use super::args::{self, Args};
use super::{code, run::here};
use crate::problem::Problem;
use crate::scenario::{self, Scenario};

pub fn check(args: &Args, check: &args::Check) -> Result<u8, Problem> {
    let scenarios = scenario::find(&check.playbooks, &here()?)?;
    if let Some(mistakes) = mistakes(&scenarios, args.color()) {
        anstream::eprintln!("{mistakes}");
        return Ok(code::PLAYBOOK);
    }
    match scenarios.as_slice() {
        [one] => anstream::eprintln!("{} is fine", one.playbook.path),
        all => anstream::eprintln!("{} playbooks are fine", all.len()),
    }
    Ok(code::PASSED)
}

/// Checks playbooks, shows what is wrong with them, and counts it; none: nothing is.
pub fn mistakes(scenarios: &[Scenario], color: bool) -> Option<String> {
    let mut shown: Vec<Problem> = Vec::new();
    let mut wrong = Vec::new();
    for scenario in scenarios {
        let problems = scenario.check();
        if !problems.is_empty() {
            wrong.push(scenario.playbook.path.as_str());
        }
        for problem in problems {
            // What is wrong in a file that several import is said once.
            if shown.contains(&problem) {
                continue;
            }
            let source = (problem.place.as_ref()).and_then(|place| scenario.text(&place.file));
            anstream::eprintln!("{}\n", problem.render(source.as_deref(), color));
            shown.push(problem);
        }
    }
    let count = match shown.len() {
        0 => return None,
        1 => "1 mistake".to_owned(),
        count => format!("{count} mistakes"),
    };
    Some(format!("{count} in {}", wrong.join(", ")))
}
