//! Snapshots: what a scenario's transcript should be, and how it differs.

pub mod body;
pub mod diff;
pub mod file;
pub mod store;
pub mod review;
