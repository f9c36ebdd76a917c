//! What can go wrong at PostgreSQL's door.

use std::error::Error as _;

use tokio_postgres::error::{DbError, Severity};

use crate::problem::{Blame, Problem};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The server refused the statement.
    #[error("{}: {}", .0.severity, .0.message)]
    Statement(Box<SqlError>),
    /// The server refused the connection.
    #[error("connection refused by the server: {}: {}", .0.severity, .0.message)]
    Refused(Box<SqlError>),
    #[error("no connection: {0}")]
    Unreachable(String),
    #[error("the connection was lost: {0}")]
    Lost(String),
}

/// An error in the server's words.
#[derive(Debug, Clone, Default)]
pub struct SqlError {
    pub severity: String,
    pub sqlstate: String,
    pub message: String,
    pub detail: Option<String>,
    pub hint: Option<String>,
    /// The statement that caused it.
    pub sql: String,
}

impl Error {
    pub(super) fn connect(error: &tokio_postgres::Error, complaints: &str) -> Self {
        match error.as_db_error() {
            Some(error) => Self::Refused(Box::new(words(error, ""))),
            None if complaints.is_empty() => Self::Unreachable(chain(error)),
            None => Self::Unreachable(complaints.to_owned()),
        }
    }

    pub(super) fn statement(error: &tokio_postgres::Error, sql: &str) -> Self {
        match error.as_db_error() {
            Some(error) => Self::Statement(Box::new(words(error, sql))),
            None => Self::Lost(chain(error)),
        }
    }

    /// An error that ends the session too says nothing of the statement: it may have been committed
    /// when the session was told to end.
    pub(super) fn effect(error: &tokio_postgres::Error, sql: &str) -> Self {
        let severity = error.as_db_error().and_then(DbError::parsed_severity);
        match (Self::statement(error, sql), severity) {
            (Self::Statement(error), Some(Severity::Fatal | Severity::Panic)) => {
                Self::Lost(format!("{}: {}", error.severity, error.message))
            }
            (error, _) => error,
        }
    }

    pub fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Statement(error) | Self::Refused(error) => Some(&error.sqlstate),
            Self::Unreachable(_) | Self::Lost(_) => None,
        }
    }
}

fn words(error: &tokio_postgres::error::DbError, sql: &str) -> SqlError {
    SqlError {
        severity: error.severity().to_owned(),
        sqlstate: error.code().code().to_owned(),
        message: error.message().to_owned(),
        detail: error.detail().map(str::to_owned),
        hint: error.hint().map(str::to_owned),
        sql: sql.trim().to_owned(),
    }
}

fn chain(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let mut problem = Problem::new(Blame::System, error.to_string());
        problem.sqlstate = error.sqlstate().map(str::to_owned);
        if let Error::Statement(error) | Error::Refused(error) = error {
            if !error.sql.is_empty() {
                problem = problem.note(format!("statement: {}", error.sql));
            }
            problem = problem.note(format!("SQLSTATE: {}", error.sqlstate));
            for (what, text) in [("detail", error.detail), ("hint", error.hint)] {
                if let Some(text) = text {
                    problem = problem.note(format!("{what}: {text}"));
                }
            }
        }
        problem
    }
}
