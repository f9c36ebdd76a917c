//! Faults of the network: cables, partitions, cuts. Each is tried with packets before it counts.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::heredoc;
use crate::problem::{Blame, Problem};

use super::Fabric;
use super::address::Interface;
use super::attach::new_bridge;
use super::filter::{Cut, ruleset};
use super::reach::{Side, Try};
use super::state::{Port, State};
use super::words::explained;

impl Fabric {
    /// Pulls a node's cable, or all of its cables. Returns the commands.
    pub async fn unplug(
        &self,
        node: &str,
        interface: Option<&Interface>,
    ) -> Result<Vec<String>, Problem> {
        let mut state = self.state.lock().await;
        let names = state.cables(node, interface)?;
        let side = Side::Node(node.to_owned());
        let tries = match interface {
            None => state.tries_with_all(&side),
            Some(interface) => state.tries_on(&side, interface),
        };
        let commands = self.set_cables(&names, "down").await?;
        state.set_plugged(&names, false);
        let what = format!("unplugging node `{node}`");
        self.must_not_reach(&state, &what, &tries).await?;
        Ok(commands)
    }

    /// Puts the cables in again, and tries whether the others see the node. Returns the commands.
    pub async fn plug(
        &self,
        node: &str,
        interface: Option<&Interface>,
    ) -> Result<Vec<String>, Problem> {
        let mut state = self.state.lock().await;
        let names = state.cables(node, interface)?;
        state.set_plugged(&names, true);
        if !state.machines.contains_key(node) {
            return Ok(Vec::new());
        }
        let commands = self.set_cables(&names, "up").await?;
        self.must_be_seen(&state, node, interface).await?;
        Ok(commands)
    }

    async fn set_cables(&self, names: &[Interface], to: &str) -> Result<Vec<String>, Problem> {
        let commands: Vec<_> = names
            .iter()
            .map(|name| format!("ip link set {name} {to}"))
            .collect();
        let output = self.run(&commands.join(" && ")).await?;
        if output.code != 0 {
            return Err(explained("setting a cable", &output));
        }
        Ok(commands)
    }

    /// Parts the nodes into groups that do not see each other. Who is in none, the Docker host too,
    /// stays with the last one.
    pub async fn partition(&self, groups: Vec<BTreeSet<Side>>) -> Result<Vec<String>, Problem> {
        let mut state = self.state.lock().await;
        check(&groups)?;
        let before = std::mem::replace(&mut state.groups, groups);
        let moved = self.move_ports(&mut state).await;
        if moved.is_err() {
            state.groups = before;
        }
        let commands = moved?;
        let tries = state.severed();
        self.must_not_reach(&state, "the partition", &tries).await?;
        Ok(commands)
    }

    /// Parts one node from all others and from the Docker host, on top of what is parted already.
    pub async fn isolate(&self, node: &str) -> Result<Vec<String>, Problem> {
        let groups = {
            let state = self.state.lock().await;
            let side = Side::Node(node.to_owned());
            let mut groups = state.groups.clone();
            for group in &mut groups {
                group.remove(&side);
            }
            groups.retain(|group| !group.is_empty());
            groups.insert(0, BTreeSet::from([side]));
            if groups.len() == 1 {
                groups.push(state.rest(&groups));
            }
            groups
        };
        self.partition(groups).await
    }

    /// Loses all packets between two machines, or one direction, or one port's.
    pub async fn cut(&self, cut: Cut) -> Result<Vec<String>, Problem> {
        let mut state = self.state.lock().await;
        for side in [&cut.from, &cut.to] {
            state.must_have(side)?;
        }
        let tries = state.one_way(&cut.from, &cut.to);
        if tries.is_empty() {
            let message = format!("{} and {} have no segment in common", cut.from, cut.to);
            return Err(Problem::new(Blame::Playbook, message));
        }
        state.cuts.push(cut.clone());
        let commands = match self.filter(&state).await {
            Ok(commands) => commands,
            Err(problem) => {
                state.cuts.pop();
                return Err(problem);
            }
        };
        self.verify(&state, &cut, &tries).await?;
        Ok(commands)
    }

