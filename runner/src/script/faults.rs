//! Faults: cables, power, partitions, cuts, slow and lossy lines. Each is tried with packets before
//! the call returns, and none outlives the scenario.

use std::sync::Arc;

use rhai::plugin::{NativeCallContext, export_module, exported_module};
use rhai::{Array, Dynamic, Engine, Map};

use super::kinds::{Kind, PORT};
use super::options::{Keys, Options};
use super::raise::{RhaiResultOf, misuse, session, shown_step};
use crate::lab::{self, Cut, HOST, Node, Shape, Side};

pub const KEYS: &[Keys] = &[
    Keys {
        function: "cut",
        keys: &[("one_way", Kind::Flag), ("port", PORT)],
    },
    Keys {
        function: "shape",
        keys: &[
            ("delay", Kind::Duration),
            ("jitter", Kind::Duration),
            ("loss", Kind::Share),
            ("rate", Kind::Rate),
        ],
    },
];

pub fn register(engine: &mut Engine) {
    engine.register_global_module(exported_module!(chapter).into());
}

#[export_module]
mod chapter {
    /// Pulls a node's cable, or with no interface all of its cables. The machine runs on: a cable
    /// is no plug. Returns when nobody's packets get there.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// unplug(p1);
    /// expect(!ping_from_host("p1"), "nobody reaches it");
    /// plug(p1);
    /// expect(ping_from_host("p1"), "it is back");
    /// ```
    #[rhai_fn(name = "unplug", return_raw, pure)]
    pub fn unplug(call: NativeCallContext<'_>, node: &mut Arc<Node>) -> RhaiResultOf<()> {
        let lab = session(&call).lab();
        shown_step(&call, format!("unplug {}", node.name), async |act| {
            lab::unplug(act, &lab, node, None).await
        })
    }

    #[rhai_fn(name = "unplug", return_raw, pure)]
    pub fn unplug_one(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        interface: &str,
    ) -> RhaiResultOf<()> {
        let lab = session(&call).lab();
        shown_step(&call, format!("unplug {}", node.name), async |act| {
            lab::unplug(act, &lab, node, Some(interface)).await
        })
    }

    /// Puts a cable in again, or all of the node's. Returns when all see the node there that no other
    /// fault keeps from it.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// unplug(p1, "eth0");
    /// plug(p1, "eth0");
    /// ```
    #[rhai_fn(name = "plug", return_raw, pure)]
    pub fn plug(call: NativeCallContext<'_>, node: &mut Arc<Node>) -> RhaiResultOf<()> {
        let lab = session(&call).lab();
        shown_step(&call, format!("plug {}", node.name), async |act| {
            lab::plug(act, &lab, node, None).await
        })
    }

    #[rhai_fn(name = "plug", return_raw, pure)]
    pub fn plug_one(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        interface: &str,
    ) -> RhaiResultOf<()> {
        let lab = session(&call).lab();
        shown_step(&call, format!("plug {}", node.name), async |act| {
            lab::plug(act, &lab, node, Some(interface)).await
        })
    }

    /// Takes the power from a machine: cables and plug at once. Nobody says goodbye, so clients
    /// find out by silence; after `kill_node`, the kernel would still close their connections.
    ///
    /// That is no loss of power for the disk: what was written and not synced is in the kernel's
    /// cache, and there again.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// power_off(p1);
    /// power_on(p1);
    /// start_server(p1);
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn power_off(call: NativeCallContext<'_>, node: &mut Arc<Node>) -> RhaiResultOf<()> {
        let lab = session(&call).lab();
        shown_step(&call, format!("power off {}", node.name), async |act| {
            lab::power_off(act, &lab, node).await
        })
    }

    /// Gives a machine its power and its cables back. Its virtual addresses are lost, its server
    /// stays down: `start_server` starts it. Returns when the others see the machine again.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// power_off(p1);
    /// power_on(p1);
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn power_on(call: NativeCallContext<'_>, node: &mut Arc<Node>) -> RhaiResultOf<()> {
        let lab = session(&call).lab();
        shown_step(&call, format!("power on {}", node.name), async |act| {
            lab::power_on(act, &lab, node).await
        })
    }

    /// Parts the nodes into groups that do not see each other, on every segment, in place of an
    /// earlier partition. Who is in no group stays with the last one; so does the Docker host, where
    /// clients are, unless a group has `"host"`. Open connections stay open and hang.
    ///
    /// Fails if a packet still gets across.
    ///
    /// ```rhai
    /// let a = start_node("a");
    /// let b = start_node("b");
    /// let c = start_node("c");
    /// partition([[a], [b, c]]);
    /// expect(!ping(a, "b"), "a is alone");
    /// expect(ping(b, "c"), "b and c are not");
    /// heal();
    /// ```
    #[rhai_fn(return_raw)]
    pub fn partition(call: NativeCallContext<'_>, groups: Array) -> RhaiResultOf<()> {
        let groups: Option<Vec<Vec<Side>>> = groups
            .into_iter()
            .map(|group| group.into_array().ok()?.into_iter().map(side).collect())
            .collect();
        let Some(groups) = groups else {
            return Err(misuse(
                &call,
                "`partition` needs an array of groups of nodes: [[a], [b, c]]",
            ));
        };
        let lab = session(&call).lab();
        shown_step(&call, "partition", async |act| {
            lab::partition(act, &lab, groups).await
        })
    }

