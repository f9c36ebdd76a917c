//! `pgdrill runs`: the runs whose records are kept, the latest first.

use serde_json::json;

use super::args;
use super::{code, out};
use crate::problem::Problem;
use crate::record::{Run, Runs};
use crate::report::Results;
use crate::run::is_alive;

pub fn runs(runs: &args::Runs) -> Result<u8, Problem> {
    let mut all = Vec::new();
    for run in Runs::of_user()?.list() {
        match run.results() {
            Ok(results) => all.push((run, results)),
            Err(problem) => anstream::eprintln!("{}", problem.render(None, false)),
        }
    }
    if runs.json {
        let all: Vec<_> = all
            .iter()
            .map(|(run, results)| as_json(run, results))
            .collect();
        let text = serde_json::to_string_pretty(&all).expect("it is plain data");
        out::print(&format!("{text}\n"));
    } else if all.is_empty() {
        anstream::eprintln!("no run has left a record yet");
    } else {
        let rows: Vec<_> = all.iter().map(|(run, results)| row(run, results)).collect();
        out::print(&out::columns(&rows));
    }
    Ok(code::PASSED)
}

fn row(run: &Run, results: &Results) -> Vec<String> {
    let started = humantime::format_rfc3339_seconds(results.started).to_string();
    let names: Vec<_> = results
        .scenarios
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    let took = results
        .took
        .map_or(String::new(), |it| format!("{:.1} s", it.as_secs_f64()));
    vec![
        run.name.clone(),
        started,
        verdict(run, results).to_owned(),
        took,
        majors(results)
            .iter()
            .map(u32::to_string)
            .collect::<Vec<_>>()
            .join(" "),
        names.join(" "),
    ]
}

fn as_json(run: &Run, results: &Results) -> serde_json::Value {
    let scenario =
        |it: &crate::report::Scenario| json!({ "scenario": it.name, "verdict": it.word() });
    json!({
        "run": run.name,
        "started": humantime::format_rfc3339_millis(results.started).to_string(),
        "verdict": verdict(run, results),
        "took": results.took.map(crate::seconds::number),
        "majors": majors(results),
        "scenarios": results.scenarios.iter().map(scenario).collect::<Vec<_>>(),
        "record": run.record(),
    })
}

fn verdict(run: &Run, results: &Results) -> &'static str {
    if results.took.is_none() && is_alive(&run.name) {
        return "running";
    }
    results.word()
}

fn majors(results: &Results) -> Vec<u32> {
    let mut majors: Vec<_> = results.scenarios.iter().filter_map(|it| it.major).collect();
    majors.sort_unstable();
    majors.dedup();
    majors
}
