//! What is shown: SQL by real psql, and commands of a shell.

use std::sync::LazyLock;

use regex::Regex;

use crate::engine::{Output, Streams, heredoc, quoted};
use crate::problem::{Blame, Problem};
use crate::remark::Remark;

use super::Act;
use super::node::{Node, Quiet};
use super::teardown::Lab;

/// How psql connects, and what is expected of the SQL.
#[derive(Debug, Clone, Default)]
pub struct PsqlOptions {
    pub db: Option<String>,
    pub user: Option<String>,
    pub password: Option<String>,
    pub host: Option<String>,
    pub port: Option<u16>,
    pub expected: Expected,
    /// What the prompt says instead of the node: the address that clients know.
    pub label: Option<String>,
}

/// What a command is expected to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Expected {
    #[default]
    Success,
    /// Any failure.
    Failure,
    /// Exactly this SQLSTATE (of SQL), or this exit code (of a command).
    Exactly(String),
}

/// How a command of a shell runs.
#[derive(Debug, Clone, Default)]
pub struct ShellOptions {
    pub user: Option<String>,
    pub expected: Expected,
}

/// Runs SQL in psql on the node, shows it, and returns what it printed.
pub async fn psql(
    act: &Act,
    node: &Node,
    sql: &str,
    options: &PsqlOptions,
) -> Result<String, Problem> {
    node.needs_postgres()?;
    let quiet = node.hang_up().await;
    let script = format!("{} {}", command(node, options), heredoc(&typed(sql)));
    let output = quiet
        .at_first(node.run_as(&node.account, &script, Streams::Merged))
        .await?;
    let said = Said::read(&output.out);
    act.shows_sql(
        node.shown(),
        &prompt(node, options, ""),
        typed(sql),
        said.text.clone(),
    );
    judge(
        &who(node, options),
        sql,
        &options.expected,
        output.code,
        &said,
    )?;
    Ok(said.text)
}

/// SQL as it is typed: ended by a semicolon.
pub(super) fn typed(sql: &str) -> String {
    let sql = sql.trim();
    let last = sql.lines().last().unwrap_or_default();
    // A line of psql's own ends with the line, and a comment would swallow a semicolon.
    if sql.ends_with(';') || last.trim_start().starts_with('\\') || last.contains("--") {
        return sql.to_owned();
    }
    format!("{sql};")
}

/// The command that runs psql; SQL comes on its standard input.
pub(super) fn command(node: &Node, options: &PsqlOptions) -> String {
    let mut words = vec!["psql -X -v ON_ERROR_STOP=1 -v VERBOSITY=verbose".to_owned()];
    let password = match (&options.password, &options.user, &node.superuser) {
        (Some(password), _, _) => Some(password),
        // The superuser's own password is known; whoever else connects says theirs.
        (None, None, superuser) => superuser.password.as_ref(),
        (None, Some(_), _) => None,
    };
    if let Some(password) = password {
        words.insert(0, format!("PGPASSWORD={}", quoted(password)));
    }
    let database = options.db.as_deref().unwrap_or("postgres");
    words.push(format!("-d {}", quoted(database)));
    for (flag, value) in [("-U", &options.user), ("-h", &options.host)] {
        words.extend(
            value
                .as_ref()
                .map(|value| format!("{flag} {}", quoted(value))),
        );
    }
    words.extend(options.port.map(|port| format!("-p {port}")));
    words.join(" ")
}

/// The command that a person types for it.
pub(super) fn typed_command(options: &PsqlOptions) -> String {
    let password = options.password.as_deref();
    let mut words: Vec<_> = (password.iter())
        .map(|it| format!("PGPASSWORD={}", quoted(it)))
        .collect();
    words.push("psql".to_owned());
    let port = options.port.map(|it| it.to_string());
    for (flag, value) in [
        ("-h", &options.host),
        ("-p", &port),
        ("-U", &options.user),
        ("-d", &options.db),
    ] {
        words.extend(value.iter().map(|it| format!("{flag} {}", quoted(it))));
    }
    words.join(" ")
}

