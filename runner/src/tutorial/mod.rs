//! Tutorials: what a stored transcript is made into, without an engine.

mod docs;
mod guide;
mod html;
mod lines;
mod markdown;
mod needs;
mod page;
mod picture;
mod placeholders;
mod prose;
mod recipes;
mod script;
mod stale;
mod text;
mod values;
mod waits;

pub use docs::{Docs, Entry};
pub use page::{Command, Line, Page, Part, Remark};
pub use picture::Picture;
pub use script::script;
pub use stale::stale;

use std::path::PathBuf;

use crate::problem::Problem;
use needs::Needs;
use recipes::Recipes;

/// A page for readers.
#[derive(Debug, Clone)]
pub struct Tutorial<'a> {
    page: &'a Page,
    /// The scenario's name.
    scenario: &'a str,
    /// The playbook's text, in which its own placeholders stand.
    playbook: &'a str,
    /// PostgreSQL's.
    major: u32,
    needs: Needs,
    recipes: Recipes,
}

impl<'a> Tutorial<'a> {
    /// A page of a scenario; its images' recipes are looked for in the roots.
    pub fn of(
        page: &'a Page,
        scenario: &'a str,
        playbook: &'a str,
        roots: &[PathBuf],
        major: u32,
    ) -> Result<Self, Box<Problem>> {
        let needs = Needs::of(page);
        let recipes = Recipes::of(&needs.images, roots, major)?;
        Ok(Self {
            page,
            scenario,
            playbook,
            major,
            needs,
            recipes,
        })
    }
}

#[cfg(test)]
mod tests;
