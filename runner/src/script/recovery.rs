//! Recovery and promotion.

use std::sync::Arc;

use rhai::plugin::{NativeCallContext, export_module, exported_module};
use rhai::{Dynamic, Engine, Map};

use super::kinds::Kind;
use super::options::{Keys, Options};
use super::raise::{RhaiResultOf, misuse, session, shown_step};
use crate::lab::{self, Backup, Node, Recovery, Target};

pub const KEYS: &[Keys] = &[Keys {
    function: "recover",
    keys: &[
        ("archive", Kind::Text),
        ("restore_command", Kind::Text),
        ("target_time", Kind::Moment),
        ("target_lsn", Kind::Lsn),
        ("target_xid", Kind::Xid),
        ("target_name", Kind::Text),
        ("immediate", Kind::Flag),
        ("inclusive", Kind::Flag),
        ("timeline", Kind::Timeline),
        ("action", Kind::OneOf(&["promote", "pause", "shutdown"])),
        ("standby", Kind::Flag),
        ("upstream", Kind::Text),
        ("archiving", Kind::Flag),
    ],
}];

pub fn register(engine: &mut Engine) {
    engine.register_global_module(exported_module!(chapter).into());
}

#[export_module]
mod chapter {
    /// Recovers a node that has no running server, and returns when the target is reached: restores
    /// the backup into the data directory (without one, takes the data directory as it is), writes
    /// the recovery settings and recovery.signal, and starts the server:
    /// <https://www.postgresql.org/docs/current/runtime-config-wal.html#RUNTIME-CONFIG-WAL-RECOVERY-TARGET>.
    ///
    /// The backup is one that `basebackup` returned, its id, or the path of one.
    ///
    /// Options:
    /// - `archive`: the directory that holds the WAL, which must be there; or `restore_command`.
    /// - the target, one of `target_time` (as `now` returns it), `target_lsn`, `target_xid`,
    ///   `target_name` (of a restore point), `immediate: true` (as soon as the backup is
    ///   consistent); none of them: to the end of the archive.
    /// - `inclusive` (`true`): with `false` it stops just before the target.
    /// - `timeline` (`"latest"`): the timeline to follow, a number, `"current"` or `"latest"`.
    /// - `action` (`"promote"`): at the target; or `"pause"`, `"shutdown"`.
    /// - `standby` (`false`): stay a standby, of `upstream`, a connection string. Otherwise a
    ///   standby.signal goes: the server would follow its upstream, whatever the target is.
    /// - `archiving` (`false`): with `true` the backup's own archive_mode stays. Otherwise it is
    ///   switched off: this recovery's timeline would go into the same archive, and the next
    ///   recovery from there would follow it.
    ///
    /// A target that is not reached is an error that says so in the server's words.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// archive_to(p1, "/tmp/archive");
    /// let base = basebackup(p1, "/tmp/base");
    /// psql(p1, "create table a (i int)");
    /// switch_wal(p1);
    /// stop_server(p1);
    /// recover(p1, base, #{ archive: "/tmp/archive" });
    /// psql(p1, "\\d a");
    /// ```
    #[rhai_fn(name = "recover", return_raw, pure)]
    pub fn recover_from(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        backup: Dynamic,
        options: Map,
    ) -> RhaiResultOf<()> {
        let backup = if backup.is::<Backup>() {
            backup.cast::<Backup>()
        } else {
            match backup.into_string() {
                Ok(id) => by_id(&call, &id)?,
                Err(kind) => {
                    let message =
                        format!("`recover` needs a backup, its id or its path, not {kind}");
                    return Err(misuse(&call, message));
                }
            }
        };
        run(&call, node, Some(backup), options)
    }

    #[rhai_fn(name = "recover", return_raw, pure)]
    pub fn recover(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        options: Map,
    ) -> RhaiResultOf<()> {
        run(&call, node, None, options)
    }

    /// Promotes a standby, or a server that has paused at its recovery target. Returns when it
    /// accepts writes, and has checkpointed (pg_rewind before PostgreSQL 16 needs that).
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// archive_to(p1, "/tmp/archive");
    /// let base = basebackup(p1, "/tmp/base");
    /// stop_server(p1);
    /// recover(p1, base, #{ archive: "/tmp/archive", immediate: true, action: "pause" });
    /// promote(p1);
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn promote(call: NativeCallContext<'_>, node: &mut Arc<Node>) -> RhaiResultOf<()> {
        shown_step(&call, format!("promote {}", node.name), async |act| {
            lab::promote(act, node).await
        })
    }
}

/// A backup that was taken in this lab, or one that lies at a path.
fn by_id(call: &NativeCallContext<'_>, id: &str) -> RhaiResultOf<Backup> {
    if let Some(backup) = session(call).lab().backup(id) {
        return Ok(backup);
    }
    if !id.starts_with('/') {
        return Err(misuse(
            call,
            format!("there is no backup with the id `{id}`"),
        ));
    }
    Ok(Backup {
        id: id.rsplit('/').next().unwrap_or_default().to_owned(),
        path: id.to_owned(),
        format: "plain".to_owned(),
        start_lsn: String::new(),
        stop_lsn: String::new(),
        timeline: 0,
    })
}

fn run(
    call: &NativeCallContext<'_>,
    node: &Arc<Node>,
    backup: Option<Backup>,
    options: Map,
) -> RhaiResultOf<()> {
    let mut options = Options::of(call, KEYS, options)?;
    let archive = options.text("archive")?;
    let restore_command = match (&archive, options.text("restore_command")?) {
        (Some(_), Some(_)) => {
            return Err(misuse(
                call,
                "`recover` takes `archive` or `restore_command`, not both",
            ));
        }
        (Some(archive), None) => Some(lab::restore_command(archive)),
        (None, command) => command,
    };
    let standby = options.flag("standby")?.unwrap_or_default();
    let upstream = options.text("upstream")?;
    if restore_command.is_none() && upstream.is_none() {
        return Err(misuse(
            call,
            "`recover` needs to know where the WAL is: `archive` or `restore_command`",
        ));
    }
    if upstream.is_some() && !standby {
        return Err(misuse(call, "`upstream` is for a standby: `standby: true`"));
    }
    let immediate = options.flag("immediate")? == Some(true);
    let targets: Vec<_> = [
        options.text("target_time")?.map(Target::Time),
        options.text("target_lsn")?.map(Target::Lsn),
        options.word("target_xid")?.map(Target::Xid),
        options.text("target_name")?.map(Target::Name),
        immediate.then_some(Target::Immediate),
    ]
    .into_iter()
    .flatten()
    .collect();
    if targets.len() > 1 {
        return Err(misuse(
            call,
            "`recover` takes one target: target_time, target_lsn, target_xid, target_name or immediate",
        ));
    }
    let recovery = Recovery {
        backup,
        archive,
        restore_command,
        target: targets.into_iter().next().unwrap_or_default(),
        inclusive: options.flag("inclusive")?,
        timeline: options.word("timeline")?,
        action: options
            .text("action")?
            .unwrap_or_else(|| "promote".to_owned()),
        upstream,
        standby,
        archiving: options.flag("archiving")?.unwrap_or_default(),
    };
    shown_step(call, format!("recover {}", node.name), async |act| {
        lab::recover(act, node, &recovery).await
    })
}
