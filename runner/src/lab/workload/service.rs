//! What the clients of a workload talk to.

use std::sync::Arc;
use std::time::Duration;

use crate::lab::node::Node;
use crate::lab::psql::PsqlOptions;
use crate::problem::{Blame, Problem};
use crate::sql::{self, Value};

use super::PATIENCE;

/// A server, or an address that leads to one.
#[derive(Debug, Clone)]
pub enum Service {
    Node(Arc<Node>),
    /// An address, as a client on this machine reaches it.
    Address {
        client: Arc<Node>,
        options: PsqlOptions,
    },
    /// The first of these that is what the clients want, as libpq's list of hosts:
    /// <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-MULTIPLE-HOSTS>.
    AnyOf {
        name: String,
        hosts: Vec<Self>,
    },
}

impl Service {
    /// Several hosts, of which clients take the first that accepts writes.
    pub fn any_of(hosts: Vec<Self>) -> Self {
        let names: Vec<_> = hosts.iter().map(Self::name).collect();
        Self::AnyOf {
            name: names.join(","),
            hosts,
        }
    }

    pub fn name(&self) -> &str {
        match self {
            Self::Node(node) => &node.name,
            Self::Address { options, .. } => options.label.as_deref().unwrap_or("the address"),
            Self::AnyOf { name, .. } => name,
        }
    }

    /// The node, where the transcript names one.
    pub fn shown(&self) -> Option<&str> {
        match self {
            Self::Node(node) => Some(&node.name),
            Self::Address { .. } | Self::AnyOf { .. } => None,
        }
    }

    /// A new connection, as a client makes one that waits this long. Getting hold of what carries it
    /// is no time of the client's.
    pub async fn dial(&self, limit: Duration) -> Result<sql::Connection, Problem> {
        match self {
            Self::Node(node) => {
                let carrier = self.in_time("reaching it", PATIENCE, node.carrier());
                let (carrier, login) = (carrier.await??, node.login(None));
                let opened = sql::Connection::open(carrier, &login);
                Ok(self.in_time("connecting", limit, opened).await??)
            }
            Self::Address { client, options } => {
                let carrier = client.carrier_to(options, limit);
                let carrier = self.in_time("reaching it", PATIENCE, carrier).await??;
                let login = client.login_at(options);
                let opened = sql::Connection::open(carrier, &login);
                // A little more than its carrier takes, which can then say why it gave up.
                let limit = limit + Duration::from_millis(100);
                Ok(self.in_time("connecting", limit, opened).await??)
            }
            Self::AnyOf { hosts, .. } => self.first_writable(hosts, limit).await,
        }
    }

    async fn first_writable(
        &self,
        hosts: &[Self],
        limit: Duration,
    ) -> Result<sql::Connection, Problem> {
        let mut why = Vec::new();
        for host in hosts {
            let connection = match Box::pin(host.dial(limit)).await {
                Ok(connection) => connection,
                Err(problem) => {
                    why.push(problem.message);
                    continue;
                }
            };
            let asked = connection.rows("show transaction_read_only", &[]);
            match self
                .in_time("asking whether it takes writes", limit, asked)
                .await?
            {
                Ok(rows) if rows.first() == Some(&Value::Text("off".to_owned())) => {
                    return Ok(connection);
                }
                Ok(_) => why.push(format!("`{}` takes no writes", host.name())),
                Err(error) => why.push(error.to_string()),
            }
            connection.close().await;
        }
        let message = format!("none of `{}` takes writes", self.name());
        Err(Problem::new(Blame::System, message).with_notes(why))
    }

    /// What a client does, who gives up after a time.
    pub(super) async fn in_time<T>(
        &self,
        what: &str,
        limit: Duration,
        work: impl Future<Output = T>,
    ) -> Result<T, Problem> {
        let done = tokio::time::timeout(limit, work).await;
        done.map_err(|_| {
            let message = format!("`{}` does not answer its clients", self.name());
            let limit = humantime::format_duration(limit);
            Problem::new(Blame::System, message).note(format!("gave up {what} after {limit}"))
        })
    }
}
