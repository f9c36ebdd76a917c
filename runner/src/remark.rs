//! Remarks of a transcript: what is waited for, what clients do meanwhile, what is checked. Each has a
//! text for its reader, and is read back from it, so that a tutorial can be made into a script.

use std::fmt;
use std::sync::LazyLock;

use regex::{Captures, Regex};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// A standby streams from its upstream.
    Streams {
        standby: String,
        upstream: String,
    },
    /// A standby has written, flushed or replayed what its primary has written by now.
    CaughtUp {
        standby: String,
        how: String,
        primary: String,
    },
    Archived {
        node: String,
        segment: String,
    },
    /// A statement returns a value.
    Answers {
        wanted: String,
        sql: String,
        node: String,
        db: Option<String>,
    },
    LogSays {
        node: String,
        regex: String,
    },
    Subscribed {
        node: String,
        subscription: String,
    },
    /// Recovery is over.
    Writable {
        node: String,
    },
    /// Recovery stands still at its target.
    Paused {
        node: String,
    },
    /// The server has ended by itself.
    Ended {
        node: String,
    },
    /// A connection that stays open, and the command that makes it.
    Session {
        session: String,
        command: String,
    },
    /// What was sent in a session is answered.
    SessionAnswers {
        session: String,
    },
    /// Clients write from here on.
    Clients {
        writers: u32,
        rate: u32,
        table: String,
        at: String,
    },
    ClientsStop {
        from: String,
    },
    ServedWithin {
        limit: String,
    },
    NothingLost,
    AtMostLost {
        most: i64,
    },
    Watched {
        invariant: String,
    },
    Violated {
        invariant: String,
    },
    /// A segment that is no interface of the host.
    PrivateLan {
        segment: String,
    },
    /// The command before this one fails.
    ExitCode {
        code: i32,
    },
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Streams { standby, upstream } => {
                write!(f, "until {standby} streams from {upstream}")
            }
            Self::CaughtUp {
                standby,
                how,
                primary,
            } => {
                write!(f, "until {standby} has {how} what {primary} has written")
            }
            Self::Archived { node, segment } => write!(f, "until {node} has archived {segment}"),
            Self::Answers {
                wanted,
                sql,
                node,
                db,
            } => {
                write!(f, "until {wanted} from `{sql}` on {node}")?;
                db.as_ref().map_or(Ok(()), |db| write!(f, "/{db}"))
            }
            Self::LogSays { node, regex } => write!(f, "until the log of {node} says: {regex}"),
            Self::Subscribed { node, subscription } => {
                write!(
                    f,
                    "until {node} has what its subscription {subscription} is for"
                )
            }
            Self::Writable { node } => write!(f, "until {node} accepts writes"),
            Self::Paused { node } => write!(f, "until {node} has paused at its target"),
            Self::Ended { node } => write!(f, "until the server on {node} has ended"),
            Self::Session { session, command } => {
                write!(f, "in another window, {session}: {command}")
            }
            Self::SessionAnswers { session } => write!(f, "{session} answers"),
            Self::Clients {
                writers,
                rate,
                table,
                at,
            } => write!(
                f,
                "{writers} clients insert rows into {table} at {at} without pause, {rate} a second"
            ),
            Self::ClientsStop { from } => {
                write!(
                    f,
                    "the clients are stopped, and their rows read from {from}"
                )
            }
            Self::ServedWithin { limit } => write!(f, "clients are served again within {limit}"),
            Self::NothingLost => write!(f, "no acknowledged write is lost"),
            Self::AtMostLost { most } => write!(f, "at most {most} acknowledged writes are lost"),
            Self::Watched { invariant } => write!(f, "from here on: {invariant}"),
            Self::Violated { invariant } => write!(f, "violated, as expected: {invariant}"),
            Self::PrivateLan { segment } => {
                write!(
                    f,
                    "{segment} is a private LAN of this scenario, no interface of the host"
                )
            }
            Self::ExitCode { code } => write!(f, "exit code {code}"),
        }
    }
}

