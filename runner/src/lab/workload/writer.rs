//! One client of a workload: it inserts one row after the other, and never the same one twice.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::cost::{Answer, Row, Write};
use crate::lab::Sink;
use crate::sql::{self, Error};

use super::{Connections, Service, Workload, WorkloadOptions, ident};

/// Between two attempts at a connection: a client that never tires, and leaves the processor to the
/// server that it waits for.
const BREATH: Duration = Duration::from_millis(10);

/// What is known of the service while the clients go on.
#[derive(Debug, Default)]
pub struct Pulse {
    /// How many clients have been served at all.
    served: AtomicU32,
    /// When the latest write was sent that was acknowledged, in nanoseconds.
    latest: AtomicU64,
    /// Why a client was not served, the last time that one was not.
    complaint: Mutex<Option<String>>,
}

impl Pulse {
    fn beat(&self, sent: Duration, first: bool) {
        let sent = u64::try_from(sent.as_nanos()).unwrap_or(u64::MAX);
        self.latest.fetch_max(sent, Ordering::AcqRel);
        self.served.fetch_add(first.into(), Ordering::AcqRel);
    }

    fn complain(&self, why: String) {
        *self.complaint.lock().expect("no panic holds it") = Some(why);
    }

    pub fn complaint(&self) -> Option<String> {
        self.complaint.lock().expect("no panic holds it").clone()
    }

    pub fn served(&self) -> u32 {
        self.served.load(Ordering::Acquire)
    }

    pub fn latest(&self) -> Duration {
        Duration::from_nanos(self.latest.load(Ordering::Acquire))
    }
}

/// A client.
pub struct Writer {
    number: u32,
    service: Service,
    options: WorkloadOptions,
    table: String,
    clock: Sink,
    stop: CancellationToken,
    pulse: Arc<Pulse>,
    acked: bool,
}

impl Writer {
    pub fn new(workload: &Workload, number: u32) -> Self {
        Self {
            number,
            service: workload.service.clone(),
            options: workload.options.clone(),
            table: ident(&workload.table),
            clock: workload.sink.clone(),
            stop: workload.stop.clone(),
            pulse: Arc::clone(&workload.pulse),
            acked: false,
        }
    }

    /// Writes until it is stopped; returns what it sent and heard.
    pub async fn run(mut self) -> Vec<Write> {
        let mut writes = Vec::new();
        let mut kept = None;
        let mut beat = self.beat();
        for sequence in 1.. {
            let stopped = tokio::select! {
                biased;
                () = self.stop.cancelled() => true,
                _ = beat.tick() => false,
            };
            if stopped {
                break;
            }
            let Some(connection) = self.connection(kept.take()).await else {
                break;
            };
            let row = Row {
                writer: self.number,
                sequence,
            };
            let (write, state) = self.write(&connection, row).await;
            writes.push(write);
            match (state, self.options.connections) {
                (State::Good, Connections::Kept) => kept = Some(connection),
                (State::Good, Connections::New) | (State::Useless, _) => connection.close().await,
                (State::Silent, _) => {}
            }
        }
        if let Some(connection) = kept {
            connection.close().await;
        }
        writes
    }

    /// The writers take turns, so that the writes are spread evenly. What an outage has missed is
    /// not made up for.
    fn beat(&self) -> Interval {
        let each = Duration::from_secs(1) / self.options.rate;
        let first = Instant::now() + each * (self.number - 1);
        let mut beat = interval_at(first, each * self.options.writers);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        beat
    }

    /// The kept connection, or a new one, however long that takes; none: it is to stop.
    async fn connection(&self, kept: Option<sql::Connection>) -> Option<sql::Connection> {
        // What would be sent through a connection that has ended would not be in doubt.
        if let Some(kept) = kept.filter(|it| !it.is_closed()) {
            return Some(kept);
        }
        let dial = async {
            loop {
                match self.service.dial(self.options.connect_timeout).await {
                    Ok(connection) => return connection,
                    Err(problem) => self.pulse.complain(problem.message),
                }
                sleep(BREATH).await;
            }
        };
        tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            connection = dial => Some(connection),
        }
    }

    /// Inserts a row; says too what the connection is good for then.
    async fn write(&mut self, connection: &sql::Connection, row: Row) -> (Write, State) {
        let Row { writer, sequence } = row;
        let sql = format!("insert into {} values ({writer}, {sequence})", self.table);
        let sent = self.clock.elapsed();
        let answer = timeout(self.options.answer_timeout, connection.execute(&sql)).await;
        let heard = self.clock.elapsed();
        let (answer, state) = match answer {
            Ok(Ok(())) => (Answer::Acked(heard), State::Good),
            Ok(Err(error)) => {
                self.pulse.complain(error.to_string());
                let refused = matches!(error, Error::Statement(_));
                let answer = if refused {
                    Answer::Refused
                } else {
                    Answer::InDoubt
                };
                (answer, State::Useless)
            }
            Err(_) => (Answer::InDoubt, State::Silent),
        };
        if state == State::Good {
            let first = !std::mem::replace(&mut self.acked, true);
            self.pulse.beat(sent, first);
        }
        (Write { row, sent, answer }, state)
    }
}

/// What a connection is good for after a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Good,
    /// It broke, or the server refused the write: a client that stayed with a server that takes no
    /// writes would never find the new primary.
    Useless,
    /// Nobody would answer a goodbye either.
    Silent,
}
