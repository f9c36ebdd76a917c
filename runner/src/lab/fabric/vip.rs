//! Virtual addresses: held by one node at a time, moved, announced, and verified in configuration, on
//! the wire and in the neighbours' tables.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::problem::{Blame, Problem};

use super::Fabric;
use super::address::{Interface, ip};
use super::attach::nodad;
use super::reach::Side;
use super::state::{Port, State};
use super::words::explained;

/// An address that moves between nodes, on an interface that they all have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vip {
    pub address: IpAddr,
    pub interface: Interface,
}

/// Who holds an address, as far as this scenario gave it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    pub nodes: Vec<String>,
    /// The process that still announces it.
    announcer: Option<u32>,
}

/// How an address is moved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Move {
    /// A second holder is wanted.
    pub split_brain: bool,
    /// A holder that can't be asked is cut off at its port first.
    pub fence: bool,
    /// Nodes whose machines are frozen: nobody can ask them to give anything up.
    pub frozen: Vec<String>,
}

impl Vip {
    pub fn read(address: &str, interface: &str) -> Result<Self, Problem> {
        let address = ip(address)?;
        if address.is_multicast() || address.is_unspecified() || address.is_loopback() {
            let message = format!("{address} can't be a virtual address");
            return Err(Problem::new(Blame::Playbook, message));
        }
        Ok(Self {
            address,
            interface: Interface::read(interface)?,
        })
    }

    /// It is alone in its subnet: as a secondary address of a subnet it would die with the first.
    pub(super) fn net(&self) -> IpNet {
        self.address.into()
    }
}

/// A command, and the node that it ran on, none for the Docker host.
pub type Shown = (Option<String>, String);

impl Fabric {
    /// Gives the address to a node, after whoever had it has given it up. Returns what was done.
    pub async fn move_vip(&self, vip: &Vip, to: &str, how: &Move) -> Result<Vec<Shown>, Problem> {
        let mut state = self.state.lock().await;
        state.process(to)?;
        let port = state.must_port(to, &vip.interface)?.clone();
        let mut shown = self.give_client_address(&mut state, vip, &port).await?;
        let held = state.vips.get(&vip.address).cloned().unwrap_or_default();
        self.hush(&held).await?;
        if !how.split_brain {
            for node in self.all_holders(&state, vip, &held).await? {
                if node != to {
                    shown.extend(self.give_up(&mut state, vip, &node, to, how).await?);
                }
            }
            self.nobody_answers(&state, vip, &port).await?;
        }
        let device = &vip.interface;
        let add = format!("ip addr replace {} dev {device}", vip.net());
        let announcer = self.add_and_announce(&state, vip, &port, &add).await?;
        shown.push((Some(to.to_owned()), add));
        shown.push((Some(to.to_owned()), announcement(vip, &port).0));
        let held = state.vips.entry(vip.address).or_default();
        held.nodes.retain(|it| how.split_brain && it != to);
        held.nodes.push(to.to_owned());
        held.announcer = announcer;
        self.verify_vip(&state, vip, &port).await?;
        Ok(shown)
    }

    /// Takes the address from all that hold it.
    pub async fn release_vip(&self, vip: &Vip, frozen: &[String]) -> Result<Vec<Shown>, Problem> {
        let mut state = self.state.lock().await;
        let held = state.vips.get(&vip.address).cloned().unwrap_or_default();
        self.hush(&held).await?;
        let how = Move {
            frozen: frozen.to_vec(),
            ..Move::default()
        };
        let mut shown = Vec::new();
        for node in self.all_holders(&state, vip, &held).await? {
            // Nobody takes it over, so nobody need be on the same side of a partition.
            shown.extend(self.give_up(&mut state, vip, &node, &node, &how).await?);
        }
        state.vips.remove(&vip.address);
        Ok(shown)
    }

    /// Those that were given the address, and those that have it anyhow.
    async fn all_holders(
        &self,
        state: &State,
        vip: &Vip,
        held: &Held,
    ) -> Result<Vec<String>, Problem> {
        let mut all = held.nodes.clone();
        for node in self.holders(state, vip).await? {
            if !all.contains(&node) {
                all.push(node);
            }
        }
        Ok(all)
    }

    /// The nodes whose interfaces have the address now.
    pub async fn vip_holders(&self, vip: &Vip) -> Result<Vec<String>, Problem> {
        let state = self.state.lock().await;
        self.holders(&state, vip).await
    }

    async fn holders(&self, state: &State, vip: &Vip) -> Result<Vec<String>, Problem> {
        let mut holders = Vec::new();
        for port in state
            .ports
            .iter()
            .filter(|it| it.interface == vip.interface)
        {
            if state.machines.contains_key(&port.node) && self.has_vip(state, vip, port).await? {
                holders.push(port.node.clone());
            }
        }
        Ok(holders)
    }

