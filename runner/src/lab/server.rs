//! Starting and stopping PostgreSQL on a node. With polls of our own: `pg_ctl` looks only every
//! 100 ms.

use crate::cost::Mark;
use crate::engine::quoted;
use crate::event::Role;
use crate::problem::{Blame, Problem};

use super::Act;
use super::node::{LOG, Node};

/// How a server is stopped: <https://www.postgresql.org/docs/current/server-shutdown.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StopMode {
    /// Waits for the clients to leave.
    Smart,
    /// Ends the clients' sessions.
    #[default]
    Fast,
    /// Without a checkpoint: the next start recovers.
    Immediate,
}

impl StopMode {
    pub fn name(self) -> &'static str {
        match self {
            Self::Smart => "smart",
            Self::Fast => "fast",
            Self::Immediate => "immediate",
        }
    }

    fn signal(self) -> &'static str {
        match self {
            Self::Smart => "TERM",
            Self::Fast => "INT",
            Self::Immediate => "QUIT",
        }
    }
}

/// Signals that a server takes without ending or standing still.
const HARMLESS: &[&str] = &["HUP", "USR1", "USR2", "CONT"];

/// The last line of `postmaster.pid`: what the server says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Starting,
    /// In recovery, and not to be read (`hot_standby` is off).
    Standby,
    /// Accepts connections, be it for reading only.
    Ready,
    /// The process has ended.
    Ended,
}

/// Starts PostgreSQL on the node and returns when it accepts connections.
pub async fn start_server(act: &Act, node: &Node) -> Result<(), Problem> {
    node.needs_postgres()?;
    if let Some(pid) = running(node).await? {
        let message = format!(
            "the server on node `{}` is running already (pid {pid})",
            node.name
        );
        return Err(Problem::new(Blame::Playbook, message));
    }
    let started = launch(act, node).await;
    shows_start(act, node, "start", &started);
    started
}

/// A start is shown with pg_ctl's last words if it fails.
fn shows_start(act: &Act, node: &Node, verb: &str, started: &Result<(), Problem>) {
    let failed = matches!(started, Err(problem) if problem.blame == Blame::System);
    let said = "pg_ctl: could not start server\nExamine the log output.";
    act.shows(
        Some(&node.name),
        format!("pg_ctl {verb} -l {LOG}"),
        if failed { said } else { "" },
    );
}

/// Stops PostgreSQL on the node and returns when its last process has ended.
pub async fn stop_server(act: &Act, node: &Node, mode: StopMode) -> Result<(), Problem> {
    let input = match mode {
        StopMode::Fast => "pg_ctl stop".to_owned(),
        mode => format!("pg_ctl stop -m {}", mode.name()),
    };
    act.shows(Some(&node.name), input, "");
    halt(act, node, mode).await
}

pub async fn restart_server(act: &Act, node: &Node, mode: StopMode) -> Result<(), Problem> {
    let started = relaunch(act, node, mode).await;
    shows_start(act, node, "restart", &started);
    started
}

/// Makes the server read its configuration again and returns when it has.
pub async fn reload_server(act: &Act, node: &Node) -> Result<(), Problem> {
    act.shows(Some(&node.name), "pg_ctl reload", "");
    reread(act, node).await
}

/// Sends a signal (`KILL` unless said otherwise) to the server. After KILL, QUIT, TERM and INT it
/// returns when the server's last process has ended.
pub async fn kill_server(act: &Act, node: &Node, signal: &str) -> Result<(), Problem> {
    let pid = must_run(node).await?;
    act.shows(
        Some(&node.name),
        format!("kill -{signal} $(head -1 $PGDATA/postmaster.pid)"),
        "",
    );
    node.forget_connection().await;
    let processes = family(node, &pid).await?;
    // A killed postmaster's children would end a moment later; nothing of it survives a SIGKILL.
    let whom = if signal == "KILL" {
        processes.as_str()
    } else {
        pid.as_str()
    };
    node.must(
        &format!("kill -{signal}"),
        // A child that has just ended by itself is no failure.
        &format!(
            "for p in {whom}; do kill -{} $p 2>/dev/null; done; :",
            quoted(signal)
        ),
    )
    .await?;
    if matches!(signal, "KILL" | "QUIT" | "TERM" | "INT") {
        ended(act, node, &processes).await?;
        node.becomes(&act.sink, Role::Down);
    }
    if !HARMLESS.contains(&signal) {
        act.breaks(format!("kill -{signal} {}", node.name));
    }
    Ok(())
}

/// Starts the server without showing it.
pub(super) async fn launch(act: &Act, node: &Node) -> Result<(), Problem> {
    let (pid, mark) = spawn(act, node).await?;
    let what = format!("the server on {} to accept connections", node.name);
    let status = act
        .until(what, async || {
            Ok(match status(node, &pid).await? {
                Status::Starting => None,
                status => Some(status),
            })
        })
        .await?;
    match status {
        Status::Ended => {
            node.becomes(&act.sink, Role::Down);
            Err(not_started(node, mark).await)
        }
        _ => node.has_started(&act.sink).await,
    }
}

/// Starts the server's first process; returns its pid and the log's length before.
pub(super) async fn spawn(act: &Act, node: &Node) -> Result<(String, u64), Problem> {
    let script = format!(
        // The file of a server that was killed says "ready" too, and on a machine that was booted since
        // the new server can have the old one's pid.
        "cd {data} || exit\n[ ! -f postmaster.pid ] || sed -i 's/^ready *$/stale/' postmaster.pid\nn=$([ ! -f {LOG} ] || wc -c <{LOG})\npostgres -D {data} >>{LOG} 2>&1 </dev/null &\necho $! $n",
        data = quoted(&node.data),
    );
    let said = node.must("start of the server", &script).await?;
    node.starts(&act.sink);
    let (pid, mark) = said.trim().split_once(' ').unwrap_or((said.trim(), "0"));
    Ok((pid.to_owned(), mark.trim().parse().unwrap_or_default()))
}

