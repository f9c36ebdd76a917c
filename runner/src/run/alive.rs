//! Which runs are still going: each holds a lock that the kernel lets go of however it ends.

use std::fs::{File, TryLockError};
use std::path::PathBuf;

/// Held by a run as long as it goes on.
#[derive(Debug)]
pub struct Alive {
    /// None where no file can be made: then `clean` takes the run for one that is over.
    file: Option<(File, PathBuf)>,
}

impl Alive {
    pub fn claim(run: &str) -> Self {
        let path = path(run);
        let claim = || {
            std::fs::create_dir_all(path.parent()?).ok()?;
            let file = File::create(&path).ok()?;
            file.try_lock().ok()?;
            Some(file)
        };
        Self {
            file: claim().map(|file| (file, path.clone())),
        }
    }

    /// The run is over: its file goes too.
    pub fn end(self) {
        if let Some((_file, path)) = self.file {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Whether the run is still going, on this machine and of this user.
pub fn is_alive(run: &str) -> bool {
    let path = path(run);
    let Ok(file) = File::open(&path) else {
        return false;
    };
    if matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
        return true;
    }
    // It was killed.
    let _ = std::fs::remove_file(path);
    false
}

fn path(run: &str) -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    // A label of the engine's is no path: what is not in a run's name is left out.
    let name: String = run.chars().filter(char::is_ascii_alphanumeric).collect();
    set("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(set("HOME")?).join(".cache")))
        .unwrap_or_else(std::env::temp_dir)
        .join("pgdrill/runs")
        .join(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_alive_until_it_ends() {
        let name = format!("test{}", std::process::id());
        assert!(!is_alive(&name));
        let alive = Alive::claim(&name);
        assert!(is_alive(&name));
        alive.end();
        assert!(!is_alive(&name));
    }
}
