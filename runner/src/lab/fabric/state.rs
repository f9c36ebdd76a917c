//! What a fabric should look like: segments, ports, and the faults that are on. The kernel is made
//! to look like this, now and whenever a machine comes back.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::engine::Process;
use crate::problem::{Blame, Problem};

use super::address::{Address, Interface, Mac};
use super::filter::Cut;
use super::nic::OnCard;
use super::reach::Side;
use super::shape::Shape;
use super::vip::Held;

#[derive(Debug, Default)]
pub struct State {
    /// The running machines, by their node.
    pub machines: BTreeMap<String, Process>,
    /// Bridges by their names.
    pub segments: BTreeMap<Interface, Segment>,
    pub ports: Vec<Port>,
    /// Interfaces on cards of the engine's machine.
    pub cards: Vec<OnCard>,
    /// Ports that are on another bridge than their segment's.
    pub moved: BTreeMap<Interface, Interface>,
    /// A partition: machines of different groups do not see each other.
    pub groups: Vec<BTreeSet<Side>>,
    pub cuts: Vec<Cut>,
    pub vips: BTreeMap<IpAddr, Held>,
    /// `ip route`, `ip rule` and `tc` commands of nodes, in their order.
    pub commands: Vec<(String, Vec<String>)>,
}

/// A bridge.
#[derive(Debug, Default)]
pub struct Segment {
    /// Addresses that the Docker host has on it.
    pub host: Vec<IpNet>,
}

/// An interface of a node and the other end of it, on a bridge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    pub node: String,
    pub interface: Interface,
    pub segment: Interface,
    /// The fabric's end.
    pub name: Interface,
    pub mac: Mac,
    pub address: Address,
    /// Bytes of a packet, unless the kernel's default.
    pub mtu: Option<u32>,
    /// The cable is in.
    pub plugged: bool,
    pub shape: Option<Shape>,
    /// Of ten thousand packets, how many the filter loses where the kernel has no netem.
    pub loss: Option<u32>,
}

impl State {
    /// The machine that a node runs on now.
    pub fn process(&self, node: &str) -> Result<&Process, Problem> {
        self.machines.get(node).ok_or_else(|| {
            let message = format!("node `{node}` is not running: its interfaces are gone");
            Problem::new(Blame::Playbook, message).note(format!("perhaps boot_node({node}) first"))
        })
    }

    pub fn port(&self, node: &str, interface: &Interface) -> Option<&Port> {
        self.ports
            .iter()
            .find(|it| it.node == node && it.interface == *interface)
    }

    /// The port, or that the node has none of that name.
    pub fn must_port(&self, node: &str, interface: &Interface) -> Result<&Port, Problem> {
        self.port(node, interface).ok_or_else(|| {
            let has: Vec<_> = self
                .ports_of(node)
                .map(|it| it.interface.to_string())
                .collect();
            let problem = Problem::new(
                Blame::Playbook,
                format!("node `{node}` has no interface `{interface}`"),
            );
            problem.note(match has.as_slice() {
                [] => "it has none".to_owned(),
                has => format!("it has {}", has.join(", ")),
            })
        })
    }

    pub fn ports_of<'a>(&'a self, node: &'a str) -> impl Iterator<Item = &'a Port> {
        self.ports.iter().filter(move |it| it.node == node)
    }

    /// Notes of these cables whether they are in.
    pub fn set_plugged(&mut self, cables: &[Interface], plugged: bool) {
        let ports = self.ports.iter_mut();
        for port in ports.filter(|it| cables.contains(&it.name)) {
            port.plugged = plugged;
        }
    }

    pub fn on<'a>(&'a self, segment: &'a Interface) -> impl Iterator<Item = &'a Port> {
        self.ports.iter().filter(move |it| it.segment == *segment)
    }

    /// Who has this address on a segment.
    pub fn holder(&self, segment: &Interface, address: IpAddr) -> Option<String> {
        let has = |net: &IpNet| net.addr() == address;
        if let Some(port) = self
            .on(segment)
            .find(|it| it.address.net.is_some_and(|net| has(&net)))
        {
            return Some(format!("{} of node `{}`", port.interface, port.node));
        }
        let host = self.segments.get(segment)?.host.iter().any(has);
        host.then(|| "the Docker host".to_owned())
    }

    /// The name of the fabric's end: it tells the node and its interface, if it fits.
    pub fn new_port_name(&self, node: &str, interface: &Interface) -> Interface {
        let telling = Interface::read(&format!("{node}.{interface}")).ok();
        let free = |it: &Interface| {
            !self.segments.contains_key(it) && self.ports.iter().all(|port| port.name != *it)
        };
        let numbered = (1..)
            .map(|number| Interface::read(&format!("port{number}")).expect("it is a short name"));
        (telling.into_iter().chain(numbered))
            .find(free)
            .expect("numbers do not end")
    }
}
