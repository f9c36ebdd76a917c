//! Sessions: connections that stay open.

use std::sync::Arc;

use rhai::plugin::{NativeCallContext, export_module, exported_module};
use rhai::{Engine, Map};

use super::kinds::Kind;
use super::options::{Key, Keys, Options, together};
use super::raise::{RhaiResultOf, place, raise, session as run_session, shown_step, step};
use super::sql::{CLIENT, psql_options};
use crate::lab::{Connection, ConnectionOptions, Expected, Node};
use crate::problem::Problem;
use crate::session::PATIENCE;

const SESSION: [Key; 7] = together(&CLIENT, &[("name", Kind::Text)]);

pub const KEYS: &[Keys] = &[
    Keys {
        function: "session",
        keys: &SESSION,
    },
    Keys {
        function: "result",
        keys: &[("timeout", Kind::Duration), ("fails", Kind::Sqlstate)],
    },
];

pub fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Arc<Connection>>("Session");
    engine.register_global_module(exported_module!(chapter).into());
}

#[export_module]
mod chapter {
    /// Opens a connection that stays open, so that an open transaction, a lock, or a write that
    /// hangs can be played. Sessions are told apart in the transcript by their number or name.
    ///
    /// Options: `db`, `user`, `password`, `host`, `port`, `from` as for `psql`, and
    /// - `name`: shown instead of the number.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// psql(p1, "create table a (i int); insert into a values (1)");
    /// let one = session(p1);
    /// let two = session(p1, #{ name: "two" });
    /// one.psql("begin; update a set i = 2");
    /// two.send("update a set i = 3");
    /// wait_until(|| two.waiting());
    /// one.psql("commit");
    /// two.result();
    /// ```
    #[rhai_fn(name = "session", return_raw, pure)]
    pub fn session_with(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        options: Map,
    ) -> RhaiResultOf<Arc<Connection>> {
        let mut options = Options::of(&call, KEYS, options)?;
        let options = ConnectionOptions {
            name: options.text("name")?,
            psql: psql_options(&mut options)?,
        };
        shown_step(&call, format!("session on {}", node.name), async |act| {
            Ok(Arc::new(
                Connection::open(act, Arc::clone(node), &options).await?,
            ))
        })
    }

    #[rhai_fn(name = "session", return_raw, pure)]
    pub fn session(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
    ) -> RhaiResultOf<Arc<Connection>> {
        session_with(call, node, Map::new())
    }

    /// Runs SQL in the session, shows it with what it prints, and returns that.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let one = session(p1);
    /// one.psql("begin");
    /// one.psql("select 1 as here");
    /// one.psql("commit");
    /// ```
    #[rhai_fn(name = "psql", return_raw, pure)]
    pub fn psql(
        call: NativeCallContext<'_>,
        connection: &mut Arc<Connection>,
        sql: &str,
    ) -> RhaiResultOf<String> {
        shown_step(
            &call,
            format!("SQL on {}", connection.node.name),
            async |act| connection.psql(act, sql, &Expected::Success).await,
        )
    }

    #[rhai_fn(name = "psql", return_raw, pure)]
    pub fn psql_expecting(
        call: NativeCallContext<'_>,
        connection: &mut Arc<Connection>,
        sql: &str,
        options: Map,
    ) -> RhaiResultOf<String> {
        let mut options = Options::of(
            &call,
            &[Keys {
                function: "psql",
                keys: &[("fails", Kind::Sqlstate)],
            }],
            options,
        )?;
        let expected = options.expected()?;
        shown_step(
            &call,
            format!("SQL on {}", connection.node.name),
            async |act| connection.psql(act, sql, &expected).await,
        )
    }

    /// Sends SQL in the session and returns at once; `result` fetches what comes back.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let one = session(p1);
    /// one.send("select pg_sleep(0.1)");
    /// one.result();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn send(
        call: NativeCallContext<'_>,
        connection: &mut Arc<Connection>,
        sql: &str,
    ) -> RhaiResultOf<()> {
        shown_step(
            &call,
            format!("send SQL to {}", connection.node.name),
            async |act| connection.send(act, sql).await,
        )
    }

    /// Waits until what was sent is answered, shows what it printed, and returns that.
    ///
    /// Options:
    /// - `timeout` (`"60s"`).
    /// - `fails` as for `psql`.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let one = session(p1);
    /// one.send("select 1 / 0");
    /// one.result(#{ timeout: "5s", fails: "22012" });
    /// ```
    #[rhai_fn(name = "result", return_raw, pure)]
    pub fn result_with(
        call: NativeCallContext<'_>,
        connection: &mut Arc<Connection>,
        options: Map,
    ) -> RhaiResultOf<String> {
        let mut options = Options::of(&call, KEYS, options)?;
        let patience = options.duration("timeout")?.unwrap_or(PATIENCE);
        let expected = options.expected()?;
        let what = format!("answer on {}", connection.node.name);
        run_session(&call)
            .step(&place(&call), &what, patience, async |act| {
                connection.result(act, &expected).await
            })
            .map_err(raise)
    }

    #[rhai_fn(name = "result", return_raw, pure)]
    pub fn result(
        call: NativeCallContext<'_>,
        connection: &mut Arc<Connection>,
    ) -> RhaiResultOf<String> {
        result_with(call, connection, Map::new())
    }

    /// Whether the sent statement hangs: the server has it and waits for a lock, a standby, or
    /// anything else that is not the client. Not shown.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let one = session(p1);
    /// one.send("select pg_sleep(0.2)");
    /// wait_until(|| one.waiting());
    /// one.result();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn waiting(
        call: NativeCallContext<'_>,
        connection: &mut Arc<Connection>,
    ) -> RhaiResultOf<bool> {
        step(
            &call,
            format!("whether a session on {} waits", connection.node.name),
            async |_| connection.waiting().await,
        )
    }

    /// Ends the session. What it has open is rolled back.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let one = session(p1);
    /// one.psql("begin");
    /// one.close();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn close(
        call: NativeCallContext<'_>,
        connection: &mut Arc<Connection>,
    ) -> RhaiResultOf<()> {
        step(
            &call,
            format!("end of a session on {}", connection.node.name),
            async |act| {
                let closed: Result<(), Problem> = connection.close(act).await;
                closed
            },
        )
    }
}
