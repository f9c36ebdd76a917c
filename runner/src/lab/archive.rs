//! Continuous archiving: <https://www.postgresql.org/docs/current/continuous-archiving.html>.

use crate::engine::quoted;
use crate::problem::{Blame, Problem};
use crate::remark::Remark;
use crate::sql::{Value, literal};

use super::Act;
use super::config::configure;
use super::node::Node;
use super::psql::{PsqlOptions, psql};

/// Has the server archive its WAL into a directory of the node. The command never overwrites a
/// file, and a file appears under its name only when it is whole.
pub async fn archive_to(act: &Act, node: &Node, directory: &str) -> Result<(), Problem> {
    node.needs_postgres()?;
    let directory = directory.trim_end_matches('/');
    let fits = |c: char| c.is_ascii_alphanumeric() || "/_-.".contains(c);
    if !directory.starts_with('/') || !directory.chars().all(fits) {
        let message = format!(
            "`{directory}` can't be an archive: a path of letters, digits, `/`, `_`, `-` and `.` is needed"
        );
        return Err(Problem::new(Blame::Playbook, message));
    }
    act.shows(Some(&node.name), format!("mkdir -p {directory}"), "");
    node.must(
        &format!("making the archive `{directory}`"),
        &format!("mkdir -p {}", quoted(directory)),
    )
    .await?;
    let command = format!(
        "test ! -f {directory}/%f && cp %p {directory}/%f.part && mv {directory}/%f.part {directory}/%f"
    );
    let settings = [
        ("archive_mode", "on"),
        ("archive_command", command.as_str()),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), Some(value.to_owned())));
    configure(act, node, &settings).await
}

/// Names the present moment in the WAL, as a target for recovery.
pub async fn restore_point(act: &Act, node: &Node, name: &str) -> Result<String, Problem> {
    let name = literal(&Value::Text(name.to_owned()));
    asked(
        act,
        node,
        &format!("select pg_create_restore_point({name})"),
    )
    .await
}

/// The one value that a shown statement returns.
async fn asked(act: &Act, node: &Node, sql: &str) -> Result<String, Problem> {
    let printed = psql(act, node, sql, &PsqlOptions::default()).await?;
    Ok(printed.lines().nth(2).unwrap_or_default().trim().to_owned())
}

/// What a switch of the WAL file left.
#[derive(Debug, Clone)]
pub struct SwitchedWal {
    /// The name of the segment that is full now, and archived.
    pub segment: String,
}

/// The segment that is written to.
const CURRENT: &str = "select pg_walfile_name(pg_current_wal_insert_lsn())";
/// The one before.
const LAST: &str = "select pg_walfile_name(pg_current_wal_insert_lsn() - setting::numeric) \
                    from pg_settings where name = 'wal_segment_size'";

/// Ends the current WAL segment and returns when it is archived.
pub async fn switch_wal(act: &Act, node: &Node) -> Result<SwitchedWal, Problem> {
    let mut segment = asked(act, node, "select pg_walfile_name(pg_switch_wal())").await?;
    // Nothing since the last switch: then there is nothing to switch, and the last one counts. From
    // 17 on the name at a segment's very beginning is that segment's, and before the last one's.
    if node.major() >= 17 && segment == node.text(CURRENT).await? {
        segment = node.text(LAST).await?;
    }
    if node.text("show archive_mode").await? == "off" {
        return Ok(SwitchedWal { segment });
    }
    let remark = Remark::Archived {
        node: node.name.clone(),
        segment: segment.clone(),
    };
    act.remarks(Some(&node.name), &remark);
    archived(act, node, &segment).await?;
    Ok(SwitchedWal { segment })
}

/// Waits until a segment is in the archive. A file name of a later segment counts: they go in order.
pub(super) async fn archived(act: &Act, node: &Node, segment: &str) -> Result<(), Problem> {
    let question = "select coalesce(last_archived_wal, ''), failed_count, coalesce(last_failed_wal, '') \
                    from pg_stat_archiver";
    let what = format!("the segment {segment} of {} to be archived", node.name);
    act.until(what, async || {
        let rows = node.rows(question, &[], None).await?;
        let texts: Vec<_> = rows
            .rows
            .first()
            .into_iter()
            .flatten()
            .map(Value::text)
            .collect();
        let [last, failures, failed] = texts.as_slice() else {
            return Ok(None);
        };
        act.saw(format!(
            "last archived: {last}, failures: {failures} (last: {failed})"
        ));
        // History and backup files have other lengths; only a segment's name says how far it is.
        let done = last.len() >= 24 && last[..24] >= *segment && last[..8] == segment[..8];
        Ok(done.then_some(()))
    })
    .await
}

/// The command that takes a segment from an archive that is a directory.
pub fn restore_command(archive: &str) -> String {
    let archive = archive.trim_end_matches('/').replace('%', "%%");
    format!("cp {}/%f %p", quoted(&archive))
}

/// A value of the server that a playbook keeps: shown as a column of the variable's name, so that who
/// needs it later sees it.
pub async fn fetch(
    act: &Act,
    node: &Node,
    sql: &str,
    variable: Option<&str>,
) -> Result<String, Problem> {
    match variable {
        Some(variable) => asked(act, node, &format!("{sql} as {variable}")).await,
        None => node.text(sql).await,
    }
}
