//! The lab itself: the names of what it built, and how all of it is taken down again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use crate::engine::{ContainerSpec, Engine, Machine, OWNER_LABEL, RUN_LABEL, owner};
use crate::event::What;
use crate::image::{Progress, Provided};
use crate::problem::{Blame, Problem};

use super::Act;
use super::ahead::Ahead;
use super::backup::Backup;
use super::names::check_name;
use super::networks::Networks;
use super::node::Node;
use super::watch::Watch;
use super::workload::Workloads;
use super::world::World;

/// The label that tells one scenario's (or one lab's) things from another's in a run.
pub const SCOPE_LABEL: &str = "org.pgdrill.scope";
/// The node's name, on its container.
pub const NODE_LABEL: &str = "org.pgdrill.node";

/// How long the end of a lab may take.
const PATIENCE: Duration = Duration::from_mins(3);

/// A named volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    pub name: String,
    pub(super) engine_name: String,
}

/// What one scenario, or one `lab` in it, has built.
#[derive(Debug)]
pub struct Lab {
    pub world: Arc<World>,
    pub title: Option<String>,
    pub major: u32,
    /// It counts the labs of a run.
    pub number: usize,
    pub(super) scope: String,
    pub(super) nodes: Mutex<BTreeMap<String, Option<Arc<Node>>>>,
    backups: Mutex<Vec<Backup>>,
    pub(super) committed: Mutex<BTreeMap<String, String>>,
    /// Nodes that were given up half made; their containers may still be there.
    pub(super) failed: Mutex<Vec<String>>,
    holders: Mutex<Vec<Machine>>,
    pub(super) ahead: Ahead,
    pub(super) networks: Networks,
    pub workloads: Workloads,
    pub(super) watch: Watch,
    /// Requests to the engine that must not be dropped half way read it; the end of the lab writes.
    working: Arc<RwLock<()>>,
    /// From its end on no lab begins anything.
    ended: Mutex<Option<OwnedRwLockWriteGuard<()>>>,
}

impl Lab {
    pub fn new(world: Arc<World>, title: Option<&str>, major: u32) -> Self {
        let number = world.next_scope();
        let scope = format!("{}-{number}", world.run);
        Self {
            number: number as usize,
            world,
            title: title.map(str::to_owned),
            major,
            scope,
            nodes: Mutex::default(),
            backups: Mutex::default(),
            committed: Mutex::default(),
            failed: Mutex::default(),
            holders: Mutex::default(),
            ahead: Ahead::default(),
            networks: Networks::default(),
            workloads: Workloads::default(),
            watch: Watch::default(),
            working: Arc::default(),
            ended: Mutex::default(),
        }
    }

    pub fn volume(&self, name: &str) -> Result<Volume, Problem> {
        check_name("volume", name)?;
        Ok(Volume {
            name: name.to_owned(),
            engine_name: format!("pgdrill-{}-{name}-volume", self.scope),
        })
    }

    pub fn nodes(&self) -> Vec<Arc<Node>> {
        self.nodes
            .lock()
            .expect("no panic holds it")
            .values()
            .flatten()
            .cloned()
            .collect()
    }

    pub fn remember(&self, backup: &Backup) {
        self.backups
            .lock()
            .expect("no panic holds it")
            .push(backup.clone());
    }

    /// The backup of that id or path, if it was taken here.
    pub fn backup(&self, id: &str) -> Option<Backup> {
        let backups = self.backups.lock().expect("no panic holds it");
        backups
            .iter()
            .find(|backup| backup.id == id || backup.path == id)
            .cloned()
    }

    pub(super) fn container_name(&self, node: &str) -> String {
        format!("pgdrill-{}-{node}", self.scope)
    }

    /// A container of the lab's own: no node's name has a dot.
    pub(super) fn own_container(&self, what: &str) -> String {
        format!("pgdrill-{}.{what}", self.scope)
    }

    pub(super) fn labels(&self, node: Option<&str>) -> Vec<(String, String)> {
        let mut labels = vec![
            (RUN_LABEL.to_owned(), self.world.run.clone()),
            (SCOPE_LABEL.to_owned(), self.scope.clone()),
            (OWNER_LABEL.to_owned(), owner()),
        ];
        labels.extend(node.map(|node| (NODE_LABEL.to_owned(), node.to_owned())));
        labels
    }

    /// The tag of an image that the scenario has made, else the name itself.
    fn tag_of(&self, name: &str) -> String {
        let committed = self.committed.lock().expect("no panic holds it");
        committed.get(name).map_or(name, String::as_str).to_owned()
    }

    /// The image of that name if nothing must be made or pulled for it.
    pub(super) async fn present(
        &self,
        name: &str,
        major: Option<u32>,
    ) -> Result<Option<Provided>, Problem> {
        let name = self.tag_of(name);
        Ok(self
            .world
            .images
            .present(&name, major.unwrap_or(self.major))
            .await?)
    }

    /// The image of that name: one of this scenario, else one that is there or can be made.
    pub async fn image(
        &self,
        act: &Act,
        name: &str,
        major: Option<u32>,
    ) -> Result<Provided, Problem> {
        let name = self.tag_of(name);
        let sink = act.sink.clone();
        let say = move |progress| {
            sink.send(match progress {
                Progress::Started { image, why } => What::ImageStarted { image, why },
                Progress::Said { image, line } => What::ImageSaid { image, line },
                Progress::Finished { image, took } => What::ImageFinished { image, took },
            });
        };
        Ok(self
            .world
            .images
            .provide(&name, major.unwrap_or(self.major), &say)
            .await?)
    }