/// psql's prompt, with the node for the database, as a person would set PROMPT1.
pub(super) fn prompt(node: &Node, options: &PsqlOptions, mark: &str) -> String {
    let mut who = options.label.as_ref().unwrap_or(&node.name).clone();
    if let Some(db) = &options.db {
        who = format!("{who}/{db}");
    }
    let superuser = options
        .user
        .as_ref()
        .is_none_or(|user| *user == node.superuser.name);
    if let (false, Some(user)) = (superuser, &options.user) {
        who = format!("{user}@{who}");
    }
    let end = if superuser { "=# " } else { "=> " };
    format!("{who}{mark}{end}")
}

/// Whom the SQL is for, in a sentence.
pub(super) fn who(node: &Node, options: &PsqlOptions) -> String {
    match &options.label {
        Some(label) => format!("`{label}`"),
        None => node.called(),
    }
}

/// Whether psql did what was expected.
pub(super) fn judge(
    who: &str,
    sql: &str,
    expected: &Expected,
    code: i32,
    said: &Said,
) -> Result<(), Problem> {
    let failed = code != 0 || said.sqlstate.is_some();
    let state = said.sqlstate.as_deref().unwrap_or("none");
    let message = match expected {
        Expected::Success if !failed => return Ok(()),
        Expected::Failure if failed => return Ok(()),
        Expected::Exactly(wanted) if failed && wanted == state => return Ok(()),
        Expected::Success => match said.error() {
            Some(error) => format!("SQL on {who} failed: {error}"),
            None => format!("psql on {who} failed with exit code {code}"),
        },
        Expected::Failure => format!("SQL on {who} was expected to fail, and it did not"),
        Expected::Exactly(wanted) if failed => {
            format!("SQL on {who} was expected to fail with SQLSTATE {wanted}, not {state}")
        }
        Expected::Exactly(wanted) => {
            format!("SQL on {who} was expected to fail with SQLSTATE {wanted}, and it did not")
        }
    };
    let unsaid = said.text.lines().filter(|line| !message.ends_with(line));
    let unsaid = unsaid.collect::<Vec<_>>().join("\n");
    let mut problem = Problem::new(Blame::System, message)
        .note(format!("statement: {}", sql.trim()))
        .with_notes(said.sqlstate.iter().map(|it| format!("SQLSTATE: {it}")))
        .with_last_lines(&unsaid);
    problem.sqlstate.clone_from(&said.sqlstate);
    Err(problem)
}

/// What psql printed, as it would have printed it for a person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Said {
    pub text: String,
    /// Of the last error.
    pub sqlstate: Option<String>,
}

impl Said {
    /// psql runs with verbose messages, for the SQLSTATE. What that adds is taken out again: the
    /// code itself, the name of the place in the server's source, the names of the objects.
    pub fn read(output: &str) -> Self {
        static MESSAGE: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"^(?:psql:<stdin>:\d+: )?((?:ERROR|FATAL|PANIC|WARNING|NOTICE|INFO|LOG|DEBUG\d?):  )([0-9A-Z]{5}): (.*)$")
                .expect("it is constant")
        });
        static PREFIX: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"^psql:<stdin>:\d+: ").expect("it is constant"));
        static EXTRA: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"^(SCHEMA|TABLE|COLUMN|DATATYPE|CONSTRAINT) NAME:  ")
                .expect("it is constant")
        });
        let mut said = Self::default();
        let mut lines = Vec::new();
        let mut in_message = false;
        for line in output.trim_end_matches('\n').split('\n') {
            if let Some(found) = MESSAGE.captures(line) {
                in_message = true;
                if matches!(&found[1], "ERROR:  " | "FATAL:  " | "PANIC:  ") {
                    said.sqlstate = Some(found[2].to_owned());
                }
                lines.push(format!("{}{}", &found[1], &found[3]));
            } else if in_message && line.starts_with("LOCATION:  ") {
                in_message = false;
            } else if !(in_message && EXTRA.is_match(line)) {
                lines.push(PREFIX.replace(line, "").into_owned());
            }
        }
        said.text = lines.join("\n");
        if said.sqlstate.is_none() {
            said.sqlstate = connection_sqlstate(&said.text).map(str::to_owned);
        }
        said
    }

    fn error(&self) -> Option<&str> {
        let kinds = ["ERROR:  ", "FATAL:  ", "PANIC:  "];
        self.text
            .lines()
            .find(|line| kinds.iter().any(|it| line.contains(it)))
    }
}

