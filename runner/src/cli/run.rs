//! `pgdrill run`.

use std::io::IsTerminal;

use super::args::{self, Args};
use super::code;
use super::keyboard::{self, Keyboard, Reins};
use super::listeners::{GitHub, Listeners};
use crate::event::{Event, What};
use crate::problem::{Blame, Problem};
use crate::record::Folder;
use crate::report::{Look, Terminal};
use crate::run::{self, Keep, Outcome, Request, Stop};
use crate::scenario;
use crate::session::{Pauses, Until};
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
        if let Some(github) = GitHub::of_environment() {
            github.tell_mistakes(&scenarios);
        }
        return Ok(code::PLAYBOOK);
    }
    let pausing = run.step || run.pause_on_failure;
    if pausing && !keyboard::is_there() {
        return Ok(nobody_to_ask(args));
    }
    let reports = match run.report.as_deref().map(Folder::prepare).transpose() {
        Ok(reports) => reports,
        Err(problem) => return Ok(super::misused(&problem, args)),
    };
    let stop = stop_on_signals(|text| anstream::eprintln!("{text}"))?;
    let look = Look {
        color: args.color(),
        motion: std::io::stderr().is_terminal(),
        verbose: run.verbose,
    };
    let mut listeners = Listeners::new(Terminal::new(std::io::stderr(), look), reports);
    let first = if run.step { Until::Step } else { Until::End };
    let (pauses, answers) = Pauses::new(first, run.pause_on_failure);
    let request = Request {
        pauses: pausing.then_some(pauses),
        typing: None,
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
        command: command(),
        here,
    };
    let mut keyboard = pausing.then(|| {
        Keyboard::new(Reins {
            answers,
            stop: stop.clone(),
            host: args.host.clone(),
            color: args.color(),
        })
    });
    let mut kept = Kept::default();
    let outcome = run::run(request, stop.clone(), |event| {
        kept.hear(event);
        listeners.take(event);
        match &mut keyboard {
            Some(keyboard) => keyboard.tell(event, |it| listeners.show(it)),
            None => listeners.show(event),
        }
    });
    let outcome = outcome.await;
    let ended = listeners.end(outcome.as_ref().err());
    let mut code = exit_code(&outcome?, &stop);
    if let Err(problem) = ended {
        anstream::eprintln!("{}", problem.render(None, args.color()));
        if code == code::PASSED {
            code = code::ENVIRONMENT;
        }
    }
    if run.serve && kept.any {
        // From here on a signal ends only the ports, and a second one only their clean-up.
        stop.on_second(async {});
        super::proxy::serve(args, &kept.run, &stop.token()).await?;
    }
    Ok(code)
}

/// What a run leaves for the user.
#[derive(Default)]
struct Kept {
    run: String,
    any: bool,
}

impl Kept {
    fn hear(&mut self, event: &Event) {
        match &event.what {
            What::RunStarted { run, .. } => self.run.clone_from(run),
            What::Kept { .. } => self.any = true,
            _ => {}
        }
    }
}

/// Listens to Ctrl-C and SIGTERM.
pub fn stop_on_signals(say: fn(&str)) -> Result<Stop, Problem> {
    Stop::on_signals(say).map_err(|error| {
        let message = format!("signals can't be heard: {error}");
        Problem::new(Blame::Environment, message)
    })
}

/// The command line; where the program lies is nobody's business.
pub fn command() -> Vec<String> {
    let words = std::env::args_os().skip(1);
    let words = words.map(|it| it.to_string_lossy().into_owned());
    std::iter::once("pgdrill".to_owned()).chain(words).collect()
}

fn nobody_to_ask(args: &Args) -> u8 {
    let message = "a pause asks, and there is no terminal to ask on";
    let problem = Problem::new(Blame::Playbook, message)
        .note("`--step` and `--pause-on-failure` need a terminal as standard input and error")
        .note("`--keep on-failure` leaves the nodes of what has failed without asking");
    anstream::eprintln!("{}", problem.render(None, args.color()));
    code::USAGE
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
        // Somebody quit at a pause, which is what Ctrl-C is elsewhere.
        Outcome { cancelled: 1.., .. } => 130,
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
