//! A node: a machine of the lab, a container with an open shell, and perhaps PostgreSQL on it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use crate::engine::{ContainerSpec, Engine, Machine, Output, Pipe, Streams, quoted};
use crate::problem::{Blame, Problem};
use crate::sql::{self, Login, Rows, Value};

use super::daemon::Daemon;
use super::glance;
use super::probe::Installation;
use super::role::Known;

/// A machine of the lab.
#[derive(Debug)]
pub struct Node {
    pub name: String,
    pub container: String,
    pub image: String,
    pub engine: Arc<dyn Engine>,
    /// The user that PostgreSQL runs as (`postgres`; in an image without it, the image's own).
    pub account: String,
    pub superuser: Superuser,
    pub data: String,
    pub port: u16,
    /// Its place on the scenario's LAN, unless it is left out.
    pub lan: Option<Lan>,
    /// The volumes that go with it.
    pub(super) volumes: Vec<String>,
    pub installation: Mutex<Installation>,
    pub(super) power: Mutex<Power>,
    /// The connection for typed values, and its database, kept between calls that follow each other.
    connection: tokio::sync::Mutex<Option<(String, sql::Connection)>>,
    /// `allow` lines so far: each goes behind the earlier ones and before all others.
    pub(super) allowed: Mutex<Vec<String>>,
    pub(super) daemons: Mutex<BTreeMap<String, Daemon>>,
    /// How often a session was opened, to tell them apart in the transcript.
    pub(super) sessions: Mutex<u32>,
    /// Its start failed: no script has it, and the next node of its name takes its place.
    pub(super) given_up: AtomicBool,
    /// What was told last of its role.
    pub(super) known: Mutex<Known>,
    /// Held by those who want no connection of ours to the server.
    quiet: Arc<RwLock<()>>,
}

/// As long as it lives no connection of ours is open but those of the holder.
#[derive(Debug)]
pub struct Quiet(#[expect(dead_code, reason = "it is there to be held")] OwnedRwLockReadGuard<()>);

/// What a node is made of, once its machine runs.
pub(super) struct Made {
    pub name: String,
    pub spec: ContainerSpec,
    pub engine: Arc<dyn Engine>,
    pub account: String,
    pub superuser: Superuser,
    pub data: String,
    pub port: u16,
    pub machine: Arc<Machine>,
    pub lan: Option<Lan>,
}

/// A node's place on the LAN.
#[derive(Debug)]
pub struct Lan {
    pub interface: &'static str,
    pub address: std::net::IpAddr,
    /// The names that the node's hosts file has.
    pub(super) knows: tokio::sync::Mutex<Vec<String>>,
    /// Those that it has whenever the machine starts.
    pub(super) born_with: Vec<String>,
}

/// The role that initdb made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Superuser {
    pub name: String,
    pub password: Option<String>,
}

/// Whether the machine is on.
#[derive(Debug, Clone)]
pub(super) enum Power {
    On(Arc<Machine>),
    Paused(Arc<Machine>),
    /// Off, and why: "was killed", "was stopped".
    Off(&'static str),
}

/// Where the server's log is. Not in the data directory: a backup or a rewind would take it along.
pub(super) const LOG: &str = "/tmp/server.log";

impl Quiet {
    /// Does work in quiet as long as it is short. What goes on for longer is waited for, and does not
    /// count connections any more.
    pub(super) async fn at_first<T>(self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        let short = tokio::time::timeout(Duration::from_secs(1), &mut work);
        if let Ok(done) = short.await {
            return done;
        }
        drop(self);
        work.await
    }
}

impl Node {
    pub(super) fn new(made: Made) -> Self {
        let Made {
            name,
            spec,
            engine,
            account,
            superuser,
            data,
            port,
            machine,
            lan,
        } = made;
        // The data directory's own volume goes with the node; the others belong to the scenario.
        let own = (spec.volumes.iter())
            .filter(|it| it.path == data)
            .map(|it| it.volume.clone());
        Self {
            volumes: own.collect(),
            lan,
            name,
            container: spec.name,
            image: spec.image,
            engine,
            account,
            superuser,
            data,
            port,
            installation: Mutex::default(),
            power: Mutex::new(Power::On(machine)),
            connection: tokio::sync::Mutex::default(),
            allowed: Mutex::default(),
            daemons: Mutex::default(),
            sessions: Mutex::default(),
            given_up: AtomicBool::default(),
            known: Mutex::default(),
            quiet: Arc::default(),
        }
    }

    /// Says that its start has failed: its name is for the next one.
    pub(super) fn give_up(&self) {
        self.given_up.store(true, Ordering::Release);
    }

    /// The name in the transcript; none for the Docker host.
    pub(super) fn shown(&self) -> Option<&str> {
        (!self.name.is_empty()).then_some(self.name.as_str())
    }

    /// The machine in a sentence.
    pub(super) fn called(&self) -> String {
        match self.shown() {
            Some(name) => format!("node `{name}`"),
            None => "the Docker host".to_owned(),
        }
    }

    /// The running machine, or the problem that it is off.
    pub fn machine(&self) -> Result<Arc<Machine>, Problem> {
        let (what, advice) = match &*self.power.lock().expect("no panic holds it") {
            Power::On(machine) => return Ok(Arc::clone(machine)),
            Power::Paused(_) => ("is paused", "unpause_node"),
            Power::Off(why) => (*why, "boot_node"),
        };
        let name = &self.name;
        let problem = Problem::new(Blame::Playbook, format!("node `{name}` {what}"));
        Err(match what {
            "was removed" => problem,
            _ => problem.note(format!("perhaps {advice}({name}) first")),
        })
    }

