//! One at a time, also among processes.

use std::fs::{File, TryLockError};
use std::path::PathBuf;
use std::time::Duration;

use super::{Error, Result};

const POLL: Duration = Duration::from_millis(50);

/// Held as long as it lives.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// Waits until nobody else holds the lock of this name; `busy` is called once if that takes time.
pub(super) async fn lock(name: &str, busy: impl FnOnce()) -> Result<Lock> {
    let folder = folder();
    let path = folder.join(format!("{}.lock", name.replace(['/', ':'], "_")));
    let failed = |source| Error::File {
        path: path.clone(),
        source,
    };
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let file = File::options()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(failed)?;
    let mut busy = Some(busy);
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => {
                if let Some(busy) = busy.take() {
                    busy();
                }
                tokio::time::sleep(POLL).await;
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
    }
}

fn folder() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    set("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(set("HOME")?).join(".cache")))
        .unwrap_or_else(std::env::temp_dir)
        .join("pgdrill/locks")
}
