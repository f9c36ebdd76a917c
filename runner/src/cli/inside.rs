//! `pgdrill psql`, `sh` and `logs`: into a node that a run has left.

use super::args::{self, Args};
use crate::problem::{Blame, Problem};

pub async fn psql(_args: &Args, _inside: &args::Inside) -> Result<u8, Problem> {
    Err(Problem::new(Blame::Environment, "not there yet"))
}

pub async fn sh(_args: &Args, _inside: &args::Inside) -> Result<u8, Problem> {
    Err(Problem::new(Blame::Environment, "not there yet"))
}

pub async fn logs(_args: &Args, _inside: &args::Inside) -> Result<u8, Problem> {
    Err(Problem::new(Blame::Environment, "not there yet"))
}
