//! A lab's networks: its fabric, made when the first node needs it, who is on its LAN, and the
//! container that plays the Docker host.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use tokio::sync::OnceCell;

use crate::engine::{ContainerSpec, Error, Machine, Network, Streams};
use crate::event::{Reach, What};
use crate::problem::{Blame, Problem};

use super::fabric::{Fabric, Ground, Register, Rights, View};
use super::node::{Made, Node, Superuser};
use super::probe::Installation;
use super::teardown::Lab;
use super::{Act, Sink};

/// The image that has the fabric's programs, and PostgreSQL's clients for the Docker host.
const IMAGE: &str = "pg-base";

/// What a lab has of networks so far.
#[derive(Debug, Default)]
pub(super) struct Networks {
    fabric: OnceCell<Arc<Fabric>>,
    host: OnceCell<Arc<Node>>,
    lan: Mutex<Register>,
    /// What was told of them last.
    told: tokio::sync::Mutex<View>,
}

impl Networks {
    /// The containers that it has made.
    pub fn containers(&self) -> Vec<String> {
        let fabric = self.fabric.get().map(|it| it.container().to_owned());
        let host = self.host.get().map(|it| it.container.clone());
        fabric.into_iter().chain(host).collect()
    }

    /// The fabric, if there is one.
    pub fn fabric(&self) -> Option<Arc<Fabric>> {
        self.fabric.get().cloned()
    }
}

impl Lab {
    /// Tells what has changed of the networks since it was told last.
    pub(super) async fn tell_networks(&self, sink: &Sink) {
        let Some(fabric) = self.networks.fabric() else {
            return;
        };
        let mut told = self.networks.told.lock().await;
        let now = fabric.view().await;
        let whole = (Reach::Whole, Vec::new());
        for node in told
            .broken
            .keys()
            .chain(now.broken.keys())
            .collect::<BTreeSet<_>>()
        {
            let of = |view: &View| view.broken.get(node).unwrap_or(&whole).clone();
            let (reach, broken) = of(&now);
            if of(&told) != (reach, broken.clone()) {
                sink.send(What::NetworkChanged {
                    node: node.clone(),
                    reach,
                    broken,
                });
            }
        }
        for address in told
            .holders
            .keys()
            .chain(now.holders.keys())
            .collect::<BTreeSet<_>>()
        {
            let of = |view: &View| view.holders.get(address).cloned().unwrap_or_default();
            if of(&told) != of(&now) {
                sink.send(What::VipHeld {
                    address: address.clone(),
                    nodes: of(&now),
                });
            }
        }
        *told = now;
    }

    /// The fabric; it is made when it is first asked for.
    pub async fn fabric(&self) -> Result<Arc<Fabric>, Problem> {
        let fabric = self.networks.fabric.get_or_try_init(|| self.make_fabric());
        fabric.await.cloned()
    }

    async fn make_fabric(&self) -> Result<Arc<Fabric>, Problem> {
        let asked = *self.world.rights.lock().expect("no panic holds it");
        let first = asked.unwrap_or_default();
        let made = match self.start_fabric(first).await {
            Err(refused) if asked.is_none() && refused.blame == Blame::Environment => {
                // Some engines refuse the rights of the quick way.
                let name = self.own_container("fabric");
                self.world.engine.remove(&name).await?;
                let made = self.start_fabric(Rights::Least).await;
                let fabric = made.map_err(|_| refused)?;
                *self.world.rights.lock().expect("no panic holds it") = Some(Rights::Least);
                fabric
            }
            made => made?,
        };
        made.connect_host().await?;
        Ok(Arc::new(made))
    }

    async fn start_fabric(&self, rights: Rights) -> Result<Fabric, Problem> {
        let ground = Ground {
            engine: Arc::clone(&self.world.engine),
            image: self.network_image().await?,
            name: self.own_container("fabric"),
            labels: self.labels(None),
            rights,
            lasting: self.world.lasting,
        };
        self.finish(Fabric::start(ground)).await
    }

    /// Makes what fabrics need, if it is missing.
    pub async fn network_images(&self, act: &Act) -> Result<(), Problem> {
        if self.networks.fabric.initialized() {
            return Ok(());
        }
        self.image(act, IMAGE, None).await?;
        Ok(())
    }

