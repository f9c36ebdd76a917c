//! A time-out is a diagnosis: what a node looks like just now.

use std::time::Duration;

use crate::engine::State;

use super::daemon;
use super::node::{LOG, Node};
use super::server;

/// Sessions that wait for others, a line each: who, for what, and whose it is.
const WAITING: &str = r"select string_agg(line, e'\n') from (
    select 'session ' || a.pid || case when a.wait_event = 'SyncRep' then ' waits for a synchronous standby'
        else ' waits for a lock (' || a.wait_event || ') of ' || coalesce((
            select string_agg(b.backend_type || ' ' || b.pid, ', ') from pg_stat_activity b
            where b.pid = any(pg_blocking_pids(a.pid))), 'nobody who is known') end
        || ': ' || left(regexp_replace(a.query, '\s+', ' ', 'g'), 60) as line
    from pg_stat_activity a
    where a.wait_event_type = 'Lock' or a.wait_event = 'SyncRep' order by a.pid limit 5) as waiting";

/// The state of a node in a few lines. It never fails and never takes long.
pub async fn diagnosis(node: &Node) -> Vec<String> {
    let mut lines = Vec::new();
    let look = async {
        lines.push(format!("{}  {}", node.name, state(node).await));
        let waiting = match server::running(node).await {
            Ok(Some(_)) => node.text(WAITING).await.unwrap_or_default(),
            _ => String::new(),
        };
        lines.extend(waiting.lines().map(|line| format!("{}  {line}", node.name)));
        let log = node
            .run(&format!("[ -f {LOG} ] && tail -n 5 {LOG}; :"))
            .await;
        for line in log.map(|it| it.out).unwrap_or_default().lines() {
            lines.push(format!("{}  log: {line}", node.name));
        }
        lines.extend(daemon::dead(node).await.unwrap_or_default());
    };
    if tokio::time::timeout(Duration::from_secs(3), look)
        .await
        .is_err()
    {
        lines.push(format!("{}  does not answer", node.name));
    }
    lines
}

async fn state(node: &Node) -> String {
    match node.engine.state(&node.container).await {
        Ok(State::Running) => {}
        Ok(State::Paused) => return "container paused".to_owned(),
        Ok(State::Stopped {
            code,
            out_of_memory,
        }) => {
            let why = if out_of_memory { ", out of memory" } else { "" };
            return format!("container stopped, exit code {code}{why}");
        }
        Ok(State::Missing) => return "container removed".to_owned(),
        Err(error) => return error.to_string(),
    }
    if node.needs_postgres().is_err() {
        return "container running".to_owned();
    }
    match server::running(node).await {
        Ok(None) => "container running, server not running".to_owned(),
        Ok(Some(_)) => match node.text("select pg_is_in_recovery()").await.as_deref() {
            Ok("t") => {
                let replayed = node
                    .text("select pg_last_wal_replay_lsn()")
                    .await
                    .unwrap_or_default();
                format!("in recovery, replayed up to {replayed}")
            }
            Ok(_) => "accepts connections".to_owned(),
            Err(problem) => format!("server running, but: {}", problem.message),
        },
        Err(problem) => problem.message,
    }
}