    async fn verify(&self, state: &State, cut: &Cut, tries: &[Try]) -> Result<(), Problem> {
        let what = format!("the cut between {} and {}", cut.from, cut.to);
        if let Some(port) = cut.port {
            return self.connection_hangs(state, &what, tries, port).await;
        }
        let both = state.tries(&cut.from, &cut.to);
        self.must_not_reach(state, &what, &both).await?;
        if cut.one_way {
            return self.is_open(cut).await;
        }
        Ok(())
    }

    /// A connection must neither be made nor be refused: a refusal is an answer.
    async fn connection_hangs(
        &self,
        state: &State,
        what: &str,
        tries: &[Try],
        port: u16,
    ) -> Result<(), Problem> {
        for Try { from, address, .. } in tries {
            let connect = format!("exec 3<>/dev/tcp/{address}/{port}");
            let script = format!("timeout 0.3 bash -c '{connect}' 2>/dev/null");
            let output = match from {
                Side::Node(node) => self.within(state, node, &script).await?,
                Side::Host => self.run(&script).await?,
            };
            if output.code != 124 {
                let message = format!("{what} did not take effect: {address}:{port} answers");
                return Err(Problem::new(Blame::Environment, message));
            }
        }
        Ok(())
    }

    /// The other direction of a one-way cut carries packets: the filter has counted them.
    async fn is_open(&self, cut: &Cut) -> Result<(), Problem> {
        let list = self.run("nft list table bridge pgdrill").await?.out;
        let passed = |rule: &str| {
            rule.ends_with("accept")
                && rule.contains(" counter packets ")
                && !rule.contains(" counter packets 0 ")
        };
        if list.lines().any(passed) {
            return Ok(());
        }
        let message = format!(
            "nothing of {} reaches {}: the cut is not one-way",
            cut.to, cut.from
        );
        Err(Problem::new(Blame::Environment, message).with_last_lines(&list))
    }

    /// Undoes partitions and cuts, and tries whether all see each other again.
    pub async fn heal(&self) -> Result<Vec<String>, Problem> {
        let mut state = self.state.lock().await;
        let mut tries = state.severed();
        let mut commands = Vec::new();
        let cuts = std::mem::take(&mut state.cuts);
        if !cuts.is_empty() {
            commands.extend(self.filter(&state).await?);
        }
        for cut in cuts {
            tries.extend(state.tries(&cut.from, &cut.to));
        }
        state.groups.clear();
        commands.extend(self.move_ports(&mut state).await?);
        self.must_reach(&state, "healing", &tries).await?;
        Ok(commands)
    }

    /// Makes the packet filter what it should be.
    pub(super) async fn filter(&self, state: &State) -> Result<Vec<String>, Problem> {
        let wanted = ruleset(state);
        let command = format!("nft -f - {}", heredoc(wanted.trim_end()));
        let output = self.run(&command).await?;
        if output.code != 0 {
            return Err(explained("filtering packets", &output));
        }
        Ok(vec![command])
    }

    /// Moves each port to the bridge that it should be on. Bridges that nobody needs go.
    async fn move_ports(&self, state: &mut State) -> Result<Vec<String>, Problem> {
        let wanted = state.moves();
        let mut commands = Vec::new();
        for bridge in wanted.values().collect::<BTreeSet<_>>() {
            if !state.moved.values().any(|it| it == bridge) {
                commands.push(new_bridge(bridge));
            }
        }
        for port in state.ports.iter().filter(|it| state.is_on(it)) {
            let now = state.moved.get(&port.name).unwrap_or(&port.segment);
            let then = wanted.get(&port.name).unwrap_or(&port.segment);
            if now != then {
                commands.push(format!("ip link set {} master {then}", port.name));
            }
        }
        for bridge in state.moved.values().collect::<BTreeSet<_>>() {
            if !wanted.values().any(|it| it == bridge) {
                commands.push(format!("ip link del {bridge}"));
            }
        }
        let output = self.run(&tolerant(&commands)).await?;
        if output.code != 0 {
            return Err(explained("moving ports between bridges", &output));
        }
        state.moved = wanted;
        Ok(commands)
    }
}

