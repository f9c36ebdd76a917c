//! Recovery from a backup and an archive, to a target:
//! <https://www.postgresql.org/docs/current/runtime-config-wal.html#RUNTIME-CONFIG-WAL-RECOVERY-TARGET>.

use crate::cost::Mark;
use crate::engine::quoted;
use crate::event::Role;
use crate::problem::{Blame, Problem};
use crate::remark::Remark;

use super::backup::Backup;
use super::config::setting;
use super::node::{LOG, Node};
use super::server::{self, Status};
use super::{Act, files};

/// Where recovery ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Target {
    /// At the end of the archive.
    #[default]
    End,
    /// As soon as the backup is consistent.
    Immediate,
    Time(String),
    Lsn(String),
    Xid(String),
    Name(String),
}

impl Target {
    fn setting(&self) -> Option<String> {
        Some(match self {
            Self::End => return None,
            Self::Immediate => setting("recovery_target", "immediate"),
            Self::Time(time) => setting("recovery_target_time", time),
            Self::Lsn(lsn) => setting("recovery_target_lsn", lsn),
            Self::Xid(xid) => setting("recovery_target_xid", xid),
            Self::Name(name) => setting("recovery_target_name", name),
        })
    }
}

/// What is recovered, from where, to where.
#[derive(Debug, Clone, Default)]
pub struct Recovery {
    /// Restored first; without one the data directory is taken as it is.
    pub backup: Option<Backup>,
    /// The directory that the restore_command reads.
    pub archive: Option<String>,
    pub restore_command: Option<String>,
    pub target: Target,
    pub inclusive: Option<bool>,
    pub timeline: Option<String>,
    /// `promote`, `pause` or `shutdown`.
    pub action: String,
    /// Stay a standby of this `primary_conninfo`.
    pub upstream: Option<String>,
    pub standby: bool,
    /// Leave the archive_mode that the backup brings.
    pub archiving: bool,
}

/// Recovers a node without a running server, and returns when the target is reached.
pub async fn recover(act: &Act, node: &Node, recovery: &Recovery) -> Result<(), Problem> {
    node.needs_postgres()?;
    if server::running(node).await?.is_some() {
        let message = format!(
            "`recover` needs node `{}` without a running server",
            node.name
        );
        return Err(Problem::new(Blame::Playbook, message).note(format!(
            "start it with `server: false`, or stop_server({}) first",
            node.name
        )));
    }
    let machine = node.machine()?;
    if let Some(archive) = &recovery.archive {
        must_be_there(node, archive).await?;
    }
    let restored = async {
        match &recovery.backup {
            Some(backup) => restore(act, node, backup).await,
            None => Ok(()),
        }
    };
    let warm = async { Ok(machine.warm(&node.account).await?) };
    tokio::try_join!(restored, warm)?;
    if !recovery.standby {
        be_no_standby(act, node).await?;
    }
    let lines = settings(recovery);
    let text = format!("{}\n", lines.join("\n"));
    let file = format!("{}/postgresql.auto.conf", node.data);
    files::append(node, &file, &text).await?;
    let shown = files::typed(&text, ">>", "$PGDATA/postgresql.auto.conf");
    act.shows(Some(&node.name), shown, "");
    let signal = if recovery.standby {
        "standby.signal"
    } else {
        "recovery.signal"
    };
    node.must(
        "making the signal file",
        &format!(": > {}/{signal}", quoted(&node.data)),
    )
    .await?;
    act.shows(Some(&node.name), format!("touch $PGDATA/{signal}"), "");
    act.shows(Some(&node.name), format!("pg_ctl start -l {LOG}"), "");
    let reached = reach(act, node, recovery).await;
    if let Some(remark) = end(node, recovery, &reached) {
        act.remarks(Some(&node.name), &remark);
    }
    reached
}

/// A server that finds nothing in its archive takes that for the end of it.
async fn must_be_there(node: &Node, archive: &str) -> Result<(), Problem> {
    let look = format!("[ -d {} ]", quoted(archive));
    if node.run(&look).await?.code == 0 {
        return Ok(());
    }
    let message = format!("there is no directory `{archive}` on node `{}`", node.name);
    let problem = Problem::new(Blame::System, message);
    Err(problem.note("`archive` is where the WAL is that the recovery replays"))
}

/// The server would follow its old upstream: a standby.signal goes before a recovery.signal.
async fn be_no_standby(act: &Act, node: &Node) -> Result<(), Problem> {
    let file = format!("{}/standby.signal", quoted(&node.data));
    let script = format!("[ ! -e {file} ] || {{ rm {file} && echo gone; }}");
    let said = node
        .must("removing the standby's signal file", &script)
        .await?;
    if !said.is_empty() {
        act.shows(Some(&node.name), "rm $PGDATA/standby.signal", "");
    }
    Ok(())
}

