//! `pgdrill completions`.

use clap::CommandFactory;

use super::{args, code, print};
use crate::problem::Problem;

pub fn completions(completions: &args::Completions) -> Result<u8, Problem> {
    let mut script = Vec::new();
    let mut command = args::Args::command();
    clap_complete::generate(completions.shell, &mut command, "pgdrill", &mut script);
    print(String::from_utf8_lossy(&script).trim_end())?;
    Ok(code::PASSED)
}
