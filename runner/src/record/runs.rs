//! The records of the user's own runs, in a folder of the user's state. Old ones go.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::FILE;
use super::read::read_some;
use crate::problem::{Blame, Problem};
use crate::report::Results;

/// So many runs are kept, and none longer than this.
const KEPT: usize = 100;
const AGE: Duration = Duration::from_hours(90 * 24);

/// The folder with the records of all runs, a folder each.
#[derive(Debug, Clone)]
pub struct Runs {
    folder: PathBuf,
}

/// A run that has a record.
#[derive(Debug)]
pub struct Run {
    pub name: String,
    /// When it was last written.
    written: SystemTime,
    folder: PathBuf,
}

impl Runs {
    /// `$XDG_STATE_HOME/pgdrill/runs`, else `~/.local/state/pgdrill/runs`. There is none for a user
    /// without a home: other places are either not the user's own or gone soon.
    pub fn of_user() -> Result<Self, Problem> {
        let absolute = |it: &PathBuf| it.is_absolute();
        let state = std::env::var_os("XDG_STATE_HOME")
            .map(PathBuf::from)
            .filter(absolute);
        let home = || Some(std::env::home_dir().filter(absolute)?.join(".local/state"));
        let state = state.or_else(home).ok_or_else(|| {
            Problem::new(
                Blame::Environment,
                "there is no home folder to keep records in",
            )
            .note("XDG_STATE_HOME names a folder for them")
        })?;
        Ok(Self::below(&state))
    }

    pub fn below(state: &Path) -> Self {
        Self {
            folder: state.join("pgdrill/runs"),
        }
    }

    /// Where the record of a run belongs.
    pub fn folder(&self, run: &str) -> PathBuf {
        self.folder.join(run)
    }

    /// All runs that have a record, the latest first.
    pub fn list(&self) -> Vec<Run> {
        let entries = std::fs::read_dir(&self.folder)
            .into_iter()
            .flatten()
            .flatten();
        let run = |entry: std::fs::DirEntry| {
            let folder = entry.path();
            let written = folder
                .join(FILE)
                .metadata()
                .and_then(|it| it.modified())
                .ok()?;
            let name = entry.file_name().into_string().ok()?;
            Some(Run {
                name,
                written,
                folder,
            })
        };
        let mut runs: Vec<_> = entries.filter_map(run).collect();
        runs.sort_by(|a, b| (b.written, &a.name).cmp(&(a.written, &b.name)));
        runs
    }

    /// Removes what is too old, and the oldest of what is too many.
    pub fn prune(&self, now: SystemTime) {
        for (at, run) in self.list().iter().enumerate() {
            let age = now.duration_since(run.written).unwrap_or_default();
            if at >= KEPT || age > AGE {
                // What else somebody has put there stays, and the folder with it.
                let _ = std::fs::remove_file(run.record())
                    .and_then(|()| std::fs::remove_dir(&run.folder));
            }
        }
    }
}

impl Run {
    pub fn record(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    /// What became of its scenarios, without their steps.
    pub fn results(&self) -> Result<Results, Problem> {
        let kinds = [
            &b"\"event\":\"scenario-"[..],
            b"\"event\":\"run-",
            b"\"event\":\"server-version",
        ];
        let wanted = |line: &[u8]| {
            // The kind stands at the beginning of a line, and quotes within texts are escaped.
            let start = &line[..line.len().min(400)];
            kinds
                .iter()
                .any(|kind| start.windows(kind.len()).any(|it| it == *kind))
        };
        read_some(&self.record(), wanted).map(|events| Results::of(&events))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(runs: &Runs) -> Vec<String> {
        runs.list().into_iter().map(|it| it.name).collect()
    }

    fn write(runs: &Runs, name: &str, written: SystemTime) {
        let folder = runs.folder(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        let file = std::fs::File::create(folder.join(FILE)).expect("a file");
        file.set_modified(written).expect("a time");
    }

    #[test]
    fn the_latest_runs_are_kept_and_others_things_too() {
        let state = tempfile::tempdir().expect("a folder");
        let runs = Runs::below(state.path());
        let now = SystemTime::now();
        for minutes in 0..=u64::try_from(KEPT).expect("it is small") {
            write(
                &runs,
                &format!("run{minutes}"),
                now - Duration::from_mins(minutes),
            );
        }
        write(&runs, "old", now - AGE - Duration::from_mins(1));
        write(&runs, "annotated", now - AGE - Duration::from_mins(2));
        std::fs::write(runs.folder("annotated").join("notes"), "mine").expect("a file");
        runs.prune(now);
        let names = names(&runs);
        assert_eq!(
            (names.len(), names[0].as_str(), names[KEPT - 1].as_str()),
            (KEPT, "run0", "run99")
        );
        assert!(!runs.folder("old").exists());
        assert!(runs.folder("annotated").join("notes").exists());
    }
}
