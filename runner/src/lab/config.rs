//! A server's settings and who may connect.

use crate::engine::quoted;
use crate::problem::{Blame, Problem};
use crate::sql::{Value, literal};

use super::node::Node;
use super::server::{self, StopMode};
use super::{Act, files};

/// Changes settings with ALTER SYSTEM (`None`: back to the default), then reloads or restarts,
/// whichever they need; on a stopped server by writing postgresql.auto.conf. Settings of one call
/// take effect together.
pub async fn configure(
    act: &Act,
    node: &Node,
    settings: &[(String, Option<String>)],
) -> Result<(), Problem> {
    node.needs_postgres()?;
    for (name, _) in settings {
        check_name(name)?;
    }
    if server::running(node).await?.is_none() {
        return write_settings(act, node, settings).await;
    }
    for (name, value) in settings {
        let sql = match value {
            Some(value) => format!("alter system set {name} = {};", set_value(value)),
            None => format!("alter system reset {name};"),
        };
        node.rows(&sql, &[], None).await?;
        act.shows_sql(
            Some(&node.name),
            &format!("{}=# ", node.name),
            sql,
            "ALTER SYSTEM",
        );
    }
    let names: Vec<_> = settings
        .iter()
        .map(|(name, _)| literal(&Value::Text(name.to_lowercase())))
        .collect();
    let question = format!(
        "select string_agg(name, ', ') from pg_settings where context = 'postmaster' and lower(name) in ({})",
        names.join(", ")
    );
    let restart = node.text(&question).await?;
    if restart.is_empty() {
        act.says(format!(
            "{}: reloaded, no setting needs a restart",
            node.name
        ));
        return server::reload_server(act, node).await;
    }
    act.says(format!(
        "{}: restarted, {restart} can't be changed otherwise",
        node.name
    ));
    server::restart_server(act, node, StopMode::Fast).await
}

/// Changes postgresql.auto.conf of a server that does not run.
async fn write_settings(
    act: &Act,
    node: &Node,
    settings: &[(String, Option<String>)],
) -> Result<(), Problem> {
    let file = format!("{}/postgresql.auto.conf", node.data);
    let removed: Vec<_> = (settings.iter().filter(|(_, value)| value.is_none()))
        .map(|(name, _)| format!("-e {}", quoted(&format!("/^{name} *=/d"))))
        .collect();
    let shown = "$PGDATA/postgresql.auto.conf";
    if !removed.is_empty() {
        let change = format!("sed -i {}", removed.join(" "));
        let script = format!("{change} {}", quoted(&file));
        node.must("change of the settings", &script).await?;
        act.shows(Some(&node.name), format!("{change} {shown}"), "");
    }
    let lines: Vec<_> = (settings.iter())
        .filter_map(|(name, value)| Some(setting(name, value.as_ref()?)))
        .collect();
    if lines.is_empty() {
        return Ok(());
    }
    let text = format!("{}\n", lines.join("\n"));
    files::append(node, &file, &text).await?;
    act.shows(Some(&node.name), files::typed(&text, ">>", shown), "");
    Ok(())
}

/// Adds a line to pg_hba.conf, behind the earlier ones of this function and before all others, and
/// reloads a running server.
pub async fn allow(act: &Act, node: &Node, line: &str) -> Result<(), Problem> {
    node.needs_postgres()?;
    if line.contains('\n') {
        return Err(Problem::new(
            Blame::Playbook,
            "`allow` takes one line of pg_hba.conf at a time",
        ));
    }
    let at = {
        let mut allowed = node.allowed.lock().expect("no panic holds it");
        allowed.push(line.to_owned());
        allowed.len()
    };
    insert_hba(node, at, line).await?;
    act.shows(
        Some(&node.name),
        format!(
            "sed -i {} $PGDATA/pg_hba.conf",
            quoted(&format!("{at}i {line}"))
        ),
        "",
    );
    if server::running(node).await?.is_some() {
        server::reload_server(act, node).await?;
    }
    Ok(())
}

/// Makes `line` the line number `at` (from 1) of pg_hba.conf.
pub(super) async fn insert_hba(node: &Node, at: usize, line: &str) -> Result<(), Problem> {
    let file = format!("{}/pg_hba.conf", node.data);
    let script = format!(
        "sed -i {} {}",
        quoted(&format!("{at}i {line}")),
        quoted(&file)
    );
    node.must("change of pg_hba.conf", &script).await?;
    Ok(())
}

/// A line of a configuration file.
pub(super) fn setting(name: &str, value: &str) -> String {
    format!("{name} = '{}'", value.replace('\'', "''"))
}

/// A value for ALTER SYSTEM. A list (`a, b`) of a list setting must not be quoted as a whole, but
/// a quoted list means the same to the server's parser of lists, save for these.
fn set_value(value: &str) -> String {
    literal(&Value::Text(value.to_owned()))
}

/// A setting's name is put into SQL as it stands.
pub(super) fn check_name(name: &str) -> Result<(), Problem> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    if !name.is_empty() && name.chars().all(fits) {
        return Ok(());
    }
    Err(Problem::new(
        Blame::Playbook,
        format!("`{name}` is no name of a setting"),
    ))
}
