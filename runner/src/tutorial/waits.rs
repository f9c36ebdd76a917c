//! What is waited for and what is checked, as a person would write it in a shell.

use crate::engine::quoted;
use crate::remark::Remark;

/// The lines for a remark; none: it is only said.
pub(super) fn lines(remark: &Remark) -> Vec<String> {
    match remark {
        Remark::Streams { standby, upstream } => {
            let sql = format!(
                "select count(*) from pg_stat_replication where application_name = '{standby}' and state = 'streaming'"
            );
            vec![asked(upstream, &quoted(&sql), "1")]
        }
        Remark::CaughtUp {
            standby,
            how,
            primary,
        } => {
            let there = match how.as_str() {
                "written" => "(select written_lsn from pg_stat_wal_receiver)",
                "flushed" => "pg_last_wal_receive_lsn()",
                _ => "pg_last_wal_replay_lsn()",
            };
            vec![
                format!("reached=$(ask {primary} 'select pg_current_wal_lsn()')"),
                asked(standby, &format!("\"select {there} >= '$reached'\""), "t"),
            ]
        }
        Remark::Archived { node, segment } => vec![
            format!("fill {}", quoted(segment)),
            asked(
                node,
                "\"select last_archived_wal ~ '^[0-9A-F]{24}' and left(last_archived_wal, 24) >= '$text' \
                 from pg_stat_archiver\"",
                "t",
            ),
        ],
        Remark::Answers {
            wanted,
            sql,
            node,
            db,
        } => {
            let at = db
                .as_ref()
                .map_or(node.clone(), |db| format!("{node}/{db}"));
            let wanted = match wanted.as_str() {
                "true" => "t",
                "false" => "f",
                other => other,
            };
            vec![asked(&quoted(&at), &quoted(sql), &quoted(wanted))]
        }
        Remark::LogSays { node, regex } => vec![looped(&format!(
            "docker exec {node} grep -qP -e {} /tmp/server.log",
            quoted(regex)
        ))],
        Remark::Subscribed { node, subscription } => subscribed(node, subscription),
        Remark::Writable { node } => vec![asked(node, "'select pg_is_in_recovery()'", "f")],
        Remark::Paused { node } => vec![asked(node, "'select pg_is_wal_replay_paused()'", "t")],
        Remark::Ended { node } => vec![looped(&format!(
            "! docker exec {node} pg_ctl status >/dev/null 2>&1"
        ))],
        Remark::Clients {
            writers, table, at, ..
        } => {
            vec![format!("clients {writers} {} {at}", quoted(table))]
        }
        Remark::ClientsStop { from } => vec![format!("stop_clients {from}")],
        Remark::NothingLost => vec!["at_most 0".to_owned()],
        Remark::AtMostLost { most } => vec![format!("at_most {most}")],
        Remark::ServedWithin { limit } => {
            let limit = humantime::parse_duration(limit).unwrap_or_default();
            // Whole seconds are told apart, on both ends.
            vec![format!("served_within {}", limit.as_secs() + 1)]
        }
        Remark::Session { .. }
        | Remark::SessionAnswers { .. }
        | Remark::Watched { .. }
        | Remark::Violated { .. }
        | Remark::PrivateLan { .. }
        | Remark::ExitCode { .. } => Vec::new(),
    }
}

fn asked(node: &str, sql: &str, wanted: &str) -> String {
    looped(&format!("[ \"$(ask {node} {sql})\" = {wanted} ]"))
}

fn looped(condition: &str) -> String {
    format!("until {condition}; do breathe; done")
}

fn subscribed(node: &str, subscription: &str) -> Vec<String> {
    let name = subscription.replace('\'', "''");
    let sql = format!(
        "select not exists (select from pg_subscription_rel where srsubstate <> 'r') and latest_end_lsn is not null \
         from pg_stat_subscription where subname = '{name}' and relid is null"
    );
    vec![asked(node, &quoted(&sql), "t")]
}
