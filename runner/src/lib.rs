//! pgdrill runs PostgreSQL high-availability and disaster-recovery drills.
//!
//! The modules stand in reading order. Each uses only those above it.

// words: no I/O
pub mod problem;
pub mod seconds;
pub mod cost;
pub mod event;
pub mod visible;
pub mod markdown;
pub mod prompt;
pub mod remark;
pub mod table;
pub mod redact;
pub mod transcript;

// showing
pub mod report;
pub mod record;
pub mod snapshot;

// doors
pub mod engine;
pub mod image;
pub mod tutorial;
pub mod sql;

// a scenario
pub mod lab;
pub mod session;
pub mod script;

// running
pub mod scenario;
pub mod run;
pub mod cli;
