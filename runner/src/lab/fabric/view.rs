//! What a fabric looks like to who draws it: which nodes can be reached, and who holds addresses.

use std::collections::BTreeMap;

use crate::event::Reach;

use super::Fabric;
use super::reach::Side;
use super::state::State;

/// What can be told of a fabric at a time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// The nodes of whose network something is out of order, and what.
    pub broken: BTreeMap<String, (Reach, Vec<String>)>,
    /// The holders of each virtual address.
    pub holders: BTreeMap<String, Vec<String>>,
}

impl Fabric {
    pub async fn view(&self) -> View {
        self.state.lock().await.view()
    }
}

impl State {
    fn view(&self) -> View {
        let mut broken = BTreeMap::new();
        for port in &self.ports {
            if !broken.contains_key(&port.node) {
                broken.insert(port.node.clone(), self.broken(&port.node));
            }
        }
        broken.retain(|_, (_, why)| !why.is_empty());
        let holders = self.vips.iter();
        View {
            broken,
            holders: holders
                .map(|(address, held)| (address.to_string(), held.nodes.clone()))
                .collect(),
        }
    }

    fn broken(&self, node: &str) -> (Reach, Vec<String>) {
        let side = Side::Node(node.to_owned());
        let out: Vec<_> = self.ports_of(node).filter(|it| !it.plugged).collect();
        let mut why: Vec<_> = (out.iter())
            .map(|port| format!("the cable of {} is out", port.interface))
            .collect();
        let parted = self.parted_from(&side);
        let alone = parted.contains(&plain(&Side::Host));
        if !parted.is_empty() {
            why.push(format!("parted from {}", parted.join(", ")));
        }
        for cut in &self.cuts {
            let other = match (&cut.from, &cut.to) {
                (from, to) if *from == side => to,
                (from, to) if *to == side => from,
                _ => continue,
            };
            why.push(format!("cut from {}", plain(other)));
        }
        let reach = match why.is_empty() {
            true => Reach::Whole,
            false if alone || out.len() == self.ports_of(node).count() => Reach::None,
            false => Reach::Part,
        };
        (reach, why)
    }

    /// Who is on another side of a partition.
    fn parted_from(&self, side: &Side) -> Vec<String> {
        let mut others: Vec<_> = (self.machines.keys().cloned().map(Side::Node))
            .chain([Side::Host])
            .filter(|other| !self.are_together(side, other))
            .map(|it| plain(&it))
            .collect();
        others.sort();
        others
    }
}

fn plain(side: &Side) -> String {
    match side {
        Side::Node(name) => name.clone(),
        Side::Host => "the clients".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::address::{Address, Interface, Mac};
    use super::super::filter::Cut;
    use super::super::state::Port;
    use super::*;
    use crate::engine::Process;

    /// Three nodes on a LAN, and the first two on another network too.
    fn state() -> State {
        let name = |name: &str| Interface::read(name).expect("it is a short name");
        let mut state = State::default();
        for (node, interface) in [
            ("p1", "eth0"),
            ("p1", "eth1"),
            ("p2", "eth0"),
            ("p2", "eth1"),
            ("p3", "eth0"),
        ] {
            let process = Process {
                pid: 1,
                container: "id".to_owned(),
            };
            state.machines.insert(node.to_owned(), process);
            state.ports.push(Port {
                node: node.to_owned(),
                interface: name(interface),
                segment: name("br0"),
                name: name(&format!("{node}.{interface}")),
                mac: Mac::read("U:x").expect("it is a seed"),
                address: Address::default(),
                mtu: None,
                plugged: true,
                shape: None,
                loss: None,
            });
        }
        state
    }

    fn told(state: &State) -> String {
        let view = state.view();
        let lines = view
            .broken
            .iter()
            .map(|(node, (reach, why))| format!("{node} {reach:?}: {}", why.join("; ")));
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_network_that_is_whole_has_nothing_to_tell() {
        assert_eq!(told(&state()), "");
    }

    #[test]
    fn one_cable_of_two_is_a_part_and_the_last_one_is_all() {
        let mut state = state();
        for port in [0, 2, 3] {
            state.ports[port].plugged = false;
        }
        insta::assert_snapshot!(told(&state), @"
        p1 Part: the cable of eth0 is out
        p2 None: the cable of eth0 is out; the cable of eth1 is out
        ");
    }

    #[test]
    fn who_is_parted_from_the_clients_is_not_reached() {
        let mut state = state();
        let side = |name: &str| Side::Node(name.to_owned());
        state.groups = vec![
            BTreeSet::from([side("p1")]),
            BTreeSet::from([side("p2"), side("p3")]),
        ];
        state.cuts.push(Cut {
            from: side("p2"),
            to: side("p3"),
            one_way: true,
            port: None,
        });
        insta::assert_snapshot!(told(&state), @"
        p1 None: parted from p2, p3, the clients
        p2 Part: parted from p1; cut from p3
        p3 Part: parted from p1; cut from p2
        ");
    }
}
