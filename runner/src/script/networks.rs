//! Networks: segments, the nodes' interfaces on them, and the Docker host.

use std::sync::Arc;

use rhai::plugin::{NativeCallContext, export_module, exported_module};
use rhai::{Array, Dynamic, Engine, Map};

use super::kinds::Kind;
use super::options::{Keys, Options};
use super::raise::{RhaiResultOf, misuse, session, shown_step, step};
use crate::lab::{self, AttachOptions, EngineNetwork, EngineNetworkOptions, Node, ShellOptions};

pub const KEYS: &[Keys] = &[
    Keys {
        function: "pipework_attach",
        keys: &[
            ("mac", Kind::Text),
            ("mtu", Kind::Number(68, 65535)),
            ("local", Kind::Text),
            ("nic", Kind::Flag),
        ],
    },
    Keys {
        function: "network",
        keys: &[
            ("subnet", Kind::Text),
            ("bridge", Kind::Text),
            ("internal", Kind::Flag),
        ],
    },
    Keys {
        function: "host",
        keys: &[("fails", Kind::ExitCode)],
    },
];

pub fn register(engine: &mut Engine) {
    engine.register_type_with_name::<EngineNetwork>("Network");
    engine.register_global_module(exported_module!(chapter).into());
}

#[export_module]
mod chapter {
    /// Attaches a node to a segment: `pipework SOURCE -i INTERFACE NODE ADDRESS`. Returns when the
    /// interface is up and has its address. The same attachment once more changes nothing.
    ///
    /// A source `br…` is a bridge, which is made if missing. Any other name is a private LAN of
    /// that name, no interface of the host. Both are of this scenario alone: any number of runs can
    /// have the same addresses at once. The address is `IP/LENGTH`, with `@GATEWAY` for a default
    /// route; IPv6 as well; `0/0` for none. The interface comes back, with the same MAC, when the
    /// node is started again.
    ///
    /// Options:
    /// - `mac` (follows from the names of node and interface): an address, or pipework's `U:seed`.
    /// - `mtu` (the kernel's): the largest packet in bytes.
    /// - `local` (`<node>.<interface>`): name of the other end, which `bridge link` shows.
    /// - `nic` (`false`): the source is a network card of the engine's machine, which the node shares
    ///   by a macvlan. `pgdrill run --allow-nic NAME` must allow it.
    ///
    /// Fails if the node has another interface of that name, if the address or the MAC is taken on
    /// the segment, or if an address, a name or the gateway is none.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// pipework_attach("br1", p1, "eth2", "10.10.0.1/24");
    /// pipework_attach("eth0", p1, "eth1", "192.168.11.101/24@192.168.11.1", #{ mac: "U:p1" });
    /// ```
    #[rhai_fn(name = "pipework_attach", return_raw)]
    pub fn pipework_attach_with(
        call: NativeCallContext<'_>,
        source: &str,
        node: Arc<Node>,
        interface: &str,
        address: &str,
        options: Map,
    ) -> RhaiResultOf<()> {
        let mut options = Options::of(&call, KEYS, options)?;
        let options = AttachOptions {
            mac: options.text("mac")?,
            mtu: options.number("mtu")?,
            local: options.text("local")?,
            nic: options.flag("nic")?.unwrap_or_default(),
        };
        let lab = session(&call).lab();
        shown_step(
            &call,
            format!("attach {} to {source}", node.name),
            async |act| {
                let place = (interface, address);
                lab::pipework_attach(act, &lab, source, &node, place, &options).await
            },
        )
    }

    #[rhai_fn(name = "pipework_attach", return_raw)]
    pub fn pipework_attach(
        call: NativeCallContext<'_>,
        source: &str,
        node: Arc<Node>,
        interface: &str,
        address: &str,
    ) -> RhaiResultOf<()> {
        pipework_attach_with(call, source, node, interface, address, Map::new())
    }

