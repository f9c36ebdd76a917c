//! The picture of a tutorial: machines, networks, volumes and replication, read from the commands that
//! set them up.

use std::net::IpAddr;

use ipnet::IpNet;
use regex::Regex;
use std::sync::LazyLock;

use super::page::Page;
use crate::prompt::Prompt;

mod mermaid;
mod svg;

/// What there is when all is set up. Roles change later, so each pair of nodes has one stream: the
/// first one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Picture {
    pub nodes: Vec<Node>,
    pub networks: Vec<Network>,
    pub volumes: Vec<Volume>,
    pub streams: Vec<Stream>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub name: String,
    pub ports: Vec<Port>,
    /// Addresses that move, with the node that had each of them first.
    pub moving: Vec<String>,
    mounts: Vec<Mount>,
}

/// An interface that a node was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// An index into the networks.
    pub network: usize,
    pub interface: String,
    pub address: String,
}

/// A bridge, or a card of the machine's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    pub name: String,
    pub subnet: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    pub name: String,
    pub uses: Vec<Use>,
}

/// What a node does with a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// An index into the nodes.
    pub node: usize,
    pub writes: bool,
    pub reads: bool,
}

/// WAL, or changes, that flow from one node to another; indexes into the nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    pub from: usize,
    pub to: usize,
    pub logical: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Mount {
    volume: String,
    path: String,
}

impl Picture {
    pub fn of(page: &Page) -> Self {
        let mut picture = Self::default();
        let mut templates = Vec::new();
        for command in page.commands() {
            // A command that can't be split into words declares nothing.
            let words = shlex::split(&command.input).unwrap_or_default();
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            match &command.prompt {
                Prompt::Host => picture.host(&words, &mut templates),
                Prompt::Node { node, .. } => picture.inside(node, &words, &command.input),
                Prompt::Sql(client) => picture.sql(&client.at, &command.input),
            }
        }
        picture.drop_templates(&templates);
        picture
    }

    /// One machine alone needs no picture.
    pub fn is_worth_drawing(&self) -> bool {
        self.nodes.len() > 1
    }

    /// In GitHub's diagram language.
    pub fn mermaid(&self) -> String {
        mermaid::draw(self)
    }

    /// As an element of a page, which sets the colours.
    pub fn svg(&self) -> String {
        svg::draw(self)
    }

    fn host(&mut self, words: &[&str], templates: &mut Vec<String>) {
        match words {
            ["docker", "run", options @ ..] => self.run(options),
            ["docker", "commit", node, ..] => templates.push((*node).to_owned()),
            ["pipework", bridge, "-i", interface, node, address, ..] => {
                self.attach(bridge, interface, node, address);
            }
            ["pipework", bridge, node, address] => self.attach(bridge, "eth1", node, address),
            _ => {}
        }
    }

    fn run(&mut self, options: &[&str]) {
        let value = |flag: &str| {
            let at = options.iter().position(|it| *it == flag)?;
            options.get(at + 1).copied()
        };
        let Some(name) = value("--name").filter(|name| self.node(name).is_none()) else {
            return;
        };
        let volumes = options.windows(2).filter(|it| it[0] == "-v");
        let mounts = volumes.filter_map(|it| it[1].split_once(':'));
        let mounts = mounts.map(|(volume, path)| Mount {
            volume: volume.to_owned(),
            path: path.split(':').next().unwrap_or_default().to_owned(),
        });
        let mounts: Vec<_> = mounts
            .filter(|it| !it.volume.starts_with(['/', '.']))
            .collect();
        for mount in &mounts {
            self.use_of(&mount.volume, self.nodes.len());
        }
        self.nodes.push(Node {
            name: name.to_owned(),
            ports: Vec::new(),
            moving: Vec::new(),
            mounts,
        });
    }

    fn attach(&mut self, bridge: &str, interface: &str, node: &str, address: &str) {
        let Some(node) = self.node(node) else { return };
        let address = address.split('@').next().unwrap_or_default();
        let net = address.parse::<IpNet>().ok();
        let network = self.networks.iter().position(|it| it.name == bridge);
        let network = network.unwrap_or_else(|| {
            self.networks.push(Network {
                name: bridge.to_owned(),
                subnet: net.map(|it| it.trunc().to_string()),
            });
            self.networks.len() - 1
        });
        let ports = &mut self.nodes[node].ports;
        if ports.iter().all(|it| it.interface != interface) {
            ports.push(Port {
                network,
                interface: interface.to_owned(),
                address: net.map_or_else(|| address.to_owned(), |it| it.addr().to_string()),
            });
        }
    }

