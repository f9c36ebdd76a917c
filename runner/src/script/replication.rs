//! Replication: standbys, and how far they are.

use std::sync::Arc;

use rhai::plugin::{NativeCallContext, export_module, exported_module};
use rhai::{Engine, Map};

use super::kinds::Kind;
use super::nodes::{self, MACHINE};
use super::options::{Key, Keys, Options, together};
use super::raise::{RhaiResultOf, misuse, session, shown_step};
use crate::lab::{self, Caught, Link, Node, NodeOptions, StandbyOptions};
use crate::problem::Place;

/// How a standby is linked to its upstream.
const LINK: [Key; 3] = [
    ("application_name", Kind::Text),
    ("slot", Kind::Text),
    ("conninfo", Kind::Text),
];

const START_STANDBY: [Key; 20] = together(
    &MACHINE,
    &together::<_, _, 5>(
        &LINK,
        &[("synchronous", Kind::Flag), ("delay", Kind::Duration)],
    ),
);

pub const KEYS: &[Keys] = &[
    Keys {
        function: "start_standby",
        keys: &START_STANDBY,
    },
    Keys {
        function: "follow",
        keys: &LINK,
    },
];

pub fn register(engine: &mut Engine) {
    engine.register_global_module(exported_module!(chapter).into());
}

#[export_module]
mod chapter {
    /// Starts a machine, clones a running server onto it with pg_basebackup, and starts that as a
    /// standby, of a primary or of another standby. Returns when it streams.
    ///
    /// Options:
    /// - `synchronous` (`false`): the upstream's commits wait until the standby has them on disk.
    /// - `application_name` (the node's name): the name that the upstream knows it by.
    /// - `slot`: a replication slot on the upstream, made if it is not there: the upstream keeps all
    ///   WAL that the standby has not had yet.
    /// - `delay`: the standby replays a commit only so long after it was made, `"1h"`.
    /// - `conninfo`: further words of the connection string, such as `"host=10.10.0.1"` to replicate
    ///   over another network. Otherwise the upstream is reached by its name, over the LAN.
    /// - `config`, `hba`: on top of what the clone brings.
    /// - `pg` (the upstream's).
    /// - `image`, `volumes`, `env`, `hostname`, `memory`, `storage`, `disk`, `data`, `port`, `caps`, `lan`,
    ///   `network`: as of `start_node`, whose other options come with the clone.
    ///
    /// Fails if the upstream can't be reached or lets nobody in, or if the standby's log says that it
    /// will never stream.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let p2 = start_standby("p2", p1, #{ synchronous: true });
    /// psql(p1, "select application_name, state, sync_state from pg_stat_replication");
    /// ```
    #[rhai_fn(name = "start_standby", return_raw)]
    pub fn start_standby_with(
        call: NativeCallContext<'_>,
        name: &str,
        upstream: Arc<Node>,
        options: Map,
    ) -> RhaiResultOf<Arc<Node>> {
        let mut options = read(Options::of(&call, KEYS, options)?)?;
        let major = upstream.major();
        options.node.major = options.node.major.or((major > 0).then_some(major));
        let lab = session(&call).lab();
        let provided = nodes::provided(&call, &options.node)?;
        shown_step(&call, format!("start {name}"), async |act| {
            lab::start_standby(act, &lab, (name, &upstream), &options, &provided).await
        })
    }

    #[rhai_fn(name = "start_standby", return_raw)]
    pub fn start_standby(
        call: NativeCallContext<'_>,
        name: &str,
        upstream: Arc<Node>,
    ) -> RhaiResultOf<Arc<Node>> {
        start_standby_with(call, name, upstream, Map::new())
    }

    /// Makes a node a standby of this upstream: one that is stopped, perhaps rewound before, or one
    /// that is a standby of somebody else. Writes what is needed, starts the server or has it read
    /// that, and returns when it streams on the upstream's timeline. A recovery target that the node
    /// still has is taken away.
    ///
    /// Options:
    /// - `application_name`, `slot`, `conninfo`: as of `start_standby`. Without `slot` it uses none.
    ///
    /// Fails if the node is a primary that runs; and if its log says that it can't follow, because its
    /// timeline is not one that the upstream came by (`rewind` helps), or because the WAL that it
    /// needs is gone.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let p2 = start_standby("p2", p1);
    /// let p3 = start_standby("p3", p1);
    /// stop_server(p1);
    /// promote(p2);
    /// follow(p3, p2);
    /// follow(p1, p2);
    /// ```
    #[rhai_fn(name = "follow", return_raw, pure)]
    pub fn follow_with(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        upstream: Arc<Node>,
        options: Map,
    ) -> RhaiResultOf<()> {
        if Arc::ptr_eq(node, &upstream) {
            return Err(misuse(&call, "a node can't follow itself"));
        }
        let link = link(&mut Options::of(&call, KEYS, options)?)?;
        let what = format!("{} follows {}", node.name, upstream.name);
        shown_step(&call, what, async |act| {
            lab::follow(act, node, &upstream, &link).await
        })
    }

    #[rhai_fn(name = "follow", return_raw, pure)]
    pub fn follow(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        upstream: Arc<Node>,
    ) -> RhaiResultOf<()> {
        follow_with(call, node, upstream, Map::new())
    }

