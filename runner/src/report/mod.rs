//! Reports: what people see of a run, made from its events.

mod advice;
mod bill;
mod diff;
mod terminal;

pub use diff::draw;
pub use terminal::{Look, Terminal};