/// A text's form, and what it tells.
struct Form {
    regex: Regex,
    read: fn(&Captures<'_>) -> Option<Remark>,
}

impl Remark {
    /// The remark of a text; none: it is no remark of ours.
    pub fn read(text: &str) -> Option<Self> {
        static FORMS: LazyLock<Vec<Form>> = LazyLock::new(|| {
            [waits(), clients(), others()]
                .into_iter()
                .flatten()
                .collect()
        });
        let found = FORMS
            .iter()
            .find_map(|form| Some((form, form.regex.captures(text)?)));
        found.and_then(|(form, found)| (form.read)(&found))
    }
}

fn form(pattern: &str, read: fn(&Captures<'_>) -> Option<Remark>) -> Form {
    Form {
        regex: Regex::new(&format!("^(?s:{pattern})$")).expect("it is constant"),
        read,
    }
}

fn waits() -> Vec<Form> {
    vec![
        form(r"until (\S+) streams from (\S+)", |it| {
            let [standby, upstream] = texts(it);
            Some(Remark::Streams { standby, upstream })
        }),
        form(
            r"until (\S+) has (written|flushed|replayed) what (\S+) has written",
            |it| {
                let [standby, how, primary] = texts(it);
                Some(Remark::CaughtUp {
                    standby,
                    how,
                    primary,
                })
            },
        ),
        form(r"until (\S+) has archived (.+)", |it| {
            let [node, segment] = texts(it);
            Some(Remark::Archived { node, segment })
        }),
        form(r"until (.*) from `([^`]*)` on ([^\s/]+)(?:/(\S+))?", |it| {
            let [wanted, sql, node] = texts(it);
            let db = it.get(4).map(|it| it.as_str().to_owned());
            Some(Remark::Answers {
                wanted,
                sql,
                node,
                db,
            })
        }),
        form(r"until the log of (\S+) says: (.*)", |it| {
            let [node, regex] = texts(it);
            Some(Remark::LogSays { node, regex })
        }),
        form(r"until (\S+) has what its subscription (.+) is for", |it| {
            let [node, subscription] = texts(it);
            Some(Remark::Subscribed { node, subscription })
        }),
        form(r"until (\S+) accepts writes", |it| {
            let [node] = texts(it);
            Some(Remark::Writable { node })
        }),
        form(r"until (\S+) has paused at its target", |it| {
            let [node] = texts(it);
            Some(Remark::Paused { node })
        }),
        form(r"until the server on (\S+) has ended", |it| {
            let [node] = texts(it);
            Some(Remark::Ended { node })
        }),
    ]
}

fn clients() -> Vec<Form> {
    vec![
        form(
            r"(\d+) clients insert rows into (.+) at (\S+) without pause, (\d+) a second",
            |it| {
                let [writers, table, at, rate] = texts(it);
                let (writers, rate) = (writers.parse().ok()?, rate.parse().ok()?);
                Some(Remark::Clients {
                    writers,
                    rate,
                    table,
                    at,
                })
            },
        ),
        form(
            r"the clients are stopped, and their rows read from (\S+)",
            |it| {
                let [from] = texts(it);
                Some(Remark::ClientsStop { from })
            },
        ),
        form(r"clients are served again within (\S+)", |it| {
            let [limit] = texts(it);
            Some(Remark::ServedWithin { limit })
        }),
        form(r"no acknowledged write is lost", |_| {
            Some(Remark::NothingLost)
        }),
        form(r"at most (-?\d+) acknowledged writes are lost", |it| {
            let [most] = texts(it);
            Some(Remark::AtMostLost {
                most: most.parse().ok()?,
            })
        }),
    ]
}

fn others() -> Vec<Form> {
    vec![
        form(r"in another window, (\S+): (.*)", |it| {
            let [session, command] = texts(it);
            Some(Remark::Session { session, command })
        }),
        form(r"(\S+\[\S+\]) answers", |it| {
            let [session] = texts(it);
            Some(Remark::SessionAnswers { session })
        }),
        form(r"from here on: (.*)", |it| {
            let [invariant] = texts(it);
            Some(Remark::Watched { invariant })
        }),
        form(r"violated, as expected: (.*)", |it| {
            let [invariant] = texts(it);
            Some(Remark::Violated { invariant })
        }),
        form(
            r"(\S+) is a private LAN of this scenario, no interface of the host",
            |it| {
                let [segment] = texts(it);
                Some(Remark::PrivateLan { segment })
            },
        ),
        form(r"exit code (-?\d+)", |it| {
            let [code] = texts(it);
            Some(Remark::ExitCode {
                code: code.parse().ok()?,
            })
        }),
    ]
}

/// The first groups' texts.
fn texts<const N: usize>(found: &Captures<'_>) -> [String; N] {
    std::array::from_fn(|at| found.get(at + 1).map_or("", |it| it.as_str()).to_owned())
}

/// SQL on one line, as a remark has it. A comment in it would swallow what follows, so it keeps its
/// lines.
pub fn one_line(sql: &str) -> String {
    let sql = sql.trim().trim_end_matches(';');
    if sql.contains("--") {
        return sql.to_owned();
    }
    let lines: Vec<_> = sql.lines().map(str::trim).collect();
    lines.join(" ")
}

#[cfg(test)]
mod tests;
