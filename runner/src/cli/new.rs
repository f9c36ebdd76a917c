//! `pgdrill new`: a playbook to start from, which runs as it is.

use std::io::Write;
use std::path::Path;

use super::args;
use super::{code, run::here};
use crate::problem::{Blame, Problem};
use crate::scenario;

/// The playbook, with `TITLE` for the title.
pub const PLAYBOOK: &str = include_str!("new.rhai");

pub fn new(new: &args::New) -> Result<u8, Problem> {
    let name = new.name.strip_suffix(".rhai").unwrap_or(&new.name);
    let name = name.strip_prefix("scenarios/").unwrap_or(name);
    let here = here()?;
    let file = scenario::root(&here)
        .join("scenarios")
        .join(format!("{name}.rhai"));
    let path = scenario::shown(&file, &here);
    write(&file, name, &path)?;
    anstream::eprintln!("{path} is there, and runs as it is:\n");
    for (command, does) in [
        (
            format!("run {name}"),
            "play it; its transcript is left for review",
        ),
        (
            format!("review {name}"),
            "read the transcript, accept it as the snapshot",
        ),
        (format!("check {name}"), "find mistakes without running it"),
        ("api".to_owned(), "all that a playbook can say"),
    ] {
        let width = "review ".len() + name.len();
        anstream::eprintln!("  pgdrill {command:width$}  {does}");
    }
    Ok(code::PASSED)
}

fn write(file: &Path, name: &str, shown: &str) -> Result<(), Problem> {
    let wrong = |message: String| Problem::new(Blame::Playbook, message);
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !name
        .split('/')
        .all(|part| !part.is_empty() && part.chars().all(fits))
    {
        return Err(wrong(format!("`{name}` is no name for a playbook"))
            .note("letters, digits, `-` and `_`, and `/` between folders"));
    }
    let create = |folder: &Path| {
        std::fs::create_dir_all(folder)?;
        let mut file = std::fs::File::create_new(file)?;
        file.write_all(PLAYBOOK.replace("TITLE", &title(name)).as_bytes())
    };
    create(file.parent().expect("it lies in a folder")).map_err(|error| {
        if error.kind() == std::io::ErrorKind::AlreadyExists {
            return wrong(format!("{shown} is there already"))
                .note("nothing was changed; choose another name");
        }
        Problem::new(
            Blame::Environment,
            format!("{shown} can't be written: {error}"),
        )
    })
}

/// `ha/first-try`: `First try`.
pub fn title(name: &str) -> String {
    let words = name
        .rsplit('/')
        .next()
        .unwrap_or(name)
        .replace(['-', '_'], " ");
    let mut chars = words.chars();
    match chars.next() {
        Some(first) => format!("{}{}", first.to_uppercase(), chars.as_str()),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{Playbook, check};

    #[test]
    fn the_new_playbook_passes_the_check() {
        let playbook = Playbook {
            path: "new.rhai".into(),
            source: PLAYBOOK.into(),
        };
        assert_eq!(check(&playbook, Path::new("/"), Path::new("/")), []);
    }

    #[test]
    fn a_playbook_is_never_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("scenarios/ha/first-try.rhai");
        write(&file, "ha/first-try", "first-try.rhai").expect("it is new");
        let text = std::fs::read_to_string(&file).expect("it is there");
        assert!(text.starts_with("//! # First try\n"), "{text}");
        std::fs::write(&file, "mine").expect("it is changed");
        let problem = write(&file, "ha/first-try", "first-try.rhai").expect_err("it is there");
        assert_eq!(problem.message, "first-try.rhai is there already");
        assert_eq!(std::fs::read_to_string(&file).expect("it is there"), "mine");
    }

    #[test]
    fn a_name_does_not_lead_out_of_the_folder() {
        for name in ["../x", "/x", "a//b", "", "a b", "a.b"] {
            let file = Path::new("/nowhere/x.rhai");
            let problem = write(file, name, name).expect_err(name);
            assert_eq!(
                problem.message,
                format!("`{name}` is no name for a playbook")
            );
        }
    }
}
