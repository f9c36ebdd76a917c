//! The machine's own switch: off, on, frozen, gone.

use std::sync::Arc;

use crate::cost::Mark;
use crate::engine::{Machine, State, quoted};
use crate::event::{Role, What};
use crate::problem::{Blame, Problem};

use super::Act;
use super::excerpt::tell_logs;
use super::node::{Node, Power};
use super::server::{self, StopMode};
use super::teardown::Lab;

/// Shuts the machine down: the server is stopped fast, then the container ends.
pub async fn stop(act: &Act, lab: &Lab, node: &Node) -> Result<(), Problem> {
    node.machine()?;
    if !node
        .installation
        .lock()
        .expect("no panic holds it")
        .bin
        .is_empty()
        && server::running(node).await?.is_some()
    {
        server::halt(act, node, StopMode::Fast).await?;
    }
    act.shows(None, format!("docker stop {}", node.name), "");
    off(act, lab, node, "was stopped").await?;
    act.sink.mark(Mark::PlannedStop {
        node: node.name.clone(),
    });
    Ok(())
}

/// Ends all of the machine's processes at once (SIGKILL).
pub async fn kill(act: &Act, lab: &Lab, node: &Node) -> Result<(), Problem> {
    pull(act, lab, node).await?;
    act.breaks(format!("kill {}", node.name));
    Ok(())
}

/// The same without saying that it is a fault: the caller knows which.
pub(super) async fn pull(act: &Act, lab: &Lab, node: &Node) -> Result<(), Problem> {
    node.machine()?;
    act.shows(None, format!("docker kill {}", node.name), "");
    off(act, lab, node, "was killed").await
}

async fn off(act: &Act, lab: &Lab, node: &Node, why: &'static str) -> Result<(), Problem> {
    node.engine.kill(&node.container).await?;
    if let Some(fabric) = lab.networks.fabric() {
        fabric.leave(&node.name).await?;
    }
    node.forget_connection().await;
    let what = format!("{} to be off", node.name);
    act.until(what, async || {
        let state = node.engine.state(&node.container).await?;
        act.saw(format!("{state:?}"));
        Ok(matches!(state, State::Stopped { .. }).then_some(()))
    })
    .await?;
    *node.power.lock().expect("no panic holds it") = Power::Off(why);
    node.daemons.lock().expect("no panic holds it").clear();
    node.becomes(&act.sink, Role::Off);
    lab.tell_networks(&act.sink).await;
    Ok(())
}

/// Starts a machine that is off, with the interfaces that it had. Its server stays down.
pub async fn boot(act: &Act, lab: &Lab, node: &Node) -> Result<(), Problem> {
    match &*node.power.lock().expect("no panic holds it") {
        Power::Off(why) if *why != "was removed" => {}
        Power::Off(why) => {
            return Err(Problem::new(
                Blame::Playbook,
                format!("node `{}` {why}", node.name),
            ));
        }
        Power::On(_) | Power::Paused(_) => {
            return Err(Problem::new(
                Blame::Playbook,
                format!("node `{}` is on already", node.name),
            ));
        }
    }
    act.shows(None, format!("docker start {}", node.name), "");
    let machine = Machine::start(Arc::clone(&node.engine), &node.container, &node.account).await?;
    *node.power.lock().expect("no panic holds it") = Power::On(Arc::new(machine));
    node.becomes(&act.sink, Role::Down);
    // No server runs on a machine that has just started. The lock files of one that was killed name
    // a process id, and in a container's few ids any process of ours may have it now: the server
    // would take that for a living one and refuse to start.
    let socket = {
        let installation = node.installation.lock().expect("no panic holds it");
        installation.socket.clone()
    };
    let stale = format!(
        "rm -f {}/postmaster.pid {}/.s.PGSQL.*",
        quoted(&node.data),
        quoted(&socket)
    );
    node.must("removal of stale lock files", &stale).await?;
    if let Some(lan) = &node.lan {
        lan.knows.lock().await.clone_from(&lan.born_with);
    }
    lab.fabric()
        .await?
        .rejoin(&node.name, &node.container)
        .await?;
    lab.tell_networks(&act.sink).await;
    node.learn(&lab.known_names()).await
}

/// Freezes the machine's processes: none of them does anything, nothing is closed.
pub async fn pause(act: &Act, node: &Node) -> Result<(), Problem> {
    let machine = node.machine()?;
    node.forget_connection().await;
    act.shows(None, format!("docker pause {}", node.name), "");
    machine.pause().await?;
    *node.power.lock().expect("no panic holds it") = Power::Paused(machine);
    expect_state(node, &State::Paused).await?;
    node.becomes(&act.sink, Role::Paused);
    act.breaks(format!("pause {}", node.name));
    Ok(())
}

pub async fn unpause(act: &Act, node: &Node) -> Result<(), Problem> {
    let machine = match &*node.power.lock().expect("no panic holds it") {
        Power::Paused(machine) => Arc::clone(machine),
        Power::On(_) | Power::Off(_) => {
            return Err(Problem::new(
                Blame::Playbook,
                format!("node `{}` is not paused", node.name),
            ));
        }
    };
    act.shows(None, format!("docker unpause {}", node.name), "");
    node.engine.unpause(&node.container).await?;
    *node.power.lock().expect("no panic holds it") = Power::On(machine);
    expect_state(node, &State::Running).await?;
    node.becomes(&act.sink, Role::Down);
    if node.needs_postgres().is_ok() {
        node.look(&act.sink).await?;
    }
    Ok(())
}

async fn expect_state(node: &Node, wanted: &State) -> Result<(), Problem> {
    let state = node.engine.state(&node.container).await?;
    if state == *wanted {
        return Ok(());
    }
    let message = format!(
        "container of node `{}` is {state:?}, not {wanted:?}",
        node.name
    );
    Err(Problem::new(Blame::Environment, message))
}

/// Removes the machine, running or not, with its data directory's volume.
pub async fn remove(act: &Act, lab: &Lab, node: &Node) -> Result<(), Problem> {
    act.shows(None, format!("docker rm -fv {}", node.name), "");
    tell_logs(&[node], &act.sink).await;
    node.forget_connection().await;
    *node.power.lock().expect("no panic holds it") = Power::Off("was removed");
    node.engine.remove(&node.container).await?;
    if let Some(fabric) = lab.networks.fabric() {
        fabric.forget(&node.name).await?;
    }
    for volume in &node.volumes {
        node.engine.remove_volume(volume).await?;
    }
    match node.engine.state(&node.container).await? {
        State::Missing => {
            act.sink.send(What::NodeEnded {
                node: node.name.clone(),
            });
            lab.tell_networks(&act.sink).await;
            act.sink.mark(Mark::PlannedStop {
                node: node.name.clone(),
            });
            Ok(())
        }
        state => {
            let message = format!(
                "container of node `{}` is still there: {state:?}",
                node.name
            );
            Err(Problem::new(Blame::Environment, message))
        }
    }
}
