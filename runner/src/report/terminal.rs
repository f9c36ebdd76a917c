//! The live report on a terminal: a line a step, and what went wrong where it did.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use anstyle::{AnsiColor, Effects, Style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::advice::advice;
use super::bill::Bill;
use super::diff::draw;
use super::seconds;
use crate::event::{Event, Form, Place, SnapshotState, Verdict, What};
use crate::problem::Problem;

mod end;
mod problem;

/// How the report looks.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    pub color: bool,
    /// A spinner: on a terminal only.
    pub motion: bool,
    pub verbose: bool,
}

/// Writes lines as events come in.
pub struct Terminal<W> {
    out: W,
    look: Look,
    spinner: ProgressBar,
    scenario: Scenario,
    section: Option<String>,
    counts: BTreeMap<&'static str, usize>,
    run: String,
    /// The last line was blank.
    blank: bool,
}

/// The scenario that runs.
#[derive(Default)]
struct Scenario {
    name: String,
    path: String,
    source: String,
    title: String,
    version: String,
    /// Its heading is written: that waits for the server's version.
    headed: bool,
    steps: usize,
    /// How many labs go on.
    labs: usize,
    /// A section differed from the snapshot.
    differed: bool,
    bill: Bill,
    /// The problems that were shown, as message and place.
    told: Vec<(String, Option<Place>)>,
}

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().effects(Effects::BOLD);
const FAINT: Style = Style::new().effects(Effects::DIMMED);
const STRONG: Style = Style::new().effects(Effects::BOLD);

/// Columns up to the right-hand side of the lines.
const WIDTH: usize = 72;

