//! A running container as a machine that takes commands: its open shells, by user.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedRwLockWriteGuard, RwLock};

use super::shell::{Output, Shell, Streams};
use super::{Containers, Engine, Error, Pipe, Result, State};

/// Shells by the user that they run as.
type Shells = HashMap<String, Vec<Shell>>;

/// How long after a container's streams the engine may notice that it has ended.
const NOTICE: Duration = Duration::from_secs(1);

/// A container's open shells. A command takes a free one or opens another; one that was left in the
/// middle of a command is not used again, and what it was running is ended.
#[derive(Debug)]
pub struct Machine {
    engine: Arc<dyn Engine>,
    pub container: String,
    /// The pid of the first process's shell.
    first: u32,
    free: Arc<Mutex<Shells>>,
    abandoned: Arc<Mutex<Vec<u32>>>,
    marks: AtomicU64,
    /// Read while a shell is on its way, written while the engine freezes the machine.
    opening: Arc<RwLock<()>>,
}

impl Machine {
    /// Starts a created container. Its first process, a shell of `user`, is the first that is free.
    pub async fn start(engine: Arc<dyn Engine>, container: &str, user: &str) -> Result<Self> {
        let pipe = engine.attach(container).await?;
        engine.start(container).await?;
        let mut machine = Self {
            engine,
            first: 0,
            container: container.to_owned(),
            free: Arc::default(),
            abandoned: Arc::default(),
            marks: AtomicU64::new(0),
            opening: Arc::default(),
        };
        let shell = Shell::open(pipe, machine.what(), machine.mark()).await?;
        machine.first = shell.pid;
        machine.put_back(user, shell);
        Ok(machine)
    }

    /// Runs a script of ours or of a playbook.
    pub async fn run(&self, user: &str, script: &str, streams: Streams) -> Result<Output> {
        let mut shell = self.shell(user).await?;
        let mut guard = Abandoned {
            pid: Some(shell.pid),
            list: Arc::clone(&self.abandoned),
        };
        let output = shell.run(script, streams).await;
        guard.pid = None;
        match output {
            Ok(output) => {
                self.put_back(user, shell);
                Ok(output)
            }
            Err(error) => Err(self.explained(error).await),
        }
    }

    /// A program in the container whose streams are ours.
    pub async fn connect(&self, user: &str, command: &str) -> Result<Pipe> {
        let free = {
            let mut free = self.free.lock().expect("no panic holds it");
            let shells = free.entry(user.to_owned()).or_default();
            // Not the first process: if its streams are lost, so is the container.
            let at = shells.iter().rposition(|shell| shell.pid != self.first);
            at.map(|at| shells.remove(at))
        };
        let shell = match free {
            Some(shell) => shell,
            None => self.open_explained(user).await?,
        };
        match shell.lend(command).await {
            Ok(shell) => {
                let lent = Lent {
                    free: Arc::clone(&self.free),
                    user: user.to_owned(),
                    what: self.what(),
                    mark: shell.mark,
                    pid: shell.pid,
                };
                Ok(Pipe {
                    lent: Some(lent),
                    ..shell.pipe
                })
            }
            Err(error) => Err(self.explained(error).await),
        }
    }

    /// Opens a shell for connections before one is needed, so that what needs it does not wait.
    pub async fn warm(&self, user: &str) -> Result<()> {
        let is_warm = {
            let free = self.free.lock().expect("no panic holds it");
            let shells = free.get(user).map_or(&[][..], Vec::as_slice);
            shells.iter().any(|shell| shell.pid != self.first)
        };
        if is_warm {
            return Ok(());
        }
        let shell = self.open(user).await?;
        self.put_back(user, shell);
        Ok(())
    }

    async fn shell(&self, user: &str) -> Result<Shell> {
        self.end_abandoned().await?;
        let free = self
            .free
            .lock()
            .expect("no panic holds it")
            .get_mut(user)
            .and_then(Vec::pop);
        match free {
            Some(shell) => Ok(shell),
            None => self.open_explained(user).await,
        }
    }

    async fn open_explained(&self, user: &str) -> Result<Shell> {
        match self.open(user).await {
            Ok(shell) => Ok(shell),
            Err(error) => Err(self.explained(error).await),
        }
    }

    /// As long as it is held no shell is opened, and none is half open: the engine starts a process from
    /// within the container, and one that it froze on its way would keep it waiting for good.
    pub async fn still(&self) -> Still {
        Still(Arc::clone(&self.opening).write_owned().await)
    }

    /// Freezes all that runs in the machine.
    pub async fn pause(&self) -> Result<()> {
        let _still = self.still().await;
        self.engine.pause(&self.container).await
    }

