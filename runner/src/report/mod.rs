//! Reports: what people see of a run, made from its events.

mod advice;
mod bill;
mod diff;
mod terminal;

use std::time::Duration;

pub use diff::draw;
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
