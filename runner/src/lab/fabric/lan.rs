//! The LAN that every node of a scenario is on, and the nodes' names.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};

use crate::problem::{Blame, Problem};

use super::address::{Address, Interface};
use super::{Fabric, Wanted};

/// The bridge's name.
pub const BRIDGE: &str = "lan0";
/// The Docker host's address on it; the nodes' follow.
const HOST: Ipv4Addr = Ipv4Addr::new(172, 28, 0, 1);
const LENGTH: u8 = 16;

/// Which address each node has on the LAN, in the order in which they are created.
#[derive(Debug, Default)]
pub struct Register {
    names: Vec<String>,
}

impl Register {
    /// The node's address, the next one if it is new.
    pub fn address(&mut self, node: &str) -> IpAddr {
        let at = (self.names.iter().position(|it| it == node)).unwrap_or_else(|| {
            self.names.push(node.to_owned());
            self.names.len() - 1
        });
        address(at)
    }

    /// All names with their addresses.
    pub fn hosts(&self) -> Vec<(String, String)> {
        (self.names.iter().enumerate())
            .map(|(at, name)| (name.clone(), address(at).to_string()))
            .collect()
    }
}

fn address(at: usize) -> IpAddr {
    let at = u32::try_from(at).expect("a scenario has no billions of nodes");
    IpAddr::V4(Ipv4Addr::from(u32::from(HOST) + 1 + at))
}

fn net(address: IpAddr) -> IpNet {
    IpNet::new(address, LENGTH).expect("the length is one of IPv4")
}

impl Fabric {
    /// Puts a node on the LAN.
    pub async fn connect(&self, node: &str, interface: &str, at: IpAddr) -> Result<(), Problem> {
        let wanted = Wanted {
            segment: Interface::read(BRIDGE)?,
            interface: Interface::read(interface)?,
            address: Address {
                net: Some(net(at)),
                gateway: None,
            },
            mac: None,
            mtu: None,
            local: None,
        };
        self.attach(node, &wanted).await
    }

    /// The Docker host is on the LAN too, and knows the nodes by name.
    pub async fn connect_host(&self) -> Result<(), Problem> {
        let net = Ipv4Net::new(HOST, LENGTH).expect("the length is one of IPv4");
        self.give_host(&Interface::read(BRIDGE)?, net.into()).await
    }

    /// Tells the Docker host a node's name.
    pub async fn name(&self, node: &str, at: IpAddr) -> Result<(), Problem> {
        let output = self
            .run(&format!("echo '{at}\t{node}' >>/etc/hosts"))
            .await?;
        if output.code == 0 {
            return Ok(());
        }
        let problem = Problem::new(Blame::Environment, "naming a node failed");
        Err(problem.note(output.err))
    }
}

#[cfg(test)]
mod tests {
    use super::Register;

    #[test]
    fn addresses_follow_the_order_of_creation() {
        let mut register = Register::default();
        let addresses = ["p1", "s1", "p1"].map(|it| register.address(it).to_string());
        assert_eq!(addresses, ["172.28.0.2", "172.28.0.3", "172.28.0.2"]);
        assert_eq!(
            register.hosts()[1],
            ("s1".to_owned(), "172.28.0.3".to_owned())
        );
    }
}
