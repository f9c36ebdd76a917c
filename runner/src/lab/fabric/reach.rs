//! Who reaches whom, tried with packets.

use std::net::IpAddr;

use crate::engine::{Output, Streams};
use crate::problem::{Blame, Problem};

use super::address::Interface;
use super::filter::Cut;
use super::rights::Rights;
use super::state::State;
use super::{Fabric, ROOT, enter};

/// A machine: a node, or the Docker host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    Node(String),
    Host,
}

impl Side {
    pub fn read(name: &str) -> Self {
        match name {
            HOST => Self::Host,
            name => Self::Node(name.to_owned()),
        }
    }
}

impl std::fmt::Display for Side {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Node(name) => write!(formatter, "`{name}`"),
            Self::Host => formatter.write_str("the Docker host"),
        }
    }
}

/// The Docker host where nodes are named.
pub const HOST: &str = "host";

/// An echo request that is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Try {
    pub from: Side,
    pub to: Side,
    pub address: IpAddr,
}

impl Fabric {
    /// Whether each echo request is answered within a third of a second. All at once.
    pub(super) async fn reach(&self, state: &State, tries: &[Try]) -> Result<Vec<bool>, Problem> {
        let ping = |it: &Try| format!("ping -q -c 1 -W 0.3 {} >/dev/null 2>&1", it.address);
        if self.ground.rights == Rights::Least {
            let outputs = tries
                .iter()
                .map(|it| self.on_side(state, &it.from, ping(it)));
            let outputs = futures_util::future::try_join_all(outputs).await?;
            return Ok(outputs.into_iter().map(|it| it.code == 0).collect());
        }
        let mut script = String::new();
        for (number, it) in tries.iter().enumerate() {
            let command = match &it.from {
                Side::Node(node) => enter(state.process(node)?, &ping(it)),
                Side::Host => ping(it),
            };
            script = format!("{script}{{ {command}; }} && echo {number} &\n");
        }
        let answered = self.run(&format!("{script}wait")).await?.out;
        let answered: Vec<_> = answered.lines().collect();
        Ok((0..tries.len())
            .map(|number| answered.contains(&number.to_string().as_str()))
            .collect())
    }

    async fn on_side(&self, state: &State, side: &Side, script: String) -> Result<Output, Problem> {
        match side {
            Side::Node(node) => self.within(state, node, &script).await,
            Side::Host => Ok(self.machine.run(ROOT, &script, Streams::Apart).await?),
        }
    }

    /// Fails unless nobody of these is answered.
    pub(super) async fn must_not_reach(
        &self,
        state: &State,
        what: &str,
        tries: &[Try],
    ) -> Result<(), Problem> {
        let answered = self.reach(state, tries).await?;
        let leaks = tries.iter().zip(answered).filter(|(_, answered)| *answered);
        let leaks: Vec<_> = leaks
            .map(|(it, _)| format!("{} still reaches {} at {}", it.from, it.to, it.address))
            .collect();
        if leaks.is_empty() {
            return Ok(());
        }
        let message = format!("{what} did not take effect");
        Err(Problem::new(Blame::Environment, message).with_notes(leaks))
    }

    /// Fails unless all of these are answered, at the latest when neighbours have found each other
    /// again.
    pub(super) async fn must_reach(
        &self,
        state: &State,
        what: &str,
        tries: &[Try],
    ) -> Result<(), Problem> {
        let mut left = tries.to_vec();
        for _ in 0..ATTEMPTS {
            let answered = self.reach(state, &left).await?;
            let still = left.iter().zip(answered).filter(|(_, answered)| !answered);
            left = still.map(|(it, _)| it.clone()).collect();
            if left.is_empty() {
                return Ok(());
            }
        }
        let left = left
            .iter()
            .map(|it| format!("{} does not reach {} at {}", it.from, it.to, it.address));
        let message = format!("{what} did not take effect");
        Err(Problem::new(Blame::Environment, message).with_notes(left.collect::<Vec<_>>()))
    }

    /// Fails unless all that nothing keeps from it see the node. Who looked for it while it was away
    /// asks for its address once a second, and would miss it a while longer.
    pub(super) async fn must_be_seen(
        &self,
        state: &State,
        node: &str,
        interface: Option<&Interface>,
    ) -> Result<(), Problem> {
        let side = Side::Node(node.to_owned());
        let mut tries = match interface {
            None => state.tries_with_all(&side),
            Some(interface) => state.tries_on(&side, interface),
        };
        tries.retain(|it| state.is_unhindered(it));
        let what = format!("bringing node `{node}` back to its networks");
        self.must_reach(state, &what, &tries).await
    }
}

/// An unanswered request takes a third of a second: some 5 s in all.
const ATTEMPTS: usize = 15;

impl State {
    /// The requests that tell whether two machines see each other: each to each, on every segment
    /// that both are on.
    pub(super) fn tries(&self, a: &Side, b: &Side) -> Vec<Try> {
        let mut tries = self.one_way(a, b);
        tries.extend(self.one_way(b, a));
        tries
    }

    /// Those of one direction.
    pub(super) fn one_way(&self, from: &Side, to: &Side) -> Vec<Try> {
        let segments = self.segments.keys().filter(|segment| {
            let has = |side: &Side| !self.addresses_on(side, segment).is_empty();
            has(from) && has(to)
        });
        let addresses = segments.flat_map(|segment| self.addresses_on(to, segment));
        addresses
            .map(|address| Try {
                from: from.clone(),
                to: to.clone(),
                address,
            })
            .collect()
    }

    /// The requests of all others to this machine.
    pub(super) fn tries_with_all(&self, side: &Side) -> Vec<Try> {
        let others = self.rest(&[]).into_iter().filter(|it| it != side);
        others
            .flat_map(|other| self.one_way(&other, side))
            .collect()
    }

    /// Those of them to one interface.
    pub(super) fn tries_on(&self, side: &Side, interface: &Interface) -> Vec<Try> {
        let Side::Node(node) = side else {
            return Vec::new();
        };
        let port = self.port(node, interface);
        let address = port.and_then(|it| it.address.net).map(|it| it.addr());
        let all = self.tries_with_all(side).into_iter();
        all.filter(|it| Some(it.address) == address).collect()
    }

    /// Whether no fault keeps this request from its answer.
    fn is_unhindered(&self, it: &Try) -> bool {
        let is_cut = |cut: &Cut| {
            let ends = [&cut.from, &cut.to];
            ends.contains(&&it.from) && ends.contains(&&it.to)
        };
        let is_shaped = |side: &Side| match side {
            Side::Node(node) => self
                .ports_of(node)
                .any(|port| port.shape.is_some() || port.loss.is_some()),
            Side::Host => false,
        };
        self.are_together(&it.from, &it.to)
            && !self.cuts.iter().any(is_cut)
            && !is_shaped(&it.from)
            && !is_shaped(&it.to)
    }

    fn addresses_on(&self, side: &Side, segment: &Interface) -> Vec<IpAddr> {
        match side {
            Side::Host => {
                let segment = self.segments.get(segment);
                let nets = segment.map_or(&[][..], |it| it.host.as_slice());
                nets.iter().map(ipnet::IpNet::addr).collect()
            }
            Side::Node(node) => (self.on(segment))
                .filter(|it| it.node == *node && it.plugged && self.machines.contains_key(node))
                .filter_map(|it| it.address.net.map(|net| net.addr()))
                .collect(),
        }
    }
}
