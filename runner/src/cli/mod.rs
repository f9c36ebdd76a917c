//! The command line.

mod api;
mod args;
mod check;
mod clean;
mod completions;
mod defs;
mod doctor;
mod images;
mod inside;
mod keyboard;
mod list;
mod listeners;
mod man;
mod new;
mod out;
mod proxy;
mod report;
mod repl;
mod review;
mod run;
mod runs;
mod tutorial;

use std::process::ExitCode;

use clap::Parser;

use crate::problem::{Blame, Problem};
use args::{Args, Command};

/// Exit codes.
pub mod code {
    pub const PASSED: u8 = 0;
    pub const FAILED: u8 = 1;
    pub const USAGE: u8 = 2;
    pub const PLAYBOOK: u8 = 3;
    pub const ENVIRONMENT: u8 = 4;
}

/// Runs the program.
pub fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            let problem =
                Problem::new(Blame::Environment, format!("no threads to run on: {error}"));
            return show(&problem, false);
        }
    };
    let color = args.color();
    let result = runtime.block_on(async {
        match &args.command {
            Command::Run(run) => run::run(&args, run).await,
            Command::List(list) => list::list(&args, list),
            Command::Check(check) => check::check(&args, check),
            Command::Review(review) => review::review(&args, review),
            Command::Runs(runs) => runs::runs(runs),
            Command::Report(report) => report::report(&args, report),
            Command::Images(images) => images::images(&args, images).await,
            Command::Doctor => doctor::doctor(&args).await,
            Command::Clean(clean) => clean::clean(&args, clean).await,
            Command::Repl(repl) => repl::repl(&args, repl).await,
            Command::Api(api) => api::api(api),
            Command::Tutorial(tutorial) => tutorial::tutorial(&args, tutorial),
            Command::New(new) => new::new(new),
            Command::Completions(completions) => completions::completions(completions),
            Command::Defs(defs) => defs::defs(defs),
            Command::Man(man) => man::man(man),
            Command::Psql(inside) => inside::psql(&args, inside).await,
            Command::Sh(inside) => inside::sh(&args, inside).await,
            Command::Logs(inside) => inside::logs(&args, inside).await,
            Command::Proxy(proxy) => proxy::proxy(&args, proxy).await,
            Command::Reap { run } => crate::run::reap(run, args.host.as_deref())
                .await
                .map(|()| code::PASSED),
        }
    });
    // A blocking read of a terminal would hold the process.
    runtime.shutdown_background();
    match result {
        Ok(code) => ExitCode::from(code),
        Err(problem) => show(&problem, color),
    }
}

/// Prints data, which goes to the standard output. A reader that has gone is none of our business.
fn print(text: &str) -> Result<(), Problem> {
    use std::io::Write;
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            let message = format!("the standard output can't be written: {error}");
            Err(Problem::new(Blame::Environment, message))
        }
        _ => Ok(()),
    }
}

/// Shows what is wrong with the arguments, and gives the exit code of that.
fn misused(problem: &Problem, args: &Args) -> u8 {
    anstream::eprintln!("{}", problem.render(None, args.color()));
    code::USAGE
}

/// Shows a problem that ended the program, and gives its exit code.
fn show(problem: &Problem, color: bool) -> ExitCode {
    let source = problem
        .place
        .as_ref()
        .and_then(|place| std::fs::read_to_string(&place.file).ok());
    anstream::eprintln!("{}", problem.render(source.as_deref(), color));
    ExitCode::from(match problem.blame {
        Blame::System => code::FAILED,
        Blame::Playbook => code::PLAYBOOK,
        Blame::Environment | Blame::Cancelled => code::ENVIRONMENT,
    })
}
