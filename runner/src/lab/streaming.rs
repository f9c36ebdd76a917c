//! Whether a standby streams, and what its log says when it never will.

use crate::problem::{Blame, Problem};
use crate::remark::Remark;
use crate::sql::{Value, literal};

use super::Act;
use super::log::{LogMark, log_mark, server_log};
use super::node::Node;
use super::replication::TIMELINE;
use super::server;

/// Waits until the standby streams from this upstream, on the upstream's timeline.
pub async fn wait_streaming(act: &Act, upstream: &Node, standby: &Node) -> Result<(), Problem> {
    standby.needs_postgres()?;
    let mark = log_mark(standby).await?;
    until_streaming(act, upstream, standby, mark).await
}

/// The same for a standby whose log is of interest from a mark on.
pub(super) async fn until_streaming(
    act: &Act,
    upstream: &Node,
    standby: &Node,
    mark: LogMark,
) -> Result<(), Problem> {
    let what = format!("{} streams from {}", standby.name, upstream.name);
    let remark = Remark::Streams {
        standby: standby.name.clone(),
        upstream: upstream.name.clone(),
    };
    act.remarks(Some(&standby.name), &remark);
    act.until(format!("the moment when {what}"), async || {
        if is_streaming(upstream, standby).await? {
            return Ok(Some(()));
        }
        if act.is_time_to_look() {
            let log = server_log(standby, Some(mark)).await?;
            act.saw(log.lines().last().unwrap_or("nothing in the standby's log"));
            if let Some(problem) = lost_slot(upstream, standby).await? {
                return Err(problem.with_last_lines(&log));
            }
            if let Some(problem) = hopeless(standby, upstream, &log) {
                return Err(problem);
            }
            if server::running(standby).await?.is_none() {
                return Err(ended(standby, upstream, &log));
            }
        }
        Ok(None)
    })
    .await
}

/// Both ends say so: the standby's receiver may still be at its last upstream, and an upstream's
/// sender may not have noticed yet that it talks to nobody.
async fn is_streaming(upstream: &Node, standby: &Node) -> Result<bool, Problem> {
    // A standby that is starting, or has ended, does not answer; its log tells why.
    let Ok(name) = standby.text(RECEIVER).await else {
        return Ok(false);
    };
    let Some((timeline, name)) = name.split_once(' ') else {
        return Ok(false);
    };
    let name = literal(&Value::Text(name.to_owned()));
    let question = format!(
        "select ({TIMELINE}) = {timeline} and exists (select from pg_stat_replication \
         where application_name = {name} and state = 'streaming')"
    );
    Ok(upstream.text(&question).await? == "t")
}

/// A slot that has lost WAL is of no use any more, whatever the standby still tries.
async fn lost_slot(upstream: &Node, standby: &Node) -> Result<Option<Problem>, Problem> {
    let Ok(slot) = standby.text("show primary_slot_name").await else {
        return Ok(None);
    };
    let name = literal(&Value::Text(slot.clone()));
    let question = format!("select wal_status from pg_replication_slots where slot_name = {name}");
    if upstream.text(&question).await? != "lost" {
        return Ok(None);
    }
    let (standby, upstream) = (&standby.name, &upstream.name);
    let message = format!(
        "node `{standby}` can't follow `{upstream}`: its replication slot \"{slot}\" is lost"
    );
    let problem = Problem::new(Blame::System, message);
    Ok(Some(problem.note(LOST_SLOT).note(NEW_SLOT)))
}

/// The timeline that is received, and the name under which it is asked for.
const RECEIVER: &str = "select received_tli || ' ' || coalesce( \
       substring(current_setting('primary_conninfo') from $$application_name *= *'?([^' ]+)$$), \
       nullif(current_setting('cluster_name'), ''), 'walreceiver') \
     from pg_stat_wal_receiver where status = 'streaming'";

/// A line of a standby's log after which it will never stream as things are.
struct Sign {
    /// All of these are in it.
    says: &'static [&'static str],
    /// Some pass: an archive may have what the upstream has not, an upstream may be about to follow
    /// a timeline itself. They count when the standby has tried again.
    times: usize,
    advice: &'static str,
}