    /// Runs a script of ours as the server's account; both streams apart.
    pub async fn run(&self, script: &str) -> Result<Output, Problem> {
        self.run_as(&self.account, script, Streams::Apart).await
    }

    /// Runs a script and takes any failure of it as one of the machine.
    pub async fn must(&self, what: &str, script: &str) -> Result<String, Problem> {
        let output = self.run(script).await?;
        if output.code == 0 {
            return Ok(output.out);
        }
        Err(self.broken(what, &output))
    }

    pub async fn run_as(
        &self,
        user: &str,
        script: &str,
        streams: Streams,
    ) -> Result<Output, Problem> {
        let machine = self.machine()?;
        let script = format!("{}\n{script}", self.environment());
        Ok(machine.run(user, &script, streams).await?)
    }

    pub(super) fn broken(&self, what: &str, output: &Output) -> Problem {
        let message = format!(
            "{what} on node `{}` failed with exit code {}",
            self.name, output.code
        );
        Problem::new(Blame::System, message)
            .with_last_lines(&format!("{}{}", output.err, output.out))
    }

    /// What every script on the node finds in its environment.
    pub(super) fn environment(&self) -> String {
        let installation = self.installation.lock().expect("no panic holds it");
        if installation.bin.is_empty() {
            return String::new();
        }
        format!(
            "export PATH={bin}:$PATH PGDATA={data} PGHOST={socket} PGPORT={port} PGUSER={user} \
             PGCLIENTENCODING=UTF8 LC_MESSAGES=C",
            bin = quoted(&installation.bin),
            data = quoted(&self.data),
            socket = quoted(&installation.socket),
            port = self.port,
            user = quoted(&self.superuser.name),
        )
    }

    /// PostgreSQL's major version on the node.
    pub fn major(&self) -> u32 {
        self.installation.lock().expect("no panic holds it").major
    }

    /// Fails unless PostgreSQL is on the node.
    pub fn needs_postgres(&self) -> Result<(), Problem> {
        if !self
            .installation
            .lock()
            .expect("no panic holds it")
            .bin
            .is_empty()
        {
            return Ok(());
        }
        let message = format!(
            "node `{}` has no PostgreSQL: image `{}` has none",
            self.name, self.image
        );
        Err(Problem::new(Blame::Playbook, message))
    }

    pub(super) fn login(&self, database: Option<&str>) -> Login {
        Login {
            user: self.superuser.name.clone(),
            database: database.unwrap_or("postgres").to_owned(),
            password: self.superuser.password.clone(),
        }
    }

    /// Opens a connection to the server from within the node.
    pub async fn connect(&self, login: &Login) -> Result<sql::Connection, Problem> {
        Ok(sql::Connection::open(self.carrier().await?, login).await?)
    }

    /// A process within the node that carries a connection to the server.
    pub(super) async fn carrier(&self) -> Result<Pipe, Problem> {
        self.needs_postgres()?;
        let machine = self.machine()?;
        let dialer = {
            let installation = self.installation.lock().expect("no panic holds it");
            installation.dialer(self.port)?
        };
        Ok(machine.connect(&self.account, &dialer).await?)
    }

    /// Runs SQL for its values, as the superuser, in the database `postgres` or another.
    pub async fn rows(
        &self,
        sql: &str,
        parameters: &[Value],
        database: Option<&str>,
    ) -> Result<Rows, Problem> {
        let login = self.login(database);
        // Who looks on from the side must not be in the way: its connection is its own, and short.
        if glance::is_one() {
            let connection = self.connect(&login).await?;
            let rows = connection.rows(sql, parameters).await;
            connection.close().await;
            if let Ok(rows) = &rows {
                let value = rows.first().map_or(String::new(), Value::text);
                glance::saw(|| format!("{}: {} -> {value}", self.name, sql.trim()));
            }
            return Ok(rows?);
        }
        let mut kept = self.connection.lock().await;
        let connection = match kept.take() {
            Some((database, connection)) if database == login.database => connection,
            other => {
                if let Some((_, connection)) = other {
                    connection.close().await;
                }
                self.connect(&login).await?
            }
        };
        // Kept only if nothing went wrong: a broken connection or transaction is not used again.
        let rows = connection.rows(sql, parameters).await;
        match rows {
            Ok(rows) => {
                *kept = Some((login.database, connection));
                Ok(rows)
            }
            Err(error) => {
                connection.close().await;
                Err(error.into())
            }
        }
    }

    /// The first column of the first row, for our own questions.
    pub async fn value(&self, sql: &str) -> Result<Value, Problem> {
        let rows = self.rows(sql, &[], None).await?;
        Ok(rows.first().cloned().unwrap_or(Value::Null))
    }

    pub async fn text(&self, sql: &str) -> Result<String, Problem> {
        Ok(self.value(sql).await?.text())
    }

    /// Closes the kept connection: none of ours may be open while a shown command or a stop runs.
    /// As long as the result is held, nobody who looks on from the side opens one.
    pub async fn hang_up(&self) -> Quiet {
        if let Some((_, connection)) = self.connection.lock().await.take() {
            connection.close().await;
        }
        Quiet(Arc::clone(&self.quiet).read_owned().await)
    }

    /// The right to open a connection from the side; none: somebody wants that there is none.
    pub(super) fn unobserved(&self) -> Option<OwnedRwLockWriteGuard<()>> {
        Arc::clone(&self.quiet).try_write_owned().ok()
    }

    /// Forgets the kept connection: the server or the machine is gone, nobody answers a goodbye.
    pub(super) async fn forget_connection(&self) {
        self.connection.lock().await.take();
    }
}
