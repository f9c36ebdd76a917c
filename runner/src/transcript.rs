//! The transcript: what a reader of a scenario sees, folded from its events. Its body is the tutorial
//! and the snapshot.

use crate::event::{Event, Form, Shown, What};
use crate::prompt;
use crate::redact::Redactor;

mod prose;

pub(crate) use prose::fence_mark;

/// A scenario's transcript so far.
#[derive(Debug)]
pub struct Transcript {
    title: String,
    redactor: Redactor,
    /// The titles of the labs that go on, the innermost last.
    labs: Vec<String>,
    /// The title of the lab that ended last.
    ended: String,
    /// The first holds what stands before the first section.
    sections: Vec<Section>,
    sides: Vec<Side>,
    /// How many `hide` go on, one in the other.
    hiding: usize,
}

/// What stands around commands that no reader sees: a comment of Markdown.
const HIDDEN_BEGIN: &str = "<!-- hidden\n";
const HIDDEN_END: &str = "-->\n";

/// A part of a transcript, from one heading to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// None: what stands before the first section of the scenario or of a lab.
    pub title: Option<String>,
    /// The lab that it belongs to.
    pub lab: Option<String>,
    /// Its Markdown, heading included, redacted.
    pub text: String,
    /// The number of its first line in the body, from 1.
    pub line: usize,
    pub finished: bool,
    /// What was written last, which decides how the next thing is set off.
    last: Last,
}

/// Text beside the transcript (`snapshot(name, value)`), redacted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    pub name: String,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Nothing,
    Prose {
        list: bool,
    },
    Command,
    /// A command that no reader sees.
    Hidden,
}

impl Default for Transcript {
    fn default() -> Self {
        Self::new()
    }
}

impl Transcript {
    pub fn new() -> Self {
        Self {
            title: String::new(),
            redactor: Redactor::new(""),
            labs: Vec::new(),
            ended: String::new(),
            sections: vec![Section::new(None, None)],
            sides: Vec::new(),
            hiding: 0,
        }
    }

    /// Takes in the next event of its scenario.
    pub fn push(&mut self, event: &Event) {
        match &event.what {
            What::ScenarioStarted {
                source,
                title,
                introduction,
                ..
            } => {
                self.title.clone_from(title);
                self.redactor = Redactor::new(source);
                self.section().prose(introduction);
            }
            What::LabStarted { title } => {
                self.section().drop_bare_heading();
                self.begin(Section::new(Some(title.clone()), None));
                self.labs.push(title.clone());
            }
            What::LabFinished { title } => {
                self.finish();
                self.ended.clone_from(title);
                self.labs.pop();
                if let Some(outer) = self.labs.last_mut() {
                    *outer = format!("{outer}, after {title}");
                }
            }
            What::SectionStarted { title, .. } => {
                self.resume_lab();
                let section = Section::new(self.labs.last().cloned(), Some(title.clone()));
                self.begin(section);
            }
            What::Prose { .. } if self.hiding > 0 => {}
            What::Prose { text } => self.writing().prose(text),
            What::Shown(shown) => {
                let (input, output) = self.redactor.shown(shown);
                let kind = if self.hiding > 0 {
                    Last::Hidden
                } else {
                    Last::Command
                };
                self.writing().command(shown, &input, &output, kind);
            }
            What::HidingStarted => self.hiding += 1,
            What::HidingFinished => self.hiding = self.hiding.saturating_sub(1),
            // The vocabulary refuses bad patterns and unknown kinds before they become events.
            What::RedactionAdded { regex, placeholder } => {
                self.redactor.add(regex, placeholder).unwrap_or_default();
            }
            What::LineStarted { text } => self.redactor.spare(text),
            What::RedactionDropped { kind } => self.redactor.drop_kind(kind).unwrap_or_default(),
            What::SideSnapshot { name, text, .. } => {
                let text = self.redactor.text(None, text);
                self.sides.push(Side {
                    name: name.clone(),
                    text,
                });
            }
            What::SectionFinished { .. } | What::ScenarioFinished { .. } => self.finish(),
            What::RunStarted { .. }
            | What::ImageStarted { .. }
            | What::ImageSaid { .. }
            | What::ImageFinished { .. }
            | What::ServerVersion { .. }
            | What::CallStarted { .. }
            | What::CallWaiting { .. }
            | What::CallFinished { .. }
            | What::Checked { .. }
            | What::Said { .. }
            | What::Warned { .. }
            | What::Marked(_)
            | What::Violated { .. }
            | What::InvariantEnded { .. }
            | What::WorkloadStopped { .. }
            | What::NodeStarted { .. }
            | What::NodeEnded { .. }
            | What::RoleChanged { .. }
            | What::NetworkChanged { .. }
            | What::VipHeld { .. }
            | What::StandbyBehind { .. }
            | What::ServerLog { .. }
            | What::ScenarioSkipped { .. }
            | What::Paused(_)
            | What::Resumed { .. }
            | What::LineFinished(_)
            | What::Kept { .. }
            | What::RunFinished { .. } => {}
        }
    }

