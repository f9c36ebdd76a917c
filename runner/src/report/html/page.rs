//! What stands on the page: texts and numbers for the template.

use std::time::Duration;

use serde::Serialize;

use super::close::windows;
use super::log::{Chronicle, chronicle};
use super::score::{Card, cards};
use super::step::{StepView, steps};
use super::story::{Ending, Scenario, Story};
use super::text::{seconds, visible};
use super::timeline::{Frame, Picture, picture};
use crate::event::{SnapshotState, Verdict, What};
use crate::markdown;

/// The whole page.
#[derive(Debug, Default, Serialize)]
pub struct Page {
    pub run: String,
    pub started: String,
    pub took: String,
    /// The worst that happened, as class and word.
    pub verdict: (&'static str, &'static str),
    pub summary: String,
    pub command: String,
    pub pgdrill: String,
    pub engine: String,
    pub warnings: Vec<String>,
    pub scenarios: Vec<View>,
}

/// A scenario.
#[derive(Debug, Default, Serialize)]
pub struct View {
    /// Ids of what is in it begin so.
    pub id: String,
    pub name: String,
    pub title: String,
    pub verdict: (&'static str, &'static str),
    pub took: String,
    pub server: String,
    pub introduction_html: String,
    /// Why it was skipped, or ended without a verdict.
    pub why: String,
    pub problems: Vec<String>,
    pub snapshot: String,
    pub again: String,
    pub images: Vec<(String, String)>,
    pub cards: Vec<Card>,
    pub stages: Vec<StageView>,
    /// In a line of the contents: what it cost.
    pub cost: String,
    pub steps: usize,
    /// Those that differ, or in which it ended.
    pub bad_steps: usize,
}

/// A scenario's own time, or a lab.
#[derive(Debug, Default, Serialize)]
pub struct StageView {
    pub id: String,
    pub title: String,
    pub picture: Option<Picture>,
    /// Outages, drawn closer.
    pub close: Vec<(String, Picture)>,
    pub steps: Vec<StepView>,
    pub log: Option<Chronicle>,
}

impl Page {
    pub fn of(story: &Story<'_>) -> Self {
        let mut page = Self::default();
        if let Some(What::RunStarted {
            run,
            started,
            pgdrill,
            engine,
            command,
            ..
        }) = story.started.map(|it| &it.what)
        {
            page.run = visible(run);
            page.started = humantime::format_rfc3339_seconds(*started).to_string();
            page.pgdrill = visible(pgdrill);
            page.engine = visible(engine);
            page.command = typed(command);
        }
        page.took = story.took.map_or(String::new(), seconds);
        page.warnings = story.warnings.iter().map(|it| visible(it)).collect();
        let numbered = story.scenarios.iter().zip(1..);
        page.scenarios = numbered.map(|(it, number)| view(it, number)).collect();
        let verdicts = story.scenarios.iter().map(|it| worded(&it.ending));
        let rank = |class: &str| ORDER.iter().position(|it| it.0 == class);
        page.verdict = (verdicts.clone().max_by_key(|it| rank(it.0))).unwrap_or(ORDER[0]);
        let counts = ORDER.iter().rev().filter_map(|(class, word)| {
            let count = verdicts.clone().filter(|it| it.0 == *class).count();
            (count > 0).then(|| format!("{count} {word}"))
        });
        page.summary = counts.collect::<Vec<_>>().join(", ");
        page
    }
}

/// Classes and words of verdicts, the worst last.
const ORDER: &[(&str, &str)] = &[
    ("skipped", "skipped"),
    ("passed", "passed"),
    ("cancelled", "stopped"),
    ("cut", "not finished"),
    ("failed", "failed"),
    ("errored", "errored"),
];

fn worded(ending: &Ending<'_>) -> (&'static str, &'static str) {
    let class = match ending {
        Ending::Finished { verdict, .. } => match verdict {
            Verdict::Passed => "passed",
            Verdict::Failed => "failed",
            Verdict::Errored => "errored",
            Verdict::Cancelled => "cancelled",
        },
        Ending::Skipped(_) => "skipped",
        Ending::CutOff => "cut",
    };
    let found = ORDER.iter().find(|it| it.0 == class);
    *found.unwrap_or(&ORDER[0])
}

