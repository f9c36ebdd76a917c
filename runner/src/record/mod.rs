//! The record of a run: its events, a line of JSON each, in `events.jsonl`. `EVENTS.md` describes
//! them. All reports can be made from it later.

mod folder;
mod read;
mod runs;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

pub use folder::Folder;
pub use read::read;
pub use runs::{Run, Runs};

use crate::event::Event;
use crate::problem::{Blame, Problem};

/// The record's name in its folder.
pub const FILE: &str = "events.jsonl";

/// A record that is being written. What goes wrong is told at the end, and only once: a drill does
/// not fail because nobody can write it down.
#[derive(Debug)]
pub struct Record {
    path: PathBuf,
    file: Result<File, Problem>,
}

impl Record {
    /// Begins a record in a folder, which is made if it is missing.
    pub fn begin(folder: &Path) -> Self {
        let path = folder.join(FILE);
        let file = std::fs::create_dir_all(folder).and_then(|()| File::create(&path));
        Self {
            file: file.map_err(|error| unwritten(&path, &error)),
            path,
        }
    }

    /// Writes an event at once: what is there can be read while the run goes on, or is killed.
    pub fn take(&mut self, event: &Event) {
        let Ok(file) = &mut self.file else { return };
        if let Err(error) = file.write_all(line(event).as_bytes()) {
            self.file = Err(unwritten(&self.path, &error));
        }
    }

    /// Ends the record.
    pub fn end(self) -> Result<(), Problem> {
        self.file.map(drop)
    }
}

/// An event as a line of the record.
pub fn line(event: &Event) -> String {
    let json = serde_json::to_string(event).expect("events are plain data");
    format!("{json}\n")
}

fn unwritten(path: &Path, error: &std::io::Error) -> Problem {
    let message = format!("`{}` can't be written: {error}", path.display());
    Problem::new(Blame::Environment, message)
}
