//! The reaper: a process of ours that notices when the runner is gone without having cleaned up
//! (kill -9, out of memory) and removes what carries the run's label.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::engine::{Docker, RUN_LABEL};
use crate::lab::sweep;
use crate::problem::Problem;

/// A request that the runner had sent when it died may still be carried out after it.
const AFTERMATH: Duration = Duration::from_secs(10);

/// The runner's end of the pipe that the reaper listens to.
#[derive(Debug)]
pub struct Reaper {
    child: Option<Child>,
}

impl Reaper {
    /// Starts it. Without one a run works all the same; only a kill -9 would leave things behind.
    pub fn start(run: &str, host: Option<&str>) -> Self {
        let Ok(program) = std::env::current_exe() else {
            return Self { child: None };
        };
        let mut command = Command::new(program);
        if let Some(host) = host {
            command.args(["--host", host]);
        }
        let child = command
            .args(["reap", run])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A Ctrl-C at the terminal is for the runner alone.
            .process_group(0)
            .spawn();
        Self { child: child.ok() }
    }

    /// Tells it that there is nothing left to do.
    pub async fn end(mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        if let Some(mut pipe) = child.stdin.take() {
            let _ = pipe.write_all(b"done");
        }
        let _ = tokio::task::spawn_blocking(move || child.wait()).await;
    }
}

/// The reaper's own life: waits until the runner says that it is done, or is gone.
pub async fn reap(run: &str, host: Option<&str>) -> Result<(), Problem> {
    let said = tokio::task::spawn_blocking(|| {
        let mut said = String::new();
        let _ = std::io::stdin().read_to_string(&mut said);
        said
    });
    if said.await.unwrap_or_default() == "done" {
        return Ok(());
    }
    let engine = Docker::connect(host).await?;
    let label = format!("{RUN_LABEL}={run}");
    let begun = Instant::now();
    let mut result = Ok(());
    while begun.elapsed() < AFTERMATH {
        result = sweep(&engine, &label).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    result
}
