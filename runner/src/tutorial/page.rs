//! The page of a stored transcript, in parts: headings, prose, and blocks of commands.

use std::fmt;

use crate::prompt::{MORE, Prompt, here_document};
use crate::snapshot::file::Stored;
use crate::transcript::fence_mark;

/// A stored transcript. Its parts stand one blank line apart; those before the first heading are the
/// introduction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub title: String,
    /// The playbook that it is made from, relative to the root.
    pub source: String,
    pub parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Levels 2 (a step or a lab) and 3 (a step of a lab).
    Heading {
        level: usize,
        title: String,
    },
    /// Markdown.
    Prose(String),
    Block(Vec<Line>),
    /// A block for scripts, which readers don't see.
    Hidden(Vec<Line>),
}

/// What a block is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    Command(Command),
    Remark(Remark),
    /// Output that nothing typed comes before.
    Text(String),
}

/// A command and what it printed; the lines of both are joined by `\n`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    pub prompt: Prompt,
    pub input: String,
    pub output: String,
}

/// A remark (`# until s1 streams from p1`); an answer that was waited for stands as its output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    pub text: String,
    pub output: String,
}

impl Page {
    pub fn of(stored: &Stored) -> Self {
        Self {
            title: stored.title.clone().unwrap_or_default(),
            source: stored.source.clone(),
            parts: parts(&stored.body),
        }
    }

    /// All that is typed, in its order.
    pub fn commands(&self) -> impl Iterator<Item = &Command> {
        self.lines().filter_map(|it| match it {
            Line::Command(command) => Some(command),
            _ => None,
        })
    }

    /// All lines of all blocks.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        let blocks = self.parts.iter().filter_map(|it| match it {
            Part::Block(lines) => Some(lines),
            _ => None,
        });
        blocks.flatten()
    }

    /// What stands before the first heading, and the rest.
    pub fn introduction(&self) -> (&[Part], &[Part]) {
        let heading = |it: &Part| matches!(it, Part::Heading { .. });
        let end = self.parts.iter().position(heading);
        self.parts.split_at(end.unwrap_or(self.parts.len()))
    }

    /// The first paragraph.
    pub fn opening(&self) -> String {
        let prose = self.introduction().0.iter().find_map(|it| match it {
            Part::Prose(text) => text.split("\n\n").next(),
            _ => None,
        });
        prose.unwrap_or_default().to_owned()
    }

    /// The body of the transcript that this was read from.
    pub fn body(&self) -> String {
        let parts: Vec<_> = self.parts.iter().map(Part::to_string).collect();
        parts.join("\n\n")
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Heading { level, title } => write!(f, "{} {title}", "#".repeat(*level)),
            Self::Prose(text) => write!(f, "{text}"),
            Self::Block(lines) => write!(f, "{}", block(lines)),
            Self::Hidden(lines) => write!(f, "{HIDDEN_BEGIN}\n{}\n{HIDDEN_END}", block(lines)),
        }
    }
}

fn block(lines: &[Line]) -> String {
    let lines: Vec<_> = lines.iter().map(Line::to_string).collect();
    let lines = lines.join("\n");
    let lines: Vec<_> = lines.split('\n').map(indented).collect();
    lines.join("\n")
}

fn indented(line: &str) -> String {
    if line.is_empty() {
        return String::new();
    }
    format!("    {line}")
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let output = match self {
            Self::Command(command) => {
                write!(f, "{}", command.typed())?;
                &command.output
            }
            Self::Remark(remark) => {
                write!(f, "# {}", remark.text)?;
                &remark.output
            }
            Self::Text(text) => return write!(f, "{text}"),
        };
        if output.is_empty() {
            return Ok(());
        }
        write!(f, "\n{output}")
    }
}

impl Command {
    /// The input with its prompts, as it is shown.
    pub fn typed(&self) -> String {
        let mut lines = self.input.split('\n');
        let first = lines.next().unwrap_or_default();
        let raw = match self.prompt {
            Prompt::Sql(_) => 0,
            _ => here_document(first, lines.clone()),
        };
        let mut typed = format!("{}{first}", self.prompt);
        let more = self.prompt.continuation();
        for (at, line) in lines.enumerate() {
            typed.push('\n');
            if at >= raw {
                typed.push_str(&more);
            }
            typed.push_str(line);
        }
        typed
    }
}

/// What stands around a hidden block, a comment of Markdown.
const HIDDEN_BEGIN: &str = "<!-- hidden";
const HIDDEN_END: &str = "-->";

