//! A drill: the program itself, run on a playbook in a root of its own.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::left::left;

/// Whatever does not happen within this time is not going to.
const PATIENCE: Duration = Duration::from_secs(90);

/// How a drill ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
    /// What carries its run's label afterwards.
    pub left: Vec<String>,
}

impl Ended {
    /// Fails unless it ended with this code, said all of these, and left nothing behind.
    pub fn must(&self, code: i32, said: &[&str]) {
        let missing: Vec<_> = (said.iter())
            .filter(|it| !self.err.contains(**it))
            .collect();
        assert!(
            self.code == code && missing.is_empty() && self.left.is_empty(),
            "wanted: exit code {code}, all of {said:?}, nothing left\n\
             missing: {missing:?}\nleft: {:?}\nexit code {}\n{}{}",
            self.left,
            self.code,
            self.out,
            self.err
        );
    }
}

/// Runs a playbook that has no snapshot: it can't pass, and what it says is compared.
pub fn drill(playbook: &str) -> Ended {
    Root::with(playbook).run(&[]).end()
}

/// A folder with one playbook, `scenarios/drill.rhai`.
pub struct Root(tempfile::TempDir);

impl Root {
    pub fn with(playbook: &str) -> Self {
        let root = Self(tempfile::tempdir().expect("a folder"));
        root.write("scenarios/drill.rhai", playbook);
        root
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, file: &str, text: &str) {
        let path = self.path().join(file);
        std::fs::create_dir_all(path.parent().expect("it is below the root")).expect("folders");
        std::fs::write(path, text).expect("a file");
    }

    /// `pgdrill run drill` with further arguments.
    pub fn run(&self, arguments: &[&str]) -> Running {
        let arguments = [&["run", "drill", "--verbose"], arguments].concat();
        Running::start(command(self.path(), &arguments))
    }
}

/// The program in a folder, without what this process's environment says about CI, and with records
/// of its own.
pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgdrill"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_remove("CI")
        .env_remove("GITHUB_ACTIONS")
        .env("XDG_STATE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .env("NO_COLOR", "1");
    command
}

/// The product's own folder.
pub fn product() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A program that runs, with what it has said so far.
pub struct Running {
    child: Child,
    lines: Receiver<String>,
    err: String,
    out: std::thread::JoinHandle<String>,
}

impl Running {
    pub fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let err = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut out = child.stdout.take().expect("it is piped");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in err.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let out = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = out.read_to_string(&mut text);
            text
        });
        Self {
            child,
            lines,
            err: String::new(),
            out,
        }
    }

    /// Waits until it says this.
    pub fn until(&mut self, said: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.err.contains(said) {
            let rest = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(rest) {
                Ok(line) => self.err = format!("{}{line}\n", self.err),
                Err(why) => panic!("it never says {said:?} ({why}):\n{}", self.err),
            }
        }
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("it is there");
    }

    /// The run's id, which its first line tells.
    pub fn id(&self) -> String {
        id(&self.err)
    }

    /// Its container for a node, which it tells when the node is there.
    pub fn container(&self, node: &str) -> String {
        let lead = format!("{node}: container ");
        let mut lines = self.err.lines();
        let found = lines.find_map(|line| line.trim().strip_prefix(&lead));
        found.expect("the node was started").to_owned()
    }

    pub fn end(mut self) -> Ended {
        let status = self.child.wait().expect("it ends");
        while let Ok(line) = self.lines.recv() {
            self.err = format!("{}{line}\n", self.err);
        }
        let run = id(&self.err);
        Ended {
            code: status.code().unwrap_or(-1),
            out: self.out.join().unwrap_or_default(),
            left: if run.is_empty() {
                Vec::new()
            } else {
                left(&run)
            },
            err: self.err,
        }
    }
}

fn id(said: &str) -> String {
    let mut lines = said.lines().filter_map(|line| line.strip_prefix("run "));
    let words = lines.next().and_then(|line| line.split_once(" on "));
    words.map_or(String::new(), |(id, _)| id.to_owned())
}
