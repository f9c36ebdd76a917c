//! A connection that stays open: one psql that gets one statement after the other. With it an open
//! transaction, a lock, or a write that hangs can be played.

use std::sync::atomic::{AtomicBool, Ordering};

use bytes::{Buf, Bytes, BytesMut};
use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;
use tokio::sync::Mutex;

use crate::engine::{Chunk, Pipe};
use crate::problem::{Blame, Problem};
use crate::remark::Remark;
use crate::sql::Rows;

use super::Act;
use super::node::Node;
use super::psql::{self, Expected, PsqlOptions, Said};

/// How the connection is made; its name tells it from others in the transcript.
#[derive(Debug, Clone, Default)]
pub struct ConnectionOptions {
    pub psql: PsqlOptions,
    pub name: Option<String>,
}

/// An open psql.
pub struct Connection {
    /// Where psql runs.
    pub node: std::sync::Arc<Node>,
    /// How it reached its server.
    route: PsqlOptions,
    prompt: String,
    backend: String,
    pipe: Mutex<Option<Pipe>>,
    /// A statement was sent and its result has not been fetched.
    open: AtomicBool,
    sent: std::sync::Mutex<String>,
    heard: Mutex<BytesMut>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Connection")
            .field("prompt", &self.prompt)
            .finish_non_exhaustive()
    }
}

/// psql says this when it has done all that it was sent. A playbook's SQL can't print it by chance.
const MARK: &str = "--pgdrill-4cf1a9e07b52-done--";

impl Connection {
    pub async fn open(
        act: &Act,
        node: std::sync::Arc<Node>,
        options: &ConnectionOptions,
    ) -> Result<Self, Problem> {
        node.needs_postgres()?;
        let count = {
            let mut sessions = node.sessions.lock().expect("no panic holds it");
            *sessions += 1;
            *sessions
        };
        let name = options.name.clone().unwrap_or_else(|| count.to_string());
        let prompt = psql::prompt(&node, &options.psql, &format!("[{name}]"));
        let command =
            psql::command(&node, &options.psql).replace("ON_ERROR_STOP=1", "ON_ERROR_STOP=0");
        let script = format!(
            "{}\nexec {} 2>&1",
            node.environment(),
            command.replacen("PGPASSWORD=", "env PGPASSWORD=", 1)
        );
        let machine = node.machine()?;
        let pipe = machine
            .connect(
                &node.account,
                &format!("/bin/sh -c {}", crate::engine::quoted(&script)),
            )
            .await?;
        let mut connection = Self {
            node,
            route: options.psql.clone(),
            prompt,
            backend: String::new(),
            pipe: Mutex::new(Some(pipe)),
            open: AtomicBool::new(false),
            sent: std::sync::Mutex::default(),
            heard: Mutex::default(),
        };
        act.waits_for("a connection");
        connection
            .transmit("\\pset tuples_only\nselect pg_backend_pid();\n\\pset tuples_only\n")
            .await?;
        let said = connection.receive().await?;
        let pid = said
            .text
            .lines()
            .find_map(|line| line.trim().parse::<u32>().ok());
        if let Some(pid) = pid {
            connection.backend = pid.to_string();
            connection.shows_way(act);
        } else {
            let who = psql::who(&connection.node, &connection.route);
            let message = format!("no connection to the server of {who}");
            return Err(Problem::new(Blame::System, message).note(said.text));
        }
        Ok(connection)
    }

    /// Marks that a statement is sent now; until its answer is fetched, no other can be.
    async fn take_turn(&self) -> Result<(), Problem> {
        if self.open.swap(true, Ordering::AcqRel) {
            let message = "this session has not answered its last statement yet";
            return Err(
                Problem::new(Blame::Playbook, message).note("fetch that with .result() first")
            );
        }
        self.node.hang_up().await;
        Ok(())
    }

    /// Sends a statement and returns at once.
    pub async fn send(&self, act: &Act, sql: &str) -> Result<(), Problem> {
        self.take_turn().await?;
        sql.trim()
            .clone_into(&mut self.sent.lock().expect("no panic holds it"));
        act.shows_sql(self.node.shown(), &self.prompt, psql::typed(sql), "");
        self.transmit(&format!("{}\n", psql::typed(sql))).await
    }

    /// Says how the connection is made where the prompt does not tell.
    fn shows_way(&self, act: &Act) {
        let PsqlOptions { label, host, .. } = &self.route;
        if label.is_some() || host.is_none() {
            return;
        }
        let command = psql::typed_command(&self.route);
        let session = self.called();
        act.remarks(self.node.shown(), &Remark::Session { session, command });
    }

    /// What its prompt calls it.
    fn called(&self) -> String {
        let prompt = self.prompt.trim_end_matches("=# ");
        prompt.trim_end_matches("=> ").to_owned()
    }

    /// Waits for what the sent statement printed, and shows it.
    pub async fn result(&self, act: &Act, expected: &Expected) -> Result<String, Problem> {
        if !self.open.load(Ordering::Acquire) {
            return Err(Problem::new(
                Blame::Playbook,
                "nothing was sent in this session that could have a result",
            ));
        }
        act.waits_for("the answer to a statement");
        let said = self.receive().await?;
        self.open.store(false, Ordering::Release);
        let sql = self.sent.lock().expect("no panic holds it").clone();
        let session = self.called();
        act.remarks(self.node.shown(), &Remark::SessionAnswers { session });
        act.shows_answer(self.node.shown(), said.text.clone());
        self.judged(&sql, expected, said)
    }