    /// Parts one node from all others and from the Docker host, on every segment.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let p2 = start_node("p2");
    /// isolate(p1);
    /// expect(!ping(p2, "p1"), "p1 is alone");
    /// heal();
    /// expect(ping(p2, "p1"), "and back");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn isolate(call: NativeCallContext<'_>, node: &mut Arc<Node>) -> RhaiResultOf<()> {
        let lab = session(&call).lab();
        shown_step(&call, format!("isolate {}", node.name), async |act| {
            lab::isolate(act, &lab, node).await
        })
    }

    /// Loses the packets between two nodes, one of which may be `"host"`.
    ///
    /// Options:
    /// - `one_way` (`false`): only what the first sends to the second is lost.
    /// - `port`: only connections of the first to this TCP port of the second.
    ///
    /// Fails if they have no segment in common, if the kernel has no nftables for bridges, or if a
    /// packet still gets across.
    ///
    /// ```rhai
    /// let a = start_node("a");
    /// let b = start_node("b");
    /// cut(a, b, #{ port: 5432 });
    /// expect(ping(a, "b"), "the machine is there");
    /// sh(a, "pg_isready -t 1 -h b", #{ fails: 2 });
    /// heal();
    /// ```
    #[rhai_fn(name = "cut", return_raw)]
    pub fn cut_with(
        call: NativeCallContext<'_>,
        from: Dynamic,
        to: Dynamic,
        options: Map,
    ) -> RhaiResultOf<()> {
        let (Some(from), Some(to)) = (side(from), side(to)) else {
            return Err(misuse(
                &call,
                "`cut` needs two nodes, or a node and \"host\"",
            ));
        };
        if from == to {
            return Err(misuse(&call, "`cut` needs two different machines"));
        }
        let mut options = Options::of(&call, KEYS, options)?;
        let cut = Cut {
            from,
            to,
            one_way: options.flag("one_way")?.unwrap_or_default(),
            port: options.number("port")?,
        };
        let lab = session(&call).lab();
        let what = format!("cut {} from {}", cut.from, cut.to);
        shown_step(&call, what, async |act| lab::cut(act, &lab, cut).await)
    }

    #[rhai_fn(name = "cut", return_raw)]
    pub fn cut(call: NativeCallContext<'_>, from: Dynamic, to: Dynamic) -> RhaiResultOf<()> {
        cut_with(call, from, to, Map::new())
    }

    /// Undoes partitions, isolation and cuts, and returns when all see each other again. `plug` and
    /// `unshape` undo the rest.
    ///
    /// ```rhai
    /// let a = start_node("a");
    /// let b = start_node("b");
    /// cut(a, b);
    /// heal();
    /// expect(ping(a, "b"), "they see each other");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn heal(call: NativeCallContext<'_>) -> RhaiResultOf<()> {
        let lab = session(&call).lab();
        shown_step(&call, "heal", async |act| lab::heal(act, &lab).await)
    }

    /// Makes a node's line slow or lossy, in both directions, in place of what it was before.
    ///
    /// Options:
    /// - `delay`: `"50ms"` each way; needs the kernel's netem. `jitter`: it varies by so much.
    /// - `loss`: percent of the packets, `1.5`.
    /// - `rate`: bits a second, `"8Mbit"`.
    ///
    /// Where the kernel has no netem, rate is a token bucket and loss the packet filter's.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// shape(p1, "eth0", #{ rate: "8Mbit" });
    /// unshape(p1, "eth0");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn shape(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        interface: &str,
        options: Map,
    ) -> RhaiResultOf<()> {
        let mut options = Options::of(&call, KEYS, options)?;
        let shape = Shape {
            delay: options.duration("delay")?,
            jitter: options.duration("jitter")?,
            loss: options.share("loss")?,
            rate: options.rate("rate")?,
        };
        if shape == Shape::default() {
            return Err(options.misuse("`shape` needs delay, jitter, loss or rate"));
        }
        let lab = session(&call).lab();
        shown_step(&call, format!("shape {interface}"), async |act| {
            lab::shape(act, &lab, node, interface, Some(shape)).await
        })
    }

    /// The line is as good as new.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// shape(p1, "eth0", #{ loss: 30 });
    /// unshape(p1, "eth0");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn unshape(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        interface: &str,
    ) -> RhaiResultOf<()> {
        let lab = session(&call).lab();
        shown_step(&call, format!("unshape {interface}"), async |act| {
            lab::shape(act, &lab, node, interface, None).await
        })
    }
}

/// A node, or `"host"`.
fn side(value: Dynamic) -> Option<Side> {
    if let Some(node) = value.clone().try_cast::<Arc<Node>>() {
        return Some(Side::Node(node.name.clone()));
    }
    (value.into_string().ok()? == HOST).then_some(Side::Host)
}
