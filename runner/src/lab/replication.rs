//! Replication as its servers see it: who is what, who has what.

use crate::problem::{Blame, Problem};
use crate::remark::Remark;
use crate::sql::{Rows, Value, literal};

use super::Act;
use super::config::configure;
use super::node::Node;

/// What a standby must have done with the WAL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Caught {
    Written,
    Flushed,
    #[default]
    Replayed,
}

impl Caught {
    /// How far the standby is. What came from an archive was never received.
    fn lsn(self) -> &'static str {
        match self {
            Self::Written => {
                "greatest((select written_lsn from pg_stat_wal_receiver), pg_last_wal_replay_lsn())"
            }
            Self::Flushed => "greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())",
            Self::Replayed => "pg_last_wal_replay_lsn()",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::Flushed => "flushed",
            Self::Replayed => "replayed",
        }
    }
}

/// The timeline that a server writes, or that a standby receives or has replayed.
pub(super) const TIMELINE: &str = "case when pg_is_in_recovery() \
     then coalesce((select received_tli from pg_stat_wal_receiver), greatest( \
       (select timeline_id from pg_control_checkpoint()), \
       (select min_recovery_end_timeline from pg_control_recovery()))) \
     else ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int end";

/// How far the WAL of a server goes, be it a primary or a standby.
const REACHED: &str = "case when pg_is_in_recovery() \
     then greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) \
     else pg_current_wal_lsn() end";

/// Whether the server accepts writes.
pub async fn is_primary(node: &Node) -> Result<bool, Problem> {
    node.needs_postgres()?;
    Ok(node.text("select pg_is_in_recovery()").await? == "f")
}

pub async fn timeline(node: &Node) -> Result<i64, Problem> {
    node.needs_postgres()?;
    let timeline = node.text(&format!("select {TIMELINE}")).await?;
    let unread = |_| {
        let message = format!("the timeline of node `{}` is `{timeline}`", node.name);
        Problem::new(Blame::System, message)
    };
    timeline.parse().map_err(unread)
}

/// The standbys that a server feeds.
pub async fn replication(node: &Node) -> Result<Rows, Problem> {
    node.needs_postgres()?;
    let question = "select * from pg_stat_replication order by application_name";
    node.rows(question, &[], None).await
}

/// A server's replication slots.
pub async fn slots(node: &Node) -> Result<Rows, Problem> {
    node.needs_postgres()?;
    let question = "select * from pg_replication_slots order by slot_name";
    node.rows(question, &[], None).await
}

/// Waits until the standby has all that the primary has written by now.
pub async fn wait_for_catchup(
    act: &Act,
    primary: &Node,
    standby: &Node,
    caught: Caught,
) -> Result<(), Problem> {
    primary.needs_postgres()?;
    standby.needs_postgres()?;
    let wanted = primary.text(&format!("select {REACHED}")).await?;
    if is_primary(standby).await? {
        let message = format!("node `{}` is no standby: it accepts writes", standby.name);
        return Err(Problem::new(Blame::System, message)
            .note("the primary is the first argument, the standby the second"));
    }
    let what = format!(
        "{} has {} what {} has written",
        standby.name,
        caught.name(),
        primary.name
    );
    let remark = Remark::CaughtUp {
        standby: standby.name.clone(),
        how: caught.name().to_owned(),
        primary: primary.name.clone(),
    };
    act.remarks(Some(&standby.name), &remark);
    let question = format!("select {}", caught.lsn());
    let left = format!("select pg_wal_lsn_diff('{wanted}', ({question}))::bigint");
    act.until(format!("the moment when {what}"), async || {
        let left = standby.value(&left).await?;
        match left {
            Value::Integer(bytes) if bytes <= 0 => return Ok(Some(())),
            Value::Integer(bytes) => act.saw(format!("{bytes} bytes to go to {wanted}")),
            _ => act.saw("the standby has received nothing"),
        }
        Ok(None)
    })
    .await
}