    /// Makes the data directory of a stopped node fit a running server again, with pg_rewind: what
    /// the node wrote after the two parted is undone, what the source wrote since is fetched. A
    /// server that was killed need not be started before. Then `follow` makes it a standby.
    ///
    /// Both must have data checksums or `wal_log_hints`; the node must still have its WAL since the
    /// last checkpoint before they parted (`wal_keep_size`), or a `restore_command`. The node's
    /// configuration files are the source's afterwards.
    ///
    /// Fails in pg_rewind's words.
    ///
    /// ```rhai
    /// let p1 = start_node("p1", #{ config: #{ wal_keep_size: "256MB" } });
    /// let p2 = start_standby("p2", p1);
    /// promote(p2);
    /// psql(p1, "create table lost (i int)");
    /// stop_server(p1);
    /// rewind(p1, p2);
    /// follow(p1, p2);
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn rewind(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        source: Arc<Node>,
    ) -> RhaiResultOf<()> {
        if Arc::ptr_eq(node, &source) {
            return Err(misuse(&call, "a node can't be rewound to itself"));
        }
        let what = format!("rewind {} to {}", node.name, source.name);
        shown_step(&call, what, async |act| {
            lab::rewind(act, node, &source).await
        })
    }

    /// Waits until the standby streams from this upstream, on the upstream's timeline. Gives up as
    /// soon as the standby's log says that it never will.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let p2 = start_standby("p2", p1);
    /// restart_server(p2);
    /// wait_streaming(p1, p2);
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn wait_streaming(
        call: NativeCallContext<'_>,
        upstream: &mut Arc<Node>,
        standby: Arc<Node>,
    ) -> RhaiResultOf<()> {
        let what = format!("{} streams from {}", standby.name, upstream.name);
        shown_step(&call, what, async |act| {
            lab::wait_streaming(act, upstream, &standby).await
        })
    }

    /// Waits until the standby has replayed all that the primary has written by now (or has it on
    /// disk, `"flush"`, or has handed it to its operating system, `"write"`). The primary may be a
    /// standby that feeds another one.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let p2 = start_standby("p2", p1);
    /// psql(p1, "create table a (i int)");
    /// wait_for_catchup(p1, p2);
    /// psql(p2, "\\d a");
    /// ```
    #[rhai_fn(name = "wait_for_catchup", return_raw, pure)]
    pub fn wait_for_catchup_as(
        call: NativeCallContext<'_>,
        primary: &mut Arc<Node>,
        standby: Arc<Node>,
        what: &str,
    ) -> RhaiResultOf<()> {
        let caught = match what {
            "write" => Caught::Written,
            "flush" => Caught::Flushed,
            "replay" => Caught::Replayed,
            other => {
                let message = format!("`{other}` is none of \"replay\", \"flush\", \"write\"");
                return Err(misuse(&call, message));
            }
        };
        let what = format!("{} catches up with {}", standby.name, primary.name);
        shown_step(&call, what, async |act| {
            lab::wait_for_catchup(act, primary, &standby, caught).await
        })
    }

    #[rhai_fn(name = "wait_for_catchup", return_raw, pure)]
    pub fn wait_for_catchup(
        call: NativeCallContext<'_>,
        primary: &mut Arc<Node>,
        standby: Arc<Node>,
    ) -> RhaiResultOf<()> {
        wait_for_catchup_as(call, primary, standby, "replay")
    }

    /// Waits until a subscription of the node's has copied all its tables, and has applied all that
    /// its publisher has written by now.
    ///
    /// ```rhai
    /// let pub1 = start_node("pub1", #{ config: #{ wal_level: "logical" } });
    /// let sub1 = start_node("sub1");
    /// psql(pub1, "create table a (i int); create publication p for table a; insert into a values (1)");
    /// psql(sub1, "create table a (i int)");
    /// psql(sub1, "create subscription s connection 'host=pub1 user=postgres' publication p");
    /// wait_for_subscription(sub1, "s");
    /// psql(sub1, "select * from a");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn wait_for_subscription(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        name: &str,
    ) -> RhaiResultOf<()> {
        let what = format!("subscription {name} on {}", node.name);
        shown_step(&call, what, async |act| {
            lab::wait_for_subscription(act, node, name).await
        })
    }
}

/// The machine of a standby that is still to come, if its options are right.
pub fn read_ahead(map: Map) -> Option<NodeOptions> {
    let options = Options::at(Place::default(), "start_standby", KEYS, map).ok()?;
    let options = read(options).ok()?;
    Some(NodeOptions {
        serverless: true,
        ..options.node
    })
}

fn read(mut options: Options) -> RhaiResultOf<StandbyOptions> {
    Ok(StandbyOptions {
        link: link(&mut options)?,
        synchronous: options.flag("synchronous")?.unwrap_or_default(),
        delay: options
            .duration("delay")?
            .map(|it| format!("{}ms", it.as_millis())),
        node: nodes::read(&mut options)?,
    })
}

fn link(options: &mut Options) -> RhaiResultOf<Link> {
    Ok(Link {
        application_name: options.text("application_name")?,
        slot: options.text("slot")?,
        conninfo: options.text("conninfo")?,
    })
}
