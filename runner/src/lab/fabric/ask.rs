//! What the fabric can tell: who answers, and which addresses a node has.

use std::net::IpAddr;

use serde::Deserialize;

use crate::problem::Problem;

use super::Fabric;
use super::address::Interface;
use super::words::explained;

/// A link as `ip -json address` tells it.
#[derive(Debug, Deserialize)]
struct Link {
    #[serde(rename = "ifname", default)]
    name: String,
    #[serde(rename = "addr_info", default)]
    addresses: Vec<Told>,
}

#[derive(Debug, Deserialize)]
struct Told {
    #[serde(default)]
    local: String,
    #[serde(default)]
    prefixlen: u8,
}

impl Fabric {
    pub async fn has_segment(&self, segment: &Interface) -> bool {
        self.state.lock().await.segments.contains_key(segment)
    }

    /// Whether one echo request, from a node or from the Docker host, is answered within a second.
    pub async fn ping(&self, node: Option<&str>, to: IpAddr) -> Result<bool, Problem> {
        let script = format!("ping -q -c 1 -W 1 {to}");
        let output = match node {
            Some(node) => {
                let state = self.state.lock().await;
                self.within(&state, node, &script).await?
            }
            None => self.run(&script).await?,
        };
        Ok(output.code == 0)
    }

    /// A node's interfaces, without the loopback, and their addresses with the lengths of their
    /// subnets.
    pub async fn addresses(&self, node: &str) -> Result<Vec<(String, Vec<String>)>, Problem> {
        let state = self.state.lock().await;
        let output = self.within(&state, node, "ip -json address show").await?;
        let links: Vec<Link> = match serde_json::from_str(&output.out) {
            Ok(links) if output.code == 0 => links,
            _ => {
                return Err(explained(
                    &format!("asking for {node}'s addresses"),
                    &output,
                ));
            }
        };
        let links = links.into_iter().filter(|it| it.name != "lo");
        Ok(links
            .map(|link| {
                let addresses = link.addresses.into_iter();
                let addresses = addresses.map(|it| format!("{}/{}", it.local, it.prefixlen));
                (link.name, addresses.collect())
            })
            .collect())
    }
}
