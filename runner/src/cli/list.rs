//! `pgdrill list`.

use super::args;
use crate::problem::{Blame, Problem};

pub fn list(_list: &args::List) -> Result<u8, Problem> {
    Err(Problem::new(Blame::Environment, "not there yet"))
}
