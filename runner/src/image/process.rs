//! Programs of this machine, with what they print reported line by line.

use std::process::{ExitStatus, Stdio};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;

use crate::problem::LAST_LINES;

/// What a program printed, both streams, and how it ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub status: ExitStatus,
    pub lines: Vec<String>,
}

impl Ended {
    pub fn succeeded(&self) -> bool {
        self.status.success()
    }

    pub fn last(&self) -> Vec<String> {
        self.lines[self.lines.len().saturating_sub(LAST_LINES)..].to_vec()
    }
}

/// Runs the program to its end. Dropping the future kills it.
pub(super) async fn run(
    program: &[String],
    said: &(dyn Fn(&str) + Send + Sync),
) -> std::io::Result<Ended> {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut child = Command::new(&program[0])
        .args(&program[1..])
        // A user's PATH often lacks them, and mmdebstrap calls programs there.
        .env("PATH", format!("{path}:/usr/local/sbin:/usr/sbin:/sbin"))
        .env("LC_ALL", "C.UTF-8")
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let out = child.stdout.take().expect("stdout is piped");
    let err = child.stderr.take().expect("stderr is piped");
    let lines = std::sync::Mutex::new(Vec::new());
    let heard = |line: String| {
        said(&line);
        lines.lock().expect("no panic while held").push(line);
    };
    tokio::try_join!(each_line(out, &heard), each_line(err, &heard))?;
    let status = child.wait().await?;
    Ok(Ended {
        status,
        lines: lines.into_inner().expect("no panic while held"),
    })
}

async fn each_line(
    stream: impl AsyncRead + Unpin,
    heard: &(impl Fn(String) + Sync),
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    while let Some(line) = lines.next_line().await? {
        // Progress is drawn over itself; the last drawing counts.
        let line = line.trim_end().rsplit('\r').next().unwrap_or_default();
        if !line.is_empty() {
            heard(line.to_owned());
        }
    }
    Ok(())
}

/// Whether the program is on this machine.
pub(super) fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/bin".into()])
        .any(|folder| folder.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn both_streams_are_heard_and_the_end_is_known() {
        let program = ["sh", "-c", "printf 'a\\rb\\n'; echo c >&2; exit 3"].map(str::to_owned);
        let ended = run(&program, &|_| ()).await.expect("sh is there");
        let mut lines = ended.lines;
        lines.sort();
        assert_eq!(
            (ended.status.code(), lines.join(" ")),
            (Some(3), "b c".to_owned())
        );
    }
}