/// The parts of a body; a blank line between two lines of a block is the block's own.
fn parts(body: &str) -> Vec<Part> {
    let lines: Vec<_> = body.split('\n').collect();
    let mut parts = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        let end = if line.is_empty() {
            at + 1
        } else if let Some(end) = hidden_end(&lines, at) {
            parts.push(Part::Hidden(block_lines(&unindented(&lines[at + 1..end]))));
            end + 1
        } else if line.starts_with("    ") {
            let end = block_end(&lines, at);
            parts.push(Part::Block(block_lines(&unindented(&lines[at..end]))));
            end
        } else if let Some((level, title)) = heading(line) {
            parts.push(Part::Heading {
                level,
                title: title.to_owned(),
            });
            at + 1
        } else {
            let end = prose_end(&lines, at);
            parts.push(Part::Prose(lines[at..end].join("\n")));
            end
        };
        at = end;
    }
    parts
}

fn unindented<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    lines
        .iter()
        .map(|line| line.get(4..).unwrap_or(""))
        .collect()
}

/// The last line of a hidden block that begins at a line. A comment of prose has no indented lines.
fn hidden_end(lines: &[&str], start: usize) -> Option<usize> {
    let inside = lines
        .get(start + 1..)
        .filter(|_| lines[start] == HIDDEN_BEGIN)?;
    let length = inside.iter().position(|line| *line == HIDDEN_END)?;
    let is_block = |line: &&str| line.is_empty() || line.starts_with("    ");
    inside[..length]
        .iter()
        .all(is_block)
        .then_some(start + 1 + length)
}

/// The first line that is no more the block's, blank ones at its end left out.
fn block_end(lines: &[&str], start: usize) -> usize {
    let mut end = start;
    for (at, line) in lines.iter().enumerate().skip(start) {
        if line.starts_with("    ") {
            end = at + 1;
        } else if !line.is_empty() {
            break;
        }
    }
    end
}

fn prose_end(lines: &[&str], start: usize) -> usize {
    let mut end = start;
    let mut fence = None;
    for (at, line) in lines.iter().enumerate().skip(start) {
        if let Some(mark) = fence {
            if line.trim_start().starts_with(mark) {
                fence = None;
            }
        } else if line.starts_with("    ")
            || heading(line).is_some()
            || hidden_end(lines, at).is_some()
        {
            break;
        } else {
            fence = fence_mark(line);
        }
        if fence.is_some() || !line.is_empty() {
            end = at + 1;
        }
    }
    end
}

fn heading(line: &str) -> Option<(usize, &str)> {
    let title = line.trim_start_matches('#');
    let level = line.len() - title.len();
    let title = title.strip_prefix(' ')?;
    (2..=3).contains(&level).then_some((level, title))
}

fn block_lines(lines: &[&str]) -> Vec<Line> {
    let mut block = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let (line, end) = typed(lines, at);
        block.push(line);
        at = end;
        while at < lines.len() && !is_typed(lines[at]) {
            at += 1;
        }
        let output = lines[end..at].join("\n");
        match block.last_mut() {
            Some(Line::Command(command)) => command.output = output,
            Some(Line::Remark(remark)) => remark.output = output,
            Some(Line::Text(text)) if end < at => {
                text.push('\n');
                text.push_str(&output);
            }
            _ => {}
        }
    }
    block
}

fn is_typed(line: &str) -> bool {
    line.starts_with("# ") || Prompt::read(line).is_some()
}

/// What is typed from a line on, and the line after it.
fn typed(lines: &[&str], at: usize) -> (Line, usize) {
    if let Some(text) = lines[at].strip_prefix("# ") {
        let (text, output) = (text.to_owned(), String::new());
        return (Line::Remark(Remark { text, output }), at + 1);
    }
    let Some((prompt, first)) = Prompt::read(lines[at]) else {
        return (Line::Text(lines[at].to_owned()), at + 1);
    };
    let rest = &lines[at + 1..];
    let mut input = vec![first];
    if !matches!(prompt, Prompt::Sql(_)) {
        let raw = here_document(first, rest.iter().copied());
        input.extend(&rest[..raw]);
    }
    let more = match prompt {
        Prompt::Sql(_) => prompt.continuation(),
        _ => MORE.to_owned(),
    };
    while let Some(line) = rest
        .get(input.len() - 1)
        .and_then(|it| continued(it, &more))
    {
        input.push(line);
    }
    let end = at + input.len();
    let (input, output) = (input.join("\n"), String::new());
    (
        Line::Command(Command {
            prompt,
            input,
            output,
        }),
        end,
    )
}

/// What stands after a continuation's prompt, of which an editor may have taken the last space.
fn continued<'a>(line: &'a str, more: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(more.trim_end())?;
    if rest.is_empty() {
        Some(rest)
    } else {
        rest.strip_prefix(' ')
    }
}

#[cfg(test)]
mod tests;
