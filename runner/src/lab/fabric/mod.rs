//! The fabric: one container whose network namespace holds a scenario's bridges. A node is attached
//! by a pair of interfaces, one end on a bridge there, the other directly in the node. Nothing of it
//! is seen on the machine that the engine runs on, so any number of runs have the same addresses.
//!
//! No text of a playbook runs in it: with its rights a shell could read that machine's files. What
//! it is asked to do is made from values that were read and checked ([`address`]).

mod address;
mod ask;
mod attach;
mod client;
mod command;
mod faults;
mod filter;
mod lan;
mod nic;
mod pipework;
mod reach;
mod rights;
mod shape;
mod sight;
mod state;
mod view;
mod vip;
mod wire;
mod words;

use std::collections::HashMap;
use std::sync::Arc;

use crate::engine::{
    ContainerSpec, Engine, Machine, Network, Output, Process, Processes, Streams, quoted,
};
use crate::problem::{Blame, Problem};

pub use address::{Address, Interface, Mac, ip};
pub use attach::Wanted;
pub use filter::Cut;
pub use lan::Register;
pub use pipework::{Attachment, Pipework, refuse_source};
pub use reach::{HOST, Side};
pub use rights::Rights;
pub use shape::Shape;
pub use sight::Sight;
use state::State;
pub use view::View;
pub use vip::{Move, Shown, Vip};
pub use words::NETEM;

/// What a fabric is made of.
#[derive(Debug, Clone)]
pub struct Ground {
    pub engine: Arc<dyn Engine>,
    /// An image with the programs that the fabric needs: `pg-base`.
    pub image: String,
    /// The fabric's container; helpers' names begin with it.
    pub name: String,
    pub labels: Vec<(String, String)>,
    pub rights: Rights,
    /// It outlives the runner, with the nodes that are kept.
    pub lasting: bool,
}

/// A scenario's networks.
#[derive(Debug)]
pub struct Fabric {
    ground: Ground,
    machine: Machine,
    /// One change at a time.
    state: tokio::sync::Mutex<State>,
    /// Containers that share a node's network namespace, by the node.
    helpers: tokio::sync::Mutex<HashMap<String, Arc<Machine>>>,
}

impl Fabric {
    pub async fn start(ground: Ground) -> Result<Self, Problem> {
        let spec = ContainerSpec {
            name: ground.name.clone(),
            hostname: "docker-host".to_owned(),
            processes: match ground.rights {
                Rights::AllProcesses => Processes::All,
                Rights::Least => Processes::Own,
            },
            caps: ground.rights.caps(),
            // Linux answers for its addresses on all of its interfaces. A node that a partition has
            // put on another bridge would learn that bridge's MAC for the Docker host, and look for
            // it in vain for eight seconds after the partition.
            sysctls: vec![("net.ipv4.conf.all.arp_ignore".to_owned(), "1".to_owned())],
            ..shell(&ground)
        };
        ground.engine.create(&spec).await?;
        let machine = Machine::start(Arc::clone(&ground.engine), &spec.name, ROOT).await?;
        Ok(Self {
            ground,
            machine,
            state: tokio::sync::Mutex::default(),
            helpers: tokio::sync::Mutex::default(),
        })
    }

    /// The container, for who shares its network namespace.
    pub fn container(&self) -> &str {
        &self.ground.name
    }

    /// A machine that has just started: from here on its interfaces can be made.
    pub async fn join(&self, node: &str, container: &str) -> Result<(), Problem> {
        let process = self.ground.engine.process(container).await?;
        let mut state = self.state.lock().await;
        state.machines.insert(node.to_owned(), process);
        Ok(())
    }

    /// Runs a script of ours in the fabric's own namespace.
    async fn run(&self, script: &str) -> Result<Output, Problem> {
        Ok(self.machine.run(ROOT, script, Streams::Apart).await?)
    }

    /// Runs a script of ours in a node's network namespace, with the fabric's programs.
    async fn within(&self, state: &State, node: &str, script: &str) -> Result<Output, Problem> {
        let process = state.process(node)?;
        if self.ground.rights == Rights::Least {
            let helper = self.helper(node, process).await?;
            return Ok(helper.run(ROOT, script, Streams::Apart).await?);
        }
        let entered = format!("{}\n{}", guard(process), enter(process, script));
        let output = self.run(&entered).await?;
        if output.code == STRANGER {
            return Err(restarted(node));
        }
        Ok(output)
    }

    /// A container with the node's network namespace and the right to change it, and nothing else:
    /// where the fabric may not enter namespaces, and for what a playbook may say in its own words.
    async fn helper(&self, node: &str, process: &Process) -> Result<Arc<Machine>, Problem> {
        let mut helpers = self.helpers.lock().await;
        if let Some(helper) = helpers.get(node) {
            return Ok(Arc::clone(helper));
        }
        let spec = ContainerSpec {
            name: format!("{}-{node}", self.ground.name),
            network: Network::Of(process.container.clone()),
            // There the fabric is process 1, by which the other ends of interfaces find to it.
            processes: Processes::Of(self.ground.name.clone()),
            caps: Rights::Least.caps(),
            ..shell(&self.ground)
        };
        let engine = &self.ground.engine;
        engine.create(&spec).await?;
        let machine = Arc::new(Machine::start(Arc::clone(engine), &spec.name, ROOT).await?);
        helpers.insert(node.to_owned(), Arc::clone(&machine));
        Ok(machine)
    }

    /// Removes the helper of a node: as long as it runs, the node's addresses are alive.
    async fn dismiss(&self, node: &str) -> Result<(), Problem> {
        let helper = self.helpers.lock().await.remove(node);
        if let Some(helper) = helper {
            self.ground.engine.remove(&helper.container).await?;
        }
        Ok(())
    }
}

const ROOT: &str = "0";

/// A container of the fabric's image that runs a shell of the superuser.
fn shell(ground: &Ground) -> ContainerSpec {
    ContainerSpec {
        image: ground.image.clone(),
        user: ROOT.to_owned(),
        program: vec!["/bin/sh".to_owned()],
        labels: ground.labels.clone(),
        ephemeral: !ground.lasting,
        ..ContainerSpec::default()
    }
}

/// What [`guard`] ends with.
const STRANGER: i32 = 97;

/// Ends the script unless the process is still the container's: pids are reused.
fn guard(process: &Process) -> String {
    format!(
        "ours=; while read -r line; do case $line in *{id}*) ours=yes;; esac; done \
         2>/dev/null </proc/{pid}/cgroup; [ \"$ours\" ] || exit {STRANGER}",
        id = process.container,
        pid = process.pid,
    )
}

/// The script, in the process's network namespace.
fn enter(process: &Process, script: &str) -> String {
    format!(
        "nsenter -t {} -n /bin/sh -c {}",
        process.pid,
        quoted(script)
    )
}

fn restarted(node: &str) -> Problem {
    let message = format!("the container of node `{node}` is another one than was started");
    Problem::new(Blame::Environment, message)
        .note("somebody restarted it: its interfaces are gone")
        .note("only stop_node, kill_node and boot_node may switch a node off and on")
}
