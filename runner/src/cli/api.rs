//! `pgdrill api`.

use super::args;
use crate::problem::{Blame, Problem};

pub fn api(_api: &args::Api) -> Result<u8, Problem> {
    Err(Problem::new(Blame::Environment, "not there yet"))
}
