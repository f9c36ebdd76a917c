//! What the Docker host needs to be a client of a virtual address.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::problem::{Blame, Problem};

use super::Fabric;
use super::address::Interface;
use super::attach::nodad;
use super::state::{Port, State};
use super::vip::{Shown, Vip};
use super::words::explained;

impl Fabric {
    /// The Docker host, where clients are, needs an address on the segment: without one the answers
    /// have no way back. Returns what was done.
    pub(super) async fn give_client_address(
        &self,
        state: &mut State,
        vip: &Vip,
        port: &Port,
    ) -> Result<Vec<Shown>, Problem> {
        let family = |net: &IpNet| net.addr().is_ipv4() == vip.address.is_ipv4();
        let Some(net) = port.address.net.filter(family) else {
            let message = format!(
                "interface `{}` of node `{}` has no address of {}'s family",
                port.interface, port.node, vip.address
            );
            return Err(Problem::new(Blame::Playbook, message)
                .note("clients' answers would have no way back; attach it with an address"));
        };
        let segment = state.segments.get(&port.segment);
        if segment.is_some_and(|it| it.host.iter().any(family)) {
            return self.route_to(vip, port, net).await;
        }
        let Some(free) = state.free_address(&port.segment, net, vip.address) else {
            let message = format!("{} has no free address for the Docker host", net.trunc());
            return Err(Problem::new(Blame::Playbook, message));
        };
        let script = format!(
            "ip addr replace {free} dev {} {}",
            port.segment,
            nodad(free)
        );
        let output = self.run(&script).await?;
        if output.code != 0 {
            return Err(explained(
                &format!("giving the Docker host {free}"),
                &output,
            ));
        }
        let segment = state.segments.entry(port.segment.clone()).or_default();
        segment.host.push(free);
        let mut shown = vec![(None, format!("ip addr replace {free} dev {}", port.segment))];
        shown.extend(self.route_to(vip, port, net).await?);
        Ok(shown)
    }

    /// An address outside the segment's subnet is reached by a route of its own.
    async fn route_to(&self, vip: &Vip, port: &Port, net: IpNet) -> Result<Vec<Shown>, Problem> {
        if net.contains(&vip.address) {
            return Ok(Vec::new());
        }
        let script = format!("ip route replace {} dev {}", vip.net(), port.segment);
        let output = self.run(&script).await?;
        if output.code != 0 {
            return Err(explained("routing to the virtual address", &output));
        }
        Ok(vec![(None, script)])
    }
}

impl State {
    /// The last address of the subnet that nobody has.
    fn free_address(&self, segment: &Interface, net: IpNet, vip: IpAddr) -> Option<IpNet> {
        let taken = |address: IpAddr| address == vip || self.holder(segment, address).is_some();
        let address = match net {
            IpNet::V4(net) => {
                let last = u32::from(net.broadcast());
                let first = u32::from(net.network());
                let mut down = (first + 1..last).rev();
                down.find(|it| !taken(IpAddr::V4((*it).into())))
                    .map(|it| IpAddr::V4(it.into()))
            }
            IpNet::V6(net) => {
                let last = u128::from(net.broadcast());
                let mut down = (last.saturating_sub(1000)..last).rev();
                down.find(|it| !taken(IpAddr::V6((*it).into())))
                    .map(|it| IpAddr::V6(it.into()))
            }
        };
        IpNet::new(address?, net.prefix_len()).ok()
    }
}