/// What a person waits for after the start: `pg_ctl` returns as soon as the server can be read.
fn end(node: &Node, recovery: &Recovery, reached: &Result<(), Problem>) -> Option<Remark> {
    let node = node.name.clone();
    match (reached, recovery.action.as_str()) {
        (Err(problem), _) if problem.blame == Blame::System => Some(Remark::Ended { node }),
        (Ok(()), "shutdown") if recovery.target != Target::End => Some(Remark::Ended { node }),
        (Ok(()), "pause") if recovery.target != Target::End => Some(Remark::Paused { node }),
        (Ok(()), _) if !recovery.standby => Some(Remark::Writable { node }),
        _ => None,
    }
}

/// Puts a backup's files into the empty data directory.
async fn restore(act: &Act, node: &Node, backup: &Backup) -> Result<(), Problem> {
    let data = quoted(&node.data);
    let path = quoted(&backup.path);
    act.waits_for(format!("the backup to be copied to {}", node.name));
    empty_data(act, node).await?;
    let copy = match backup.format.as_str() {
        "tar" => format!(
            "tar -xf {path}/base.tar -C {data} && {{ [ ! -f {path}/pg_wal.tar ] || tar -xf {path}/pg_wal.tar -C {data}/pg_wal; }}"
        ),
        _ => format!("cp -a {path}/. {data}"),
    };
    let script = format!("{copy} && chmod 700 {data}");
    let copied = node.run(&script).await?;
    if copied.code != 0 {
        return Err(node.broken(&format!("restoring the backup `{}`", backup.path), &copied));
    }
    let shown = match backup.format.as_str() {
        "tar" => format!(
            "tar -xf {}/base.tar -C $PGDATA && tar -xf {0}/pg_wal.tar -C $PGDATA/pg_wal",
            backup.path
        ),
        _ => format!("cp -a {}/. $PGDATA", backup.path),
    };
    act.shows(Some(&node.name), shown, "");
    Ok(())
}

/// Removes a cluster that is in the data directory already.
pub(super) async fn empty_data(act: &Act, node: &Node) -> Result<(), Problem> {
    let data = quoted(&node.data);
    let look = format!("find {data} -mindepth 1 | head -n 1");
    let found = node.must("looking into the data directory", &look).await?;
    if found.is_empty() {
        return Ok(());
    }
    let empty = format!("find {data} -mindepth 1 -delete");
    node.must("emptying the data directory", &empty).await?;
    act.shows(Some(&node.name), "find $PGDATA -mindepth 1 -delete", "");
    Ok(())
}

fn settings(recovery: &Recovery) -> Vec<String> {
    let mut lines = Vec::new();
    if !recovery.archiving {
        // The backup's own archive_command would put this recovery's timeline into the archive,
        // and the next recovery from there would follow it.
        lines.push(setting("archive_mode", "off"));
    }
    lines.extend(
        recovery
            .restore_command
            .as_ref()
            .map(|command| setting("restore_command", command)),
    );
    lines.extend(recovery.target.setting());
    lines.extend(
        recovery
            .inclusive
            .map(|yes| setting("recovery_target_inclusive", if yes { "on" } else { "off" })),
    );
    lines.extend(
        recovery
            .timeline
            .as_ref()
            .map(|timeline| setting("recovery_target_timeline", timeline)),
    );
    lines.extend(
        recovery
            .upstream
            .as_ref()
            .map(|upstream| setting("primary_conninfo", upstream)),
    );
    if recovery.target != Target::End {
        lines.push(setting("recovery_target_action", &recovery.action));
    }
    lines
}

/// Starts the server and waits for the end of its recovery.
async fn reach(act: &Act, node: &Node, recovery: &Recovery) -> Result<(), Problem> {
    let (pid, mark) = server::spawn(act, node).await?;
    let what = match recovery.target {
        Target::End => format!("{} to reach the end of the archive", node.name),
        _ => format!("{} to reach the recovery target", node.name),
    };
    let ended = act
        .until(what, async || {
            Ok(match server::status(node, &pid).await? {
                Status::Starting => None,
                Status::Ended => Some(true),
                Status::Standby => recovery.standby.then_some(false),
                // Reading is possible long before the target is reached, and the server may end
                // between this look and the next: then its end counts, not the lost connection.
                Status::Ready => match is_reached(act, node, recovery, mark).await {
                    Ok(reached) => reached.then_some(false),
                    Err(problem) => {
                        act.saw(problem.message);
                        None
                    }
                },
            })
        })
        .await?;
    let shuts_down = recovery.action == "shutdown" && recovery.target != Target::End;
    if ended {
        node.becomes(&act.sink, Role::Down);
        let wanted = shuts_down && shut_down(node, mark).await?;
        return if wanted {
            Ok(())
        } else {
            Err(missed(node, mark).await)
        };
    }
    node.has_started(&act.sink).await
}

