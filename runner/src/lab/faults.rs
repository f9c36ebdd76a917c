//! Faults of the network and of the power, as the playbook asks for them.

use std::collections::BTreeSet;

use crate::problem::{Blame, Problem};

use super::Act;
use super::fabric::{Cut, Interface, Shape, Side};
use super::node::{Node, Power};
use super::power;
use super::teardown::Lab;

/// Pulls one cable of a node, or all of them.
pub async fn unplug(
    act: &Act,
    lab: &Lab,
    node: &Node,
    interface: Option<&str>,
) -> Result<(), Problem> {
    node.is_on()?;
    let interface = interface.map(Interface::read).transpose()?;
    let fabric = lab.fabric().await?;
    let commands = fabric.unplug(&node.name, interface.as_ref()).await?;
    show(act, commands);
    act.breaks(format!("unplug {}", node.name));
    lab.tell_networks(&act.sink).await;
    Ok(())
}

pub async fn plug(
    act: &Act,
    lab: &Lab,
    node: &Node,
    interface: Option<&str>,
) -> Result<(), Problem> {
    let interface = interface.map(Interface::read).transpose()?;
    let fabric = lab.fabric().await?;
    let commands = fabric.plug(&node.name, interface.as_ref()).await?;
    show(act, commands);
    lab.tell_networks(&act.sink).await;
    Ok(())
}

/// Pulls all cables and then the plug: nobody hears that the machine is gone.
pub async fn power_off(act: &Act, lab: &Lab, node: &Node) -> Result<(), Problem> {
    node.is_on()?;
    let commands = lab.fabric().await?.unplug(&node.name, None).await?;
    show(act, commands);
    lab.tell_networks(&act.sink).await;
    power::pull(act, lab, node).await?;
    // Clients on the machine itself were served until now.
    act.breaks(format!("power off {}", node.name));
    Ok(())
}

/// Puts plug and cables in again. The server stays down.
pub async fn power_on(act: &Act, lab: &Lab, node: &Node) -> Result<(), Problem> {
    lab.fabric().await?.plug(&node.name, None).await?;
    power::boot(act, lab, node).await
}

/// Parts the machines into groups that do not see each other.
pub async fn partition(act: &Act, lab: &Lab, groups: Vec<Vec<Side>>) -> Result<(), Problem> {
    let groups = groups.into_iter().map(BTreeSet::from_iter).collect();
    show(act, lab.fabric().await?.partition(groups).await?);
    act.breaks("partition");
    lab.tell_networks(&act.sink).await;
    Ok(())
}

/// Parts one node from all others.
pub async fn isolate(act: &Act, lab: &Lab, node: &Node) -> Result<(), Problem> {
    node.is_on()?;
    show(act, lab.fabric().await?.isolate(&node.name).await?);
    act.breaks(format!("isolate {}", node.name));
    lab.tell_networks(&act.sink).await;
    Ok(())
}

pub async fn cut(act: &Act, lab: &Lab, cut: Cut) -> Result<(), Problem> {
    let name = format!("cut {} from {}", cut.from, cut.to);
    show(act, lab.fabric().await?.cut(cut).await?);
    act.breaks(name);
    lab.tell_networks(&act.sink).await;
    Ok(())
}

/// Undoes partitions and cuts.
pub async fn heal(act: &Act, lab: &Lab) -> Result<(), Problem> {
    show(act, lab.fabric().await?.heal().await?);
    lab.tell_networks(&act.sink).await;
    Ok(())
}

/// Makes a cable slow or lossy; without a shape, as good as new.
pub async fn shape(
    act: &Act,
    lab: &Lab,
    node: &Node,
    interface: &str,
    shape: Option<Shape>,
) -> Result<(), Problem> {
    node.machine()?;
    let interface = Interface::read(interface)?;
    let fabric = lab.fabric().await?;
    show(
        act,
        match shape {
            Some(shape) => fabric.shape(&node.name, &interface, shape).await?,
            None => fabric.unshape(&node.name, &interface).await?,
        },
    );
    Ok(())
}

fn show(act: &Act, commands: Vec<String>) {
    for command in commands {
        act.shows(None, command, "");
    }
}

impl Lab {
    /// The nodes whose machines are frozen.
    pub(super) fn frozen(&self) -> Vec<String> {
        let frozen = |node: &Node| {
            let power = node.power.lock().expect("no panic holds it");
            matches!(*power, Power::Paused(_))
        };
        let nodes = self.nodes().into_iter().filter(|node| frozen(node));
        nodes.map(|node| node.name.clone()).collect()
    }
}

impl Node {
    /// The machine is on, be it frozen: it has a network.
    fn is_on(&self) -> Result<(), Problem> {
        match &*self.power.lock().expect("no panic holds it") {
            Power::On(_) | Power::Paused(_) => Ok(()),
            Power::Off(why) => {
                let message = format!("node `{}` {why}", self.name);
                Err(Problem::new(Blame::Playbook, message))
            }
        }
    }
}
