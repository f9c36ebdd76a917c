//! A folder of reports: the record of a run and all that is made from it.

use std::path::{Path, PathBuf};

use super::FILE;
use crate::event::Event;
use crate::problem::{Blame, Problem};
use crate::report::Format;

/// A folder that is ours to write to.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes the folder, or empties one of an earlier run. What else is in it would be lost among the
    /// reports, or be taken for one: then it is refused.
    pub fn prepare(path: &Path) -> Result<Self, Problem> {
        let wrong = |error: std::io::Error| {
            let message = format!(
                "the folder `{}` can't be used for reports: {error}",
                path.display()
            );
            Problem::new(Blame::Playbook, message).note("name one that can be made or is empty")
        };
        std::fs::create_dir_all(path).map_err(wrong)?;
        let entries = std::fs::read_dir(path).map_err(wrong)?;
        let entries: Vec<_> = entries.collect::<Result<_, _>>().map_err(wrong)?;
        let other = entries.iter().find(|it| !is_ours(it));
        // Another program's `junit.xml` is not ours because of its name.
        let made_by_us = entries.is_empty() || has_record(path);
        if let Some(entry) = other.or(entries.first().filter(|_| !made_by_us)) {
            let message = format!("the folder `{}` is not empty", path.display());
            let what = format!(
                "`{}` in it is no report of pgdrill's",
                entry.file_name().display()
            );
            return Err(Problem::new(Blame::Playbook, message).note(what).note(
                "name a folder that is missing, empty, or has only the reports of an earlier run",
            ));
        }
        for file in entries.iter().map(std::fs::DirEntry::path) {
            std::fs::remove_file(file).map_err(wrong)?;
        }
        let folder = Self {
            path: path.to_owned(),
        };
        // Whether it can be written to is found out before anything starts.
        folder
            .write(FILE, "")
            .map_err(|problem| problem.note("name another folder"))?;
        Ok(folder)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes every report.
    pub fn fill(&self, events: &[Event]) -> Result<(), Problem> {
        for format in Format::all() {
            self.write(format.file(), &format.render(events))?;
        }
        Ok(())
    }

    /// Writes the record, where it is not written as the run goes on.
    pub fn record(&self, events: &[Event]) -> Result<(), Problem> {
        let lines: String = events.iter().map(super::line).collect();
        self.write(FILE, &lines)
    }

    fn write(&self, file: &str, text: &str) -> Result<(), Problem> {
        let path = self.path.join(file);
        std::fs::write(&path, text).map_err(|error| super::unwritten(&path, &error))
    }
}

/// Whether there is a record, or the beginning of one.
fn has_record(folder: &Path) -> bool {
    let record = std::fs::read(folder.join(FILE));
    record.is_ok_and(|it| it.is_empty() || super::read::begins(FILE, first_line(&it)).is_ok())
}

fn first_line(text: &[u8]) -> &[u8] {
    text.split(|it| *it == b'\n').next().unwrap_or_default()
}

fn is_ours(entry: &std::fs::DirEntry) -> bool {
    let name = entry.file_name();
    let known = name == FILE || Format::all().iter().any(|it| name == it.file());
    known && entry.file_type().is_ok_and(|it| it.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_other_things_is_refused_and_left_as_it_is() {
        let parent = tempfile::tempdir().expect("a folder");
        let path = parent.path().join("reports");
        let folder = Folder::prepare(&path).expect("it is missing");
        folder.fill(&[]).expect("it is written");
        let again = Folder::prepare(&path).expect("only reports are in it");
        let left: Vec<_> = std::fs::read_dir(again.path())
            .expect("it is there")
            .flatten()
            .map(|it| it.file_name())
            .collect();
        assert_eq!(left, [FILE]);
        std::fs::write(path.join("thesis.doc"), "years").expect("a file");
        let refused = Folder::prepare(&path).expect_err("something else is in it");
        let refused = refused
            .render(None, false)
            .replace(&path.display().to_string(), "reports");
        insta::assert_snapshot!(refused, @"
        error: the folder `reports` is not empty
           = `thesis.doc` in it is no report of pgdrill's
           = name a folder that is missing, empty, or has only the reports of an earlier run
        ");
        assert!(path.join(FILE).exists());
    }

    #[test]
    fn what_only_has_the_name_of_a_report_is_not_ours() {
        let folder = tempfile::tempdir().expect("a folder");
        let theirs = folder.path().join("junit.xml");
        std::fs::write(&theirs, "theirs").expect("a file");
        assert!(Folder::prepare(folder.path()).is_err());
        std::fs::write(folder.path().join(FILE), "theirs too").expect("a file");
        assert!(Folder::prepare(folder.path()).is_err());
        assert_eq!(
            std::fs::read_to_string(theirs).expect("it is left"),
            "theirs"
        );
    }
}