    /// Sends a statement and waits for what it prints.
    pub async fn psql(&self, act: &Act, sql: &str, expected: &Expected) -> Result<String, Problem> {
        self.take_turn().await?;
        self.transmit(&format!("{}\n", psql::typed(sql))).await?;
        act.waits_for("the answer to a statement");
        let said = self.receive().await?;
        self.open.store(false, Ordering::Release);
        let sql = psql::typed(sql);
        act.shows_sql(self.node.shown(), &self.prompt, &sql, said.text.clone());
        self.judged(&sql, expected, said)
    }

    fn judged(&self, sql: &str, expected: &Expected, said: Said) -> Result<String, Problem> {
        let who = psql::who(&self.node, &self.route);
        psql::judge(&who, sql, expected, 0, &said)?;
        Ok(said.text)
    }

    /// Whether the sent statement hangs: the server has it, and waits for something else than us.
    pub async fn waiting(&self) -> Result<bool, Problem> {
        if !self.open.load(Ordering::Acquire) {
            return Ok(false);
        }
        let question = format!(
            "select coalesce(bool_or(state = 'active' and wait_event_type not in ('Client', 'Activity')), false) \
             from pg_stat_activity where pid = {}",
            self.backend
        );
        let answer = self.ask(&question).await?;
        Ok(answer.first().is_some_and(|it| it.text() == "t"))
    }

    /// Asks the session's server, in a connection of our own that takes the same way.
    async fn ask(&self, question: &str) -> Result<Rows, Problem> {
        if self.route.host.is_some() {
            return self.node.rows_at(&self.route, question, &[]).await;
        }
        self.node.rows(question, &[], None).await
    }

    /// Ends the connection and returns when the server's process for it is gone.
    pub async fn close(&self, act: &Act) -> Result<(), Problem> {
        let Some(mut pipe) = self.pipe.lock().await.take() else {
            return Ok(());
        };
        act.waits_for("a session to end");
        if self.open.load(Ordering::Acquire) {
            // What it runs is not finished first: its user has left.
            let end = format!("select pg_terminate_backend({})", self.backend);
            let _ = self.ask(&end).await;
        }
        let left = async {
            pipe.input.write_all(b"\\q\n").await?;
            pipe.input.flush().await
        };
        if left.await.is_ok() {
            while let Ok(Some(_)) = heard(&mut pipe).await {}
        }
        give_back(pipe).await;
        Ok(())
    }

    async fn transmit(&self, text: &str) -> Result<(), Problem> {
        let mut pipe = self.pipe.lock().await;
        let Some(pipe) = pipe.as_mut() else {
            return Err(Problem::new(Blame::Playbook, "this session is closed"));
        };
        let text = format!("{text}\\echo {MARK}\n");
        let sent = async {
            pipe.input.write_all(text.as_bytes()).await?;
            pipe.input.flush().await
        };
        sent.await
            .map_err(|error: std::io::Error| self.lost(&error.to_string()))
    }

    async fn receive(&self) -> Result<Said, Problem> {
        let mut kept = self.pipe.lock().await;
        let mut text = self.heard.lock().await;
        loop {
            let done = text
                .windows(MARK.len())
                .position(|it| it == MARK.as_bytes());
            if let Some(at) = done {
                let said = text.split_to(at);
                let mark = (MARK.len() + 1).min(text.len());
                text.advance(mark);
                return Ok(Said::read(&String::from_utf8_lossy(&said)));
            }
            let Some(pipe) = kept.as_mut() else {
                return Err(Problem::new(Blame::Playbook, "this session is closed"));
            };
            if let Some(bytes) = heard(pipe).await? {
                text.extend_from_slice(&bytes);
                continue;
            }
            // psql has ended: what it said last is the answer, unless its machine has ended too.
            self.node.machine()?.check().await?;
            if let Some(pipe) = kept.take() {
                give_back(pipe).await;
            }
            let mut said = Said::read(&String::from_utf8_lossy(&text.split()));
            said.sqlstate.get_or_insert_with(|| "08006".to_owned());
            return Ok(said);
        }
    }

    fn lost(&self, text: &str) -> Problem {
        Problem::new(
            Blame::System,
            format!(
                "a session on {} is lost: {text}",
                psql::who(&self.node, &self.route)
            ),
        )
    }
}

/// What psql printed next; none: it has ended.
async fn heard(pipe: &mut Pipe) -> Result<Option<Bytes>, Problem> {
    loop {
        match pipe.output.next().await {
            Some(Ok(Chunk::Out(bytes))) => return Ok(Some(bytes)),
            Some(Ok(Chunk::Err(bytes))) => {
                let text = String::from_utf8_lossy(&bytes);
                if pipe
                    .lent
                    .as_ref()
                    .is_some_and(|lent| text.contains(&lent.mark))
                {
                    return Ok(None);
                }
            }
            Some(Err(error)) => return Err(error.into()),
            None => return Ok(None),
        }
    }
}

/// The streams are the shell's again.
async fn give_back(mut pipe: Pipe) {
    if let Some(lent) = pipe.lent.take() {
        lent.give_back(pipe).await;
    }
}
