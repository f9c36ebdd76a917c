//! The one door to PostgreSQL connections: for typed values and for polling. What is shown to a
//! reader comes from real psql instead. No type of the client library leaves this module.

mod duplex;
mod error;
mod rows;

use std::time::Duration;

use futures_util::future::poll_fn;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_postgres::{AsyncMessage, Client, NoTls};

use crate::engine::Pipe;
pub use error::{Error, Result, SqlError};
pub use rows::{Rows, Value, literal};

/// A server that does not answer a goodbye by then is frozen.
const GOODBYE: Duration = Duration::from_secs(1);

/// Who connects to what.
#[derive(Debug, Clone)]
pub struct Login {
    pub user: String,
    pub database: String,
    pub password: Option<String>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Connection").finish_non_exhaustive()
    }
}

/// An open connection. The server sees it until [`Connection::close`] has returned.
pub struct Connection {
    client: Client,
    driver: JoinHandle<()>,
    ended: oneshot::Receiver<duplex::Rest>,
}

impl Connection {
    /// Speaks PostgreSQL's protocol over a process's streams (a `socat` in some container).
    pub async fn open(pipe: Pipe, login: &Login) -> Result<Self> {
        let (duplex, complaints, ended) = duplex::Duplex::new(pipe);
        let mut config = tokio_postgres::Config::new();
        config
            .user(&login.user)
            .dbname(&login.database)
            .application_name("pgdrill");
        if let Some(password) = &login.password {
            config.password(password);
        }
        let (client, mut connection) = match config.connect_raw(duplex, NoTls).await {
            Ok(connected) => connected,
            Err(error) => {
                let error = Error::connect(&error, &complaints.text().await);
                if let Ok(rest) = ended.await {
                    let _ = tokio::time::timeout(GOODBYE, rest.end()).await;
                }
                return Err(error);
            }
        };
        let driver = tokio::spawn(async move {
            // Notices are of no use here; an error ends the client's requests by itself.
            while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
                let AsyncMessage::Notice(_) = message else {
                    continue;
                };
            }
        });
        Ok(Self {
            client,
            driver,
            ended,
        })
    }

    /// Runs one statement, with parameters as literals of the types that it wants, and returns its
    /// rows. Several statements in one text are possible without parameters; their values are text.
    pub async fn rows(&self, sql: &str, parameters: &[Value]) -> Result<Rows> {
        let wrong = |error: tokio_postgres::Error| Error::statement(&error, sql);
        let prepared = self.client.prepare(sql).await;
        let types = match prepared {
            Ok(statement) => rows::types(&statement),
            // Several statements can't be prepared (42601); an error in one shows up again.
            Err(error) if parameters.is_empty() && error.code().is_some() => Vec::new(),
            Err(error) => return Err(wrong(error)),
        };
        if parameters.is_empty() {
            let messages = self.client.simple_query(sql).await.map_err(wrong)?;
            return Ok(rows::read(messages, &types));
        }
        // Texts come only from simple queries, and parameters there only this way.
        let values: Vec<_> = parameters.iter().map(literal).collect();
        let prepare = format!("prepare pgdrill as {sql}");
        self.client.simple_query(&prepare).await.map_err(wrong)?;
        let execute = format!("execute pgdrill({})", values.join(", "));
        let messages = self.client.simple_query(&execute).await;
        if !self.client.is_closed() {
            let _ = self.client.simple_query("deallocate pgdrill").await;
        }
        Ok(rows::read(messages.map_err(wrong)?, &types))
    }

    /// Runs one statement for its effect, in one round trip.
    pub async fn execute(&self, sql: &str) -> Result<()> {
        let done = self.client.simple_query(sql).await;
        done.map(drop).map_err(|error| Error::effect(&error, sql))
    }

    /// Whether it is known to have ended.
    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Says goodbye and waits until the server's process for this connection has ended: it would
    /// block a smart stop or `drop database`, and show in `pg_stat_activity`.
    pub async fn close(self) {
        drop(self.client);
        let gone = async {
            let _ = self.driver.await;
            if let Ok(rest) = self.ended.await {
                rest.end().await;
            }
        };
        // A frozen server never says that it has ended; then there is nothing to wait for.
        let _ = tokio::time::timeout(GOODBYE, gone).await;
    }
}
