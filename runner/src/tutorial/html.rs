//! A tutorial as one HTML file that needs nothing else.

use std::collections::BTreeMap;
use std::fmt::Write;

use minijinja::value::Serde;
use minijinja::{Environment, context};
use serde::Serialize;

use super::Tutorial;
use super::guide::{Chapter, Piece};
use super::page::{Line, Part};
use super::placeholders::Placeholders;
use super::prose;
use super::text::{abridged, xml};
use crate::prompt::Prompt;
use crate::visible::visible;

const TEMPLATE: &str = include_str!("html/page.html");
const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

/// Nodes are told apart by so many colours.
const COLOURS: usize = 4;

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum View {
    Heading {
        level: usize,
        id: String,
        html: String,
    },
    Prose {
        html: String,
    },
    Folded {
        summary: String,
        html: String,
    },
    Block {
        lines: Vec<Row>,
    },
}

/// A line of a block. What is HTML already says so by its name.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Row {
    Command {
        prompt: String,
        /// The colour's number, if it is typed in a node.
        colour: Option<usize>,
        input_html: String,
        output_html: String,
    },
    Remark {
        text_html: String,
        output_html: String,
    },
    Text {
        output_html: String,
    },
}

impl Tutorial<'_> {
    /// The page in HTML.
    pub fn html(&self) -> String {
        let writer = Writer::of(self);
        let (introduction, steps) = self.page.introduction();
        let mut ids = Ids::default();
        let views = |parts: &[Part], ids: &mut Ids| -> Vec<_> {
            parts.iter().filter_map(|it| writer.view(it, ids)).collect()
        };
        let introduction = views(introduction, &mut ids);
        let mut body: Vec<_> = self
            .before()
            .iter()
            .flat_map(|it| Writer::chapter(it, &mut ids))
            .collect();
        body.extend(views(steps, &mut ids));
        body.extend(
            self.after()
                .iter()
                .flat_map(|it| Writer::chapter(it, &mut ids)),
        );
        let mut environment = Environment::new();
        environment
            .add_template("page.html", TEMPLATE)
            .expect("a test renders it");
        let page = environment.get_template("page.html").expect("it was added");
        let text = page.render(context! {
            title => visible(&self.page.title),
            major => self.major,
            scenario => self.scenario,
            source => self.page.source.as_str(),
            style => STYLE,
            script => SCRIPT,
            picture => self.picture().map(|it| it.svg()),
            introduction => Serde(&introduction),
            body => Serde(&body),
        });
        text.expect("its values are texts and numbers")
    }
}

/// Addresses of headings, each of them once.
#[derive(Debug, Default)]
struct Ids {
    seen: BTreeMap<String, usize>,
}

impl Ids {
    fn of(&mut self, title: &str) -> String {
        let letters = title
            .chars()
            .map(|it| if it.is_alphanumeric() { it } else { ' ' });
        let words = letters.collect::<String>().to_lowercase();
        let words: Vec<_> = words.split_whitespace().collect();
        // No element of the page itself begins so.
        let id = format!("s-{}", words.join("-"));
        let count = self.seen.entry(id.clone()).or_default();
        *count += 1;
        if *count == 1 {
            id
        } else {
            format!("{id}-{count}")
        }
    }
}

struct Writer<'a> {
    placeholders: Placeholders<'a>,
    nodes: Vec<String>,
}

impl<'a> Writer<'a> {
    fn of(tutorial: &Tutorial<'a>) -> Self {
        let nodes = tutorial
            .picture_of_all()
            .nodes
            .into_iter()
            .map(|it| it.name);
        Self {
            placeholders: Placeholders::of(tutorial.playbook),
            nodes: nodes.collect(),
        }
    }

    /// A part for readers, if it is one.
    fn view(&self, part: &Part, ids: &mut Ids) -> Option<View> {
        Some(match part {
            Part::Hidden(_) => return None,
            Part::Heading { level, title } => heading(*level, title, ids),
            Part::Prose(text) => View::Prose {
                html: prose::html(text),
            },
            Part::Block(lines) => View::Block {
                lines: lines.iter().map(|it| self.row(it)).collect(),
            },
        })
    }

    fn chapter(chapter: &Chapter, ids: &mut Ids) -> Vec<View> {
        let pieces = chapter.pieces.iter().map(|it| match it {
            Piece::Text(text) => View::Prose {
                html: prose::html(text),
            },
            Piece::Folded { summary, text } => View::Folded {
                summary: summary.clone(),
                html: prose::html(text),
            },
            Piece::Commands(commands) => View::Block {
                lines: commands.iter().map(|it| typed_here(it)).collect(),
            },
        });
        let heading = heading(2, chapter.title, ids);
        std::iter::once(heading).chain(pieces).collect()
    }

    fn row(&self, line: &Line) -> Row {
        match line {
            Line::Command(command) => Row::Command {
                prompt: visible(&command.prompt.to_string()),
                colour: self.colour(&command.prompt),
                input_html: self.marked(&command.input),
                output_html: self.marked(&abridged(&command.output)),
            },
            Line::Remark(remark) => Row::Remark {
                text_html: code(&self.marked(&remark.text)),
                output_html: self.marked(&abridged(&remark.output)),
            },
            Line::Text(text) => Row::Text {
                output_html: self.marked(&abridged(text)),
            },
        }
    }

    fn colour(&self, prompt: &Prompt) -> Option<usize> {
        let node = match prompt {
            Prompt::Host => return None,
            Prompt::Node { node, .. } => node,
            Prompt::Sql(client) => &client.at,
        };
        Some(self.nodes.iter().position(|it| it == node)? % COLOURS)
    }

    /// Text with its placeholders marked.
    fn marked(&self, text: &str) -> String {
        let text = visible(text);
        let mut marked = String::with_capacity(text.len());
        let mut at = 0;
        for (range, meaning) in self.placeholders.find(&text) {
            marked.push_str(&xml(&text[at..range.start]));
            let (title, name) = (xml(meaning), xml(&text[range.clone()]));
            write!(marked, "<i title=\"{title}\">{name}</i>").expect("a text grows");
            at = range.end;
        }
        marked.push_str(&xml(&text[at..]));
        marked
    }
}

/// What stands between backticks as code.
fn code(html: &str) -> String {
    let mut parts = html.split('`');
    let mut coded = parts.next().unwrap_or_default().to_owned();
    while let Some(part) = parts.next() {
        match parts.next() {
            Some(rest) => write!(coded, "<code>{part}</code>{rest}").expect("a text grows"),
            None => write!(coded, "`{part}").expect("a text grows"),
        }
    }
    coded
}

/// A command of the page's own.
fn typed_here(command: &str) -> Row {
    Row::Command {
        prompt: Prompt::Host.to_string(),
        colour: None,
        input_html: xml(command),
        output_html: String::new(),
    }
}

fn heading(level: usize, title: &str, ids: &mut Ids) -> View {
    View::Heading {
        level,
        id: ids.of(title),
        html: prose::line(title),
    }
}
