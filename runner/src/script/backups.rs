//! Backups: the archive, base backups, and the moments that recovery can go to.

use std::sync::Arc;

use rhai::plugin::{NativeCallContext, export_module, exported_module};
use rhai::{Array, Engine, Map};

use super::kinds::Kind;
use super::options::{Keys, Options};
use super::raise::{RhaiResultOf, misuse, session, shown_step, stage};
use crate::lab::{self, Backup, BackupOptions, Node};

pub const KEYS: &[Keys] = &[Keys {
    function: "basebackup",
    keys: &[
        (
            "incremental_to",
            Kind::Is("a backup that `basebackup` returned"),
        ),
        ("format", Kind::OneOf(&["plain", "tar"])),
        ("slot", Kind::Text),
        ("durable", Kind::Flag),
    ],
}];

pub fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Backup>("Backup");
    engine.register_global_module(exported_module!(chapter).into());
}

#[export_module]
mod chapter {
    /// Has the server archive its WAL into a directory of the node, by a command that never
    /// overwrites a file; restarts the server if it must, and says so:
    /// <https://www.postgresql.org/docs/current/continuous-archiving.html>.
    ///
    /// ```rhai
    /// let backups = volume("backups");
    /// let p1 = start_node("p1", #{ volumes: #{ "/mnt/backup": backups } });
    /// archive_to(p1, "/mnt/backup/archive");
    /// switch_wal(p1);
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn archive_to(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        directory: &str,
    ) -> RhaiResultOf<()> {
        shown_step(&call, format!("archive of {}", node.name), async |act| {
            lab::archive_to(act, node, directory).await
        })
    }

    /// Takes a base backup with pg_basebackup into `directory/<id>`, verifies it with
    /// pg_verifybackup, and returns it: `id`, `path`, `start_lsn`, `stop_lsn`, `timeline`.
    ///
    /// Options:
    /// - `incremental_to`: the backup that this one builds on (PostgreSQL 17 and later, with
    ///   `summarize_wal` on).
    /// - `format` (`"plain"`): or `"tar"`, which pg_verifybackup reads from PostgreSQL 18 on.
    /// - `slot`: a replication slot that keeps the WAL.
    /// - `durable` (`false`): with `true` it is on disk when the call returns. A drill's backup ends
    ///   with the drill, so pg_basebackup is not asked for that (`--no-sync`); one that is kept must
    ///   be.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let base = basebackup(p1, "/tmp/base");
    /// sh(p1, `cat ${base.path}/backup_label`);
    /// ```
    #[rhai_fn(name = "basebackup", return_raw, pure)]
    pub fn basebackup_with(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        directory: &str,
        options: Map,
    ) -> RhaiResultOf<Backup> {
        let mut options = Options::of(&call, KEYS, options)?;
        let options = BackupOptions {
            incremental_to: options.value("incremental_to")?,
            format: options.text("format")?,
            slot: options.text("slot")?,
            durable: options.flag("durable")?.unwrap_or_default(),
        };
        let lab = session(&call).lab();
        shown_step(
            &call,
            format!("base backup of {}", node.name),
            async |act| {
                let backup = lab::basebackup(act, node, directory, &options).await?;
                lab.remember(&backup);
                Ok(backup)
            },
        )
    }

    #[rhai_fn(name = "basebackup", return_raw, pure)]
    pub fn basebackup(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        directory: &str,
    ) -> RhaiResultOf<Backup> {
        basebackup_with(call, node, directory, Map::new())
    }

