//! The reports that a run leaves, each a pure function of its events.

use clap::ValueEnum;

use super::{cast, html, json, junit, tap};
use crate::event::Event;

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Html,
    Junit,
    Tap,
    Json,
    Cast,
}

impl Format {
    /// The report's name in a folder of reports.
    pub fn file(self) -> &'static str {
        match self {
            Self::Html => "report.html",
            Self::Junit => "junit.xml",
            Self::Tap => "report.tap",
            Self::Json => "report.jsonl",
            Self::Cast => "run.cast",
        }
    }

    pub fn render(self, events: &[Event]) -> String {
        match self {
            Self::Html => html::html(events),
            Self::Junit => junit::junit(events),
            Self::Tap => tap::tap(events),
            Self::Json => json::json(events),
            Self::Cast => cast::cast(events),
        }
    }

    pub fn all() -> &'static [Self] {
        Self::value_variants()
    }
}