impl<W: Write> Terminal<W> {
    pub fn new(out: W, look: Look) -> Self {
        let target = if look.motion {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let spinner = ProgressBar::with_draw_target(None, target);
        spinner.set_style(
            ProgressStyle::with_template("  {spinner} {wide_msg}")
                .expect("the template is constant"),
        );
        Self {
            out,
            look,
            spinner,
            scenario: Scenario::default(),
            section: None,
            counts: BTreeMap::new(),
            run: String::new(),
            blank: false,
        }
    }

    /// Shows an event.
    #[expect(
        clippy::too_many_lines,
        reason = "every kind of event by name, in one list"
    )]
    pub fn tell(&mut self, event: &Event) {
        self.scenario.bill.take(&event.what);
        match &event.what {
            What::RunStarted { run, engine, .. } => {
                self.run.clone_from(run);
                if self.look.verbose {
                    self.line(&format!("run {run} on {engine}"));
                }
            }
            What::ImageStarted { image, why } => {
                self.line(&format!("image {image:<14} {why}"));
                self.wait(&format!("image {image}"));
            }
            What::ImageSaid { image, line } => {
                self.wait(&format!("image {image}: {line}"));
                if self.look.verbose {
                    self.line(&format!("  {line}"));
                }
            }
            What::ImageFinished { image, took } => {
                self.line(&format!("image {image:<14} ready after {}", seconds(*took)));
            }
            What::ScenarioStarted {
                path,
                source,
                title,
                major,
                ..
            } => {
                self.scenario = Scenario {
                    name: event.scenario.clone().unwrap_or_default(),
                    path: path.clone(),
                    source: source.clone(),
                    title: title.clone(),
                    version: major.to_string(),
                    ..Scenario::default()
                };
                self.wait(&self.scenario.name.clone());
            }
            What::ServerVersion { version, .. } => {
                if !self.scenario.headed {
                    self.scenario.version.clone_from(version);
                    self.heading();
                }
            }
            What::LabStarted { title } => {
                self.heading();
                let indent = self.indent();
                self.scenario.labs += 1;
                self.line(&format!("{indent}{title}"));
            }
            What::LabFinished { .. } => self.scenario.labs -= 1,
            What::SectionStarted { title, .. } => {
                self.section = Some(title.clone());
                self.wait(title);
            }
            What::SectionFinished {
                title,
                took,
                differs,
                broken,
            } => {
                self.heading();
                self.section = None;
                self.scenario.steps += 1;
                let (word, style) = match (broken, differs.is_empty()) {
                    (false, true) => ("ok", GOOD),
                    _ => ("FAIL", BAD),
                };
                self.step(word, style, title, *took);
                if !differs.is_empty() {
                    self.scenario.differed = true;
                    let diff = draw(differs, self.look.color);
                    self.block(&diff);
                }
            }
            What::CallStarted { what, .. } | What::CallWaiting { what, .. } => {
                let section = self.section.clone().unwrap_or_default();
                self.wait(&format!("{section}  {}", self.faint(what)));
            }
            What::CallFinished { took, .. } => {
                if self.look.verbose {
                    self.line(&self.faint(&format!("      took {}", seconds(*took))));
                }
            }
            What::NodeStarted {
                node, container, ..
            } => {
                if self.look.verbose {
                    self.line(&format!("    {node}: container {container}"));
                }
            }
            What::Shown(shown) => {
                if self.look.verbose {
                    let lead = if shown.form == Form::Remark {
                        ""
                    } else {
                        "    "
                    };
                    let text = format!("{}{}\n{}", shown.prompt, shown.input, shown.output);
                    let text = text.trim_end().replace('\n', "\n    ");
                    self.line(&self.faint(&format!("{lead}{text}")));
                }
            }
            What::Said { text } => {
                self.heading();
                self.line(&format!("    {text}"));
            }
            What::Violated { invariant, seen } => {
                self.heading();
                self.line(&format!("    violated: {invariant} ({})", seen.join("; ")));
            }
            What::Warned { text } => self.line(&format!("warning: {text}")),
            What::Prose { .. }
            | What::LineStarted { .. }
            | What::LineFinished(_)
            | What::HidingStarted
            | What::HidingFinished
            | What::Checked { .. }
            | What::NodeEnded { .. }
            | What::RoleChanged { .. }
            | What::NetworkChanged { .. }
            | What::VipHeld { .. }
            | What::StandbyBehind { .. }
            | What::ServerLog { .. }
            | What::Marked(_)
            | What::WorkloadStopped { .. }
            | What::InvariantEnded { .. }
            | What::RedactionAdded { .. }
            | What::RedactionDropped { .. }
            | What::SideSnapshot { .. } => {}
            What::ScenarioFinished {
                verdict,
                took,
                problems,
                snapshot,
            } => {
                self.heading();
                self.finish(*verdict, *took, problems, snapshot);
            }
            What::ScenarioSkipped { why, .. } => {
                let name = event.scenario.clone().unwrap_or_default();
                self.line(&format!("{}  skipped: {why}", self.strong(&name)));
                *self.counts.entry("skipped").or_default() += 1;
            }
            What::Paused(pause) => self.pause(pause),
            What::Resumed { .. } => self.spinner.reset(),
            What::Kept { nodes } => self.kept(nodes),
            What::RunFinished { took } => self.summary(*took),
        }
    }

    fn heading(&mut self) {
        if std::mem::replace(&mut self.scenario.headed, true) {
            return;
        }
        let left = format!("{}  {}", self.scenario.name, self.scenario.title);
        let version = format!("PostgreSQL {}", self.scenario.version);
        let pad = WIDTH
            .saturating_sub(left.chars().count() + version.len())
            .max(2);
        let name = self.strong(&self.scenario.name);
        let line = format!(
            "{name}  {}{}{version}",
            self.scenario.title,
            " ".repeat(pad)
        );
        self.line("");
        self.line(&line);
    }

    fn step(&mut self, word: &str, style: Style, title: &str, took: Duration) {
        let indent = self.indent();
        let took = seconds(took);
        let used = indent.len() + word.len() + 2 + title.chars().count() + took.len();
        let pad = " ".repeat(WIDTH.saturating_sub(used).max(1));
        let word = self.styled(style, word);
        self.line(&format!("{indent}{word}  {title}{pad}{took}"));
    }

    fn finish(
        &mut self,
        verdict: Verdict,
        took: Duration,
        problems: &[Problem],
        snapshot: &crate::event::SnapshotOutcome,
    ) {
        let word = match verdict {
            Verdict::Passed => "passed",
            Verdict::Failed => "failed",
            Verdict::Errored => "errored",
            Verdict::Cancelled => "stopped",
        };
        *self.counts.entry(word).or_default() += 1;
        self.bill();
        if self.scenario.steps == 0 && problems.is_empty() {
            let (word, style) = match verdict {
                Verdict::Passed => ("ok", GOOD),
                _ => ("FAIL", BAD),
            };
            self.step(word, style, "(no steps)", took);
        }
        for problem in problems {
            self.problem(problem);
        }
        let broken = !problems.is_empty();
        let Scenario { name, path, .. } = &self.scenario;
        for paragraph in advice(name, path, snapshot, broken, self.scenario.differed) {
            self.block(&paragraph);
        }
        match snapshot.state {
            SnapshotState::Renewed => {
                self.line(&format!(
                    "  only prose differed: {} is renewed",
                    snapshot.file
                ));
            }
            SnapshotState::Accepted => self.line(&format!("  {} is written", snapshot.file)),
            _ => {}
        }
    }

    fn bill(&mut self) {
        for (at, line) in self.scenario.bill.lines().iter().enumerate() {
            if at == 0 {
                self.line("");
            }
            self.line(&format!("  {line}"));
        }
    }

    fn indent(&self) -> String {
        "  ".repeat(1 + self.scenario.labs)
    }

    fn wait(&mut self, text: &str) {
        if self.look.motion {
            self.spinner.set_message(text.to_owned());
            self.spinner.enable_steady_tick(Duration::from_millis(100));
        }
    }

    fn block(&mut self, text: &str) {
        self.line("");
        for line in text.lines() {
            self.line(format!("        {line}").trim_end());
        }
        self.line("");
    }

    /// Writes a line; of blank ones never two in a row.
    fn line(&mut self, text: &str) {
        if text.is_empty() && self.blank {
            return;
        }
        self.blank = text.is_empty();
        let out = &mut self.out;
        // A closed pipe is no reason to leave containers behind.
        self.spinner.suspend(|| drop(writeln!(out, "{text}")));
    }

    fn styled(&self, style: Style, text: &str) -> String {
        if self.look.color {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }

    fn faint(&self, text: &str) -> String {
        self.styled(FAINT, text)
    }

    fn strong(&self, text: &str) -> String {
        self.styled(STRONG, text)
    }
}
