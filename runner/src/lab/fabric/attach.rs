//! Interfaces of nodes: made, taken away, and made again when a machine comes back.

use ipnet::IpNet;

use crate::engine::Process;
use crate::problem::{Blame, Problem};

use super::address::{Address, Interface, Mac};
use super::rights::Rights;
use super::state::{Port, State};
use super::words::explained;
use super::{Fabric, STRANGER, enter, guard, restarted};

/// An interface that a node should have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub segment: Interface,
    pub interface: Interface,
    pub address: Address,
    pub mac: Option<Mac>,
    pub mtu: Option<u32>,
    /// Name of the fabric's end.
    pub local: Option<Interface>,
}

impl Fabric {
    /// Attaches a node to a segment, which is made if missing. Returns when the interface is up and
    /// has its address. The same attachment once more changes nothing.
    pub async fn attach(&self, node: &str, wanted: &Wanted) -> Result<(), Problem> {
        let mut state = self.state.lock().await;
        state.process(node)?;
        if state.has(node, wanted)? {
            return Ok(());
        }
        let name = match &wanted.local {
            Some(local) => local.clone(),
            None => state.new_port_name(node, &wanted.interface),
        };
        let port = Port {
            node: node.to_owned(),
            interface: wanted.interface.clone(),
            segment: wanted.segment.clone(),
            name,
            mac: wanted
                .mac
                .unwrap_or_else(|| Mac::of(node, &wanted.interface)),
            address: wanted.address,
            mtu: wanted.mtu,
            plugged: true,
            shape: None,
            loss: None,
        };
        state.check(&port)?;
        self.plug_in(&state, &port).await?;
        state.segments.entry(port.segment.clone()).or_default();
        state.ports.push(port);
        state.note_moves();
        Ok(())
    }

    /// Takes an interface away, and forgets it.
    pub async fn detach(&self, node: &str, interface: &Interface) -> Result<(), Problem> {
        let mut state = self.state.lock().await;
        if self.detach_from_card(&mut state, node, interface).await? {
            return Ok(());
        }
        let port = state.must_port(node, interface)?.clone();
        self.unplug_all(&[&port]).await?;
        state.ports.retain(|it| *it != port);
        state.note_moves();
        Ok(())
    }

    /// A machine is off: its ports must be down, whatever of it is left. A process that was left
    /// behind in its network namespace would keep its addresses alive.
    pub async fn leave(&self, node: &str) -> Result<(), Problem> {
        let mut state = self.state.lock().await;
        if state.machines.remove(node).is_none() {
            return Ok(());
        }
        // A machine that went off has lost its virtual addresses.
        for held in state.vips.values_mut() {
            held.nodes.retain(|it| it != node);
        }
        self.dismiss(node).await?;
        let ports: Vec<_> = state.ports_of(node).collect();
        self.unplug_all(&ports).await?;
        state.note_moves();
        Ok(())
    }

    /// A machine is on again: it gets the interfaces that it had, with the same MACs.
    pub async fn rejoin(&self, node: &str, container: &str) -> Result<(), Problem> {
        self.join(node, container).await?;
        let mut state = self.state.lock().await;
        for port in state.ports_of(node) {
            self.plug_in(&state, port).await?;
        }
        state.note_moves();
        for card in state.cards.iter().filter(|it| it.node == node) {
            self.make_on_card(&state, card).await?;
        }
        for port in state.ports_of(node).filter(|it| it.shape.is_some()) {
            self.queue(&state, port).await?;
        }
        for (_, command) in state.commands.iter().filter(|(of, _)| of == node) {
            self.carry_out(&state, node, command).await?;
        }
        self.must_be_seen(&state, node, None).await
    }

    /// A node is removed for good.
    pub async fn forget(&self, node: &str) -> Result<(), Problem> {
        self.leave(node).await?;
        let mut state = self.state.lock().await;
        state.ports.retain(|it| it.node != node);
        state.cards.retain(|it| it.node != node);
        state.commands.retain(|(of, _)| of != node);
        Ok(())
    }