fn view(scenario: &Scenario<'_>, number: usize) -> View {
    let id = format!("s{number}");
    let mut view = View {
        name: visible(scenario.name),
        title: visible(scenario.title),
        verdict: worded(&scenario.ending),
        introduction_html: markdown::html(scenario.introduction),
        server: server(scenario),
        images: (scenario.images.iter())
            .map(|(image, version)| (visible(image), visible(version.unwrap_or("?"))))
            .collect(),
        again: again(scenario),
        cost: cost(scenario),
        cards: cards(scenario),
        steps: scenario
            .steps
            .iter()
            .filter(|it| it.title.is_some())
            .count(),
        bad_steps: scenario.steps.iter().filter(|it| it.is_bad()).count(),
        stages: (0..scenario.stages.len())
            .map(|at| stage(scenario, at, &id))
            .collect(),
        id,
        ..View::default()
    };
    view.stages.retain(|it| !it.is_empty());
    match &scenario.ending {
        Ending::Finished {
            took,
            problems,
            snapshot,
            ..
        } => {
            view.took = seconds(*took);
            let render = |it: &crate::problem::Problem| {
                let here = it.place.as_ref().is_some_and(|it| it.file == scenario.path);
                visible(&it.render(here.then_some(scenario.source), false))
            };
            view.problems = problems.iter().map(render).collect();
            view.snapshot = compared(snapshot.state, &snapshot.file);
        }
        Ending::Skipped(why) => view.why = visible(why),
        Ending::CutOff => "the record ends before the scenario does".clone_into(&mut view.why),
    }
    view
}

fn compared(state: SnapshotState, file: &str) -> String {
    let file = visible(file);
    match state {
        SnapshotState::NotCompared => String::new(),
        SnapshotState::Matches => format!("The transcript is that of {file}."),
        SnapshotState::Renewed => format!("Only prose differed from {file}, which is renewed."),
        SnapshotState::Accepted => format!("{file} was written from this run."),
        SnapshotState::Differs => format!("The transcript differs from {file}."),
        SnapshotState::Missing => "There is no snapshot to compare the transcript with.".to_owned(),
    }
}

fn server(scenario: &Scenario<'_>) -> String {
    let known = scenario.images.iter().find_map(|it| it.1);
    match (known, scenario.major) {
        (Some(version), _) => format!("PostgreSQL {}", visible(version)),
        (None, Some(major)) => format!("PostgreSQL {major}"),
        (None, None) => String::new(),
    }
}

/// Words as a shell takes them.
fn typed(words: &[String]) -> String {
    let words: Vec<_> = words.iter().map(|it| visible(it)).collect();
    let line = shlex::try_join(words.iter().map(String::as_str));
    // Only a NUL has no place in a line, and it is a picture by now.
    line.unwrap_or_else(|_| words.join(" "))
}

/// The command that plays this scenario alone.
fn again(scenario: &Scenario<'_>) -> String {
    let mut words = vec![
        "pgdrill".to_owned(),
        "run".to_owned(),
        scenario.path.to_owned(),
    ];
    if let Some(major) = scenario.major {
        words.extend(["--pg".to_owned(), major.to_string()]);
    }
    typed(&words)
}

/// The worst of the scenario's workloads, in a few words.
fn cost(scenario: &Scenario<'_>) -> String {
    let costs = || {
        scenario
            .stages
            .iter()
            .flat_map(|it| &it.workloads)
            .map(|it| it.cost)
    };
    let mut words = Vec::new();
    let outages = costs().flat_map(|it| &it.outages);
    if let Some(longest) = outages.map(|it| it.lasted).max() {
        words.push(format!("out of service {}", seconds(longest)));
    }
    if costs().next().is_some() {
        let lost: usize = costs().map(|it| it.lost).sum();
        words.push(match lost {
            0 => "nothing lost".to_owned(),
            1 => "1 write lost".to_owned(),
            lost => format!("{lost} writes lost"),
        });
    }
    words.join(", ")
}

fn stage(scenario: &Scenario<'_>, at: usize, id: &str) -> StageView {
    let stage = &scenario.stages[at];
    let id = format!("{id}-{at}");
    let frame = |window: (Duration, Duration), zero, close| Frame {
        scenario,
        number: at,
        window,
        zero,
        close,
    };
    let whole = (stage.from, stage.to);
    StageView {
        title: visible(stage.title.unwrap_or_default()),
        picture: (!stage.nodes.is_empty()).then(|| picture(frame(whole, scenario.from, false))),
        close: windows(stage)
            .into_iter()
            .map(|it| (it.title, picture(frame(it.window, it.zero, true))))
            .collect(),
        steps: steps(scenario, at),
        log: chronicle(stage, scenario.from),
        id,
    }
}

impl StageView {
    fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.picture.is_none()
    }
}
