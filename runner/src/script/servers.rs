//! Servers: PostgreSQL on a node, its settings, and the programs beside it.

use std::sync::Arc;

use rhai::plugin::{NativeCallContext, export_module, exported_module};
use rhai::{Engine, Map};

use super::kinds::Kind;
use super::options::{Keys, Options, settings};
use super::raise::{RhaiResultOf, misuse, read, shown_step, step};
use crate::lab::{self, Node, StopMode};
use crate::problem::{Blame, Problem};

pub const KEYS: &[Keys] = &[Keys {
    function: "start_daemon",
    keys: &[("user", Kind::Text)],
}];

pub fn register(engine: &mut Engine) {
    engine.register_global_module(exported_module!(chapter).into());
}

/// A way to stop a server.
pub fn mode(mode: &str) -> Result<StopMode, Problem> {
    match mode {
        "smart" => Ok(StopMode::Smart),
        "fast" => Ok(StopMode::Fast),
        "immediate" => Ok(StopMode::Immediate),
        _ => Err(Problem::new(
            Blame::Playbook,
            format!("`{mode}` is no way to stop a server: \"smart\", \"fast\" or \"immediate\""),
        )),
    }
}

/// A signal's name without SIG.
pub fn signal(signal: &str) -> Result<&str, Problem> {
    let known = [
        "KILL", "QUIT", "TERM", "INT", "HUP", "STOP", "CONT", "USR1", "USR2", "ABRT", "SEGV",
    ];
    let signal = signal.trim_start_matches("SIG");
    if known.contains(&signal) {
        return Ok(signal);
    }
    let message = format!("`{signal}` is no signal for a server: {}", known.join(", "));
    Err(Problem::new(Blame::Playbook, message))
}

#[export_module]
mod chapter {
    /// Starts PostgreSQL on the node and returns when it accepts connections (a standby: for
    /// reading). Fails with the server's own last log lines.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// stop_server(p1);
    /// start_server(p1);
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn start_server(call: NativeCallContext<'_>, node: &mut Arc<Node>) -> RhaiResultOf<()> {
        shown_step(
            &call,
            format!("start the server on {}", node.name),
            async |act| lab::start_server(act, node).await,
        )
    }

    /// Stops PostgreSQL on the node and returns when its last process has ended. The mode is
    /// `"fast"` (default), `"smart"` or `"immediate"`:
    /// <https://www.postgresql.org/docs/current/server-shutdown.html>.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// stop_server(p1, "immediate");
    /// start_server(p1);
    /// ```
    #[rhai_fn(name = "stop_server", return_raw, pure)]
    pub fn stop_server_in(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        mode: &str,
    ) -> RhaiResultOf<()> {
        let mode = read(&call, super::mode(mode))?;
        shown_step(
            &call,
            format!("stop the server on {}", node.name),
            async |act| lab::stop_server(act, node, mode).await,
        )
    }

    #[rhai_fn(name = "stop_server", return_raw, pure)]
    pub fn stop_server(call: NativeCallContext<'_>, node: &mut Arc<Node>) -> RhaiResultOf<()> {
        stop_server_in(call, node, "fast")
    }

    /// Stops PostgreSQL on the node (fast) and starts it again.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// restart_server(p1);
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn restart_server(call: NativeCallContext<'_>, node: &mut Arc<Node>) -> RhaiResultOf<()> {
        shown_step(
            &call,
            format!("restart the server on {}", node.name),
            async |act| lab::restart_server(act, node, StopMode::Fast).await,
        )
    }

