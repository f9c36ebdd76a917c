//! `pgdrill doctor`.

use super::args::Args;
use crate::problem::{Blame, Problem};

pub async fn doctor(_args: &Args) -> Result<u8, Problem> {
    Err(Problem::new(Blame::Environment, "not there yet"))
}
