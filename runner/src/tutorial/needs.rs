//! What a page makes and needs: nodes, volumes, images, networks.

use std::collections::BTreeSet;

use crate::prompt::Prompt;
use crate::remark::Remark;

use super::page::{Command, Line, Page, Part};

/// What is there after a page was followed, and what it stands on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Containers, in the order in which they are first started.
    pub nodes: Vec<String>,
    pub volumes: Vec<String>,
    /// Images that nodes are started from and that the page has not saved itself.
    pub images: Vec<String>,
    /// Images that the page saves.
    pub saved: Vec<String>,
    /// Nodes talk to each other, or are reached by an address.
    pub network: bool,
    pub sessions: bool,
    pub clients: bool,
}

/// A line of the docker client that starts a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub name: String,
    pub image: String,
    /// The image's own program runs, which is a server.
    pub serves: bool,
}

impl Needs {
    pub fn of(page: &Page) -> Self {
        let mut needs = Self::default();
        for line in lines(page) {
            match line {
                Line::Command(command) => needs.command(command),
                Line::Remark(remark) => match Remark::read(&remark.text) {
                    Some(Remark::Clients { .. }) => needs.clients = true,
                    Some(Remark::Session { .. } | Remark::SessionAnswers { .. }) => {
                        needs.sessions = true;
                    }
                    _ => {}
                },
                Line::Text(_) => {}
            }
        }
        needs.network = needs.clients || lines(page).any(|line| needs.is_on_network(line));
        if needs.network {
            add(&mut needs.images, "pg-base");
        }
        needs
    }

    fn command(&mut self, command: &Command) {
        if let Prompt::Sql(client) = &command.prompt {
            self.sessions |= client.session.is_some();
        }
        if command.prompt != Prompt::Host {
            return;
        }
        if let Some(run) = Run::read(&command.input) {
            add(&mut self.nodes, &run.name);
            if !self.saved.contains(&run.image) {
                add(&mut self.images, &run.image);
            }
        }
        let words = shlex::split(&command.input).unwrap_or_default();
        match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["docker", "volume", "create", .., name] => add(&mut self.volumes, name),
            ["docker", "commit", .., name] => add(&mut self.saved, name),
            _ => {}
        }
    }

    fn is_on_network(&self, line: &Line) -> bool {
        let Line::Command(Command { prompt, input, .. }) = line else {
            return false;
        };
        match prompt {
            Prompt::Host => !input.starts_with("docker "),
            Prompt::Sql(client) => !self.nodes.contains(&client.at),
            Prompt::Node { node, .. } => {
                let others: BTreeSet<_> = self.nodes.iter().filter(|it| *it != node).collect();
                let mut words = input.split(|c: char| !(c.is_alphanumeric() || "_-.".contains(c)));
                words.any(|word| others.contains(&word.to_owned()))
            }
        }
    }
}

impl Run {
    pub fn read(input: &str) -> Option<Self> {
        let words = shlex::split(input)?;
        let mut words = words.iter().map(String::as_str);
        if (words.next()?, words.next()?) != ("docker", "run") {
            return None;
        }
        let mut name = None;
        let image = loop {
            match words.next()? {
                "--name" => name = Some(words.next()?.to_owned()),
                "-d" => {}
                option if option.starts_with('-') => {
                    words.next()?;
                }
                image => break image.to_owned(),
            }
        };
        let serves = words.next().is_none_or(|it| it.starts_with('-'));
        let name = name?;
        Some(Self {
            name,
            image,
            serves,
        })
    }
}

/// All lines of a page's blocks.
pub fn lines(page: &Page) -> impl DoubleEndedIterator<Item = &Line> {
    page.parts.iter().flat_map(|part| match part {
        Part::Block(lines) | Part::Hidden(lines) => lines.as_slice(),
        Part::Heading { .. } | Part::Prose(_) => &[],
    })
}

fn add(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|it| it == name) {
        names.push(name.to_owned());
    }
}