/// Makes commits wait for standbys, for all of these names; without names they wait for none.
/// Returns when it is so for the next commit.
pub async fn sync_mode(act: &Act, primary: &Node, names: &[String]) -> Result<(), Problem> {
    let setting = "synchronous_standby_names".to_owned();
    let value = (!names.is_empty()).then(|| synchronous(names));
    configure(act, primary, &[(setting, value)]).await?;
    let wanted: Vec<_> = (names.iter())
        .map(|name| literal(&Value::Text(name.clone())))
        .collect();
    let shall_wait = if wanted.is_empty() {
        "false".to_owned()
    } else {
        format!("application_name in ({})", wanted.join(", "))
    };
    let question = format!(
        "select count(*) from pg_stat_replication where state = 'streaming' and (sync_state <> 'async') <> ({shall_wait})"
    );
    let what = format!("the standbys of {} to be what they shall be", primary.name);
    act.until(what, async || {
        Ok((primary.text(&question).await? == "0").then_some(()))
    })
    .await?;
    // Commits wait when the checkpointer has read the setting, and it does so before a checkpoint.
    act.waits_for(format!("the checkpointer of {}", primary.name));
    primary.rows("checkpoint", &[], None).await?;
    Ok(())
}

/// The standbys that stream from a server, by the names that it knows them by.
pub async fn streaming_names(primary: &Node) -> Result<Vec<String>, Problem> {
    primary.needs_postgres()?;
    let question = "select distinct application_name from pg_stat_replication \
                    where state = 'streaming' order by 1";
    let rows = primary.rows(question, &[], None).await?;
    Ok(rows.rows.iter().flatten().map(Value::text).collect())
}

/// `synchronous_standby_names` for commits that wait for all of some standbys.
fn synchronous(names: &[String]) -> String {
    let plain = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let quoted = |name: &String| {
        if plain(name) {
            return name.clone();
        }
        format!("\"{}\"", name.replace('"', "\"\""))
    };
    match names {
        [one] => quoted(one),
        all => {
            let list: Vec<_> = all.iter().map(quoted).collect();
            format!("{} ({})", all.len(), list.join(", "))
        }
    }
}

/// Ends the transactions that are open, and lets no other write; or lets them again.
pub async fn read_only(act: &Act, node: &Node, wanted: ReadOnly) -> Result<(), Problem> {
    let setting = "default_transaction_read_only".to_owned();
    if wanted == ReadOnly::No {
        return configure(act, node, &[(setting, None)]).await;
    }
    if !is_primary(node).await? {
        let message = format!("node `{}` is a standby: nobody can write there", node.name);
        return Err(Problem::new(Blame::System, message));
    }
    configure(act, node, &[(setting, Some("on".to_owned()))]).await?;
    let since = node.text("select clock_timestamp()").await?;
    let prompt = format!("{}=# ", node.name);
    act.shows_sql(Some(&node.name), &prompt, END, "DO");
    node.rows(END, &[], None).await?;
    let older = format!(
        "select count(*) from pg_stat_activity \
         where backend_type = 'client backend' and xact_start < '{since}'"
    );
    let what = format!("the open transactions of {} to end", node.name);
    act.until(what, async || {
        let left = node.text(&older).await?;
        act.saw(format!("{left} are left"));
        Ok((left == "0").then_some(()))
    })
    .await
}

/// Whether a primary lets nobody write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadOnly {
    Yes,
    No,
}

/// A transaction that began before keeps the right to write that it began with.
const END: &str = "do $$ begin perform pg_terminate_backend(pid) from pg_stat_activity
  where backend_type = 'client backend' and xact_start is not null and pid <> pg_backend_pid(); end $$;";

#[cfg(test)]
mod tests {
    use super::synchronous;

    #[test]
    fn a_primary_waits_for_all_that_are_named() {
        let names = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|&it| it.to_owned()).collect();
            synchronous(&names)
        };
        insta::assert_snapshot!(names(&["p2"]), @"p2");
        insta::assert_snapshot!(names(&["p2", "P-3"]), @r#"2 (p2, "P-3")"#);
    }
}
