//! A workload: clients that write without pause, and note what they sent and what they heard.

mod service;
mod writer;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::cost::{Cost, History, Mark, Row, Write, cost, writes};
use crate::event::What;
use crate::problem::Problem;
use crate::remark::Remark;
use crate::sql::{self, Value, literal};

use super::teardown::Lab;
use super::{Act, Sink};
pub use service::Service;
use writer::{Pulse, Writer};

/// Whatever does not answer by then stands still, be its clients' patience what it may.
const PATIENCE: Duration = Duration::from_secs(5);

/// How its clients behave.
#[derive(Debug, Clone)]
pub struct WorkloadOptions {
    pub writers: u32,
    /// Writes a second, of all writers.
    pub rate: u32,
    pub connections: Connections,
    pub connect_timeout: Duration,
    pub answer_timeout: Duration,
    /// None: a name that is free.
    pub table: Option<String>,
}

/// Whether a client opens a connection for each write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connections {
    Kept,
    New,
}

/// Clients that write to a service.
#[derive(Debug)]
pub struct Workload {
    pub service: Service,
    options: WorkloadOptions,
    table: String,
    sink: Sink,
    started: Duration,
    stop: CancellationToken,
    pulse: Arc<Pulse>,
    writers: Mutex<Vec<JoinHandle<Vec<Write>>>>,
    history: Mutex<History>,
    cost: std::sync::Mutex<Option<Cost>>,
}

impl Workload {
    /// Makes the table and starts the writers; returns when each has had a write acknowledged.
    pub async fn start(
        act: &Act,
        lab: &Lab,
        service: Service,
        options: WorkloadOptions,
    ) -> Result<Arc<Self>, Problem> {
        let table = options.table.clone();
        let mut workload = Self {
            table: table.unwrap_or_else(|| lab.workloads.free_table()),
            sink: act.sink.clone(),
            started: Duration::ZERO,
            stop: CancellationToken::new(),
            pulse: Arc::default(),
            writers: Mutex::default(),
            history: Mutex::default(),
            cost: std::sync::Mutex::default(),
            service,
            options,
        };
        workload.make_table(act).await?;
        workload.started = act.sink.elapsed();
        let writers = (1..=workload.options.writers)
            .map(|number| tokio::spawn(Writer::new(&workload, number).run()));
        workload.writers = Mutex::new(writers.collect());
        let workload = Arc::new(workload);
        lab.workloads.add(&workload);
        let WorkloadOptions { writers, rate, .. } = workload.options;
        let remark = Remark::Clients {
            writers,
            rate,
            table: ident(&workload.table),
            at: workload.service.name().to_owned(),
        };
        act.remarks(workload.service.shown(), &remark);
        act.until("the first acknowledgement of each client", async || {
            if let Some(why) = workload.pulse.complaint() {
                act.saw(why);
            }
            Ok((workload.pulse.served() >= writers).then_some(()))
        })
        .await?;
        Ok(workload)
    }

    async fn make_table(&self, act: &Act) -> Result<(), Problem> {
        let name = self.service.name();
        let table = ident(&self.table);
        let sql = format!(
            "create table {table} (writer int, sequence bigint, primary key (writer, sequence))"
        );
        act.waits_for(format!("{name} to answer"));
        let connection = self.service.dial(PATIENCE).await?;
        let made = connection.execute(&sql);
        let made = self
            .service
            .in_time("making their table", PATIENCE, made)
            .await?;
        connection.close().await;
        made?;
        act.shows_sql(
            self.service.shown(),
            &format!("{name}=# "),
            format!("{sql};"),
            "CREATE TABLE",
        );
        Ok(())
    }

    /// Stops the writers, reads all rows back, and returns what the time between cost. Called again,
    /// it reads again: another node may have other rows.
    pub async fn stop(&self, act: &Act, from: &Service) -> Result<Cost, Problem> {
        self.wait_for_service(act).await;
        act.waits_for("the clients' last answers");
        self.join().await;
        act.waits_for(format!("the rows that {} has", from.name()));
        let left = self.rows_left(from).await?;
        let history = self.history.lock().await;
        let (cost, writes) = (cost(&history, &left), writes(&history, &left));
        drop(history);
        let remark = Remark::ClientsStop {
            from: from.name().to_owned(),
        };
        act.remarks(from.shown(), &remark);
        self.sink.send(What::WorkloadStopped {
            target: self.service.name().to_owned(),
            connect_timeout: self.options.connect_timeout,
            answer_timeout: self.options.answer_timeout,
            cost: cost.clone(),
            writes,
        });
        *self.cost.lock().expect("no panic holds it") = Some(cost.clone());
        Ok(cost)
    }

