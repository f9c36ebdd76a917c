//! Standbys: cloned from a running server, or made of a node that has a cluster already.

use std::sync::Arc;

use crate::engine::quoted;
use crate::image::Provided;
use crate::problem::{Blame, Problem};
use crate::sql::{Value, literal};

use super::backup::shown;
use super::config::{configure, insert_hba, setting};
use super::create::{NodeOptions, start_node};
use super::log::{log_mark, server_log};
use super::node::Node;
use super::psql::{PsqlOptions, psql};
use super::replication::{is_primary, sync_mode};
use super::streaming::{ended, until_streaming};
use super::teardown::Lab;
use super::upstream::Link;
use super::{Act, files, recovery, server};

/// What a new standby is made of.
#[derive(Debug, Clone, Default)]
pub struct StandbyOptions {
    pub node: NodeOptions,
    pub link: Link,
    /// The upstream's commits wait for it.
    pub synchronous: bool,
    /// How long it waits before it replays a commit, as `recovery_min_apply_delay` has it.
    pub delay: Option<String>,
}

/// Starts a machine, clones the upstream onto it, and returns when the new server streams.
pub async fn start_standby(
    act: &Act,
    lab: &Arc<Lab>,
    (name, upstream): (&str, &Node),
    options: &StandbyOptions,
    provided: &Provided,
) -> Result<Arc<Node>, Problem> {
    server::must_run(upstream).await?;
    if options.synchronous && !is_primary(upstream).await? {
        let upstream = &upstream.name;
        let message = format!("node `{upstream}` is a standby: only a primary waits for others");
        return Err(Problem::new(Blame::System, message));
    }
    let superuser = &upstream.superuser;
    let machine = NodeOptions {
        serverless: true,
        user: (superuser.name != "postgres").then(|| superuser.name.clone()),
        password: superuser.password.clone(),
        ..options.node.clone()
    };
    let node = start_node(act, lab, name, &machine, provided).await?;
    let joined = join(act, &node, upstream, options).await;
    joined.inspect_err(|_| node.give_up())?;
    Ok(node)
}

/// Makes the new machine a standby.
async fn join(
    act: &Act,
    node: &Node,
    upstream: &Node,
    options: &StandbyOptions,
) -> Result<(), Problem> {
    node.needs_postgres()?;
    clone(act, node, upstream, &options.link).await?;
    change(act, node, upstream, options).await?;
    let mark = log_mark(node).await?;
    start(act, node, upstream).await?;
    until_streaming(act, upstream, node, mark).await?;
    if options.synchronous {
        let application = options.link.application_name.as_deref();
        let mut names = synchronous_names(upstream).await?;
        names.push(application.unwrap_or(&node.name).to_owned());
        sync_mode(act, upstream, &names).await?;
    }
    Ok(())
}

/// Copies the upstream's cluster into the node's data directory.
async fn clone(act: &Act, node: &Node, upstream: &Node, link: &Link) -> Result<(), Problem> {
    recovery::empty_data(act, node).await?;
    // The server syncs all of it when it starts from a backup.
    let mut command = "pg_basebackup -D \"$PGDATA\" -R -c fast --no-sync".to_owned();
    if let Some(slot) = &link.slot {
        let create = if has_slot(upstream, slot).await? {
            ""
        } else {
            " -C"
        };
        command = format!("{command}{create} -S {}", quoted(slot));
    }
    let conninfo = link.conninfo(&node.name, upstream);
    command = format!("{command} -d {}", quoted(&conninfo));
    let _quiet = upstream.hang_up().await;
    act.waits_for(format!("pg_basebackup of {}", upstream.name));
    shown(act, node, &command).await?;
    Ok(())
}

/// What the clone shall have otherwise than its upstream.
async fn change(
    act: &Act,
    node: &Node,
    upstream: &Node,
    options: &StandbyOptions,
) -> Result<(), Problem> {
    for (at, line) in options.node.hba.iter().enumerate() {
        insert_hba(node, at + 1, line).await?;
    }
    let delay = (options.delay.iter()).map(|it| setting("recovery_min_apply_delay", it));
    let port = (node.port != upstream.port).then(|| setting("port", &node.port.to_string()));
    let config = options.node.config.iter();
    let lines: Vec<_> = (delay.chain(port))
        .chain(config.map(|(name, value)| setting(name, value)))
        .collect();
    if lines.is_empty() {
        return Ok(());
    }
    let text = format!("{}\n", lines.join("\n"));
    let file = format!("{}/postgresql.auto.conf", node.data);
    files::append(node, &file, &text).await?;
    let shown = files::typed(&text, ">>", "$PGDATA/postgresql.auto.conf");
    act.shows(Some(&node.name), shown, "");
    Ok(())
}

