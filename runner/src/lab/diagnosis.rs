//! A time-out is a diagnosis: what a node looks like just now.

use std::time::Duration;

use crate::engine::State;

use super::daemon;
use super::node::{LOG, Node};
use super::server;

/// The state of a node in a few lines. It never fails and never takes long.
pub async fn diagnosis(node: &Node) -> Vec<String> {
    let mut lines = Vec::new();
    let look = async {
        lines.push(format!("{}  {}", node.name, state(node).await));
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
