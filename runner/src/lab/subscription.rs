//! Logical replication, seen from the node that subscribes.

use crate::engine::quoted;
use crate::problem::{Blame, Problem};
use crate::remark::Remark;
use crate::sql::{Value, literal};

use super::Act;
use super::node::Node;

/// Waits until a subscription has copied its tables, and has all that its publisher has written by
/// now.
pub async fn wait_for_subscription(act: &Act, node: &Node, name: &str) -> Result<(), Problem> {
    node.needs_postgres()?;
    let quoted_name = literal(&Value::Text(name.to_owned()));
    let question = format!(
        "select datname, subconninfo from pg_subscription join pg_database d on d.oid = subdbid \
         where subname = {quoted_name}"
    );
    let rows = node.rows(&question, &[], None).await?;
    let Some([database, publisher]) = rows.rows.first().map(Vec::as_slice) else {
        let message = format!("there is no subscription `{name}` on node `{}`", node.name);
        return Err(Problem::new(Blame::System, message));
    };
    let (database, publisher) = (database.text(), publisher.text());
    let remark = Remark::Subscribed {
        node: node.name.clone(),
        subscription: name.to_owned(),
    };
    act.remarks(Some(&node.name), &remark);
    // The publisher need not be a node of ours: it is asked as the subscription asks it.
    let ask = format!(
        "psql -XAtd {} -c 'select pg_current_wal_lsn()'",
        quoted(&publisher)
    );
    let asked = node
        .must("asking the publisher how far it is", &ask)
        .await?;
    let wanted = asked.trim();
    let unready = "select count(*) from pg_subscription_rel where srsubstate <> 'r'";
    let left = format!(
        "select pg_wal_lsn_diff('{wanted}', latest_end_lsn)::bigint from pg_stat_subscription \
         where subname = {quoted_name} and relid is null"
    );
    let what = format!("subscription {name} on {}", node.name);
    act.until(what, async || {
        let rows = node.rows(unready, &[], Some(&database)).await?;
        let tables = rows.first().map(Value::text).unwrap_or_default();
        let left = node.rows(&left, &[], Some(&database)).await?;
        let left = left.first().cloned().unwrap_or(Value::Null);
        Ok(match left {
            Value::Integer(bytes) if bytes <= 0 && tables == "0" => Some(()),
            Value::Integer(bytes) => {
                act.saw(format!("{tables} tables to copy, {bytes} bytes to go"));
                None
            }
            _ => {
                act.saw("its worker has received nothing");
                None
            }
        })
    })
    .await
}
