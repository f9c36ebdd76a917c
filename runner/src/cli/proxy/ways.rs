//! What there is to lead to: the servers of nodes that a run has left, and the virtual addresses
//! that they hold.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use super::look::Look;
use super::tunnel::{To, Way};
use crate::cli::inside::{There, choose};
use crate::engine::{Containers, Docker, LeftOver, RUN_LABEL, Shell};
use crate::lab::SCOPE_LABEL;
use crate::problem::{Blame, Problem};

/// The port of a virtual address, if nobody says otherwise.
const PORT: u16 = 5432;

/// All that there is to lead to.
pub struct Ways {
    pub all: Vec<Found>,
    nodes: Vec<There>,
    /// From where addresses are dialled, by scope.
    hosts: BTreeMap<String, Host>,
}

/// Something that can be led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub way: Way,
    pub run: String,
    pub scope: String,
    /// As whom a client connects.
    pub user: String,
    /// In a few words.
    pub state: String,
    /// Something listens there.
    pub open: bool,
}

/// The container that plays a scenario's Docker host.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Host {
    run: String,
    container: String,
}

impl Ways {
    pub async fn find(docker: &Docker) -> Result<Self, Problem> {
        let left = docker.left(SCOPE_LABEL).await?.containers;
        let nodes: Vec<_> = left.iter().filter_map(There::of).collect();
        let hosts = hosts(&left);
        let looks = nodes.iter().map(|node| look(docker, node));
        let looks = futures_util::future::join_all(looks).await;
        let mut all: Vec<_> = (nodes.iter().zip(&looks))
            .map(|(node, look)| server(node, look.as_ref()))
            .collect();
        all.extend(addresses(&nodes, &looks, &hosts));
        all.sort_by(|a, b| (&a.scope, &a.way.name).cmp(&(&b.scope, &b.way.name)));
        Ok(Self { all, nodes, hosts })
    }

    /// The one that is meant: a node's name, or an address, with or without a port.
    pub fn choose(&self, to: &str, run: Option<&str>) -> Result<Found, Problem> {
        let address = (to.parse().ok())
            .or_else(|| to.parse().ok().map(|it: IpAddr| SocketAddr::new(it, PORT)));
        if let Some(address) = address {
            return self.choose_address(address, run);
        }
        let container = &choose(&self.nodes, to, run)?.container;
        let mut all = self.all.iter();
        let found = all.find(|it| it.way.container == *container && it.way.to == To::Server);
        Ok(found.expect("each node is among them").clone())
    }

    /// An address that nobody holds now may be held later.
    fn choose_address(&self, address: SocketAddr, run: Option<&str>) -> Result<Found, Problem> {
        let known = |it: &&Found| it.way.name == address.ip().to_string();
        let holding: BTreeSet<_> = (self.all.iter().filter(known))
            .map(|it| &it.scope)
            .collect();
        let fits = |scope: &str, host: &Host| match run {
            Some(run) => host.run == run || scope == run,
            None => holding.is_empty() || holding.contains(&scope.to_owned()),
        };
        let hosts = self.hosts.iter().filter(|(scope, host)| fits(scope, host));
        let hosts: Vec<_> = hosts.collect();
        let [(scope, host)] = hosts[..] else {
            let message = match hosts.len() {
                0 => format!(
                    "there are no networks that could have an address {}",
                    address.ip()
                ),
                many => format!(
                    "there are {many} networks that could have an address {}",
                    address.ip()
                ),
            };
            let scopes = self.hosts.keys().cloned();
            let problem = Problem::new(Blame::Playbook, message).with_notes(scopes);
            return Err(problem.note("say which: the run goes after the address"));
        };
        let user = (self.all.iter().filter(known)).find(|it| it.scope == *scope);
        Ok(Found {
            way: Way {
                name: address.to_string(),
                container: host.container.clone(),
                to: To::Address(address),
            },
            run: host.run.clone(),
            scope: scope.clone(),
            user: user.map_or("postgres", |it| &it.user).to_owned(),
            state: String::new(),
            open: true,
        })
    }
}

/// None: it can't be asked.
async fn look(docker: &Docker, node: &There) -> Option<Look> {
    if !node.runs {
        return None;
    }
    let mut shell = Shell::within(docker, &node.container, "").await.ok()?;
    Look::at(&mut shell).await.ok()
}

fn server(node: &There, look: Option<&Look>) -> Found {
    let port = look.and_then(|it| it.port);
    Found {
        way: Way {
            name: node.node.clone(),
            container: node.container.clone(),
            to: To::Server,
        },
        run: node.run.clone(),
        scope: node.scope.clone(),
        user: look.map_or("postgres", |it| &it.user).to_owned(),
        state: match (look, port) {
            (None, _) => "its machine is off or paused".to_owned(),
            (_, None) => "no server runs".to_owned(),
            (_, Some(port)) => format!("a server on port {port}"),
        },
        open: port.is_some(),
    }
}

/// The virtual addresses that nodes hold, each once.
fn addresses(
    nodes: &[There],
    looks: &[Option<Look>],
    hosts: &BTreeMap<String, Host>,
) -> Vec<Found> {
    let mut holders: BTreeMap<(&str, IpAddr), Vec<(&There, &Look)>> = BTreeMap::new();
    for (node, look) in nodes.iter().zip(looks) {
        let Some(look) = look else { continue };
        for address in &look.virtual_addresses {
            let holding = holders.entry((&node.scope, *address)).or_default();
            holding.push((node, look));
        }
    }
    let found = holders
        .into_iter()
        .filter_map(|((scope, address), holders)| {
            let host = hosts.get(scope)?;
            let names: Vec<_> = holders.iter().map(|(node, _)| node.node.as_str()).collect();
            Some(Found {
                way: Way {
                    name: address.to_string(),
                    container: host.container.clone(),
                    to: To::Address(SocketAddr::new(address, PORT)),
                },
                run: host.run.clone(),
                scope: scope.to_owned(),
                user: holders[0].1.user.clone(),
                state: format!("held by {}", names.join(", ")),
                open: true,
            })
        });
    found.collect()
}

/// The container that plays the Docker host has the fabric's network namespace and is made when a
/// playbook first needs it; until then the fabric itself takes its place.
fn hosts(left: &[LeftOver]) -> BTreeMap<String, Host> {
    let mut hosts = BTreeMap::new();
    for kind in ["fabric", "host"] {
        for it in left.iter().filter(|it| it.running) {
            let label = |name: &str| {
                let mut labels = it.labels.iter();
                labels.find_map(|(key, value)| (key == name).then(|| value.clone()))
            };
            let (Some(run), Some(scope)) = (label(RUN_LABEL), label(SCOPE_LABEL)) else {
                continue;
            };
            if it.name == format!("pgdrill-{scope}.{kind}") {
                let container = it.name.clone();
                hosts.insert(scope, Host { run, container });
            }
        }
    }
    hosts
}