    /// The scenario's title, which the snapshot's header has.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The whole transcript in Markdown, without its title.
    pub fn body(&self) -> String {
        let texts = self
            .sections
            .iter()
            .map(|section| section.text.trim_end_matches('\n'));
        texts
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join("\n\n")
    }

    /// All sections that have a text, in their order.
    pub fn sections(&self) -> impl Iterator<Item = &Section> {
        self.sections
            .iter()
            .filter(|section| !section.text.is_empty())
    }

    /// What was snapshot beside the transcript, in its order.
    pub fn sides(&self) -> &[Side] {
        &self.sides
    }

    /// The section that goes on. What follows a lab is no part of it, with or without a step.
    fn writing(&mut self) -> &mut Section {
        self.resume_lab();
        if self.labs.is_empty() && self.section().lab.is_some() {
            let title = format!("After {}", self.ended);
            self.begin(Section::new(None, Some(title)));
        }
        self.section()
    }

    /// What comes after a lab within a lab gets the outer one's heading once more.
    fn resume_lab(&mut self) {
        let outer = self.labs.last().cloned();
        if outer.is_some() && self.section().lab != outer {
            self.begin(Section::new(outer, None));
        }
    }

    fn section(&mut self) -> &mut Section {
        self.sections
            .last_mut()
            .expect("there is always the first section")
    }

    fn begin(&mut self, mut section: Section) {
        self.finish();
        let body = self.body();
        section.line = if body.is_empty() {
            1
        } else {
            body.lines().count() + 2
        };
        self.sections.push(section);
    }

    fn finish(&mut self) {
        self.section().finished = true;
    }
}

impl Section {
    fn new(lab: Option<String>, title: Option<String>) -> Self {
        let text = match (&lab, &title) {
            (_, None) => lab
                .as_ref()
                .map_or(String::new(), |lab| format!("## {lab}\n")),
            (None, Some(title)) => format!("## {title}\n"),
            (Some(_), Some(title)) => format!("### {title}\n"),
        };
        let last = if text.is_empty() {
            Last::Nothing
        } else {
            Last::Prose { list: false }
        };
        Self {
            title,
            lab,
            text,
            line: 1,
            finished: false,
            last,
        }
    }

    /// A step that has nothing of its own before a lab leaves no section: the lab has a heading.
    fn drop_bare_heading(&mut self) {
        if self.title.is_some() && self.text.lines().count() == 1 {
            self.text.clear();
        }
    }

    fn prose(&mut self, text: &str) {
        let prose = prose::set(text);
        if prose.is_empty() {
            return;
        }
        self.set_off();
        self.text.push_str(&prose);
        self.text.push('\n');
        self.last = Last::Prose {
            list: prose::ends_in_list(&prose),
        };
    }

    fn command(&mut self, shown: &Shown, input: &str, output: &str, kind: Last) {
        if self.last == Last::Hidden && kind == Last::Hidden {
            let end = self.text.len() - HIDDEN_END.len();
            self.text.truncate(end);
        } else if self.last != kind {
            self.set_off();
        }
        if self.last == (Last::Prose { list: true }) {
            // Otherwise the block would be the list item's second paragraph.
            self.text.push_str("<!-- -->\n\n");
        }
        if kind == Last::Hidden && self.last != Last::Hidden {
            self.text.push_str(HIDDEN_BEGIN);
        }
        // An answer to what was sent before has no input of its own.
        let input = (!input.is_empty() || !shown.prompt.is_empty()).then_some(input);
        let mut lines = input.into_iter().flat_map(|it| it.split('\n'));
        let first = lines.next().unwrap_or_default();
        if input.is_some() {
            self.block_line(&format!("{}{first}", shown.prompt));
        }
        let raw = match shown.form {
            Form::Shell => prompt::here_document(first, lines.clone()),
            Form::Sql | Form::Remark => 0,
        };
        for (at, line) in lines.enumerate() {
            let prompt = if at < raw { "" } else { &shown.continuation };
            self.block_line(&format!("{prompt}{line}"));
        }
        // Only blank lines between other lines can be told from those that set off prose.
        let output = output.trim_end_matches(|letter: char| letter.is_whitespace());
        if !output.is_empty() {
            for line in output.split('\n') {
                // Who reads on would take it for something to type, and a script would run it.
                let moved = if prompt::is_like_input(line) { " " } else { "" };
                self.block_line(&format!("{moved}{line}"));
            }
        }
        if kind == Last::Hidden {
            self.text.push_str(HIDDEN_END);
        }
        self.last = kind;
    }

    fn block_line(&mut self, line: &str) {
        if !line.trim().is_empty() {
            self.text.push_str("    ");
            self.text.push_str(line);
        }
        self.text.push('\n');
    }

    fn set_off(&mut self) {
        if self.last != Last::Nothing {
            self.text.push('\n');
        }
    }
}

#[cfg(test)]
mod tests;