/// A refused connection comes without its SQLSTATE; the server's words tell it
/// (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn connection_sqlstate(text: &str) -> Option<&'static str> {
    let line = text
        .lines()
        .find(|it| it.starts_with("psql: error: ") && it.contains("FATAL:  "))?;
    let known = [
        ("authentication failed", "28P01"),
        ("no pg_hba.conf entry", "28000"),
        ("pg_hba.conf rejects", "28000"),
        ("role \"", "28000"),
        ("database \"", "3D000"),
        ("the database system is", "57P03"),
        ("too many", "53300"),
        ("remaining connection slots", "53300"),
    ];
    known
        .iter()
        .find_map(|(words, code)| line.contains(words).then_some(*code))
}

/// Runs a command of a shell on the node, shows it, and returns what it printed.
pub async fn sh(
    act: &Act,
    lab: &Lab,
    node: &Node,
    command: &str,
    options: &ShellOptions,
) -> Result<String, Problem> {
    let _quiet = (lab.hang_up().await, node.hang_up().await);
    let user = options.user.as_deref().unwrap_or(&node.account);
    let output = node.run_as(user, command, Streams::Merged).await?;
    let text = output.out.trim_end_matches('\n').to_owned();
    // A shell's own complaints about a script name its line; a person's shell does not.
    let other = options.user.as_deref().filter(|it| *it != node.account);
    act.shows_as(other, node.shown(), command.trim(), text.clone());
    if output.code != 0 {
        act.remarks(node.shown(), &Remark::ExitCode { code: output.code });
    }
    let (code, who) = (output.code.to_string(), node.called());
    let message = match &options.expected {
        Expected::Success if output.code == 0 => return Ok(text),
        Expected::Failure if output.code != 0 => return Ok(text),
        Expected::Exactly(wanted) if *wanted == code => return Ok(text),
        Expected::Success => format!("the command on {who} failed with exit code {code}"),
        Expected::Failure => format!("the command on {who} was expected to fail, and it did not"),
        Expected::Exactly(wanted) => {
            format!("the command on {who} was expected to end with exit code {wanted}, not {code}")
        }
    };
    Err(Problem::new(Blame::System, message)
        .note(format!("command: {}", command.trim()))
        .with_last_lines(&text))
}

impl Lab {
    /// Closes what is kept open to the lab's servers, before a command that may act on any of them.
    pub(super) async fn hang_up(&self) -> Vec<Quiet> {
        let nodes = self.nodes();
        futures_util::future::join_all(nodes.iter().map(|node| node.hang_up())).await
    }
}

/// Runs a command without showing it; its failure is its result.
pub async fn execute(lab: &Lab, node: &Node, command: &str) -> Result<Output, Problem> {
    let _quiet = (lab.hang_up().await, node.hang_up().await);
    node.run(command).await
}

#[cfg(test)]
mod tests {
    use super::Said;

    #[test]
    fn what_verbose_messages_add_is_taken_out_again() {
        let said = Said::read(
            "BEGIN\n\
             psql:<stdin>:2: NOTICE:  42P07: relation \"a\" already exists, skipping\n\
             LOCATION:  transformCreateStmt, parse_utilcmd.c:210\n\
             psql:<stdin>:3: ERROR:  23505: duplicate key value violates unique constraint \"a_pkey\"\n\
             DETAIL:  Key (i)=(1) already exists.\n\
             SCHEMA NAME:  public\n\
             TABLE NAME:  a\n\
             CONSTRAINT NAME:  a_pkey\n\
             LOCATION:  _bt_check_unique, nbtinsert.c:666\n",
        );
        assert_eq!(
            said.text,
            "BEGIN\n\
             NOTICE:  relation \"a\" already exists, skipping\n\
             ERROR:  duplicate key value violates unique constraint \"a_pkey\"\n\
             DETAIL:  Key (i)=(1) already exists."
        );
        assert_eq!(said.sqlstate.as_deref(), Some("23505"));
    }

    #[test]
    fn a_refused_connection_has_its_sqlstate() {
        let said = Said::read(
            "psql: error: connection to server at \"10.0.0.1\", port 5432 failed: FATAL:  \
             password authentication failed for user \"app\"\n",
        );
        assert_eq!(said.sqlstate.as_deref(), Some("28P01"));
    }
}
