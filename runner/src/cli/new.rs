//! `pgdrill new`.

use super::args;
use crate::problem::{Blame, Problem};

pub fn new(_new: &args::New) -> Result<u8, Problem> {
    Err(Problem::new(Blame::Environment, "not there yet"))
}
