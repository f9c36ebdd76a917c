//! `pgdrill run`.

use std::io::IsTerminal;

use super::args::{self, Args};
use super::code;
use crate::problem::{Blame, Problem};
use crate::report::{Look, Terminal};
use crate::run::{self, Keep, Outcome, Request, Stop};
use crate::scenario;
use crate::snapshot::store::Update;

pub async fn run(args: &Args, run: &args::Run) -> Result<u8, Problem> {
    let here = here()?;
    let mut scenarios = scenario::find(&run.playbooks, &here)?;
    scenarios.retain(|it| {
        run.filter
            .as_ref()
            .is_none_or(|filter| it.name.contains(filter.as_str()))
    });
    scenarios.retain(|it| {
        run.tag
            .as_ref()
            .is_none_or(|tag| it.head.tags.contains(tag))
    });
    if scenarios.is_empty() {
        return Err(Problem::new(Blame::Playbook, "no scenario fits")
            .note("`pgdrill list` shows them with their tags"));
    }
    if let Some(mistakes) = super::check::mistakes(&scenarios, args.color()) {
        anstream::eprintln!("{mistakes}; nothing was started");
        return Ok(code::PLAYBOOK);
    }
    let stop = Stop::on_signals(|text| anstream::eprintln!("{text}")).map_err(|error| {
        Problem::new(
            Blame::Environment,
            format!("signals can't be heard: {error}"),
        )
    })?;
    let look = Look {
        color: args.color(),
        motion: std::io::stderr().is_terminal(),
        verbose: run.verbose,
    };
    let mut terminal = Terminal::new(std::io::stderr(), look);
    let request = Request {
        scenarios,
        major: run.pg,
        host: args.host.clone(),
        keep: match run.keep {
            args::Keep::Never => Keep::Never,
            args::Keep::OnFailure => Keep::OnFailure,
            args::Keep::Always => Keep::Always,
        },
        timeout: run.timeout,
        rights: run.fabric,
        cards: run.allow_nic.clone(),
        update: match run.update {
            args::Update::Auto => Update::Auto,
            args::Update::Always => Update::Always,
            args::Update::No => Update::No,
        },
        ci: in_ci(),
        here,
    };
    let outcome = run::run(request, stop.clone(), |event| terminal.tell(event)).await?;
    Ok(exit_code(&outcome, &stop))
}

fn exit_code(outcome: &Outcome, stop: &Stop) -> u8 {
    if let Some(code) = stop.code() {
        return u8::try_from(code).expect("130 or 143");
    }
    match outcome {
        Outcome {
            errored: 1..,
            environment: true,
            ..
        } => code::ENVIRONMENT,
        Outcome { errored: 1.., .. } => code::PLAYBOOK,
        Outcome { failed: 1.., .. } => code::FAILED,
        _ => code::PASSED,
    }
}

pub fn here() -> Result<std::path::PathBuf, Problem> {
    std::env::current_dir().map_err(|error| {
        Problem::new(
            Blame::Environment,
            format!("the working directory is gone: {error}"),
        )
    })
}

/// `CI` is set, and not to nothing or false.
pub fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|it| !matches!(it.as_str(), "" | "0" | "false"))
}
