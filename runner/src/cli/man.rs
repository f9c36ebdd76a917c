//! `pgdrill man`: manual pages, from the same definitions as `--help`.

use clap::CommandFactory;

use super::{args, code, print};
use crate::problem::{Blame, Problem};

pub fn man(man: &args::Man) -> Result<u8, Problem> {
    let program = args::Args::command();
    let Some(folder) = &man.folder else {
        let mut page = Vec::new();
        let rendered = clap_mangen::Man::new(program).render(&mut page);
        rendered.expect("memory can be written to");
        print(String::from_utf8_lossy(&page).trim_end())?;
        return Ok(code::PASSED);
    };
    let made = std::fs::create_dir_all(folder);
    let written = made.and_then(|()| clap_mangen::generate_to(program, folder));
    written.map_err(|error| {
        let message = format!("no pages can be written to {}: {error}", folder.display());
        Problem::new(Blame::Environment, message)
    })?;
    Ok(code::PASSED)
}
