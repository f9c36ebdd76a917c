//! Snapshot files that wait for a decision, and those that no scenario owns.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::problem::Problem;
use crate::scenario::{self, Scenario};
use crate::snapshot::store::{Store, Update};

/// What is to be said about the snapshot files of the roots that were run in, a line each.
pub fn strays(scenarios: &[Scenario]) -> Result<Vec<String>, Problem> {
    let roots: BTreeSet<PathBuf> = scenarios.iter().map(|it| it.root.clone()).collect();
    let mut lines = Vec::new();
    for root in roots {
        let names = scenario::names(&root);
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let store = Store {
            root,
            ci: true,
            update: Update::No,
        };
        let pending = store.pending().map_err(|it| *it)?;
        lines.extend(
            pending
                .iter()
                .map(|file| format!("{file} is pending: pgdrill review")),
        );
        let unreferenced = store.unreferenced(&names).map_err(|it| *it)?;
        let unreferenced = unreferenced.iter().filter(|file| !pending.contains(file));
        lines.extend(unreferenced.map(|file| format!("{file} belongs to no scenario")));
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn files_that_wait_and_files_that_nobody_owns_are_told() {
        let root = tempfile::tempdir().expect("a folder");
        for folder in ["scenarios/ha", "snapshots/ha"] {
            fs::create_dir_all(root.path().join(folder)).expect("a folder");
        }
        for file in [
            "scenarios/a.rhai",
            "scenarios/ha/b.rhai",
            "snapshots/a.snap",
            "snapshots/a@13.snap.new",
            "snapshots/ha/b.snap",
            "snapshots/ha/gone.snap",
        ] {
            fs::write(root.path().join(file), "").expect("a file");
        }
        let scenarios = scenario::find(&["a".to_owned()], root.path()).expect("there is one");
        assert_eq!(
            strays(&scenarios).expect("they can be listed"),
            [
                "snapshots/a@13.snap.new is pending: pgdrill review",
                "snapshots/ha/gone.snap belongs to no scenario",
            ]
        );
    }
}