    /// A command in a node.
    fn inside(&mut self, node: &str, words: &[&str], text: &str) {
        let Some(node) = self.node(node) else { return };
        if let ["ip", .., "addr", "add" | "replace", address, "dev", _] = words
            && let Ok(net) = address.parse::<IpNet>()
            && net.prefix_len() == net.max_prefix_len()
        {
            self.moves(node, &net.addr().to_string());
        }
        let clones = matches!(words, ["pg_basebackup", ..] if words.contains(&"-R"))
            || matches!(words, ["repmgr", "standby", "clone", ..])
            || text.contains("primary_conninfo");
        if clones && let Some(from) = host_of(text).and_then(|it| self.whose(it)) {
            self.stream(from, node, false);
        }
        let written =
            matches!(words, ["pg_basebackup", "-D", ..]) || text.contains("archive_command");
        self.uses(node, text, written);
    }

    fn sql(&mut self, at: &str, text: &str) {
        let Some(node) = self.node(at) else { return };
        if text.contains("create subscription")
            && let Some(from) = host_of(text).and_then(|it| self.whose(it))
        {
            self.stream(from, node, true);
        }
        self.uses(node, text, text.contains("archive_command"));
    }

    /// Notes what a command does with the volumes whose paths it names.
    fn uses(&mut self, node: usize, text: &str, writes: bool) {
        let reads = text.contains("restore_command") || text.trim_start().starts_with("cp -a ");
        for mount in self.nodes[node].mounts.clone() {
            if text.contains(&mount.path) {
                let used = self.use_of(&mount.volume, node);
                used.writes |= writes;
                used.reads |= reads;
            }
        }
    }

    fn use_of(&mut self, volume: &str, node: usize) -> &mut Use {
        let at = self.volumes.iter().position(|it| it.name == volume);
        let at = at.unwrap_or_else(|| {
            self.volumes.push(Volume {
                name: volume.to_owned(),
                uses: Vec::new(),
            });
            self.volumes.len() - 1
        });
        let uses = &mut self.volumes[at].uses;
        let found = uses.iter().position(|it| it.node == node);
        let found = found.unwrap_or_else(|| {
            uses.push(Use {
                node,
                writes: false,
                reads: false,
            });
            uses.len() - 1
        });
        &mut uses[found]
    }

    fn moves(&mut self, node: usize, address: &str) {
        let known = self
            .nodes
            .iter()
            .any(|it| it.moving.iter().any(|one| one == address));
        if !known {
            self.nodes[node].moving.push(address.to_owned());
        }
    }

    fn stream(&mut self, from: usize, to: usize, logical: bool) {
        let known = self.streams.iter().any(|it| {
            (it.from, it.to) == (from, to) || (it.from, it.to) == (to, from)
                // A standby has one upstream.
                || it.to == to && !it.logical && !logical
        });
        if !known && from != to {
            self.streams.push(Stream { from, to, logical });
        }
    }

    fn node(&self, name: &str) -> Option<usize> {
        self.nodes.iter().position(|it| it.name == name)
    }

    /// The node that a name or an address belongs to.
    fn whose(&self, host: &str) -> Option<usize> {
        self.node(host).or_else(|| {
            let address: IpAddr = host.parse().ok()?;
            let has = |it: &Node| {
                it.ports
                    .iter()
                    .any(|port| port.address == address.to_string())
            };
            self.nodes.iter().position(has)
        })
    }

    /// A container that was only there to be made an image of is none of the machines.
    fn drop_templates(&mut self, templates: &[String]) {
        for name in templates {
            let Some(at) = self.node(name) else { continue };
            let node = &self.nodes[at];
            let streams = self.streams.iter().any(|it| it.from == at || it.to == at);
            if streams || !node.ports.is_empty() || !node.mounts.is_empty() {
                continue;
            }
            self.nodes.remove(at);
            let behind = |index: &mut usize| *index -= usize::from(*index > at);
            for stream in &mut self.streams {
                behind(&mut stream.from);
                behind(&mut stream.to);
            }
            for used in self.volumes.iter_mut().flat_map(|it| &mut it.uses) {
                behind(&mut used.node);
            }
        }
    }
}

/// The host of a connection string, or of an option.
fn host_of(text: &str) -> Option<&str> {
    static HOST: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:\bhost(?:addr)?=|\s-h ?)'?([A-Za-z0-9_.:-]+)").expect("a fixed expression")
    });
    HOST.captures(text)?.get(1).map(|it| it.as_str())
}

#[cfg(test)]
mod tests;
