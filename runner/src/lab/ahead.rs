//! Containers that are started while the script is still on its way to them: most of a start is
//! the engine's time, in which the drill has other things to wait for.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use tokio::task::JoinHandle;

use crate::engine::{ContainerSpec, Machine, Storage};
use crate::problem::Problem;

use super::create::{NodeOptions, data_of, power_on, specification};
use super::teardown::Lab;

/// The nodes that a playbook will start, and those whose containers are on their way.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    expected: Mutex<VecDeque<(String, NodeOptions)>>,
    begun: Mutex<HashMap<String, JoinHandle<Option<Begun>>>>,
}

/// A container that runs, and as what.
#[derive(Debug)]
pub(super) struct Begun {
    pub spec: ContainerSpec,
    pub machine: Arc<Machine>,
    pub account: String,
}

impl Lab {
    /// Says which nodes will be started, in their order, and whether these are all. It is no promise: what is started
    /// otherwise, or not at all, costs no more than a container for nothing.
    pub fn expect_nodes(self: &Arc<Self>, nodes: Vec<(String, NodeOptions)>, all: bool) {
        if nodes.is_empty() {
            return;
        }
        // If these are all that there will be, they know each other from their start.
        for (name, _) in nodes.iter().filter(|(_, options)| all && !options.alone) {
            self.lan_address(name);
        }
        let Some(works) = self.works() else { return };
        let lab = Arc::clone(self);
        tokio::spawn(async move {
            let _works = works;
            // What goes wrong is told when a node needs it.
            let _ = lab.fabric().await;
        });
        self.ahead
            .expected
            .lock()
            .expect("no panic holds it")
            .extend(nodes);
    }

    /// Starts the Docker host's container in the background: who moves an address has clients for it.
    pub(super) fn begin_host(self: &Arc<Self>) {
        let Some(works) = self.works() else { return };
        let lab = Arc::clone(self);
        tokio::spawn(async move {
            let _works = works;
            // What goes wrong is told when a client needs it.
            let _ = lab.docker_host().await;
        });
    }

    /// Starts the container of the next expected node in the background.
    pub(super) fn begin_next(self: &Arc<Self>) {
        let next = {
            let mut expected = self.ahead.expected.lock().expect("no panic holds it");
            // A data directory in memory needs more than its container.
            let fits = |(name, options): &(String, NodeOptions)| {
                !self.has_node(name) && options.disk.is_none() && options.storage != Storage::Memory
            };
            expected
                .iter()
                .position(fits)
                .and_then(|at| expected.drain(..=at).next_back())
        };
        let (Some((name, options)), Some(works)) = (next, self.works()) else {
            return;
        };
        let lab = Arc::clone(self);
        let key = name.clone();
        let task = tokio::spawn(async move {
            let _works = works;
            begin(&lab, &name, &options).await.ok().flatten()
        });
        self.ahead
            .begun
            .lock()
            .expect("no panic holds it")
            .insert(key, task);
    }

    /// The container that was started for this node; it may still be starting. What does not fit,
    /// or has failed, is removed.
    pub(super) async fn begun(
        &self,
        spec: &ContainerSpec,
        name: &str,
    ) -> Result<Option<Begun>, Problem> {
        let task = self
            .ahead
            .begun
            .lock()
            .expect("no panic holds it")
            .remove(name);
        let Some(task) = task else { return Ok(None) };
        match task.await.ok().flatten() {
            Some(begun) if alike(&begun.spec, spec) => Ok(Some(begun)),
            Some(begun) => {
                self.world.engine.remove(&spec.name).await?;
                for mount in begun
                    .spec
                    .volumes
                    .iter()
                    .filter(|it| !spec.volumes.contains(it))
                {
                    self.world.engine.remove_volume(&mount.volume).await?;
                }
                Ok(None)
            }
            None => {
                self.world.engine.remove(&spec.name).await?;
                Ok(None)
            }
        }
    }
}

/// Names that came meanwhile can be added to a running machine.
fn alike(begun: &ContainerSpec, wanted: &ContainerSpec) -> bool {
    let wanted = ContainerSpec {
        hosts: begun.hosts.clone(),
        ..wanted.clone()
    };
    *begun == wanted
}

async fn begin(
    lab: &Arc<Lab>,
    name: &str,
    options: &NodeOptions,
) -> Result<Option<Begun>, Problem> {
    let image = options.image.as_deref().unwrap_or("pg");
    // What must be built or pulled first is told about in its own time.
    let Some(provided) = lab.present(image, options.major).await? else {
        return Ok(None);
    };
    let spec = specification(
        lab,
        name,
        &provided.tag,
        &data_of(&provided, options),
        options,
    );
    let (machine, account) = power_on(Arc::clone(&lab.world.engine), spec.clone()).await?;
    Ok(Some(Begun {
        spec,
        machine,
        account,
    }))
}
