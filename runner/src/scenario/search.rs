//! Which playbooks are meant: by path, by name, or all of a folder.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::{Scenario, load};
use crate::problem::{Blame, Problem};
use crate::script;

/// Finds playbooks: each argument is a file, a folder, or a name below the nearest `scenarios/` from
/// here upwards; without any it is all of that folder.
pub fn find(arguments: &[String], here: &Path) -> Result<Vec<Scenario>, Problem> {
    let mut files = Vec::new();
    let root = root(here);
    let everything = root.join("scenarios");
    if arguments.is_empty() && !everything.is_dir() {
        let message = "there is no folder `scenarios` here or above, and no playbook was named";
        return Err(Problem::new(Blame::Playbook, message)
            .note("`pgdrill new NAME` makes both the folder and a playbook"));
    }
    let everything = [everything.display().to_string()];
    let arguments = if arguments.is_empty() {
        &everything[..]
    } else {
        arguments
    };
    for argument in arguments {
        files.extend(expand(argument, here, &root)?);
    }
    let mut seen = BTreeSet::new();
    for file in &files {
        if !seen.insert(file.canonicalize().unwrap_or_else(|_| file.clone())) {
            let message = format!("`{}` is given twice", shown(file, here));
            return Err(
                Problem::new(Blame::Playbook, message).note("one run plays a playbook once")
            );
        }
    }
    files.iter().map(|file| load(file, here)).collect()
}

fn expand(argument: &str, here: &Path, root: &Path) -> Result<Vec<PathBuf>, Problem> {
    let path = here.join(argument);
    if path.is_dir() {
        let files = below(&path);
        if files.is_empty() {
            let message = format!(
                "there is no playbook (`*.rhai`) in `{}`",
                shown(&path, here)
            );
            return Err(Problem::new(Blame::Playbook, message).note("`pgdrill new NAME` makes one"));
        }
        return Ok(files);
    }
    if path.is_file() {
        if !is_playbook(&path) {
            let message = format!("`{}` is no playbook", shown(&path, here));
            let note = "a playbook's name ends in `.rhai`";
            return Err(Problem::new(Blame::Playbook, message).note(note));
        }
        return Ok(vec![path]);
    }
    let named = root.join("scenarios").join(format!("{argument}.rhai"));
    if named.is_file() {
        return Ok(vec![named]);
    }
    Err(unknown(argument, here, root))
}

/// Nothing is there by this name: what is there.
fn unknown(argument: &str, here: &Path, root: &Path) -> Problem {
    let message = format!("there is no playbook `{argument}`");
    let problem = Problem::new(Blame::Playbook, message);
    let scenarios = root.join("scenarios");
    let files = below(&scenarios);
    let names: Vec<_> = files.iter().map(|file| name_of(file, root)).collect();
    let near = if is_playbook(Path::new(argument)) {
        near_file(argument, here, &files)
    } else {
        script::nearest(argument, names.iter().map(String::as_str)).map(str::to_owned)
    };
    let near = near.map(|near| format!("did you mean `{near}`?"));
    let problem = problem.with_notes(near);
    if !scenarios.is_dir() {
        return problem
            .note(format!(
                "no such file, and no folder `scenarios` with `{argument}` in it: not here, and \
                 not in a folder above"
            ))
            .note("go to the folder of the scenarios, or make some here: `pgdrill new NAME`");
    }
    if names.is_empty() {
        return problem;
    }
    problem.note(format!("there are: {}", names.join(", ")))
}

/// The file that was mistyped: one beside it, or one of these, of which the name alone is enough.
fn near_file(argument: &str, here: &Path, files: &[PathBuf]) -> Option<String> {
    let beside = here.join(argument).parent().map(playbooks);
    let mut all = beside.unwrap_or_default();
    all.extend_from_slice(files);
    let paths: Vec<_> = all.iter().map(|file| shown(file, here)).collect();
    if let Some(near) = script::nearest(argument, paths.iter().map(String::as_str)) {
        return Some(near.to_owned());
    }
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let wanted = name(argument);
    (paths.iter())
        .find(|path| script::nearest(&wanted, [name(path).as_str()]).is_some())
        .cloned()
}

/// The playbooks that lie in a folder itself.
fn playbooks(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .map(|it| it.path())
        .filter(|it| is_playbook(it))
        .collect();
    files.sort();
    files
}

/// The names of all scenarios of a root.
pub fn names(root: &Path) -> Vec<String> {
    let folder = root.join("scenarios");
    let folder = if folder.is_dir() {
        folder.as_path()
    } else {
        root
    };
    below(folder)
        .iter()
        .map(|file| name_of(file, root))
        .collect()
}

/// All playbooks of a folder; `lib` folders hold functions, not playbooks.
fn below(folder: &Path) -> Vec<PathBuf> {
    let walk = ignore::WalkBuilder::new(folder)
        .hidden(true)
        .filter_entry(|entry| !(entry.file_name() == "lib" && entry.path().is_dir()))
        .sort_by_file_path(Path::cmp)
        .build();
    walk.filter_map(Result::ok)
        .map(ignore::DirEntry::into_path)
        .filter(|path| is_playbook(path) && path.is_file())
        .collect()
}

fn is_playbook(path: &Path) -> bool {
    path.extension().is_some_and(|it| it == "rhai")
}

/// The nearest folder from here upwards that has scenarios.
pub fn root(folder: &Path) -> PathBuf {
    let has = |it: &&Path| it.join("scenarios").is_dir();
    folder.ancestors().find(has).unwrap_or(folder).to_path_buf()
}

pub(super) fn name_of(file: &Path, root: &Path) -> String {
    let below = (file.strip_prefix(root.join("scenarios")))
        .or_else(|_| file.strip_prefix(root))
        .unwrap_or(file);
    let parts: Vec<_> = below
        .with_extension("")
        .components()
        .filter(|it| matches!(it, Component::Normal(_)))
        .map(|it| it.as_os_str().to_string_lossy().into_owned())
        .collect();
    parts.join("/")
}

/// A path as it is written from here; in the same root with `..` where it has to be.
pub fn shown(path: &Path, here: &Path) -> String {
    if let Ok(path) = path.strip_prefix(here) {
        return path.display().to_string();
    }
    let root = root(here);
    let Some(above) = here
        .ancestors()
        .take_while(|it| it.starts_with(&root))
        .enumerate()
        .find_map(|(up, folder)| Some((up, path.strip_prefix(folder).ok()?)))
    else {
        return path.display().to_string();
    };
    let (up, path) = above;
    format!("{}{}", "../".repeat(up), path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_in_the_same_root_is_shown_from_here() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        std::fs::create_dir_all(root.join("scenarios/ha")).expect("folders");
        let file = root.join("scenarios/a.rhai");
        let from = |here: &str| shown(&file, &root.join(here));
        assert_eq!(from(""), "scenarios/a.rhai");
        assert_eq!(from("scenarios"), "a.rhai");
        assert_eq!(from("scenarios/ha"), "../a.rhai");
        assert_eq!(from("docs"), "../scenarios/a.rhai");
        assert_eq!(shown(Path::new("/x.rhai"), root), "/x.rhai");
    }
}