fn check(groups: &[BTreeSet<Side>]) -> Result<(), Problem> {
    let mut seen = BTreeSet::new();
    for side in groups.iter().flatten() {
        if !seen.insert(side) {
            let message = format!("{side} stands in two groups of the partition");
            return Err(Problem::new(Blame::Playbook, message));
        }
    }
    if groups.len() < 2 {
        let message = "a partition needs two groups or more";
        return Err(Problem::new(Blame::Playbook, message)
            .note("isolate(node) parts one node from all others"));
    }
    Ok(())
}

/// The commands as a script that takes what an earlier partition has left, or not.
fn tolerant(commands: &[String]) -> String {
    let lines = commands.iter().map(|command| {
        let words: Vec<_> = command.split(' ').collect();
        match words.as_slice() {
            ["ip", "link", "add", bridge, ..] => {
                format!("[ -d /sys/class/net/{bridge} ] || {command}")
            }
            ["ip", "link", "del", bridge] => {
                format!("[ ! -d /sys/class/net/{bridge} ] || {command}")
            }
            _ => command.clone(),
        }
    });
    format!("set -e\n{}", lines.collect::<Vec<_>>().join("\n"))
}

impl State {
    /// Notes on which bridges the ports are, after machines have come or gone.
    pub(super) fn note_moves(&mut self) {
        self.moved = self.moves();
    }

    /// The fabric's ends of a node's cables.
    fn cables(&self, node: &str, interface: Option<&Interface>) -> Result<Vec<Interface>, Problem> {
        match interface {
            Some(interface) => Ok(vec![self.must_port(node, interface)?.name.clone()]),
            None => Ok(self.ports_of(node).map(|it| it.name.clone()).collect()),
        }
    }

    /// The bridges of a partition, by the ports that are to be on them.
    fn moves(&self) -> BTreeMap<Interface, Interface> {
        let on = self.ports.iter().filter(|it| self.is_on(it));
        let moved = on.map(|it| (it, self.bridge_of(it)));
        moved
            .filter(|(port, bridge)| port.segment != *bridge)
            .map(|(port, bridge)| (port.name.clone(), bridge))
            .collect()
    }

    fn is_on(&self, port: &Port) -> bool {
        self.machines.contains_key(&port.node)
    }

    fn must_have(&self, side: &Side) -> Result<(), Problem> {
        match side {
            Side::Node(node) => self.process(node).map(|_| ()),
            Side::Host => Ok(()),
        }
    }

    /// All machines that are in no group.
    pub(super) fn rest(&self, groups: &[BTreeSet<Side>]) -> BTreeSet<Side> {
        let nodes = self.ports.iter().map(|it| Side::Node(it.node.clone()));
        nodes
            .chain([Side::Host])
            .filter(|side| !groups.iter().any(|group| group.contains(side)))
            .collect()
    }

    /// The number of the group that a machine is in.
    fn group(&self, side: &Side) -> usize {
        let of = self.groups.iter().position(|group| group.contains(side));
        of.unwrap_or(self.groups.len().saturating_sub(1))
    }

    /// The bridge that a port is on now: its segment's own, where the Docker host is, or that of its
    /// group.
    pub(super) fn bridge_of(&self, port: &Port) -> Interface {
        let group = self.group(&Side::Node(port.node.clone()));
        if group == self.group(&Side::Host) {
            return port.segment.clone();
        }
        let number = self.segments.keys().position(|it| *it == port.segment);
        let name = format!("split{group}.{}", number.unwrap_or_default());
        Interface::read(&name).expect("it is a short name")
    }

    /// Whether the partition lets one machine see another.
    pub(super) fn are_together(&self, a: &Side, b: &Side) -> bool {
        self.group(a) == self.group(b)
    }

    /// The requests that a partition leaves unanswered.
    fn severed(&self) -> Vec<Try> {
        let sides: Vec<_> = self.rest(&[]).into_iter().collect();
        let mut tries = Vec::new();
        for (at, a) in sides.iter().enumerate() {
            for b in &sides[at + 1..] {
                if !self.are_together(a, b) {
                    tries.extend(self.tries(a, b));
                }
            }
        }
        tries
    }
}