pub(super) async fn status(node: &Node, pid: &str) -> Result<Status, Problem> {
    let script = format!(
        "p=; s=; {{ IFS= read -r p; while IFS= read -r l; do s=$l; done; }} \
         2>/dev/null <{data}/postmaster.pid; kill -0 {pid} 2>/dev/null || s=ended; echo \"$p:$s\"",
        data = quoted(&node.data),
    );
    let said = node.run(&script).await?.out;
    let (owner, status) = said.trim().split_once(':').unwrap_or_default();
    Ok(match status.trim() {
        "ended" => Status::Ended,
        // The file of a server that was killed says "ready" too.
        "ready" if owner == pid => Status::Ready,
        "standby" if owner == pid => Status::Standby,
        _ => Status::Starting,
    })
}

/// The error of a start that failed, with the server's own last words.
pub(super) async fn not_started(node: &Node, mark: u64) -> Problem {
    let message = format!("start of the server on node `{}` failed", node.name);
    let problem = Problem::new(Blame::System, message);
    let log = node
        .run(&format!("tail -c +{} {LOG} | tail -n 15", mark + 1))
        .await;
    let log = log.map(|it| it.out).unwrap_or_default();
    problem.with_notes(log.lines().map(|line| format!("log: {line}")))
}

/// Stops the server without showing it.
pub(super) async fn halt(act: &Act, node: &Node, mode: StopMode) -> Result<(), Problem> {
    let pid = must_run(node).await?;
    let _quiet = node.hang_up().await;
    let processes = family(node, &pid).await?;
    node.must(
        "stop of the server",
        &format!("kill -{} {pid}", mode.signal()),
    )
    .await?;
    ended(act, node, &processes).await?;
    node.becomes(&act.sink, Role::Down);
    act.sink.mark(Mark::PlannedStop {
        node: node.name.clone(),
    });
    Ok(())
}

pub(super) async fn relaunch(act: &Act, node: &Node, mode: StopMode) -> Result<(), Problem> {
    halt(act, node, mode).await?;
    launch(act, node).await
}

/// Has the server read its configuration again, without showing it.
pub(super) async fn reread(act: &Act, node: &Node) -> Result<(), Problem> {
    must_run(node).await?;
    let before = node.text("select pg_conf_load_time()").await?;
    node.rows("select pg_reload_conf()", &[], None).await?;
    // The postmaster reads first and then tells the others; it starts no new server process in
    // between, so who connects after this sees all of it, pg_hba.conf too.
    let what = format!("the server on {} to read its configuration", node.name);
    act.until(what, async || {
        let now = node.text("select pg_conf_load_time()").await?;
        Ok((now != before).then_some(()))
    })
    .await?;
    let wrong = node
        .text("select string_agg(line_number || ': ' || error, '; ') from pg_hba_file_rules where error is not null")
        .await?;
    if wrong.is_empty() {
        return Ok(());
    }
    let message = format!(
        "pg_hba.conf on node `{}` has an error: line {wrong}",
        node.name
    );
    Err(Problem::new(Blame::Playbook, message))
}

/// The running server's pid, if there is one.
///
/// After a machine was killed the file is still there, and its pid may be another program's by now.
pub(super) async fn running(node: &Node) -> Result<Option<String>, Problem> {
    let script = format!(
        "p=; {{ read -r p <{data}/postmaster.pid; }} 2>/dev/null; \
         [ -n \"$p\" ] && {{ read -r c </proc/$p/comm; }} 2>/dev/null && \
         [ \"$c\" = postgres ] && echo $p; :",
        data = quoted(&node.data),
    );
    let pid = node.run(&script).await?.out.trim().to_owned();
    Ok((!pid.is_empty()).then_some(pid))
}

pub(super) async fn must_run(node: &Node) -> Result<String, Problem> {
    node.needs_postgres()?;
    running(node).await?.ok_or_else(|| {
        let message = format!("the server on node `{}` is not running", node.name);
        Problem::new(Blame::Playbook, message)
            .note(format!("perhaps start_server({}) first", node.name))
    })
}

/// A server's processes: the postmaster and its children.
async fn family(node: &Node, pid: &str) -> Result<String, Problem> {
    let script = format!("echo {pid} $(cat /proc/{pid}/task/*/children 2>/dev/null)");
    Ok(node.run(&script).await?.out.trim().to_owned())
}

async fn ended(act: &Act, node: &Node, processes: &str) -> Result<(), Problem> {
    let what = format!("the server on {} to end", node.name);
    let script = format!(
        "for p in {processes}; do kill -0 $p 2>/dev/null && echo $p && break; done; \
         p=; {{ read -r p <{data}/postmaster.pid; }} 2>/dev/null; \
         [ -n \"$p\" ] && kill -0 $p 2>/dev/null && echo $p; :",
        data = quoted(&node.data),
    );
    act.until(what, async || {
        let left = node.run(&script).await?.out;
        act.saw(format!(
            "process {} is still there",
            left.split_whitespace().next().unwrap_or_default()
        ));
        Ok(left.trim().is_empty().then_some(()))
    })
    .await
}
