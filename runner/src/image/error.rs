//! Why an image can't be had.

use std::path::PathBuf;

use crate::engine;
use crate::problem::{Blame, Problem};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Engine(#[from] engine::Error),
    /// No recipe, not on the engine, and no registry gives it.
    #[error("image `{image}` is not there and can't be had")]
    Missing { image: String, why: String },
    #[error("the recipe of image `{image}` can't be used: {why}")]
    BadRecipe { image: String, why: String },
    #[error("the recipes of images need each other: {}", chain.join(" -> "))]
    Cycle { chain: Vec<String> },
    #[error("no supported distribution release has PostgreSQL {major}")]
    UnknownMajor { major: u32 },
    /// Neither registry nor tool for a base image.
    #[error("there is no base image `{image}`, and nothing to make it with")]
    NoTool { image: String, why: Vec<String> },
    #[error("making of base image `{image}` failed: {reason}")]
    BaseFailed {
        image: String,
        reason: String,
        last: Vec<String>,
    },
    #[error("`{}`: {source}", path.display())]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let problem = Problem::new(Blame::Environment, error.to_string());
        match error {
            Error::Engine(error) => error.into(),
            Error::Missing { image, why } if super::recipe::is_name(&image) => {
                problem.note(why).note(format!(
                    "`images/{image}/Dockerfile` would be its recipe, and there is none"
                ))
            }
            Error::Missing { why, .. } => problem.note(why),
            Error::UnknownMajor { .. } => problem.note(format!(
                "supported: {}; with PGDG=1 in the environment any from 13 on comes from \
                 PostgreSQL's own package repository",
                super::major::supported()
            )),
            Error::NoTool { why, .. } => problem
                .with_notes(why)
                .note("install mmdebstrap or debootstrap, or name a base image that the engine can get: BASE_IMAGE=registry/debian:release"),
            Error::BaseFailed { last, .. } => problem.with_notes(last),
            Error::BadRecipe { .. } | Error::Cycle { .. } | Error::File { .. } => problem,
        }
    }
}
