//! `pgdrill list`: the scenarios that there are.

use super::args::{self, Args};
use super::{code, print, run::here};
use crate::problem::Problem;
use crate::scenario::{self, Scenario};

pub fn list(args: &Args, list: &args::List) -> Result<u8, Problem> {
    let scenarios = scenario::find(&list.playbooks, &here()?)?;
    if list.json {
        let all: Vec<_> = scenarios.iter().map(json).collect();
        let text = serde_json::to_string_pretty(&all).expect("it is plain data");
        print(&text)?;
    } else {
        let width = |text: fn(&Scenario) -> &str| {
            (scenarios.iter().map(|it| text(it).chars().count()).max()).unwrap_or_default()
        };
        let (name, title) = (width(|it| &it.name), width(|it| &it.head.title));
        let lines = scenarios.iter().map(|it| {
            let line = format!("{:name$}  {:title$}  {}", it.name, it.head.title, fits(it));
            line.trim_end().to_owned()
        });
        print(&lines.collect::<Vec<_>>().join("\n"))?;
    }
    if let Some(mistakes) = super::check::mistakes(&scenarios, args.color()) {
        anstream::eprintln!("{mistakes}");
        return Ok(code::PLAYBOOK);
    }
    Ok(code::PASSED)
}

/// Tags and majors.
fn fits(scenario: &Scenario) -> String {
    let majors = scenario
        .head
        .majors
        .iter()
        .map(|it| format!("PostgreSQL {it}"));
    scenario
        .head
        .tags
        .iter()
        .cloned()
        .chain(majors)
        .collect::<Vec<_>>()
        .join(", ")
}

fn json(scenario: &Scenario) -> serde_json::Value {
    let head = &scenario.head;
    serde_json::json!({
        "name": scenario.name,
        "path": scenario.playbook.path,
        "title": head.title,
        "tags": head.tags,
        "majors": head.majors,
        "timeout": head.timeout.map(|it| humantime::format_duration(it).to_string()),
    })
}
