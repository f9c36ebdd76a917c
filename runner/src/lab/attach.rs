//! Attaching nodes to segments, as pipework does.

use std::sync::Arc;

use crate::problem::{Blame, Problem};
use crate::remark::Remark;

use super::Act;
use super::fabric::{Address, Attachment, Interface, Mac, Pipework, Wanted, refuse_source};
use super::node::Node;
use super::teardown::Lab;

/// What `pipework_attach` takes beside source, node, interface and address.
#[derive(Debug, Clone, Default)]
pub struct AttachOptions {
    pub mac: Option<String>,
    pub mtu: Option<u32>,
    pub local: Option<String>,
    /// The source is a network card of the engine's machine.
    pub nic: bool,
}

/// Attaches a node to a segment and returns when the interface is up and has its address.
pub async fn pipework_attach(
    act: &Act,
    lab: &Lab,
    source: &str,
    node: &Node,
    (interface, address): (&str, &str),
    options: &AttachOptions,
) -> Result<(), Problem> {
    refuse_source(source)?;
    let attachment = Attachment {
        source: source.to_owned(),
        node: node.name.clone(),
        interface: Interface::read(interface)?,
        address: Address::read(address)?,
        mac: options.mac.as_deref().map(Mac::read).transpose()?,
        local: options.local.as_deref().map(Interface::read).transpose()?,
    };
    let mut words = vec![format!("pipework {source} -i {interface}")];
    words.extend(options.local.iter().map(|local| format!("-l {local}")));
    words.push(format!("{} {address}", node.name));
    words.extend(options.mac.clone());
    if options.nic {
        lab.world.must_allow(source)?;
        node.machine()?;
        act.shows(None, words.join(" "), "");
        let wanted = wanted(attachment, options.mtu)?;
        return lab
            .fabric()
            .await?
            .attach_to_card(&node.name, &wanted)
            .await;
    }
    let mtu = options.mtu.map(|mtu| format!("MTU={mtu} "));
    let line = format!("{}{}", mtu.unwrap_or_default(), words.join(" "));
    attach(act, lab, node, attachment, options.mtu, &line).await
}

/// Does what a command line of pipework says.
pub async fn pipework(act: &Act, lab: &Lab, line: &str) -> Result<(), Problem> {
    let read = Pipework::read(line)?;
    let line = line.trim();
    let line = format!(
        "pipework {}",
        line.strip_prefix("pipework ").unwrap_or(line)
    );
    match read {
        Pipework::Attach(attachment) => {
            let node = named(lab, &attachment.node)?;
            attach(act, lab, &node, attachment, None, &line).await
        }
        Pipework::Command { node, command } => {
            let node = named(lab, &node)?;
            act.shows(None, line, "");
            node.machine()?;
            lab.fabric().await?.command(&node.name, command).await
        }
    }
}

async fn attach(
    act: &Act,
    lab: &Lab,
    node: &Node,
    wanted: Attachment,
    mtu: Option<u32>,
    line: &str,
) -> Result<(), Problem> {
    node.machine()?;
    let segment = Interface::read(&wanted.source)?;
    let fabric = lab.fabric().await?;
    act.shows(None, line, "");
    if !wanted.source.starts_with("br") && !fabric.has_segment(&segment).await {
        let segment = segment.to_string();
        act.remarks(None, &Remark::PrivateLan { segment });
    }
    act.waits_for(format!("{} of {} to be up", wanted.interface, node.name));
    fabric.attach(&node.name, &self::wanted(wanted, mtu)?).await
}

fn wanted(attachment: Attachment, mtu: Option<u32>) -> Result<Wanted, Problem> {
    Ok(Wanted {
        segment: Interface::read(&attachment.source)?,
        interface: attachment.interface,
        address: attachment.address,
        mac: attachment.mac,
        mtu,
        local: attachment.local,
    })
}

/// Takes an interface of the node away.
pub async fn detach(act: &Act, lab: &Lab, node: &Node, interface: &str) -> Result<(), Problem> {
    node.machine()?;
    let interface = Interface::read(interface)?;
    act.shows(
        None,
        format!("pipework --detach {} {interface}", node.name),
        "",
    );
    lab.fabric().await?.detach(&node.name, &interface).await
}

/// Gives the Docker host an address on a segment.
pub async fn bridge_address(
    act: &Act,
    lab: &Lab,
    source: &str,
    address: &str,
) -> Result<(), Problem> {
    let segment = Interface::read(source)?;
    let Some(net) = Address::read(address)?.net else {
        return Err(Problem::new(
            Blame::Playbook,
            "the Docker host needs an address here",
        ));
    };
    act.shows(None, format!("ip addr add {net} dev {segment}"), "");
    lab.fabric().await?.give_host(&segment, net).await
}

/// Whether an echo request from the node is answered within a second.
pub async fn ping(lab: &Lab, node: &Node, to: &str) -> Result<bool, Problem> {
    node.machine()?;
    let to = reached(lab, to)?;
    lab.fabric().await?.ping(Some(&node.name), to).await
}

pub async fn ping_from_host(lab: &Lab, to: &str) -> Result<bool, Problem> {
    let to = reached(lab, to)?;
    lab.fabric().await?.ping(None, to).await
}

/// The interfaces of a node and their addresses.
pub async fn addresses(lab: &Lab, node: &Node) -> Result<Vec<(String, Vec<String>)>, Problem> {
    node.machine()?;
    lab.fabric().await?.addresses(&node.name).await
}

fn reached(lab: &Lab, to: &str) -> Result<std::net::IpAddr, Problem> {
    if lab
        .nodes()
        .iter()
        .any(|node| node.name == to && node.lan.is_some())
    {
        return Ok(lab.lan_address(to));
    }
    super::fabric::ip(to)
}

fn named(lab: &Lab, name: &str) -> Result<Arc<Node>, Problem> {
    let nodes = lab.nodes();
    let found = nodes.iter().find(|node| node.name == name).cloned();
    found.ok_or_else(|| {
        let names: Vec<_> = nodes.iter().map(|node| node.name.clone()).collect();
        Problem::new(Blame::Playbook, format!("there is no node `{name}`"))
            .note(format!("the nodes are: {}", names.join(", ")))
    })
}
