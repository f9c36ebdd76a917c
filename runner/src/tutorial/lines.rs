//! The lines of a block as lines of a script.

use crate::engine::{heredoc, quoted};
use crate::problem::{Blame, Problem};
use crate::prompt::{Client, Prompt};
use crate::remark::Remark as Said;

use super::needs::{Needs, Run, lines};
use super::page::{Command, Line, Page, Remark};
use super::script::comment;
use super::values::Values;
use super::waits;

/// Writes a script's lines, and knows what was written.
pub(super) struct Writer {
    text: String,
    values: Values,
    needs: Needs,
    /// The sessions that are open, in the order of their numbers.
    sessions: Vec<String>,
    /// What is still to come, the next line last.
    rest: Vec<Line>,
}

impl Writer {
    pub fn new(page: &Page) -> Self {
        let rule = "-".repeat(85);
        Self {
            text: format!("# --- The drill {rule}\n"),
            values: Values::of(page),
            needs: Needs::of(page),
            sessions: Vec::new(),
            rest: lines(page).rev().cloned().collect(),
        }
    }

    pub fn text(self) -> String {
        self.text
    }

    pub fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    pub fn blank(&mut self) {
        self.text.push('\n');
    }

    /// The page's next block.
    pub fn block(&mut self, lines: &[Line]) -> Result<(), Box<Problem>> {
        for line in lines {
            self.rest.pop();
            match line {
                Line::Command(command) => self.command(command)?,
                Line::Remark(remark) => self.remark(remark)?,
                Line::Text(text) => self.line(comment(text).trim_end()),
            }
        }
        Ok(())
    }

    fn command(&mut self, command: &Command) -> Result<(), Box<Problem>> {
        for line in self.values.chosen(&command.input)? {
            self.line(&line);
        }
        if let Prompt::Sql(Client {
            session: Some(_), ..
        }) = command.prompt
        {
            self.in_session(command);
        } else {
            let how = how(command, self.rest.last());
            let call = self.call(command)?;
            self.line(&format!("{how}{call}"));
        }
        for line in self.values.printed(&command.output) {
            self.line(&line);
        }
        self.wait_after(command);
        Ok(())
    }

    fn call(&self, command: &Command) -> Result<String, Box<Problem>> {
        let input = &command.input;
        Ok(match &command.prompt {
            Prompt::Host if is_word(input, &["docker", "pipework"]) => host(input)?,
            Prompt::Host => format!("at_host {}", argument(input)),
            Prompt::Node { node, user: None } => format!("on {node} {}", argument(input)),
            Prompt::Node {
                node,
                user: Some(user),
            } => {
                format!(
                    "on {} {}",
                    quoted(&format!("{user}@{node}")),
                    argument(input)
                )
            }
            Prompt::Sql(client) => {
                let is_node = self.needs.nodes.contains(&client.at);
                let function = if is_node { "sql" } else { "sql_at" };
                format!(
                    "{function} {} {}",
                    quoted(&client.to_string()),
                    argument(input)
                )
            }
        })
    }

    /// What a person does without thinking: look whether it has worked.
    fn wait_after(&mut self, command: &Command) {
        let input = &command.input;
        if command.prompt == Prompt::Host
            && let Some(run) = Run::read(input)
            && run.serves
        {
            let what = quoted(&format!("{} accepts connections", run.name));
            self.line(&format!("what={what} deadline=$((SECONDS + 120))"));
            self.line(&format!(
                "until docker exec {} pg_isready -q; do breathe; done",
                run.name
            ));
        }
        if matches!(command.prompt, Prompt::Node { .. }) && input.ends_with('&') {
            self.line("sleep 1");
        }
    }

    fn in_session(&mut self, command: &Command) {
        let Prompt::Sql(client) = &command.prompt else {
            return;
        };
        let name = client.to_string();
        let number = self.session(client, &name, None);
        let mark = if client.superuser { "'#'" } else { "'>'" };
        let name = quoted(&name);
        self.line(&format!(
            "send {number} {name} {mark} {}",
            argument(&command.input)
        ));
        // A statement whose answer is waited for later has printed nothing yet.
        let later = self.rest.iter().rev().find_map(|line| match line {
            Line::Command(next) if next.prompt == command.prompt => Some(false),
            Line::Remark(next) => match Said::read(&next.text) {
                Some(Said::SessionAnswers { session }) if session == client.to_string() => {
                    Some(true)
                }
                _ => None,
            },
            _ => None,
        });
        if command.output.is_empty() && later == Some(true) {
            // By then it waits for whatever makes it wait.
            self.line("sleep 1");
        } else {
            self.line(&format!("answer {number}"));
        }
    }

