//! The language: what a playbook can say. A chapter of the vocabulary a file; what is in none of
//! them is how Rhai is set up for it.

mod ahead;
mod backups;
mod check;
mod checks;
mod commands;
mod definitions;
mod engine;
mod faults;
mod forms;
mod head;
mod imports;
mod invariants;
mod kinds;
mod logs;
mod machines;
mod manual;
mod networks;
mod nodes;
mod options;
mod outline;
mod pieces;
mod prose;
mod raise;
mod recovery;
mod replication;
mod roles;
mod servers;
mod sessions;
mod sql;
mod stage;
mod story;
mod talk;
mod targets;
mod titles;
mod topics;
mod vips;
mod words;
mod workloads;

pub use check::check;
pub use definitions::definitions;
pub use engine::{Playbook, compile, play, vocabulary};
pub use head::{Item, Literal, constant};
pub use imports::text;
pub use manual::{Entry, Property, find, manual, markdown, properties};
pub use options::{Keys, all_keys, nearest};
pub use outline::{Step, outline};
pub use pieces::is_open;
pub use talk::talk;
pub use titles::{Titles, titles};
pub use topics::topic;

#[cfg(test)]
mod tests;
