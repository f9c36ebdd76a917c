//! A tutorial as Markdown in GitHub's flavour.

use super::Tutorial;
use super::guide::Chapter;
use super::page::{Line, Part};
use super::picture::Picture;
use super::prose::inert;
use super::text::{abridged, fenced};
use crate::visible::visible;

impl Tutorial<'_> {
    /// The page in Markdown.
    pub fn markdown(&self) -> String {
        let mut parts = vec![format!("# {}", inert(&self.page.title))];
        let (introduction, steps) = self.page.introduction();
        parts.extend(introduction.iter().filter_map(part));
        parts.extend(
            self.picture()
                .map(|it| fenced("mermaid", it.mermaid().trim_end())),
        );
        parts.extend(self.before().iter().map(Chapter::markdown));
        parts.extend(steps.iter().filter_map(part));
        parts.extend(self.after().iter().map(Chapter::markdown));
        let mut text = parts.join("\n\n");
        text.push('\n');
        text
    }

    pub(super) fn picture(&self) -> Option<Picture> {
        Some(self.picture_of_all()).filter(Picture::is_worth_drawing)
    }

    pub(super) fn picture_of_all(&self) -> Picture {
        Picture::of(self.page)
    }
}

/// A part for readers, if it is one.
fn part(part: &Part) -> Option<String> {
    Some(match part {
        Part::Hidden(_) => return None,
        Part::Heading { level, title } => format!("{} {}", "#".repeat(*level), inert(title)),
        Part::Prose(text) => inert(text),
        Part::Block(lines) => {
            let lines: Vec<_> = lines.iter().map(line).collect();
            fenced("console", &visible(&lines.join("\n")))
        }
    })
}

/// A line and what it printed, as far as that is worth reading.
fn line(line: &Line) -> String {
    let (typed, output) = match line {
        Line::Command(command) => (command.typed(), &command.output),
        Line::Remark(remark) => (format!("# {}", remark.text), &remark.output),
        Line::Text(text) => return abridged(text),
    };
    if output.is_empty() {
        return typed;
    }
    format!("{typed}\n{}", abridged(output))
}
