//! An address that clients know, and the machine from which it is reached: a virtual address, a
//! pooler, a proxy.

use std::sync::Arc;
use std::time::Duration;

use crate::engine::Pipe;
use crate::problem::{Blame, Problem};
use crate::sql::{self, Login, Rows, Value};

use super::node::Node;
use super::psql::PsqlOptions;

/// Where clients send SQL, and as whom.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Endpoint {
    pub address: String,
    pub port: Option<u16>,
    pub user: Option<String>,
    pub password: Option<String>,
    pub db: Option<String>,
}

impl Endpoint {
    /// psql's options for it, where a call does not say otherwise. The prompt shows the address.
    #[must_use]
    pub fn complete(&self, options: PsqlOptions) -> PsqlOptions {
        PsqlOptions {
            db: options.db.or_else(|| self.db.clone()),
            user: options.user.or_else(|| self.user.clone()),
            password: options.password.or_else(|| self.password.clone()),
            host: Some(self.address.clone()),
            port: options.port.or(self.port),
            expected: options.expected,
            label: Some(self.address.clone()),
        }
    }
}

impl Node {
    /// Runs SQL for its values on the server at an address, as a client on this machine.
    pub async fn rows_at(
        self: &Arc<Self>,
        options: &PsqlOptions,
        sql: &str,
        parameters: &[Value],
    ) -> Result<Rows, Problem> {
        let connection = self.connect_to(options).await?;
        let rows = connection.rows(sql, parameters).await;
        connection.close().await;
        Ok(rows?)
    }

    /// Opens a connection to the server at an address, as a client on this machine.
    pub async fn connect_to(&self, options: &PsqlOptions) -> Result<sql::Connection, Problem> {
        let carrier = self.carrier_to(options, CONNECT).await?;
        Ok(sql::Connection::open(carrier, &self.login_at(options)).await?)
    }

    /// What carries a connection to the server at an address; it gives up after a time.
    pub(super) async fn carrier_to(
        &self,
        options: &PsqlOptions,
        limit: Duration,
    ) -> Result<Pipe, Problem> {
        let Some(host) = &options.host else {
            let message = "no address to connect to";
            return Err(Problem::new(Blame::Playbook, message));
        };
        let dialer = {
            let installation = self.installation.lock().expect("no panic holds it");
            installation.dialer_to(host, options.port.unwrap_or(5432), limit)?
        };
        Ok(self.machine()?.connect(&self.account, &dialer).await?)
    }

    pub(super) fn login_at(&self, options: &PsqlOptions) -> Login {
        let user = options.user.as_deref().unwrap_or(&self.superuser.name);
        Login {
            user: user.to_owned(),
            database: options.db.as_deref().unwrap_or("postgres").to_owned(),
            password: options.password.clone(),
        }
    }
}

/// How long a connection may take to be made, if nobody says otherwise.
const CONNECT: Duration = Duration::from_secs(10);
