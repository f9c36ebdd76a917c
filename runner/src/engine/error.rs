//! What can go wrong at the engine's door.

use crate::problem::{Blame, Problem};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No engine answers; each attempt with its outcome.
    #[error("no container engine answers")]
    NotFound { tried: Vec<(String, String)> },
    #[error("the container engine at {address} may not be used by this user")]
    Forbidden { address: String, text: String },
    #[error("no such image: `{image}`")]
    NoImage { image: String },
    #[error("the build of image `{image}` failed: {reason}")]
    BuildFailed {
        image: String,
        reason: String,
        last: Vec<String>,
    },
    /// The container is not there any more, or not running.
    #[error("{what}: {text}")]
    Gone { what: String, text: String },
    /// The engine refused, in its own words.
    #[error("{what}: {text}")]
    Refused {
        what: String,
        status: u16,
        text: String,
    },
    #[error("{what}: {text}")]
    Broken { what: String, text: String },
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let problem = Problem::new(Blame::Environment, error.to_string());
        match error {
            Error::NotFound { tried } => {
                let width = tried.iter().map(|(what, _)| what.len()).max().unwrap_or(0);
                let tried = tried
                    .iter()
                    .map(|(what, outcome)| format!("{what:width$}  {outcome}"));
                problem.with_notes(tried).note(
                    "start one (`sudo systemctl start docker`), or name one: \
                     pgdrill --host unix:///path/to.sock run …",
                )
            }
            Error::Forbidden { text, .. } => problem.note(text).note(
                "join the group that owns the socket (`sudo usermod -aG docker $USER`, then log in \
                 again), or run a rootless engine",
            ),
            Error::NoImage { .. } => problem.note("`pgdrill images` lists what is there"),
            Error::BuildFailed { last, .. } => problem.with_notes(last),
            Error::Gone { .. } | Error::Refused { .. } | Error::Broken { .. } => problem,
        }
    }
}
