//! A recording for asciinema (version 2): the transcript as it grew, with a marker at each step.

use std::fmt::Write;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::json;

use super::results::Results;
use crate::event::{Event, Form, What};
use crate::seconds::number;
use crate::visible::{line, visible};

/// The player waits no longer than this, in seconds.
const IDLE: f64 = 2.0;
const WIDTH: u32 = 100;
const HEIGHT: u32 = 30;

pub fn cast(events: &[Event]) -> String {
    let results = Results::of(events);
    let names: Vec<_> = results.scenarios.iter().map(|it| line(&it.name)).collect();
    let started = results
        .started
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let header = json!({
        "version": 2,
        "width": WIDTH,
        "height": HEIGHT,
        "timestamp": started.as_secs(),
        "idle_time_limit": IDLE,
        "title": format!("pgdrill: {}", names.join(", ")),
        "env": { "TERM": "xterm-256color" },
    });
    let mut tape = Tape {
        text: format!("{header}\n"),
        ..Tape::default()
    };
    for event in events {
        tape.take(event);
    }
    tape.text
}

/// What is recorded so far.
#[derive(Default)]
struct Tape {
    text: String,
    /// When what is shown next began: a command stands there before its output does.
    since: Duration,
    /// Something is written.
    begun: bool,
    blank: bool,
    /// The time of the last record: none may be earlier, and a command may have begun before what was
    /// said meanwhile.
    last: Duration,
    /// The last thing was a command: what follows it is not set off.
    in_block: bool,
}

impl Tape {
    fn take(&mut self, event: &Event) {
        let at = event.at;
        match &event.what {
            What::ScenarioStarted { title, .. } => {
                let name = event.scenario.clone().unwrap_or_default();
                self.heading(at, &format!("{name}  {title}"), "1;4");
            }
            What::LabStarted { title } => self.heading(at, title, "1;4"),
            What::SectionStarted { title, .. } => {
                self.mark(at, title);
                self.heading(at, title, "1");
            }
            What::CallStarted { .. } => self.since = at,
            What::Prose { text } => {
                self.set_off();
                self.write(at, &styled(text.trim(), "2"));
                self.in_block = false;
            }
            What::Shown(shown) => {
                if !self.in_block {
                    self.set_off();
                }
                let lead = if shown.form == Form::Remark {
                    "2"
                } else {
                    "36"
                };
                let prompts =
                    std::iter::once(&shown.prompt).chain(std::iter::repeat(&shown.continuation));
                let lines = shown.input.split('\n').zip(prompts);
                let input: Vec<_> = lines
                    .map(|(line, prompt)| format!("{}{}", styled(prompt, lead), visible(line)))
                    .collect();
                if !shown.input.is_empty() || !shown.prompt.is_empty() {
                    self.write(self.since, &input.join("\n"));
                }
                if !shown.output.is_empty() {
                    self.write(at, &visible(&shown.output));
                }
                self.since = at;
                self.in_block = true;
            }
            What::ScenarioFinished { problems, .. } => {
                for problem in problems {
                    self.set_off();
                    self.write(at, &styled(&format!("error: {}", problem.message), "31"));
                }
            }
            What::ScenarioSkipped { why, .. } => {
                let name = event.scenario.clone().unwrap_or_default();
                self.heading(at, &format!("{name}  skipped: {why}"), "1;4");
            }
            _ => {}
        }
    }

    fn heading(&mut self, at: Duration, text: &str, style: &str) {
        self.set_off();
        self.write(at, &styled(&line(text), style));
        self.in_block = false;
    }

    /// A blank line goes before what is written next.
    fn set_off(&mut self) {
        self.blank = self.begun;
    }

    fn write(&mut self, at: Duration, text: &str) {
        let lead = if std::mem::take(&mut self.blank) {
            "\n"
        } else {
            ""
        };
        let text = format!("{lead}{text}\n").replace('\n', "\r\n");
        self.begun = true;
        self.record(at, "o", &text);
    }

    fn mark(&mut self, at: Duration, title: &str) {
        self.record(at, "m", &line(title));
    }

    fn record(&mut self, at: Duration, kind: &str, data: &str) {
        self.last = self.last.max(at);
        let record = json!([number(self.last), kind, data]);
        writeln!(self.text, "{record}").expect("a text grows");
    }
}

/// The text in a style of the terminal's, line by line.
fn styled(text: &str, style: &str) -> String {
    let lines = text.split('\n').map(|line| match line {
        "" => String::new(),
        line => format!("\x1b[{style}m{}\x1b[0m", visible(line)),
    });
    lines.collect::<Vec<_>>().join("\n")
}