    /// The number of a session, which is opened if it is new.
    fn session(&mut self, client: &Client, name: &str, command: Option<&str>) -> usize {
        if let Some(at) = self.sessions.iter().position(|it| it == name) {
            return at + 1;
        }
        self.sessions.push(name.to_owned());
        let number = self.sessions.len();
        let db = client.db.as_deref().unwrap_or("postgres");
        let user = client.user.as_deref().unwrap_or("postgres");
        let psql = format!("psql -X -U {} -d {}", quoted(user), quoted(db));
        let program = match command {
            Some(command) => {
                let command = format!("{command} -X");
                format!("docker exec -i {} sh -c {}", client.at, quoted(&command))
            }
            None if self.needs.nodes.contains(&client.at) => {
                format!("docker exec -i {} {psql}", client.at)
            }
            None => format!("in_fabric_typing {psql} -h {}", client.at),
        };
        self.line(&format!("open_session {number} {program}"));
        number
    }

    fn remark(&mut self, remark: &Remark) -> Result<(), Box<Problem>> {
        for line in self.values.chosen(&remark.text)? {
            self.line(&line);
        }
        let said = Said::read(&remark.text);
        if said.is_none() && remark.text.starts_with("until ") {
            let message = format!(
                "the remark `{}` is none that a script can wait for",
                remark.text
            );
            return Err(Box::new(Problem::new(Blame::Playbook, message)));
        }
        self.line(&format!("remark {}", argument(&remark.text)));
        match said {
            Some(Said::Session { session, command }) => {
                if let Some((Prompt::Sql(client), _)) = Prompt::read(&format!("{session}=# ")) {
                    self.session(&client, &session, Some(&command));
                }
            }
            Some(Said::SessionAnswers { session }) => {
                let number = self.sessions.iter().position(|it| *it == session);
                self.line(&format!("answer {}", number.map_or(0, |at| at + 1)));
            }
            Some(said) => {
                for line in waits::lines(&said) {
                    self.line(&line);
                }
            }
            None => {}
        }
        Ok(())
    }
}

/// What comes before a call: whether it is to fail, and whether it prints what nobody wants to see.
fn how(command: &Command, next: Option<&Line>) -> &'static str {
    let next = match next {
        Some(Line::Remark(remark)) => Said::read(&remark.text),
        _ => None,
    };
    let signs: &[&str] = match command.prompt {
        Prompt::Sql(_) => &["ERROR:  ", "FATAL:  ", "PANIC:  ", "psql: error"],
        _ => &["pg_ctl: could not"],
    };
    let complains = |line: &str| signs.iter().any(|sign| line.starts_with(sign));
    if matches!(next, Some(Said::Ended { .. })) && command.input.starts_with("pg_ctl start") {
        return "quietly may_fail ";
    }
    if matches!(next, Some(Said::ExitCode { .. })) || command.output.lines().any(complains) {
        return "fails ";
    }
    // An answer of psql is shown even if it is empty: `select` without rows prints something.
    match command.prompt {
        Prompt::Sql(_) => "",
        _ if command.output.is_empty() => "quietly ",
        _ => "",
    }
}

fn is_word(input: &str, words: &[&str]) -> bool {
    let first = input.split(' ').next().unwrap_or_default();
    words.contains(&first)
}

/// A line of the docker client or pipework in words, so that no shell reads it once more.
fn host(input: &str) -> Result<String, Box<Problem>> {
    let words = shlex::split(input).ok_or_else(|| {
        let message = format!("`{input}` is no line of a shell: a quote is open");
        Box::new(Problem::new(Blame::Playbook, message))
    })?;
    // The shell joins the words once more, to show them.
    let is_plain = words.join(" ") == *input;
    let words: Vec<_> = words.iter().map(|it| quoted(it)).collect();
    let words = words.join(" ");
    Ok(if is_plain {
        format!("host {words}")
    } else {
        format!("host_as {} {words}", argument(input))
    })
}

/// A text as a function's last argument, or as its standard input if it has several lines.
fn argument(text: &str) -> String {
    if text.contains('\n') {
        return heredoc(text);
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}