    /// On a task of its own: the engine goes on with what nobody waits for any more.
    async fn open(&self, user: &str) -> Result<Shell> {
        let opening = Arc::clone(&self.opening).read_owned().await;
        let engine = Arc::clone(&self.engine);
        let (container, user) = (self.container.clone(), user.to_owned());
        let (what, mark) = (self.what(), self.mark());
        let opened = tokio::spawn(async move {
            let _opening = opening;
            let pipe = engine.exec(&container, &user, &["/bin/sh"]).await?;
            Shell::open(pipe, what, mark).await
        });
        opened.await.unwrap_or_else(|error| {
            Err(Error::Broken {
                what: self.what(),
                text: format!("a shell could not be opened: {error}"),
            })
        })
    }

    fn put_back(&self, user: &str, shell: Shell) {
        let mut free = self.free.lock().expect("no panic holds it");
        free.entry(user.to_owned()).or_default().push(shell);
    }

    /// Ends what commands that nobody waits for any more still run.
    async fn end_abandoned(&self) -> Result<()> {
        let pids = std::mem::take(&mut *self.abandoned.lock().expect("no panic holds it"));
        if pids.is_empty() {
            return Ok(());
        }
        let mut shell = self.open("0").await?;
        let pids: Vec<_> = pids.iter().map(u32::to_string).collect();
        shell
            .run(
                &format!(
                    "{END_CHILDREN}\nfor p in {}; do end $p; done",
                    pids.join(" ")
                ),
                Streams::Apart,
            )
            .await?;
        self.put_back("0", shell);
        Ok(())
    }

    /// Fails if the container does not run any more, and says why.
    pub async fn check(&self) -> Result<()> {
        let error = Error::Broken {
            what: self.what(),
            text: String::new(),
        };
        match self.explained(error).await {
            Error::Broken { .. } => Ok(()),
            error => Err(error),
        }
    }

    /// A broken pipe says little: the container's own state says why. When a container dies its
    /// streams end a moment before the engine has noticed.
    async fn explained(&self, error: Error) -> Error {
        let deadline = Instant::now() + NOTICE;
        let text = loop {
            break match self.engine.state(&self.container).await {
                Ok(State::Stopped {
                    out_of_memory: true,
                    ..
                }) => "the container ran out of memory and was killed".to_owned(),
                Ok(State::Stopped { code, .. }) => {
                    format!("the container has ended, with exit code {code}")
                }
                Ok(State::Missing) => "the container has been removed".to_owned(),
                Ok(_) if matches!(error, Error::Gone { .. }) && Instant::now() < deadline => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                }
                _ => return error,
            };
        };
        Error::Gone {
            what: self.what(),
            text,
        }
    }

    fn what(&self) -> String {
        format!("container `{}`", self.container)
    }

    fn mark(&self) -> String {
        let random = std::hash::BuildHasher::hash_one(
            &std::collections::hash_map::RandomState::new(),
            self.marks.fetch_add(1, Ordering::Relaxed),
        );
        format!("--{random:016x}--")
    }
}

/// No shell is opened meanwhile.
#[derive(Debug)]
pub struct Still(#[expect(dead_code, reason = "it is there to be held")] OwnedRwLockWriteGuard<()>);

/// Where the streams of a shell go back to.
#[derive(Debug)]
pub struct Lent {
    free: Arc<Mutex<Shells>>,
    user: String,
    what: String,
    /// What the shell says on its standard error when the program has ended.
    pub mark: String,
    pid: u32,
}

impl Lent {
    /// Gives the streams back to their shell once the program has ended.
    pub async fn give_back(self, pipe: Pipe) {
        let mut shell = Shell::again(pipe, &self.what, &self.mark, self.pid);
        // What the program printed last may still be on its way: a command more, and it is past.
        if shell.run(":", Streams::Apart).await.is_ok() {
            let mut free = self.free.lock().expect("no panic holds it");
            free.entry(self.user).or_default().push(shell);
        }
    }
}

/// Ends the children of a process and theirs, not the process itself.
const END_CHILDREN: &str = "\
end() { for c in $(cat /proc/$1/task/*/children 2>/dev/null); do end $c; kill -9 $c; done; }";

/// Ends a user's process in a container, and its children.
pub async fn end_process(
    engine: &dyn Containers,
    container: &str,
    user: &str,
    pid: u32,
) -> Result<()> {
    let mut shell = Shell::within(engine, container, user).await?;
    let script = format!("{END_CHILDREN}\nend {pid}; kill -9 {pid} 2>/dev/null");
    shell.run(&script, Streams::Apart).await.map(drop)
}

/// Left behind when a command's future is dropped before its end.
struct Abandoned {
    pid: Option<u32>,
    list: Arc<Mutex<Vec<u32>>>,
}

impl Drop for Abandoned {
    fn drop(&mut self) {
        let mut list = self.list.lock().expect("no panic holds it");
        list.extend(self.pid);
    }
}