    /// The tag of the image that fabrics are made of. It is built before, with the nodes' images.
    async fn network_image(&self) -> Result<String, Problem> {
        let present = self.present(IMAGE, None).await?;
        let missing = || Error::NoImage {
            image: IMAGE.to_owned(),
        };
        Ok(present.ok_or_else(missing)?.tag)
    }

    /// The container that plays the Docker host: on all of the fabric's bridges, without any right.
    pub async fn docker_host(&self) -> Result<Arc<Node>, Problem> {
        let host = self.networks.host.get_or_try_init(|| self.make_host());
        host.await.cloned()
    }

    async fn make_host(&self) -> Result<Arc<Node>, Problem> {
        let fabric = self.fabric().await?;
        let spec = ContainerSpec {
            name: self.own_container("host"),
            image: self.network_image().await?,
            user: "postgres".to_owned(),
            program: vec!["/bin/sh".to_owned()],
            labels: self.labels(None),
            network: Network::Of(fabric.container().to_owned()),
            ephemeral: !self.world.lasting,
            ..ContainerSpec::default()
        };
        let engine = Arc::clone(&self.world.engine);
        let wanted = spec.clone();
        let machine = self.finish(async move {
            engine.create(&wanted).await?;
            Ok(Machine::start(engine, &wanted.name, &wanted.user).await?)
        });
        let node = Node::new(Made {
            name: String::new(),
            engine: Arc::clone(&self.world.engine),
            account: spec.user.clone(),
            superuser: Superuser {
                name: "postgres".to_owned(),
                password: None,
            },
            data: "/nonexistent".to_owned(),
            port: 5432,
            machine: Arc::new(machine.await?),
            lan: None,
            spec,
        });
        let installation = Installation::find(&node, Some(self.major), None).await?;
        *node.installation.lock().expect("no panic holds it") = installation;
        Ok(Arc::new(node))
    }

    /// The node's address on the LAN.
    pub(super) fn lan_address(&self, node: &str) -> IpAddr {
        let mut lan = self.networks.lan.lock().expect("no panic holds it");
        lan.address(node)
    }

    /// The names that a new node's hosts file has.
    pub(super) fn known_names(&self) -> Vec<(String, String)> {
        self.networks.lan.lock().expect("no panic holds it").hosts()
    }

    /// A node that is on the LAN from here on: it gets its interface and all learn its name.
    pub(super) async fn connect(&self, node: &Node) -> Result<(), Problem> {
        let fabric = self.fabric().await?;
        let Some(lan) = &node.lan else {
            return fabric.join(&node.name, &node.container).await;
        };
        fabric.join(&node.name, &node.container).await?;
        fabric
            .connect(&node.name, lan.interface, lan.address)
            .await?;
        fabric.name(&node.name, lan.address).await?;
        self.introduce().await
    }

    /// Adds to each node's hosts file the names that it has not got yet.
    pub(super) async fn introduce(&self) -> Result<(), Problem> {
        let names = self.known_names();
        let nodes = self.nodes();
        let told = nodes.iter().map(|node| node.learn(&names));
        futures_util::future::try_join_all(told).await?;
        Ok(())
    }
}

impl Node {
    /// Adds names to the node's hosts file, if it is on the LAN and running.
    pub(super) async fn learn(&self, names: &[(String, String)]) -> Result<(), Problem> {
        let Some(lan) = &self.lan else { return Ok(()) };
        if self.machine().is_err() {
            return Ok(());
        }
        let mut knows = lan.knows.lock().await;
        let new: Vec<_> = names
            .iter()
            .filter(|(name, _)| !knows.contains(name))
            .collect();
        if new.is_empty() {
            return Ok(());
        }
        let lines: Vec<_> = (new.iter())
            .map(|(name, address)| format!("echo '{address}\t{name}'"))
            .collect();
        // The engine mounts the file: only the superuser may write to it.
        let script = format!("{{ {}; }} >>/etc/hosts", lines.join("; "));
        let output = self.run_as("0", &script, Streams::Apart).await?;
        if output.code != 0 {
            return Err(self.broken("writing the hosts file", &output));
        }
        knows.extend(new.into_iter().map(|(name, _)| name.clone()));
        Ok(())
    }
}
