//! `pgdrill completions`.

use super::args;
use crate::problem::{Blame, Problem};

pub fn completions(_completions: &args::Completions) -> Result<u8, Problem> {
    Err(Problem::new(Blame::Environment, "not there yet"))
}
