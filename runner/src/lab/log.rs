//! The server's log as text, and what is waited for in it.

use regex::Regex;

use crate::problem::Problem;
use crate::remark::Remark;

use super::Act;
use super::node::{LOG, Node};

/// A position in a server's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogMark(u64);

/// The log's text, from a mark on.
pub async fn server_log(node: &Node, mark: Option<LogMark>) -> Result<String, Problem> {
    let from = mark.map_or(1, |mark| mark.0 + 1);
    node.must(
        "reading the server's log",
        &format!("[ ! -f {LOG} ] || tail -c +{from} {LOG}"),
    )
    .await
}

pub async fn log_mark(node: &Node) -> Result<LogMark, Problem> {
    let length = node
        .must(
            "reading the server's log",
            &format!("[ ! -f {LOG} ] || wc -c <{LOG}"),
        )
        .await?;
    Ok(LogMark(length.trim().parse().unwrap_or_default()))
}

/// Waits for a line and returns it.
pub async fn wait_for_log(
    act: &Act,
    node: &Node,
    regex: &Regex,
    mark: Option<LogMark>,
) -> Result<String, Problem> {
    let remark = Remark::LogSays {
        node: node.name.clone(),
        regex: regex.to_string(),
    };
    act.remarks(Some(&node.name), &remark);
    act.until(
        format!("`{regex}` in the log of {}", node.name),
        async || {
            let log = server_log(node, mark).await?;
            act.saw(log.lines().last().unwrap_or("nothing"));
            Ok(log
                .lines()
                .find(|line| regex.is_match(line))
                .map(str::to_owned))
        },
    )
    .await
}
