//! `pgdrill images`.

use super::args::{self, Args};
use crate::problem::{Blame, Problem};

pub async fn images(_args: &Args, _images: &args::Images) -> Result<u8, Problem> {
    Err(Problem::new(Blame::Environment, "not there yet"))
}
