//! Interfaces on a network card of the engine's machine. A run must allow the card by name.

use std::sync::Arc;

use crate::engine::{ContainerSpec, Machine, Network, Processes, Streams};
use crate::problem::{Blame, Problem};

use super::address::{Interface, Mac};
use super::attach::settings;
use super::state::State;
use super::words::explained;
use super::{Fabric, ROOT, Wanted, shell};

/// An interface of a node on a card: a macvlan, as pipework makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnCard {
    pub node: String,
    pub wanted: Wanted,
}

impl Fabric {
    /// Attaches a node to a card. The same attachment once more changes nothing.
    pub async fn attach_to_card(&self, node: &str, wanted: &Wanted) -> Result<(), Problem> {
        let mut state = self.state.lock().await;
        state.process(node)?;
        let card = OnCard {
            node: node.to_owned(),
            wanted: wanted.clone(),
        };
        if state.cards.contains(&card) {
            return Ok(());
        }
        let interface = &wanted.interface;
        let on_card = |it: &OnCard| it.node == node && it.wanted.interface == *interface;
        if state.port(node, interface).is_some() || state.cards.iter().any(on_card) {
            let message = format!("node `{node}` has an interface `{interface}` already");
            return Err(
                Problem::new(Blame::Playbook, message).note("detach takes an interface away")
            );
        }
        self.make_on_card(&state, &card).await?;
        state.cards.push(card);
        Ok(())
    }

    /// Makes the interface from within the machine's own network, by a container that may do nothing
    /// but that, and that sees the node as process 1.
    pub(super) async fn make_on_card(&self, state: &State, card: &OnCard) -> Result<(), Problem> {
        let OnCard { node, wanted } = card;
        let (source, interface) = (&wanted.segment, &wanted.interface);
        let process = state.process(node)?;
        let spec = ContainerSpec {
            name: format!("{}-card", self.ground.name),
            network: Network::Host,
            processes: Processes::Of(process.container.clone()),
            // SYS_PTRACE: the node's process 1 belongs to another user, and `ip` looks it up.
            caps: ["NET_ADMIN", "SYS_PTRACE"].map(str::to_owned).to_vec(),
            ..shell(&self.ground)
        };
        let engine = &self.ground.engine;
        engine.create(&spec).await?;
        let machine = Machine::start(Arc::clone(engine), &spec.name, ROOT).await?;
        let mac = wanted.mac.unwrap_or_else(|| Mac::of(node, interface));
        let script = format!(
            "ip link add link {source} name {interface} address {mac} netns 1 type macvlan mode bridge"
        );
        let made = machine.run(ROOT, &script, Streams::Apart).await;
        engine.remove(&spec.name).await?;
        let what = format!("attaching {interface} of node `{node}` to {source}");
        let made = made?;
        if made.code != 0 {
            return Err(explained(&what, &made));
        }
        let set = self
            .within(state, node, &settings(interface, &wanted.address))
            .await?;
        if set.code != 0 {
            let undone = format!("ip link del {interface}");
            self.within(state, node, &undone).await?;
            return Err(explained(&what, &set));
        }
        Ok(())
    }

    /// Takes an interface on a card away. False: there is none of that name.
    pub(super) async fn detach_from_card(
        &self,
        state: &mut State,
        node: &str,
        interface: &Interface,
    ) -> Result<bool, Problem> {
        let of = |it: &OnCard| it.node == node && it.wanted.interface == *interface;
        let Some(at) = state.cards.iter().position(of) else {
            return Ok(false);
        };
        let output = self
            .within(state, node, &format!("ip link del {interface}"))
            .await?;
        if output.code != 0 {
            return Err(explained("taking an interface away", &output));
        }
        state.cards.remove(at);
        Ok(true)
    }
}