    /// Does what pipework's own command line says, with a node's name for the container. The forms
    /// `route`, `rule` and `tc` run `ip route`, `ip rule` and `tc` in the node's network, and again
    /// when the node is started again.
    ///
    /// DHCP, Open vSwitch, InfiniBand, wireless and VLAN forms are refused, each with the way out.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// pipework("br1 -i eth2 p1 10.10.0.1/24 U:p1");
    /// pipework("route p1 add 10.20.0.0/16 via 10.10.0.254");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn pipework(call: NativeCallContext<'_>, command: &str) -> RhaiResultOf<()> {
        let lab = session(&call).lab();
        shown_step(&call, format!("pipework {command}"), async |act| {
            lab::pipework(act, &lab, command).await
        })
    }

    /// Takes an interface away from a node, for good.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// pipework_attach("br1", p1, "eth2", "10.10.0.1/24");
    /// detach(p1, "eth2");
    /// expect(!addresses(p1).contains("eth2"), "the interface is gone");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn detach(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        interface: &str,
    ) -> RhaiResultOf<()> {
        let lab = session(&call).lab();
        shown_step(&call, format!("detach {interface}"), async |act| {
            lab::detach(act, &lab, node, interface).await
        })
    }

    /// The node's interfaces and their addresses, `#{ eth0: ["172.28.0.2/16"] }`. Not shown.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// expect_eq(addresses(p1).eth0, ["172.28.0.2/16"]);
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn addresses(call: NativeCallContext<'_>, node: &mut Arc<Node>) -> RhaiResultOf<Map> {
        let lab = session(&call).lab();
        let found = step(&call, format!("addresses of {}", node.name), async |_| {
            lab::addresses(&lab, node).await
        })?;
        let texts = |addresses: Vec<String>| -> Dynamic {
            let texts: Array = addresses.into_iter().map(Dynamic::from).collect();
            texts.into()
        };
        Ok(found
            .into_iter()
            .map(|(name, addresses)| (name.into(), texts(addresses)))
            .collect())
    }

    /// Gives the scenario's Docker host an address on a segment, so that it can reach the nodes
    /// there and they can answer.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// pipework_attach("br1", p1, "eth2", "10.10.0.1/24");
    /// bridge_address("br1", "10.10.0.254/24");
    /// host("ping -c 1 10.10.0.1");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn bridge_address(
        call: NativeCallContext<'_>,
        source: &str,
        address: &str,
    ) -> RhaiResultOf<()> {
        let lab = session(&call).lab();
        shown_step(&call, format!("address of {source}"), async |act| {
            lab::bridge_address(act, &lab, source, address).await
        })
    }

    /// Makes a network of the engine's, for what wants one: a node takes it by its option `network`.
    /// Other than segments, it is seen on the engine's machine, and no two have the same addresses.
    ///
    /// Options:
    /// - `subnet` (the engine chooses): `"10.77.0.0/24"`.
    /// - `bridge`: name of its bridge on the engine's machine.
    /// - `internal` (`false`): without a way out.
    ///
    /// Fails if the subnet overlaps with another network's, and says with which.
    ///
    /// ```rhai
    /// let wide = network("wide", #{ internal: true });
    /// let p1 = start_node("p1", #{ network: wide });
    /// expect(addresses(p1).contains("eth0"), "the engine gave it an interface");
    /// ```
    #[rhai_fn(name = "network", return_raw)]
    pub fn network_with(
        call: NativeCallContext<'_>,
        name: &str,
        options: Map,
    ) -> RhaiResultOf<EngineNetwork> {
        let mut options = Options::of(&call, KEYS, options)?;
        let options = EngineNetworkOptions {
            subnet: options.text("subnet")?,
            bridge: options.text("bridge")?,
            internal: options.flag("internal")?.unwrap_or_default(),
        };
        let lab = session(&call).lab();
        shown_step(&call, format!("network {name}"), async |act| {
            lab::network(act, &lab, name, options).await
        })
    }

    #[rhai_fn(name = "network", return_raw)]
    pub fn network(call: NativeCallContext<'_>, name: &str) -> RhaiResultOf<EngineNetwork> {
        network_with(call, name, Map::new())
    }

    /// Runs a command on the scenario's Docker host, shows it with all that it prints, and returns
    /// that. The Docker host is a container too: it has the scenario's bridges, PostgreSQL's clients,
    /// and no right over anything. It knows the nodes by name.
    ///
    /// Options:
    /// - `fails` (`false`): `true`, or the exit code that is expected.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// host("ping -c 1 p1");
    /// host("bridge link");
    /// ```
    #[rhai_fn(name = "host", return_raw)]
    pub fn host_with(
        call: NativeCallContext<'_>,
        command: &str,
        options: Map,
    ) -> RhaiResultOf<String> {
        let mut options = Options::of(&call, KEYS, options)?;
        let options = ShellOptions {
            user: None,
            expected: options.expected()?,
        };
        let lab = session(&call).lab();
        if command.trim().is_empty() {
            return Err(misuse(&call, "`host` needs a command"));
        }
        shown_step(&call, "command on the Docker host", async |act| {
            let host = lab.docker_host().await?;
            lab::sh(act, &lab, &host, command, &options).await
        })
    }

    #[rhai_fn(name = "host", return_raw)]
    pub fn host(call: NativeCallContext<'_>, command: &str) -> RhaiResultOf<String> {
        host_with(call, command, Map::new())
    }

    /// Whether an echo request from the node to an address, or to a node's name, is answered within
    /// a second. Not shown.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let p2 = start_node("p2");
    /// expect(ping(p1, "p2"), "they see each other");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn ping(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        address: &str,
    ) -> RhaiResultOf<bool> {
        let lab = session(&call).lab();
        step(&call, format!("ping {address}"), async |_| {
            lab::ping(&lab, node, address).await
        })
    }

    /// The same from the scenario's Docker host.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// expect(ping_from_host("p1"), "it is there");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn ping_from_host(call: NativeCallContext<'_>, address: &str) -> RhaiResultOf<bool> {
        let lab = session(&call).lab();
        step(&call, format!("ping {address}"), async |_| {
            lab::ping_from_host(&lab, address).await
        })
    }
}