    /// Gives the Docker host an address on a segment, which is made if missing.
    pub async fn give_host(&self, segment: &Interface, net: IpNet) -> Result<(), Problem> {
        let mut state = self.state.lock().await;
        if let Some(holder) = state.holder(segment, net.addr()) {
            return match state.segments.get(segment) {
                Some(it) if it.host.contains(&net) => Ok(()),
                _ => Err(taken(segment, net, &holder)),
            };
        }
        let script = format!(
            "{}\nip addr replace {net} dev {segment} {}",
            bridge(segment),
            nodad(net)
        );
        let output = self.run(&script).await?;
        if output.code != 0 {
            return Err(explained(&format!("giving the Docker host {net}"), &output));
        }
        let segment = state.segments.entry(segment.clone()).or_default();
        segment.host.push(net);
        Ok(())
    }

    /// Makes a port in the kernel. An error leaves nothing half made.
    async fn plug_in(&self, state: &State, port: &Port) -> Result<(), Problem> {
        let process = state.process(&port.node)?;
        let what = format!("attaching {} of node `{}`", port.interface, port.node);
        let output = match self.ground.rights {
            Rights::AllProcesses => {
                self.run(&at_once(port, &state.bridge_of(port), process))
                    .await?
            }
            Rights::Least => {
                let made = self
                    .run(&format!("{}\n:", bridge(&state.bridge_of(port))))
                    .await?;
                if made.code != 0 {
                    return Err(explained(&what, &made));
                }
                let made = self.within(state, &port.node, &from_the_node(port)).await?;
                if made.code != 0 {
                    return Err(explained(&what, &made));
                }
                self.run(&joined(port, &state.bridge_of(port))).await?
            }
        };
        match output.code {
            0 => Ok(()),
            STRANGER => Err(restarted(&port.node)),
            _ => Err(explained(&what, &output)),
        }
    }

    /// Deletes ports, and with each the node's end of it.
    async fn unplug_all(&self, ports: &[&Port]) -> Result<(), Problem> {
        let mut script = String::new();
        for port in ports {
            let name = &port.name;
            // The kernel may be taking it away itself, with the namespace of its other end; then it is
            // not found any more, and gone a moment later.
            script = format!(
                "{script}at={SYS}/{name}; n=0\n\
                 while [ -e $at ] && ! ip link del {name} 2>/dev/null && [ $n -lt 500 ]; do \
                   n=$((n+1)); sleep 0.01; done\n\
                 [ ! -e $at ] || ip link del {name} || exit 1\n"
            );
        }
        let output = self.run(&format!("{script}:")).await?;
        if output.code != 0 {
            return Err(explained("taking an interface away", &output));
        }
        Ok(())
    }
}

/// Where the fabric sees its interfaces.
const SYS: &str = "/sys/class/net";

impl State {
    /// Whether exactly this is there already; something else of that name is an error.
    fn has(&self, node: &str, wanted: &Wanted) -> Result<bool, Problem> {
        let Some(port) = self.port(node, &wanted.interface) else {
            return Ok(false);
        };
        let same = port.segment == wanted.segment
            && port.address == wanted.address
            && wanted.mac.is_none_or(|mac| mac == port.mac)
            && wanted.mtu.is_none_or(|mtu| port.mtu == Some(mtu));
        if same {
            return Ok(true);
        }
        let message = format!(
            "node `{node}` has an interface `{}` already",
            port.interface
        );
        let address = port
            .address
            .net
            .map_or("without an address".to_owned(), |net| format!("with {net}"));
        Err(Problem::new(Blame::Playbook, message)
            .note(format!("it is on `{}`, {address}", port.segment))
            .note("detach takes an interface away"))
    }

