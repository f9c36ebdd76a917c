//! JUnit's XML: a suite a scenario, a case a step, what was measured as properties.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::cases::{Case, Outcome, Trouble};
use super::figures::figures;
use super::results::{Results, Scenario};
use crate::event::Event;
use crate::visible::{line, visible};

pub fn junit(events: &[Event]) -> String {
    let results = Results::of(events);
    let mut report = Report::new("pgdrill");
    // Its type is chrono's, which nothing else here needs.
    let started = humantime::format_rfc3339_millis(results.started).to_string();
    report.timestamp = started.parse().ok();
    report.time = results.took;
    report.add_test_suites(results.scenarios.iter().map(suite));
    report
        .to_string()
        .expect("texts have no character that XML can't hold")
}

fn suite(scenario: &Scenario) -> TestSuite {
    let name = match scenario.major {
        Some(major) => format!("{} (PostgreSQL {major})", scenario.name),
        None => scenario.name.clone(),
    };
    let mut suite = TestSuite::new(line(&name));
    suite.set_time(scenario.took);
    suite.add_test_cases(scenario.cases().iter().map(|it| case(scenario, it)));
    for (name, value) in properties(scenario) {
        suite.add_property((line(&name).as_str(), line(&value).as_str()));
    }
    suite
}

fn case(scenario: &Scenario, case: &Case<'_>) -> TestCase {
    let status = match &case.outcome {
        Outcome::Passed => TestCaseStatus::success(),
        Outcome::Skipped(why) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(line(why));
            status
        }
        Outcome::Failed(trouble) => wrong(NonSuccessKind::Failure, trouble),
        Outcome::Errored(trouble) => wrong(NonSuccessKind::Error, trouble),
    };
    let mut test = TestCase::new(line(&case.name), status);
    test.set_classname(line(&scenario.name)).set_time(case.took);
    test
}

fn wrong(kind: NonSuccessKind, trouble: &Trouble) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status
        .set_type(trouble.kind)
        .set_message(line(&trouble.message))
        .set_description(visible(&trouble.text));
    status
}

fn properties(scenario: &Scenario) -> Vec<(String, String)> {
    let mut properties = vec![("verdict".to_owned(), scenario.word().to_owned())];
    let version = scenario.version.clone();
    properties.extend(version.map(|it| ("postgresql".to_owned(), it)));
    for workload in &scenario.workloads {
        let figures = figures(&workload.cost).into_iter();
        properties
            .extend(figures.map(|(name, value)| (format!("{}: {name}", workload.name), value)));
    }
    for invariant in &scenario.invariants {
        properties.push((invariant.name.clone(), invariant.word().to_owned()));
    }
    properties
}