const fn sign(says: &'static [&'static str], times: usize, advice: &'static str) -> Sign {
    Sign {
        says,
        times,
        advice,
    }
}

const DIVERGED: &str =
    "it has WAL that its upstream never had: stop_server, rewind and follow make it fit";
const REMOVED: &str = "the upstream keeps WAL for it with `wal_keep_size` or a replication slot; an \
                       archive (`restore_command`) would have it too";
const NO_SLOT: &str = "`slot` of start_standby and follow makes it";
const LOST_SLOT: &str =
    "`max_slot_wal_keep_size` let the upstream remove WAL that the standby still needs";
const NEW_SLOT: &str = "the slot must be dropped, and the standby cloned anew";
const STRANGER: &str = "they are different clusters: start_standby clones";
const NOT_LET_IN: &str = "allow(upstream, \"host replication all all …\") lets it in";
const NOT_KNOWN: &str = "`conninfo` says user and password";

const SIGNS: &[Sign] = &[
    sign(&["is not a child of this server's history"], 1, DIVERGED),
    sign(&["is not in this server's history"], 1, DIVERGED),
    sign(&["before current recovery point"], 1, DIVERGED),
    sign(&["is behind recovery timeline"], 2, DIVERGED),
    sign(&["replication slot", "does not exist"], 1, NO_SLOT),
    sign(&["has already been removed"], 2, REMOVED),
    sign(&["database system identifier differs"], 1, STRANGER),
    sign(&["no pg_hba.conf entry"], 2, NOT_LET_IN),
    sign(&["pg_hba.conf rejects"], 2, NOT_LET_IN),
    sign(&["authentication failed for user"], 2, NOT_KNOWN),
];

/// The problem of a standby that has said in its log why it will never stream.
fn hopeless(standby: &Node, upstream: &Node, log: &str) -> Option<Problem> {
    let (line, advice) = sign_in(log)?;
    let (standby, upstream) = (&standby.name, &upstream.name);
    let message = format!("node `{standby}` can't follow `{upstream}`: {line}");
    Some(Problem::new(Blame::System, message).note(advice))
}

/// The line that ends all hope, without what the server puts before each, and advice.
fn sign_in(log: &str) -> Option<(&str, &'static str)> {
    SIGNS.iter().find_map(|sign| {
        let is_one = |line: &&str| sign.says.iter().all(|it| line.contains(it));
        let lines: Vec<_> = log.lines().filter(is_one).collect();
        let line = lines.last().filter(|_| lines.len() >= sign.times)?;
        let text = line.split_once(":  ").map_or(*line, |(_, text)| text);
        Some((text, sign.advice))
    })
}

/// The problem of a standby whose server has ended.
pub(super) fn ended(standby: &Node, upstream: &Node, log: &str) -> Problem {
    let problem = hopeless(standby, upstream, log).unwrap_or_else(|| {
        let message = format!("the server on node `{}` has ended", standby.name);
        Problem::new(Blame::System, message)
    });
    problem.with_last_lines(log)
}

#[cfg(test)]
mod tests {
    use super::sign_in;

    #[test]
    fn what_ends_all_hope_is_told_from_what_passes() {
        let gone = "2026-11-21 15:00:00 UTC [7] FATAL:  could not receive data from WAL stream: \
                    ERROR:  requested WAL segment 000000010000000000000003 has already been removed";
        let logs = [
            "2026-11-21 15:00:00 UTC [7] LOG:  new timeline 2 forked off current database system \
             timeline 1 before current recovery point 0/5000000",
            gone,
            &format!("{gone}\n{gone}"),
            "FATAL:  could not connect to the primary server: Connection refused",
            "FATAL:  could not start WAL streaming: ERROR:  replication slot \"s\" does not exist",
        ];
        let signs = logs.map(|log| sign_in(log).map_or("it may pass", |(text, _)| text));
        insta::assert_snapshot!(signs.join("\n"), @r#"
        new timeline 2 forked off current database system timeline 1 before current recovery point 0/5000000
        it may pass
        could not receive data from WAL stream: ERROR:  requested WAL segment 000000010000000000000003 has already been removed
        it may pass
        could not start WAL streaming: ERROR:  replication slot "s" does not exist
        "#);
    }
}