    /// Makes a full backup in `directory/<id>` from a full one and the incremental ones on top of
    /// it, oldest first, with pg_combinebackup (PostgreSQL 17 and later), and verifies it.
    ///
    /// ```rhai
    /// let p1 = start_node("p1", #{ pg: 17, config: #{ summarize_wal: "on" } });
    /// let full = basebackup(p1, "/tmp/base");
    /// psql(p1, "create table a (i int)");
    /// let more = basebackup(p1, "/tmp/base", #{ incremental_to: full });
    /// let whole = combine_backups(p1, [full, more], "/tmp/base");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn combine_backups(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        backups: Array,
        directory: &str,
    ) -> RhaiResultOf<Backup> {
        let backups: Option<Vec<Backup>> =
            backups.into_iter().map(rhai::Dynamic::try_cast).collect();
        let Some(backups) = backups else {
            return Err(misuse(
                &call,
                "`combine_backups` takes an array of backups that `basebackup` returned",
            ));
        };
        let lab = session(&call).lab();
        shown_step(
            &call,
            format!("combined backup on {}", node.name),
            async |act| {
                let backup = lab::combine_backups(act, node, &backups, directory).await?;
                lab.remember(&backup);
                Ok(backup)
            },
        )
    }

    /// Names the present moment in the WAL, as a target for `recover`; returns its LSN.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// restore_point(p1, "before-upgrade");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn restore_point(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        name: &str,
    ) -> RhaiResultOf<String> {
        shown_step(&call, format!("restore point {name}"), async |act| {
            lab::restore_point(act, node, name).await
        })
    }

    /// Ends the current WAL segment, waits until it is archived (if the server archives), and
    /// returns its file name.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// archive_to(p1, "/tmp/archive");
    /// let segment = switch_wal(p1);
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn switch_wal(call: NativeCallContext<'_>, node: &mut Arc<Node>) -> RhaiResultOf<String> {
        shown_step(
            &call,
            format!("switch the WAL of {}", node.name),
            async |act| Ok(lab::switch_wal(act, node).await?.segment),
        )
    }

    /// The server's clock, as a target for `recover`: `2026-11-21 10:11:12.123456+00`.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let before = now(p1);
    /// psql(p1, "create table mistake ()");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn now(call: NativeCallContext<'_>, node: &mut Arc<Node>) -> RhaiResultOf<String> {
        let name = assigned(&call);
        shown_or_not(
            &call,
            format!("clock of {}", node.name),
            async |act, shown| {
                lab::fetch(
                    act,
                    node,
                    "select clock_timestamp()",
                    shown.then_some(name.as_str()),
                )
                .await
            },
        )
    }

    /// A position in the server's WAL, as a target for `recover` and waits. The second argument
    /// says which: `"insert"` (default), `"flush"`, or on a standby `"replay"` and `"receive"`.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let here = lsn(p1, "flush");
    /// ```
    #[rhai_fn(name = "lsn", return_raw, pure)]
    pub fn lsn_of(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        which: &str,
    ) -> RhaiResultOf<String> {
        let function = match which {
            "insert" => "pg_current_wal_insert_lsn",
            "flush" => "pg_current_wal_flush_lsn",
            "replay" => "pg_last_wal_replay_lsn",
            "receive" => "pg_last_wal_receive_lsn",
            _ => {
                let message = format!(
                    "`{which}` is no position: \"insert\", \"flush\", \"replay\" or \"receive\""
                );
                return Err(misuse(&call, message));
            }
        };
        let name = assigned(&call);
        shown_or_not(
            &call,
            format!("WAL position of {}", node.name),
            async |act, shown| {
                lab::fetch(
                    act,
                    node,
                    &format!("select {function}()"),
                    shown.then_some(name.as_str()),
                )
                .await
            },
        )
    }

    #[rhai_fn(name = "lsn", return_raw, pure)]
    pub fn lsn(call: NativeCallContext<'_>, node: &mut Arc<Node>) -> RhaiResultOf<String> {
        lsn_of(call, node, "insert")
    }

    /// The backup's id, the name of its folder.
    #[rhai_fn(get = "id", pure)]
    pub fn id(backup: &mut Backup) -> String {
        backup.id.clone()
    }

    /// The backup's folder.
    #[rhai_fn(get = "path", pure)]
    pub fn path(backup: &mut Backup) -> String {
        backup.path.clone()
    }

    /// Where recovery from the backup begins.
    #[rhai_fn(get = "start_lsn", pure)]
    pub fn start_lsn(backup: &mut Backup) -> String {
        backup.start_lsn.clone()
    }

    /// How far recovery from the backup must go at least.
    #[rhai_fn(get = "stop_lsn", pure)]
    pub fn stop_lsn(backup: &mut Backup) -> String {
        backup.stop_lsn.clone()
    }

    /// The timeline that the backup was taken on.
    #[rhai_fn(get = "timeline", pure)]
    pub fn timeline(backup: &mut Backup) -> i64 {
        backup.timeline
    }

    #[rhai_fn(name = "to_string", pure)]
    pub fn backup_text(backup: &mut Backup) -> String {
        backup.path.clone()
    }
}

/// A value that the playbook fetches: an assignment in the transcript, nothing within a poll.
fn shown_or_not<T>(
    call: &NativeCallContext<'_>,
    what: String,
    work: impl AsyncFnOnce(&lab::Act, bool) -> Result<T, crate::problem::Problem>,
) -> RhaiResultOf<T> {
    let shown = !session(call).is_polling();
    super::raise::step(call, what, async |act| work(act, shown).await)
}

/// The variable that the call's value goes to, as the playbook's line has it; else `it`.
fn assigned(call: &NativeCallContext<'_>) -> String {
    stage(call)
        .variable(&super::raise::place(call))
        .unwrap_or_else(|| "it".to_owned())
}