    /// What it cost; none: it has not been stopped.
    pub fn cost(&self) -> Option<Cost> {
        self.cost.lock().expect("no panic holds it").clone()
    }

    /// Waits until a client is served after the last fault or stop: what was repaired a moment ago is
    /// no outage without end. Who waits longer than the clients themselves waits in vain.
    async fn wait_for_service(&self, act: &Act) {
        let marks = self.sink.marks(self.started..=self.sink.elapsed());
        let breaks = |mark: &Mark| matches!(mark, Mark::Fault { .. } | Mark::PlannedStop { .. });
        let broken = marks.iter().rfind(|it| breaks(&it.mark));
        let Some(last) = broken.map(|it| it.at) else {
            return;
        };
        let back = act.until("clients to be served again", async || {
            let served = self.pulse.latest() > last || self.stop.is_cancelled();
            Ok(served.then_some(()))
        });
        let patience = self.options.connect_timeout + self.options.answer_timeout;
        // That it does not come to its end is what the cost says.
        let _ = tokio::time::timeout(patience, back).await;
    }

    /// Waits for the writers to end. May be given up and called again.
    async fn join(&self) {
        self.stop.cancel();
        let mut writers = self.writers.lock().await;
        let mut history = self.history.lock().await;
        if writers.is_empty() {
            return;
        }
        while let Some(writer) = writers.last_mut() {
            let written = writer.await;
            writers.pop();
            history.writes.extend(written.unwrap_or_default());
        }
        history.until = self.sink.elapsed();
        history.marks = self.sink.marks(self.started..=history.until);
    }

    /// Ends the writers wherever they are.
    async fn abort(&self) {
        self.stop.cancel();
        let mut writers = self.writers.lock().await;
        for writer in &*writers {
            writer.abort();
        }
        futures_util::future::join_all(writers.drain(..)).await;
    }

    async fn rows_left(&self, from: &Service) -> Result<BTreeSet<Row>, Problem> {
        let connection = from.dial(PATIENCE).await?;
        let rows = self.rows(&connection).await;
        connection.close().await;
        let rows = rows?.rows.into_iter().filter_map(|row| match row[..] {
            [Value::Integer(writer), Value::Integer(sequence)] => Some(Row {
                writer: u32::try_from(writer).ok()?,
                sequence: u64::try_from(sequence).ok()?,
            }),
            _ => None,
        });
        Ok(rows.collect())
    }

    async fn rows(&self, connection: &sql::Connection) -> Result<sql::Rows, Problem> {
        let table = ident(&self.table);
        let name = literal(&Value::Text(table.clone()));
        let there = format!("select to_regclass({name}) is not null");
        // That the table itself was lost with all its rows is a result, and no error.
        if connection.rows(&there, &[]).await?.first() == Some(&Value::Boolean(false)) {
            return Ok(sql::Rows::default());
        }
        let all = format!("select writer, sequence from {table}");
        Ok(connection.rows(&all, &[]).await?)
    }
}

/// The workloads of a lab.
#[derive(Debug, Default)]
pub struct Workloads(std::sync::Mutex<Vec<Arc<Workload>>>);

impl Workloads {
    fn add(&self, workload: &Arc<Workload>) {
        let mut all = self.0.lock().expect("no panic holds it");
        all.push(Arc::clone(workload));
    }

    /// A name that no other workload of the lab has for its table.
    fn free_table(&self) -> String {
        match self.0.lock().expect("no panic holds it").len() {
            0 => "pgdrill_workload".to_owned(),
            others => format!("pgdrill_workload_{}", others + 1),
        }
    }

    /// Whether clients of one are at work.
    pub(super) fn go_on(&self) -> bool {
        let all = self.0.lock().expect("no panic holds it");
        all.iter().any(|it| !it.stop.is_cancelled())
    }

    /// Ends all that nobody has stopped.
    pub async fn end(&self) {
        let all = std::mem::take(&mut *self.0.lock().expect("no panic holds it"));
        futures_util::future::join_all(all.iter().map(|it| it.abort())).await;
    }
}

/// A name as SQL has it, plain where it can be.
fn ident(name: &str) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c == '_';
    if name.starts_with(plain) && name.chars().all(|c| plain(c) || c.is_ascii_digit()) {
        return name.to_owned();
    }
    format!("\"{}\"", name.replace('"', "\"\""))
}
