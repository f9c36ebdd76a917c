//! `pgdrill check`.

use super::args::{self, Args};
use crate::problem::{Blame, Problem};

pub fn check(_args: &Args, _check: &args::Check) -> Result<u8, Problem> {
    Err(Problem::new(Blame::Environment, "not there yet"))
}