/// Makes a node a standby of this upstream: one that is stopped is started, one that is a standby of
/// somebody else is told. Returns when it streams.
pub async fn follow(act: &Act, node: &Node, upstream: &Node, link: &Link) -> Result<(), Problem> {
    server::must_run(upstream).await?;
    node.needs_postgres()?;
    let runs = server::running(node).await?.is_some();
    if runs && is_primary(node).await? {
        let name = &node.name;
        let message = format!("node `{name}` can't follow: it is no standby, it accepts writes");
        return Err(Problem::new(Blame::System, message).note(format!(
            "stop_server({name}) first; what it wrote and its new upstream has not, rewind undoes"
        )));
    }
    if let Some(slot) = &link.slot {
        make_slot(act, upstream, slot).await?;
    }
    let mark = log_mark(node).await?;
    let settings = settings(node, upstream, link, runs).await?;
    configure(act, node, &settings).await?;
    if !runs {
        let (data, signal) = (quoted(&node.data), "standby.signal");
        node.must("making the signal file", &format!(": > {data}/{signal}"))
            .await?;
        act.shows(Some(&node.name), format!("touch $PGDATA/{signal}"), "");
        start(act, node, upstream).await?;
    }
    until_streaming(act, upstream, node, mark).await
}

/// Starts a standby's server, and a shell for connections to it; a failure is told in its own words.
async fn start(act: &Act, node: &Node, upstream: &Node) -> Result<(), Problem> {
    let mark = log_mark(node).await?;
    let machine = node.machine()?;
    let warm = async { Ok(machine.warm(&node.account).await?) };
    match tokio::try_join!(server::start_server(act, node), warm) {
        Ok(_) => Ok(()),
        Err(problem) if problem.blame == Blame::System => {
            Err(ended(node, upstream, &server_log(node, Some(mark)).await?))
        }
        Err(problem) => Err(problem),
    }
}

/// What makes a node follow. A data directory that was recovered, or rewound to one that was, still
/// has the recovery's target, and one that had a slot would ask the new upstream for it.
async fn settings(
    node: &Node,
    upstream: &Node,
    link: &Link,
    runs: bool,
) -> Result<Vec<(String, Option<String>)>, Problem> {
    let conninfo = link.conninfo(&node.name, upstream);
    let mut settings = vec![("primary_conninfo".to_owned(), Some(conninfo))];
    let script = format!(
        "sed -n -E 's/^ *(primary_slot_name|recovery_target[a-z_]*) *=.*/\\1/p' {}/postgresql.auto.conf",
        quoted(&node.data)
    );
    let found = node.must("looking for settings", &script).await?;
    let is_obsolete = |name: &str| match name {
        "primary_slot_name" => link.slot.is_none(),
        // A standby that runs has no target before it, or it would not be one.
        _ => !runs,
    };
    let names: std::collections::BTreeSet<_> = found.lines().collect();
    let obsolete = names.into_iter().filter(|name| is_obsolete(name));
    settings.extend(obsolete.map(|name| (name.to_owned(), None)));
    let slot = (link.slot.iter()).map(|it| ("primary_slot_name".to_owned(), Some(it.clone())));
    settings.extend(slot);
    Ok(settings)
}

async fn make_slot(act: &Act, upstream: &Node, slot: &str) -> Result<(), Problem> {
    if has_slot(upstream, slot).await? {
        return Ok(());
    }
    let name = literal(&Value::Text(slot.to_owned()));
    let sql = format!("select slot_name from pg_create_physical_replication_slot({name})");
    psql(act, upstream, &sql, &PsqlOptions::default()).await?;
    Ok(())
}

async fn has_slot(node: &Node, slot: &str) -> Result<bool, Problem> {
    let name = literal(&Value::Text(slot.to_owned()));
    let question = format!("select count(*) from pg_replication_slots where slot_name = {name}");
    Ok(node.text(&question).await? != "0")
}

/// The standbys that a primary waits for already.
async fn synchronous_names(primary: &Node) -> Result<Vec<String>, Problem> {
    let question = "select distinct application_name from pg_stat_replication \
                    where sync_state in ('sync', 'quorum') order by 1";
    let rows = primary.rows(question, &[], None).await?;
    Ok(rows.rows.iter().flatten().map(Value::text).collect())
}
