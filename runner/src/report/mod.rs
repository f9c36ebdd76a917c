//! Reports: what people and programs see of a run, made from its events.

mod advice;
mod bill;
mod cases;
mod cast;
mod diff;
mod figures;
mod format;
mod github;
mod html;
mod json;
mod junit;
mod results;
mod tap;
mod terminal;

use std::time::Duration;

pub use bill::Bill;
pub use diff::draw;
pub use format::Format;
pub use github::{annotation, annotations, summary};
pub use results::{Results, Scenario};
pub use terminal::{Look, Terminal};

/// Three digits are enough to compare.
fn seconds(took: Duration) -> String {
    let seconds = took.as_secs_f64();
    if seconds < 10.0 {
        format!("{seconds:.2} s")
    } else {
        format!("{seconds:.1} s")
    }
}

#[cfg(test)]
mod tests;
