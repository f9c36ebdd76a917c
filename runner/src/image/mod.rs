//! Images: what is missing is built from its recipe, on a base that is found, pulled or made.

mod archive;
mod base;
mod dockerfile;
mod error;
mod lock;
mod major;
mod means;
mod plan;
mod process;
mod provide;
mod recipe;
mod settings;
mod sources;
mod written;

use std::time::Duration;

pub use error::{Error, Result};
pub use major::{DEFAULT_MAJOR, MAJORS, major};
pub use means::Means;
pub use provide::{Images, Listed, Provided};
pub use settings::Settings;
pub use written::{Written, WrittenFile, published_base, written};

/// What the making of an image tells; `image` is the name for people (`pg:17`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    Started { image: String, why: String },
    Said { image: String, line: String },
    Finished { image: String, took: Duration },
}

/// Hears of progress.
pub type Say<'a> = &'a (dyn Fn(Progress) + Send + Sync);