    /// Has the server read its configuration and pg_hba.conf again, and returns when it has.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// append_file(p1, "/var/lib/postgresql/data/postgresql.conf", "work_mem = '8MB'\n");
    /// reload_server(p1);
    /// psql(p1, "show work_mem");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn reload_server(call: NativeCallContext<'_>, node: &mut Arc<Node>) -> RhaiResultOf<()> {
        shown_step(
            &call,
            format!("reload the server on {}", node.name),
            async |act| lab::reload_server(act, node).await,
        )
    }

    /// Sends a signal to the server, `"KILL"` unless said otherwise. KILL goes to all of its
    /// processes. After KILL, QUIT, TERM and INT it returns when the last of them has ended.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// kill_server(p1);
    /// start_server(p1);
    /// ```
    #[rhai_fn(name = "kill_server", return_raw, pure)]
    pub fn kill_server_by(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        signal: &str,
    ) -> RhaiResultOf<()> {
        let signal = read(&call, super::signal(signal))?;
        shown_step(
            &call,
            format!("kill the server on {}", node.name),
            async |act| lab::kill_server(act, node, signal).await,
        )
    }

    #[rhai_fn(name = "kill_server", return_raw, pure)]
    pub fn kill_server(call: NativeCallContext<'_>, node: &mut Arc<Node>) -> RhaiResultOf<()> {
        kill_server_by(call, node, "KILL")
    }

    /// Changes settings with ALTER SYSTEM, then reloads or restarts the server, whichever they
    /// need, and says which. `()` brings a setting back to its default. On a server that does not
    /// run it writes them to postgresql.auto.conf.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// configure(p1, #{ work_mem: "8MB", max_connections: 50 });
    /// psql(p1, "show max_connections");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn configure(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        options: Map,
    ) -> RhaiResultOf<()> {
        let Some(settings) = settings(&options) else {
            return Err(misuse(
                &call,
                "`configure` takes a map of texts, numbers and booleans",
            ));
        };
        shown_step(&call, format!("configure {}", node.name), async |act| {
            lab::configure(act, node, &settings).await
        })
    }

    /// Adds a line to pg_hba.conf, behind those of earlier calls and before all others, and reloads
    /// a running server: <https://www.postgresql.org/docs/current/auth-pg-hba-conf.html>.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// allow(p1, "host replication all 10.10.0.2/32 trust");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn allow(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        line: &str,
    ) -> RhaiResultOf<()> {
        shown_step(&call, format!("allow on {}", node.name), async |act| {
            lab::allow(act, node, line).await
        })
    }

    /// Starts a program that stays in the foreground and lives beside the server: sshd, pgbouncer,
    /// repmgrd. If it ends although nobody stopped it, whatever waits says so.
    ///
    /// Options:
    /// - `user` (the server's account): who it runs as.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// start_daemon(p1, "echo", "socat TCP-LISTEN:7000,fork EXEC:cat");
    /// stop_daemon(p1, "echo");
    /// ```
    #[rhai_fn(name = "start_daemon", return_raw, pure)]
    pub fn start_daemon_with(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        name: &str,
        command: &str,
        options: Map,
    ) -> RhaiResultOf<()> {
        let mut options = Options::of(&call, KEYS, options)?;
        let user = options.text("user")?;
        shown_step(
            &call,
            format!("start {name} on {}", node.name),
            async |act| lab::start_daemon(act, node, name, command, user.as_deref()).await,
        )
    }

    #[rhai_fn(name = "start_daemon", return_raw, pure)]
    pub fn start_daemon(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        name: &str,
        command: &str,
    ) -> RhaiResultOf<()> {
        start_daemon_with(call, node, name, command, Map::new())
    }

    /// Ends a program that `start_daemon` started (SIGTERM) and returns when it is gone.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// start_daemon(p1, "echo", "socat TCP-LISTEN:7000,fork EXEC:cat");
    /// stop_daemon(p1, "echo");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn stop_daemon(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        name: &str,
    ) -> RhaiResultOf<()> {
        shown_step(
            &call,
            format!("stop {name} on {}", node.name),
            async |act| lab::stop_daemon(act, node, name).await,
        )
    }

    /// What a program that `start_daemon` started has printed so far. Not shown.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// start_daemon(p1, "hello", "echo hello; sleep 60");
    /// wait_until(|| daemon_log(p1, "hello") == "hello\n");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn daemon_log(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        name: &str,
    ) -> RhaiResultOf<String> {
        step(
            &call,
            format!("log of {name} on {}", node.name),
            async |_| lab::daemon_log(node, name).await,
        )
    }
}
