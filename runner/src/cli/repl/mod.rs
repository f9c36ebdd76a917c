//! `pgdrill repl`: a playbook that is typed.

mod command;
mod complete;
mod conversation;
mod prompt;

use std::io::IsTerminal;

use super::args::{self, Args};
use super::code;
use super::run::{here, stop_on_signals};
use crate::problem::{Blame, Problem};
use crate::report::Look;
use crate::run::{self, Keep, Request};
use crate::scenario::{self, Scenario};
use crate::script::{self, Step};
use crate::session::Typing;
use crate::snapshot::store::Update;
use conversation::Conversation;
use prompt::Prompt;

pub async fn repl(args: &Args, repl: &args::Repl) -> Result<u8, Problem> {
    let here = here()?;
    let (scenario, until) = match &repl.from {
        Some(name) => beginning(args, name, repl.until.as_deref(), &here)?,
        None => (Scenario::typed(&here), None),
    };
    let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let stop = stop_on_signals(|text| anstream::eprintln!("{text}"))?;
    let (typing, keys) = Typing::new(until);
    if terminal {
        stop.on_interrupt(keys.interrupt());
    }
    let look = Look {
        color: args.color(),
        motion: terminal,
        verbose: false,
    };
    let prompt = Prompt::start(keys, args.host.clone(), look, terminal);
    let mut conversation = Conversation::new(prompt, look);
    let request = Request {
        scenarios: vec![scenario],
        major: repl.pg,
        host: args.host.clone(),
        keep: Keep::Never,
        timeout: None,
        rights: None,
        cards: Vec::new(),
        update: Update::No,
        ci: true,
        pauses: None,
        typing: Some(typing),
        command: super::run::command(),
        here,
    };
    let outcome = run::run(request, stop.clone(), |event| conversation.tell(event)).await?;
    Ok(match (stop.code(), conversation.failure()) {
        (Some(code), _) => u8::try_from(code).expect("130 or 143"),
        // At a terminal a mistake is no failure: the user has seen it and gone on.
        (None, Some(problem)) if !terminal => exit_code(problem.blame),
        _ if outcome.failed > 0 => code::FAILED,
        _ => code::PASSED,
    })
}

fn exit_code(blame: Blame) -> u8 {
    match blame {
        Blame::System => code::FAILED,
        Blame::Playbook => code::PLAYBOOK,
        Blame::Environment | Blame::Cancelled => code::ENVIRONMENT,
    }
}

/// The scenario to begin in, and the line of the step before which it is handed over.
fn beginning(
    args: &Args,
    name: &str,
    until: Option<&str>,
    here: &std::path::Path,
) -> Result<(Scenario, Option<usize>), Problem> {
    let mut scenarios = scenario::find(&[name.to_owned()], here)?;
    if let Some(mistakes) = super::check::mistakes(&scenarios, args.color()) {
        return Err(Problem::new(
            Blame::Playbook,
            format!("{mistakes}; nothing was started"),
        ));
    }
    let mut scenario = match scenarios.len() {
        1 => scenarios.remove(0),
        several => {
            let message = format!("`{name}` are {several} playbooks, and a session begins in one");
            return Err(Problem::new(Blame::Playbook, message));
        }
    };
    let steps = script::outline(&scenario.playbook);
    let until = until.map(|it| line_of(it, &steps)).transpose()?;
    // It is not compared with the scenario's snapshot.
    "repl".clone_into(&mut scenario.name);
    Ok((scenario, until))
}

/// Only where no block is open can its variables be had.
fn line_of(wanted: &str, steps: &[Step]) -> Result<usize, Problem> {
    let part = wanted.to_lowercase();
    let found = match wanted.parse::<usize>() {
        Ok(number) => number.checked_sub(1).and_then(|at| steps.get(at)),
        Err(_) => steps
            .iter()
            .find(|it| it.title.to_lowercase().contains(&part)),
    };
    let list = |problem: Problem| {
        let numbered = steps.iter().zip(1..).filter(|(it, _)| !it.nested);
        problem.with_notes(numbered.map(|(it, number)| format!("{number}  {}", it.title)))
    };
    match found {
        Some(step) if step.nested => {
            let message = format!(
                "the step \"{}\" stands in a block or a function",
                step.title
            );
            let problem = Problem::new(Blame::Playbook, message);
            Err(list(problem.note("a session can begin before these:")))
        }
        Some(step) => Ok(step.place.line),
        None => Err(list(Problem::new(
            Blame::Playbook,
            format!("there is no step `{wanted}`"),
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Playbook;

    fn found(wanted: &str) -> String {
        let steps = script::outline(&Playbook {
            path: "a.rhai".to_owned(),
            source:
                "step(\"One\");\nlab(\"Many\", || {\n    step(\"Within\");\n});\nstep(\"Two\");\n"
                    .to_owned(),
        });
        match line_of(wanted, &steps) {
            Ok(line) => format!("line {line}"),
            Err(problem) => problem.render(None, false),
        }
    }

    #[test]
    fn a_session_begins_before_a_step_that_stands_in_no_block() {
        insta::assert_snapshot!(["3", "two", "within", "nine"].map(found).join("\n"), @r#"
    line 5
    line 5
    error: the step "Within" stands in a block or a function
       = a session can begin before these:
       = 1  One
       = 3  Two
    error: there is no step `nine`
       = 1  One
       = 3  Two
"#);
    }
}