    /// What the segment's other ports forbid.
    fn check(&self, port: &Port) -> Result<(), Problem> {
        if let Some(net) = port.address.net
            && let Some(holder) = self.holder(&port.segment, net.addr())
        {
            return Err(taken(&port.segment, net, &holder));
        }
        if let Some(other) = self.on(&port.segment).find(|it| it.mac == port.mac) {
            let message = format!(
                "MAC {} is on `{}` already: {} of node `{}` has it",
                port.mac, port.segment, other.interface, other.node
            );
            return Err(Problem::new(Blame::Playbook, message));
        }
        let of_another = |it: &Port| it.name == port.name;
        if self.ports.iter().any(of_another) || self.segments.contains_key(&port.name) {
            let message = format!("`{}` is taken: the fabric has it already", port.name);
            return Err(Problem::new(Blame::Playbook, message));
        }
        if self.ports.iter().any(|it| it.name == port.segment) {
            let message = format!("`{}` is the name of a port, no bridge", port.segment);
            return Err(Problem::new(Blame::Playbook, message));
        }
        Ok(())
    }
}

fn taken(segment: &Interface, net: IpNet, holder: &str) -> Problem {
    let message = format!("{} is taken on `{segment}`: {holder} has it", net.addr());
    Problem::new(Blame::Playbook, message)
}

/// Makes a bridge. It forwards at once: no listening first, no snooping.
pub(super) fn new_bridge(name: &Interface) -> String {
    format!(
        "ip link add {name} address {mac} up type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
        mac = Mac::of("bridge", name),
    )
}

/// The same if it is missing.
fn bridge(name: &Interface) -> String {
    format!(
        "[ -d /sys/class/net/{name} ] || {} || exit 1",
        new_bridge(name)
    )
}

/// The whole attachment in one script of the fabric.
fn at_once(port: &Port, segment: &Interface, process: &Process) -> String {
    let Port {
        name,
        interface,
        mac,
        ..
    } = port;
    format!(
        "{guard}\n{bridge}\n\
         ip link add {name}{mtu} master {segment} type veth \
           peer name {interface}{mtu} address {mac} netns {pid} || exit 1\n\
         {inside} && ip link set {name} {cable} && exit 0\n\
         ip link del {name}; exit 1",
        guard = guard(process),
        bridge = bridge(segment),
        mtu = mtu(port),
        pid = process.pid,
        inside = enter(process, &settings(&port.interface, &port.address)),
        cable = cable(port),
    )
}

/// The same from within the node's namespace: there the fabric is process 1.
fn from_the_node(port: &Port) -> String {
    let Port {
        name,
        interface,
        mac,
        ..
    } = port;
    format!(
        "ip link add {interface}{mtu} address {mac} type veth peer name {name}{mtu} netns 1 || exit 1\n\
         ( {settings}\n) && exit 0\n\
         ip link del {interface}; exit 1",
        mtu = mtu(port),
        settings = settings(&port.interface, &port.address),
    )
}

/// The other end, on its bridge.
fn joined(port: &Port, segment: &Interface) -> String {
    let name = &port.name;
    format!(
        "ip link set {name} master {segment} && ip link set {name} {} && exit 0\n\
         ip link del {name}; exit 1",
        cable(port)
    )
}

/// The interface's address and route, and up. It has no address of its own making: one would be in
/// the transcripts, or not yet, as it happens.
pub(super) fn settings(interface: &Interface, address: &Address) -> String {
    let mut lines = Vec::new();
    if let Some(net) = address.net {
        lines.push(format!("addr add {net} dev {interface} {}", nodad(net)));
    }
    lines.push(format!("link set {interface} up"));
    if let Some(gateway) = address.gateway {
        lines.push(format!(
            "route replace default via {gateway} dev {interface}"
        ));
    }
    format!(
        "ip link set {interface} addrgenmode none 2>/dev/null\nip -batch - <<E\n{}\nE",
        lines.join("\n")
    )
}

/// An IPv6 address is used at once: nobody else has it, that was checked.
pub(super) fn nodad(net: IpNet) -> &'static str {
    if net.addr().is_ipv6() { "nodad" } else { "" }
}

fn mtu(port: &Port) -> String {
    port.mtu.map_or(String::new(), |mtu| format!(" mtu {mtu}"))
}

fn cable(port: &Port) -> &'static str {
    if port.plugged { "up" } else { "down" }
}
