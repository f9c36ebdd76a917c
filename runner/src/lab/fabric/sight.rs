//! What an engine and its kernel let a fabric do: tried, not guessed.

use std::sync::Arc;

use crate::engine::{ContainerSpec, Engine, Machine, Output};
use crate::problem::Problem;

use super::{Fabric, Ground, ROOT, Rights, enter, shell};

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// The quick way to nodes' networks, or why the engine refuses it.
    pub all_processes: Result<(), String>,
    /// The slow one.
    pub least: Result<(), String>,
    /// Packets can be delayed.
    pub netem: bool,
    /// Packets of one pair, one direction, one port can be lost.
    pub filter: bool,
}

impl Sight {
    /// Starts a fabric each way, tries, and removes it.
    pub async fn look(ground: &Ground) -> Result<Self, Problem> {
        let (all_processes, can) = tried(ground, Rights::AllProcesses).await?;
        let (least, can_too) = tried(ground, Rights::Least).await?;
        let (netem, filter) = can.or(can_too).unwrap_or_default();
        Ok(Self {
            all_processes,
            least,
            netem,
            filter,
        })
    }
}

type Tried = (Result<(), String>, Option<(bool, bool)>);

async fn tried(ground: &Ground, rights: Rights) -> Result<Tried, Problem> {
    let ground = Ground {
        rights,
        ..ground.clone()
    };
    let engine: Arc<dyn Engine> = Arc::clone(&ground.engine);
    let name = ground.name.clone();
    let tried = match Fabric::start(ground).await {
        Ok(fabric) => fabric.try_all(rights).await,
        Err(problem) => Ok((Err(problem.message), None)),
    };
    engine.remove(&name).await?;
    tried
}

impl Fabric {
    async fn try_all(&self, rights: Rights) -> Result<Tried, Problem> {
        let enters = match rights {
            Rights::AllProcesses => self.enter_another().await?,
            Rights::Least => self.run("ip link add try0 up type bridge").await?,
        };
        if enters.code != 0 {
            return Ok((Err(enters.err.trim().to_owned()), None));
        }
        let netem = self.has_netem().await?;
        let filter = self
            .run("nft add table bridge try && nft delete table bridge try")
            .await?;
        Ok((Ok(()), Some((netem, filter.code == 0))))
    }

    /// Enters the network of another container.
    async fn enter_another(&self) -> Result<Output, Problem> {
        let engine = &self.ground.engine;
        let spec = ContainerSpec {
            name: format!("{}-other", self.ground.name),
            ..shell(&self.ground)
        };
        engine.create(&spec).await?;
        let other = Machine::start(Arc::clone(engine), &spec.name, ROOT).await?;
        let process = engine.process(&other.container).await?;
        let entered = self.run(&enter(&process, "true")).await;
        engine.remove(&spec.name).await?;
        entered
    }
}
