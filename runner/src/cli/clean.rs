//! `pgdrill clean`.

use super::args::{self, Args};
use crate::problem::{Blame, Problem};

pub async fn clean(_args: &Args, _clean: &args::Clean) -> Result<u8, Problem> {
    Err(Problem::new(Blame::Environment, "not there yet"))
}
