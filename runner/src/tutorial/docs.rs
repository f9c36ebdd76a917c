//! `docs/`: the tutorials of all scenarios as files, with an index.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};

use super::text::coded;
use crate::problem::{Blame, Problem};

const FOLDER: &str = "docs";
const INDEX: &str = "README.md";
/// How each file begins: whoever opens it should know, and a file that does not is somebody's own.
const MARK: &str = "<!-- Written by `pgdrill tutorial --write`. -->\n\n";

/// A tutorial among others.
#[derive(Debug, Clone)]
pub struct Entry {
    pub scenario: String,
    pub title: String,
    /// What the index says of it.
    pub introduction: String,
    pub markdown: String,
}

/// The files as they should be.
#[derive(Debug)]
pub struct Docs {
    folder: PathBuf,
    /// By path below the folder.
    files: BTreeMap<String, String>,
}

impl Docs {
    pub fn of(root: &Path, entries: &[Entry]) -> Self {
        let pages = entries.iter();
        let pages = pages.map(|it| (page(it), format!("{MARK}{}", it.markdown)));
        let mut files: BTreeMap<_, _> = pages.collect();
        files.insert(INDEX.to_owned(), format!("{MARK}{}", index(entries)));
        Self {
            folder: root.join(FOLDER),
            files,
        }
    }

    /// What is not as it should be, a line each.
    pub fn stale(&self) -> Result<Vec<String>, Box<Problem>> {
        let mut stale = Vec::new();
        for (name, text) in &self.files {
            match std::fs::read_to_string(self.folder.join(name)) {
                Ok(there) if there == *text => {}
                Ok(_) => stale.push(format!("{FOLDER}/{name} is not what its snapshot says")),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    stale.push(format!("{FOLDER}/{name} is missing"));
                }
                Err(error) => return Err(failed("read", name, &error).into()),
            }
        }
        let left = self.left_over()?.into_iter();
        stale.extend(left.map(|name| format!("{FOLDER}/{name} belongs to no scenario")));
        Ok(stale)
    }

    /// Writes what is not as it should be, removes what is left of scenarios that are gone, and says
    /// which files those are. A file that somebody else wrote is never changed.
    pub fn write(&self) -> Result<Vec<String>, Box<Problem>> {
        let mut changed = Vec::new();
        for (name, text) in &self.files {
            let path = self.folder.join(name);
            match std::fs::read_to_string(&path) {
                Ok(there) if there == *text => continue,
                Ok(there) if !there.starts_with(MARK) => return Err(not_ours(name).into()),
                _ => {}
            }
            let folder = path.parent().unwrap_or(&self.folder);
            let written =
                std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, text));
            written.map_err(|error| failed("write", name, &error))?;
            changed.push(format!("wrote {FOLDER}/{name}"));
        }
        for name in self.left_over()? {
            let removed = std::fs::remove_file(self.folder.join(&name));
            removed.map_err(|error| failed("removal", &name, &error))?;
            changed.push(format!("removed {FOLDER}/{name}"));
        }
        Ok(changed)
    }

    /// Files of ours that no scenario has any more.
    fn left_over(&self) -> Result<Vec<String>, Box<Problem>> {
        let mut names = Vec::new();
        for entry in ignore::WalkBuilder::new(&self.folder)
            .standard_filters(false)
            .build()
        {
            let Ok(entry) = entry else { continue };
            let name = entry
                .path()
                .strip_prefix(&self.folder)
                .unwrap_or(entry.path());
            let name = name.to_string_lossy().into_owned();
            let is_page = entry.path().extension().is_some_and(|it| it == "md");
            if !is_page || self.files.contains_key(&name) {
                continue;
            }
            let text = std::fs::read_to_string(entry.path());
            let text = text.map_err(|error| failed("read", &name, &error))?;
            if text.starts_with(MARK) {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }
}

fn page(entry: &Entry) -> String {
    format!("{}.md", entry.scenario)
}

fn index(entries: &[Entry]) -> String {
    let mut text = "# Tutorials\n\nEach of these pages is a drill that can be followed by hand, with Docker alone. \
        What it prints was printed by real servers, and is compared again whenever the drill is played.\n"
        .to_owned();
    for entry in entries {
        let (title, page, introduction) = (&entry.title, page(entry), &entry.introduction);
        let run = coded(&format!("pgdrill run {}", entry.scenario));
        write!(text, "\n## [{title}]({page})\n\n{introduction}\n\n{run}\n").expect("a text grows");
    }
    text
}

fn not_ours(name: &str) -> Problem {
    let message = format!("`{FOLDER}/{name}` is there, and not written by pgdrill");
    Problem::new(Blame::Environment, message).note("move it away, or remove it")
}

fn failed(what: &str, name: &str, error: &io::Error) -> Problem {
    let message = format!("{what} of `{FOLDER}/{name}` failed");
    Problem::new(Blame::Environment, message).note(error.to_string())
}