    /// A data directory in memory would be lost when its machine is off: a second container keeps
    /// it mounted.
    pub(super) async fn hold_disk(&self, spec: &ContainerSpec) -> Result<(), Problem> {
        let in_memory: Vec<_> = spec
            .volumes
            .iter()
            .filter(|it| it.memory.is_some())
            .cloned()
            .collect();
        if in_memory.is_empty() {
            return Ok(());
        }
        let holder = ContainerSpec {
            name: format!("{}-disk", spec.name),
            hostname: "disk".to_owned(),
            volumes: in_memory,
            user: String::new(),
            memory: None,
            caps: Vec::new(),
            ..spec.clone()
        };
        let engine = Arc::clone(&self.world.engine);
        let machine = self
            .finish(async move {
                engine.create(&holder).await?;
                Ok(Machine::start(engine, &holder.name, "").await?)
            })
            .await?;
        self.holders
            .lock()
            .expect("no panic holds it")
            .push(machine);
        Ok(())
    }

    /// Held by what asks the engine for something, from before it does: the end of the lab waits for
    /// it, and removes what it made. None: that end has begun.
    pub(super) fn works(&self) -> Option<OwnedRwLockReadGuard<()>> {
        Arc::clone(&self.working).try_read_owned().ok()
    }

    /// Has a request to the engine run to its end even if nobody waits for it any more.
    pub(super) async fn finish<T: Send + 'static>(
        &self,
        request: impl Future<Output = Result<T, Problem>> + Send + 'static,
    ) -> Result<T, Problem> {
        let Some(works) = self.works() else {
            let message = format!("what `{}` has built is being taken down", self.scope);
            return Err(Problem::new(Blame::Cancelled, message));
        };
        let task = tokio::spawn(async move {
            let _works = works;
            request.await
        });
        task.await.unwrap_or_else(|panic| {
            Err(Problem::new(
                Blame::Environment,
                format!("a request to the engine panicked: {panic}"),
            ))
        })
    }

    /// Removes all that carries this lab's label, whoever made it and however far it got. An engine
    /// that hangs is not waited for without end.
    pub async fn take_down(&self) -> Result<(), Problem> {
        let removed = tokio::time::timeout(PATIENCE, self.remove_all()).await;
        removed.unwrap_or_else(|_| {
            let limit = humantime::format_duration(PATIENCE);
            let message = format!("the engine has not removed what was made within {limit}");
            let problem = Problem::new(Blame::Environment, message);
            Err(problem.note("`pgdrill clean` tries again"))
        })
    }

    async fn remove_all(&self) -> Result<(), Problem> {
        self.workloads.end().await;
        let nodes = std::mem::take(&mut *self.nodes.lock().expect("no panic holds it"));
        // First what is known: all at once, by force.
        let known = nodes.into_values().flatten().map(|node| {
            let engine = Arc::clone(&self.world.engine);
            async move {
                node.forget_connection().await;
                engine.remove(&node.container).await
            }
        });
        let of_networks = (self.networks.containers().into_iter()).map(|container| {
            let engine = Arc::clone(&self.world.engine);
            async move { engine.remove(&container).await }
        });
        let _ = tokio::join!(
            futures_util::future::join_all(known),
            futures_util::future::join_all(of_networks),
        );
        // Then what was still being made when it was given up.
        let ended = Arc::clone(&self.working).write_owned();
        let ended = tokio::time::timeout(Duration::from_mins(1), ended).await;
        *self.ended.lock().expect("no panic holds it") = ended.ok();
        self.holders.lock().expect("no panic holds it").clear();
        sweep(
            &*self.world.engine,
            &format!("{SCOPE_LABEL}={}", self.scope),
        )
        .await
    }
}

/// Removes all containers, volumes, networks and committed images with a label (`name` or `name=value`).
pub async fn sweep(engine: &dyn Engine, label: &str) -> Result<(), Problem> {
    let left = engine.left(label).await?;
    let containers = left.containers.iter().map(|it| engine.remove(&it.name));
    let mut failed = failures(futures_util::future::join_all(containers).await);
    let volumes = left.volumes.iter().map(|it| engine.remove_volume(&it.name));
    failed.extend(failures(futures_util::future::join_all(volumes).await));
    let networks = left
        .networks
        .iter()
        .map(|it| engine.remove_network(&it.name));
    failed.extend(failures(futures_util::future::join_all(networks).await));
    for image in &left.images {
        failed.extend(
            engine
                .remove_image(&image.name)
                .await
                .err()
                .map(|error| error.to_string()),
        );
    }
    if failed.is_empty() {
        return Ok(());
    }
    let message = "not all that was made could be removed";
    Err(Problem::new(Blame::Environment, message)
        .with_notes(failed)
        .note("`pgdrill clean` tries again"))
}

fn failures(results: Vec<crate::engine::Result<()>>) -> Vec<String> {
    results
        .into_iter()
        .filter_map(|it| it.err().map(|error| error.to_string()))
        .collect()
}