    pub(super) async fn has_vip(
        &self,
        state: &State,
        vip: &Vip,
        port: &Port,
    ) -> Result<bool, Problem> {
        let script = format!("ip -o addr show dev {} to {}", port.interface, vip.net());
        let output = self.within(state, &port.node, &script).await?;
        Ok(!output.out.trim().is_empty())
    }

    /// Has a holder give the address up, if it can be asked; else it must be fenced.
    async fn give_up(
        &self,
        state: &mut State,
        vip: &Vip,
        node: &str,
        to: &str,
        how: &Move,
    ) -> Result<Vec<Shown>, Problem> {
        let Some(port) = state.port(node, &vip.interface).cloned() else {
            return Ok(Vec::new());
        };
        // A machine that is off has no address: its port is gone.
        if !state.machines.contains_key(node) {
            return Ok(Vec::new());
        }
        let (mine, other) = (Side::Node(node.to_owned()), Side::Node(to.to_owned()));
        let frozen = how.frozen.iter().any(|it| it == node);
        let reason = if frozen {
            Some("it is frozen")
        } else if !port.plugged {
            Some("its cable is out")
        } else if !state.are_together(&mine, &other) {
            Some("a partition parts it from the new holder")
        } else {
            None
        };
        if let Some(reason) = reason {
            if how.fence {
                return self.fence(state, &port).await;
            }
            let message = format!(
                "{} may still be held by node `{node}`: it can't be asked, {reason}",
                vip.address
            );
            return Err(Problem::new(Blame::System, message)
                .note("`fence: \"unplug\"` cuts it off first")
                .note("`split_brain: true` takes the risk of two holders"));
        }
        let command = format!("ip addr del {} dev {}", vip.net(), vip.interface);
        let script = format!("{command} 2>/dev/null || :");
        self.within(state, node, &script).await?;
        if self.has_vip(state, vip, &port).await? {
            let message = format!("node `{node}` does not give {} up", vip.address);
            return Err(Problem::new(Blame::Environment, message));
        }
        Ok(vec![(Some(node.to_owned()), command)])
    }

    /// Pulls the cable of a holder, and makes sure that it is out.
    async fn fence(&self, state: &mut State, port: &Port) -> Result<Vec<Shown>, Problem> {
        let command = format!("ip link set {} down", port.name);
        let down = format!(
            "{command} && [ $(cat /sys/class/net/{}/operstate) = down ]",
            port.name
        );
        let output = self.run(&down).await?;
        if output.code != 0 {
            return Err(explained(&format!("fencing node `{}`", port.node), &output));
        }
        for it in state.ports.iter_mut().filter(|it| it.name == port.name) {
            it.plugged = false;
        }
        Ok(vec![(None, command)])
    }

    /// Ends the announcements that are still to come.
    async fn hush(&self, held: &Held) -> Result<(), Problem> {
        if let Some(announcer) = held.announcer {
            self.run(&format!("kill {announcer} 2>/dev/null; :"))
                .await?;
        }
        Ok(())
    }

    /// Adds the address and says so to the neighbours: at once, and a second and two later, for who
    /// was not listening.
    async fn add_and_announce(
        &self,
        state: &State,
        vip: &Vip,
        port: &Port,
        add: &str,
    ) -> Result<Option<u32>, Problem> {
        let (_, announce) = announcement(vip, port);
        let script = format!(
            "{add} {} || exit 1\n( {announce} ) >/dev/null 2>&1 </dev/null &\necho $!",
            nodad(vip.net())
        );
        let output = self.within(state, &port.node, &script).await?;
        if output.code != 0 {
            let what = format!("adding {} to node `{}`", vip.address, port.node);
            return Err(explained(&what, &output));
        }
        Ok(output.out.trim().parse().ok())
    }
}

/// The announcement as a person types it, and as it runs.
fn announcement(vip: &Vip, port: &Port) -> (String, String) {
    let (address, device) = (vip.address, &vip.interface);
    let IpAddr::V6(six) = address else {
        let command = format!("arping -U -c 3 -I {device} {address}");
        return (command.clone(), format!("exec {command}"));
    };
    // An unsolicited neighbour advertisement (RFC 4861): overriding, with the target and its MAC, to
    // all nodes; the kernel fills in the checksum. Hop limit 255, or nobody believes it.
    let octal = |bytes: &[u8]| -> String {
        let octets = bytes.iter().map(|it| format!("\\{it:03o}"));
        octets.collect::<Vec<_>>().concat()
    };
    let message = [
        octal(&[136, 0, 0, 0, 0x20, 0, 0, 0]),
        octal(&six.octets()),
        octal(&[2, 1]),
        octal(&port.mac.octets()),
    ]
    .concat();
    let send = format!(
        "printf '{message}' | \
         socat -u - IP6-SENDTO:[ff02::1]:58,bind=[{address}],so-bindtodevice={device},setsockopt-int=41:18:255"
    );
    let runs = format!("{send}; sleep 1; {send}; sleep 1; {send}");
    (format!("ndsend {address} {device}"), runs)
}
