//! `pgdrill defs`: the language for editors.

use std::path::Path;

use super::{args, code, print};
use crate::problem::{Blame, Problem};
use crate::script;

pub fn defs(defs: &args::Defs) -> Result<u8, Problem> {
    for (name, text) in script::definitions() {
        write(&defs.folder, &name, text.as_bytes())?;
    }
    Ok(code::PASSED)
}

/// Writes a file of a folder, which is made if it is missing, and prints its path.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Problem> {
    let path = folder.join(name);
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, bytes));
    written.map_err(|error| {
        let message = format!("{} can't be written: {error}", path.display());
        Problem::new(Blame::Environment, message)
    })?;
    print(&path.display().to_string())
}