/// Whether a server that can be read has reached its target.
async fn is_reached(
    act: &Act,
    node: &Node,
    recovery: &Recovery,
    mark: u64,
) -> Result<bool, Problem> {
    if recovery.standby {
        return Ok(true);
    }
    let pauses = recovery.action == "pause" && recovery.target != Target::End;
    // A server that will miss its target must not be asked in its last moments: it would refuse,
    // and say so in its log. Where it pauses, its log tells that it has stopped, or that the log is
    // elsewhere; otherwise the signal file goes.
    let sign = if pauses {
        let words = "-e 'recovery stopping' -e 'redirecting log output'";
        format!("tail -c +{} {LOG} | grep -q {words}", mark + 1)
    } else {
        format!("[ ! -f {}/recovery.signal ]", quoted(&node.data))
    };
    let look = format!("{sign} && echo reached; :");
    if node.run(&look).await?.out.is_empty() {
        return Ok(false);
    }
    if node.text("select pg_is_in_recovery()").await? == "f" {
        return Ok(true);
    }
    let replayed = node.text("select pg_last_wal_replay_lsn()").await?;
    act.saw(format!("replayed up to {replayed}"));
    let question = if node.major() >= 14 {
        "select pg_get_wal_replay_pause_state() = 'paused'"
    } else {
        "select pg_is_wal_replay_paused()"
    };
    Ok(pauses && node.text(question).await? == "t")
}

/// Whether the server shut down because it reached its target.
async fn shut_down(node: &Node, mark: u64) -> Result<bool, Problem> {
    let log = node.run(&format!("tail -c +{} {LOG}", mark + 1)).await?.out;
    Ok(log.contains("recovery stopping") || log.contains("shutdown at recovery target"))
}

/// The error of a recovery that did not reach its target, in the server's own words.
async fn missed(node: &Node, mark: u64) -> Problem {
    let mut problem = server::not_started(node, mark).await;
    let said = |level: &str, wanted: &dyn Fn(&str) -> bool| {
        problem.notes.iter().rev().find_map(|note| {
            let (_, text) = note.split_once(level)?;
            wanted(text).then(|| text.to_owned())
        })
    };
    // Somebody was refused meanwhile: a consequence, not the cause. And of a setting that is wrong it
    // says no more in the end than that there is one.
    let fatal = said("LOG:  ", &|it| {
        it.starts_with("invalid value for parameter")
    })
    .or_else(|| said("FATAL:  ", &|it| !it.starts_with("the database system is")));
    if let Some(fatal) = fatal {
        problem.message = format!("recovery of node `{}` failed: {fatal}", node.name);
    }
    problem
}

/// Promotes a standby, or a server that recovers, and returns when it accepts writes and has
/// checkpointed: pg_rewind before PostgreSQL 16 reads the new timeline from the last checkpoint.
pub async fn promote(act: &Act, node: &Node) -> Result<(), Problem> {
    node.needs_postgres()?;
    if node.text("select pg_is_in_recovery()").await? != "t" {
        let message = format!(
            "node `{}` can't be promoted: it is no standby, it accepts writes already",
            node.name
        );
        return Err(Problem::new(Blame::System, message));
    }
    act.shows(Some(&node.name), "pg_ctl promote", "");
    let promoted = node.name.clone();
    act.sink.mark(Mark::PromotionCalled { node: promoted });
    node.rows("select pg_promote(false)", &[], None).await?;
    act.until(format!("{} to accept writes", node.name), async || {
        Ok((node.text("select pg_is_in_recovery()").await? == "f").then_some(()))
    })
    .await?;
    act.sink.mark(Mark::Writable {
        node: node.name.clone(),
    });
    node.becomes(&act.sink, Role::Primary);
    act.waits_for(format!("a checkpoint of {}", node.name));
    node.rows("checkpoint", &[], None).await?;
    act.shows_sql(
        Some(&node.name),
        &format!("{}=# ", node.name),
        "checkpoint;",
        "CHECKPOINT",
    );
    Ok(())
}
