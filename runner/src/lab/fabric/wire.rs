//! Who answers for a virtual address on the wire, and who looks for it where.

use crate::problem::{Blame, Problem};

use super::Fabric;
use super::address::Interface;
use super::reach::Side;
use super::state::{Port, State};
use super::vip::Vip;

impl Fabric {
    /// Fails if somebody on the new holder's segment answers for the address.
    pub(super) async fn nobody_answers(
        &self,
        state: &State,
        vip: &Vip,
        port: &Port,
    ) -> Result<(), Problem> {
        let holders = self.answering(state, vip, port).await?;
        let Some(mac) = holders.first() else {
            return Ok(());
        };
        let who = state.ports.iter().find(|it| it.mac.to_string() == *mac);
        if who.is_some_and(|it| it.node == port.node) {
            return Ok(());
        }
        let who = who.map_or_else(|| mac.clone(), |it| format!("node `{}`", it.node));
        let message = format!(
            "{who} answers for {}, so nobody else may have it",
            vip.address
        );
        Err(Problem::new(Blame::System, message)
            .note("vip.release() takes it away; `split_brain: true` takes the risk"))
    }

    /// The MACs that answer for the address on the wire, within a moment.
    async fn answering(
        &self,
        state: &State,
        vip: &Vip,
        port: &Port,
    ) -> Result<Vec<String>, Problem> {
        let bridge = state.bridge_of(port);
        let address = vip.address;
        let script = if address.is_ipv4() {
            // A probe that says nothing of who asks: nobody's neighbour table learns from it.
            format!(
                "timeout --preserve-status -s INT 0.03 \
                 arping -b -f -c 1 -s 0.0.0.0 -I {bridge} {address} | grep -o '\\[[0-9A-F:]*\\]'"
            )
        } else {
            format!(
                "ip neigh flush to {address} dev {bridge} 2>/dev/null; \
                 timeout 0.05 ping -q -c 1 -I {bridge} {address} >/dev/null 2>&1; \
                 ip neigh show to {address} dev {bridge} | grep -o 'lladdr [0-9a-f:]*'"
            )
        };
        let output = self.run(&script).await?;
        let macs = output.out.lines().map(|line| {
            let mac = line.trim_start_matches("lladdr ").trim_matches(['[', ']']);
            mac.to_lowercase()
        });
        Ok(macs.collect())
    }

    /// The new holder has the address, answers for it, and no neighbour looks for it elsewhere.
    pub(super) async fn verify_vip(
        &self,
        state: &State,
        vip: &Vip,
        port: &Port,
    ) -> Result<(), Problem> {
        let fail = |why: String| {
            let message = format!("{} is not in place on node `{}`", vip.address, port.node);
            Err(Problem::new(Blame::Environment, message).note(why))
        };
        if !self.has_vip(state, vip, port).await? {
            return fail("its interface has not got it".to_owned());
        }
        if !port.plugged || !state.are_together(&Side::Node(port.node.clone()), &Side::Host) {
            return Ok(());
        }
        let mac = port.mac.to_string();
        let mut misled = Vec::new();
        for _ in 0..LOOKS {
            let answering = self.answering(state, vip, port).await?;
            misled = self.misled(state, vip, port, &mac).await?;
            if answering.contains(&mac) && misled.is_empty() {
                return Ok(());
            }
        }
        match misled.as_slice() {
            [] => fail("nobody answers for it on the wire".to_owned()),
            misled => fail(format!(
                "{} still looks for it elsewhere",
                misled.join(", ")
            )),
        }
    }

    /// Who on the segment has another MAC for the address in its neighbour table.
    async fn misled(
        &self,
        state: &State,
        vip: &Vip,
        port: &Port,
        mac: &str,
    ) -> Result<Vec<String>, Problem> {
        let wrong = |told: &str| told.contains("lladdr") && !told.contains(mac);
        let mut misled = Vec::new();
        let show = |device: &Interface| format!("ip neigh show to {} dev {device}", vip.address);
        let bridge = state.bridge_of(port);
        if wrong(&self.run(&show(&bridge)).await?.out) {
            misled.push(Side::Host.to_string());
        }
        for peer in state.on(&port.segment).filter(|it| it.node != port.node) {
            let on = peer.plugged && state.machines.contains_key(&peer.node);
            if !on || state.bridge_of(peer) != bridge {
                continue;
            }
            let told = self
                .within(state, &peer.node, &show(&peer.interface))
                .await?;
            if wrong(&told.out) {
                misled.push(format!("node `{}`", peer.node));
            }
        }
        Ok(misled)
    }
}

/// How often the wire and the tables are looked at: the announcements come within two seconds.
const LOOKS: usize = 60;
