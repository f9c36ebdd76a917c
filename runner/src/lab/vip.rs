//! Virtual addresses of a lab's nodes.

use std::sync::Arc;

use crate::cost::Mark;
use crate::problem::{Blame, Problem};

use super::Act;
use super::endpoint::Endpoint;
use super::fabric::{Move, Shown, Vip};
use super::node::Node;
use super::teardown::Lab;

/// Moves an address to a node and returns when all look for it there.
pub async fn move_vip(
    act: &Act,
    lab: &Arc<Lab>,
    vip: &Vip,
    node: &Node,
    how: Move,
) -> Result<(), Problem> {
    node.machine()?;
    lab.begin_host();
    let how = Move {
        frozen: lab.frozen(),
        ..how
    };
    act.waits_for(format!("{} to be on {}", vip.address, node.name));
    let address = vip.address.to_string();
    act.sink.mark(Mark::MoveCalled {
        address: address.clone(),
    });
    let shown = lab.fabric().await?.move_vip(vip, &node.name, &how).await?;
    act.sink.mark(Mark::VipMoved { address });
    lab.tell_networks(&act.sink).await;
    show(act, shown);
    Ok(())
}

/// Takes an address from whoever holds it.
pub async fn release_vip(act: &Act, lab: &Lab, vip: &Vip) -> Result<(), Problem> {
    let shown = lab.fabric().await?.release_vip(vip, &lab.frozen()).await?;
    lab.tell_networks(&act.sink).await;
    show(act, shown);
    Ok(())
}

/// The nodes that have the address, by name.
pub async fn vip_holders(lab: &Lab, vip: &Vip) -> Result<Vec<String>, Problem> {
    lab.fabric().await?.vip_holders(vip).await
}

/// How SQL gets there.
pub fn endpoint_of(vip: &Vip) -> Endpoint {
    Endpoint {
        address: vip.address.to_string(),
        ..Endpoint::default()
    }
}

/// A server, a pooler or a proxy on a node, at the node's address on the LAN.
pub fn endpoint(lab: &Lab, node: &Node, rest: Endpoint) -> Result<Endpoint, Problem> {
    if node.lan.is_none() {
        let message = format!(
            "node `{}` is not on the LAN: it has no address there",
            node.name
        );
        return Err(Problem::new(Blame::Playbook, message));
    }
    Ok(Endpoint {
        address: lab.lan_address(&node.name).to_string(),
        ..rest
    })
}

fn show(act: &Act, shown: Vec<Shown>) {
    for (node, command) in shown {
        // Only the superuser may change interfaces.
        act.shows_as(Some("root"), node.as_deref(), command, "");
    }
}
