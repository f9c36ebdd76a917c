//! Base backups: <https://www.postgresql.org/docs/current/app-pgbasebackup.html>.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::engine::{Streams, quoted};
use crate::problem::{Blame, Problem};

use super::Act;
use super::node::Node;

/// A base backup in a directory of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    pub id: String,
    pub path: String,
    /// The directory with `plain` files or `tar` archives.
    pub format: String,
    pub start_lsn: String,
    pub stop_lsn: String,
    pub timeline: i64,
}

/// How a base backup is taken.
#[derive(Debug, Clone, Default)]
pub struct BackupOptions {
    /// The backup that this one is incremental to (PostgreSQL 17 and later).
    pub incremental_to: Option<Backup>,
    /// `plain` (default) or `tar`.
    pub format: Option<String>,
    /// A replication slot that keeps the WAL that the backup needs.
    pub slot: Option<String>,
    /// It must outlive a loss of power.
    pub durable: bool,
}

/// Takes a base backup into `directory/<id>` and verifies it.
pub async fn basebackup(
    act: &Act,
    node: &Node,
    directory: &str,
    options: &BackupOptions,
) -> Result<Backup, Problem> {
    node.needs_postgres()?;
    let major = node.major();
    if options.incremental_to.is_some() && major < 17 {
        let message = format!(
            "incremental backups need PostgreSQL 17 or later; node `{}` has {major}",
            node.name
        );
        return Err(Problem::new(Blame::Playbook, message));
    }
    let _quiet = node.hang_up().await;
    let id = new_id();
    let directory = directory.trim_end_matches('/');
    let path = format!("{directory}/{id}");
    let format = options.format.as_deref().unwrap_or("plain");
    let mut command = format!("pg_basebackup -D {} -c fast", quoted(&path));
    if !options.durable {
        command.push_str(" --no-sync");
    }
    if format == "tar" {
        command.push_str(" -F tar");
    }
    if let Some(slot) = &options.slot {
        command = format!("{command} -S {}", quoted(slot));
    }
    if let Some(parent) = &options.incremental_to {
        command = format!(
            "{command} -i {}",
            quoted(&format!("{}/backup_manifest", parent.path))
        );
    }
    act.waits_for(format!("pg_basebackup of {}", node.name));
    node.must(
        "making the backups' folder",
        &format!("mkdir -p {}", quoted(directory)),
    )
    .await?;
    shown(act, node, &command).await?;
    // Verification reads tar archives only since 18.
    if format == "plain" || major >= 18 {
        act.waits_for(format!("pg_verifybackup of {id}"));
        shown(act, node, &format!("pg_verifybackup {}", quoted(&path))).await?;
    }
    let mut backup = Backup {
        id,
        path,
        format: format.to_owned(),
        start_lsn: String::new(),
        stop_lsn: String::new(),
        timeline: 0,
    };
    read_manifest(node, &mut backup).await?;
    Ok(backup)
}

/// Makes a full backup from a full one and the incremental ones on top, oldest first.
pub async fn combine_backups(
    act: &Act,
    node: &Node,
    backups: &[Backup],
    directory: &str,
) -> Result<Backup, Problem> {
    node.needs_postgres()?;
    if node.major() < 17 {
        let message = format!(
            "pg_combinebackup needs PostgreSQL 17 or later; node `{}` has {}",
            node.name,
            node.major()
        );
        return Err(Problem::new(Blame::Playbook, message));
    }
    let Some(last) = backups.last() else {
        return Err(Problem::new(
            Blame::Playbook,
            "`combine_backups` needs a full backup and its incremental ones",
        ));
    };
    let id = new_id();
    let directory = directory.trim_end_matches('/');
    let path = format!("{directory}/{id}");
    let paths: Vec<_> = backups.iter().map(|backup| quoted(&backup.path)).collect();
    node.must(
        "making the backups' folder",
        &format!("mkdir -p {}", quoted(directory)),
    )
    .await?;
    act.waits_for("pg_combinebackup");
    shown(
        act,
        node,
        &format!("pg_combinebackup {} -o {}", paths.join(" "), quoted(&path)),
    )
    .await?;
    shown(act, node, &format!("pg_verifybackup {}", quoted(&path))).await?;
    let mut backup = Backup {
        id,
        path,
        ..last.clone()
    };
    read_manifest(node, &mut backup).await?;
    Ok(backup)
}

/// Runs one of PostgreSQL's programs and shows it with what it says; its failure is one of the
/// system under test.
pub(super) async fn shown(act: &Act, node: &Node, command: &str) -> Result<String, Problem> {
    let output = node.run_as(&node.account, command, Streams::Merged).await?;
    let text = output.out.trim_end().to_owned();
    act.shows(Some(&node.name), command, text.clone());
    if output.code == 0 {
        return Ok(text);
    }
    let program = command.split(' ').next().unwrap_or_default();
    Err(node.broken(&format!("`{program}`"), &output))
}

/// Start, end and timeline stand in the backup's manifest, as the WAL that it needs.
async fn read_manifest(node: &Node, backup: &mut Backup) -> Result<(), Problem> {
    let file = quoted(&format!("{}/backup_manifest", backup.path));
    let script = format!("tail -c 2000 {file} | tr -d '\\n' | sed 's/.*\"WAL-Ranges\"//'");
    let text = node.must("reading the backup's manifest", &script).await?;
    let field = |name: &str| -> String {
        let rest = text
            .split_once(&format!("\"{name}\":"))
            .map_or("", |(_, rest)| rest);
        rest.trim_start()
            .trim_start_matches('"')
            .chars()
            .take_while(|c| c.is_ascii_hexdigit() || *c == '/')
            .collect()
    };
    backup.timeline = field("Timeline").parse().unwrap_or_default();
    backup.start_lsn = field("Start-LSN");
    backup.stop_lsn = field("End-LSN");
    Ok(())
}

/// Like `20261121T101112Z-01a2`: sorts by time, and differs within a second and between runs.
fn new_id() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now();
    let second = humantime::format_rfc3339_seconds(now).to_string();
    let compact: String = second.chars().filter(|c| !"-:".contains(*c)).collect();
    let nanos = now
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .subsec_micros();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!(
        "{compact}-{:04x}",
        (nanos ^ (count << 12) ^ std::process::id()) & 0xffff
    )
}
