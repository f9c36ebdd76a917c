//! Virtual addresses and endpoints: what clients know.

use std::sync::Arc;

use rhai::plugin::{NativeCallContext, export_module, exported_module};
use rhai::{Engine, Map};

use super::kinds::{Kind, PORT};
use super::options::{Keys, Options};
use super::raise::{RhaiResultOf, misuse, place, raise, session, shown_step, step};
use crate::lab::{self, Endpoint, Move, Node, Vip};

pub const KEYS: &[Keys] = &[
    Keys {
        function: "move_to",
        keys: &[
            ("split_brain", Kind::Flag),
            ("fence", Kind::OneOf(&["unplug"])),
        ],
    },
    Keys {
        function: "endpoint",
        keys: &[
            ("port", PORT),
            ("user", Kind::Text),
            ("password", Kind::Text),
            ("db", Kind::Text),
        ],
    },
];

pub fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Vip>("Vip");
    engine.register_type_with_name::<Endpoint>("Endpoint");
    engine.register_global_module(exported_module!(chapter).into());
}

#[export_module]
mod chapter {
    /// A virtual address: clients know it and nothing else, and it moves between nodes that have
    /// the interface. IPv4 or IPv6. Nobody has it before `assign`.
    ///
    /// SQL that is sent to it (`psql`, `query`, `value`, `session`) goes through the address, from
    /// the scenario's Docker host, which gets an address on that segment for it.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// pipework_attach("br1", p1, "eth1", "172.255.255.1/24");
    /// let service = vip("172.255.255.254", "eth1");
    /// service.assign(p1);
    /// psql(service, "select inet_server_addr()");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn vip(call: NativeCallContext<'_>, address: &str, interface: &str) -> RhaiResultOf<Vip> {
        Vip::read(address, interface).map_err(|problem| raise(problem.at(place(&call))))
    }

    /// Gives the address to a node: `move_to` without options.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// pipework_attach("br1", p1, "eth1", "172.255.255.1/24");
    /// let service = vip("172.255.255.254", "eth1");
    /// service.assign(p1);
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn assign(call: NativeCallContext<'_>, vip: &mut Vip, node: Arc<Node>) -> RhaiResultOf<()> {
        move_to_with(call, vip, node, Map::new())
    }

    /// Moves the address to a node: takes it from the old holder, makes sure that nobody answers for
    /// it any more, adds it as a /32 (IPv6: /128), and announces it, at once and twice again within
    /// two seconds. Returns when the node has it, answers for it on the wire, and no neighbour's
    /// table leads elsewhere. The old holder may live on.
    ///
    /// Options:
    /// - `fence`: `"unplug"` pulls the cable of an old holder that can't be asked: a frozen one, one
    ///   without a cable, one behind a partition.
    /// - `split_brain` (`false`): the old holder keeps it; then there are two.
    ///
    /// Fails if the node has no such interface, or if an old holder can't be asked and is not
    /// fenced, or if somebody still answers. A machine that is off, has lost the address.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let p2 = start_node("p2");
    /// pipework_attach("br1", p1, "eth1", "172.255.255.1/24");
    /// pipework_attach("br1", p2, "eth1", "172.255.255.2/24");
    /// let service = vip("172.255.255.254", "eth1");
    /// service.assign(p1);
    /// service.move_to(p2);
    /// expect_eq(service.holders(), ["p2"]);
    /// ```
    #[rhai_fn(name = "move_to", return_raw, pure)]
    pub fn move_to_with(
        call: NativeCallContext<'_>,
        vip: &mut Vip,
        node: Arc<Node>,
        options: Map,
    ) -> RhaiResultOf<()> {
        let mut options = Options::at(place(&call), "move_to", KEYS, options)?;
        let how = Move {
            split_brain: options.flag("split_brain")?.unwrap_or_default(),
            fence: options.text("fence")?.is_some(),
            frozen: Vec::new(),
        };
        let lab = session(&call).lab();
        let what = format!("move {} to {}", vip.address, node.name);
        shown_step(&call, what, async |act| {
            lab::move_vip(act, &lab, vip, &node, how).await
        })
    }

    #[rhai_fn(name = "move_to", return_raw, pure)]
    pub fn move_to(
        call: NativeCallContext<'_>,
        vip: &mut Vip,
        node: Arc<Node>,
    ) -> RhaiResultOf<()> {
        move_to_with(call, vip, node, Map::new())
    }

    /// Takes the address from all that hold it.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// pipework_attach("br1", p1, "eth1", "172.255.255.1/24");
    /// let service = vip("172.255.255.254", "eth1");
    /// service.assign(p1);
    /// service.release();
    /// expect_eq(service.holders(), []);
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn release(call: NativeCallContext<'_>, vip: &mut Vip) -> RhaiResultOf<()> {
        let lab = session(&call).lab();
        shown_step(&call, format!("release {}", vip.address), async |act| {
            lab::release_vip(act, &lab, vip).await
        })
    }

    /// The names of the running nodes that have the address now. Not shown.
    ///
    /// ```rhai
    /// let service = vip("172.255.255.254", "eth1");
    /// expect_eq(service.holders(), []);
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn holders(call: NativeCallContext<'_>, vip: &mut Vip) -> RhaiResultOf<rhai::Array> {
        let lab = session(&call).lab();
        let holders = step(&call, format!("holders of {}", vip.address), async |_| {
            lab::vip_holders(&lab, vip).await
        })?;
        Ok(holders.into_iter().map(rhai::Dynamic::from).collect())
    }

    /// What listens on a node's address on the LAN: its server, or a pooler or proxy in front. SQL
    /// and workloads take it wherever a node goes.
    ///
    /// Options:
    /// - `port` (5432), `user` (`"postgres"`), `password`, `db` (`"postgres"`).
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let app = endpoint(p1, #{ user: "postgres" });
    /// psql(app, "select inet_client_addr()");
    /// ```
    #[rhai_fn(name = "endpoint", return_raw)]
    pub fn endpoint_with(
        call: NativeCallContext<'_>,
        node: Arc<Node>,
        options: Map,
    ) -> RhaiResultOf<Endpoint> {
        let mut options = Options::of(&call, KEYS, options)?;
        let rest = Endpoint {
            port: options.number("port")?,
            user: options.text("user")?,
            password: options.text("password")?,
            db: options.text("db")?,
            ..Endpoint::default()
        };
        let lab = session(&call).lab();
        lab::endpoint(&lab, &node, rest).map_err(|problem| misuse(&call, problem.message))
    }

    #[rhai_fn(name = "endpoint", return_raw)]
    pub fn endpoint(call: NativeCallContext<'_>, node: Arc<Node>) -> RhaiResultOf<Endpoint> {
        endpoint_with(call, node, Map::new())
    }

    /// The address, without a length.
    #[rhai_fn(get = "address", pure)]
    pub fn address(vip: &mut Vip) -> String {
        vip.address.to_string()
    }

    #[rhai_fn(name = "to_string", pure)]
    pub fn vip_text(vip: &mut Vip) -> String {
        vip.address.to_string()
    }
}
