//! Images that a scenario makes from its nodes.

use std::sync::Arc;

use crate::engine::{IMAGE_LABEL, MAJOR_LABEL, VERSION_LABEL, quoted};
use crate::problem::Problem;

use super::Act;
use super::names::check_name;
use super::node::Node;
use super::probe::TEMPLATE;
use super::server::{self, StopMode};
use super::teardown::Lab;

/// Saves a node, its data directory included wherever that lives, as an image of this scenario. A
/// running server is stopped for it and started again.
pub async fn commit_image(
    act: &Act,
    lab: &Lab,
    node: &Node,
    name: &str,
) -> Result<String, Problem> {
    let tag = lab.committed_name(name)?;
    let has_server = node.needs_postgres().is_ok();
    let runs = has_server && server::running(node).await?.is_some();
    if runs {
        act.shows(Some(&node.name), "pg_ctl stop", "");
        server::halt(act, node, StopMode::Fast).await?;
    }
    if has_server {
        // A volume is not part of the container: its files go to where a new node finds them.
        let data = quoted(&node.data);
        let script = format!(
            "[ -s {data}/PG_VERSION ] || exit 0; mkdir -p {folder} && chown {} {folder} && \
             tar -cf {TEMPLATE} -C {data} --exclude=./postmaster.pid . && chmod 644 {TEMPLATE}",
            node.account,
            folder = "/var/lib/pgdrill",
        );
        act.waits_for(format!("the data directory of {} to be packed", node.name));
        let output = node
            .run_as("0", &script, crate::engine::Streams::Apart)
            .await?;
        if output.code != 0 {
            return Err(node.broken("packing the data directory", &output));
        }
    }
    act.shows(None, format!("docker commit {} {name}", node.name), "");
    act.waits_for(format!("image {name}"));
    let mut labels = lab.labels(None);
    let installation = node.installation.lock().expect("no panic holds it").clone();
    labels.push((IMAGE_LABEL.to_owned(), name.to_owned()));
    if has_server {
        labels.push((MAJOR_LABEL.to_owned(), installation.major.to_string()));
        labels.push((VERSION_LABEL.to_owned(), installation.version));
    }
    let engine = Arc::clone(&lab.world.engine);
    let (container, wanted) = (node.container.clone(), tag.clone());
    // The engine freezes a machine that is on for a moment.
    let still = match node.machine() {
        Ok(machine) => Some(machine.still().await),
        Err(_) => None,
    };
    lab.finish(async move {
        let _still = still;
        Ok(engine.commit(&container, &wanted, &labels).await?)
    })
    .await?;
    lab.commit(name, &tag);
    if runs {
        server::start_server(act, node).await?;
    }
    Ok(name.to_owned())
}

impl Lab {
    fn committed_name(&self, name: &str) -> Result<String, Problem> {
        check_name("image", name)?;
        Ok(format!("pgdrill-{}/{name}:latest", self.scope))
    }

    fn commit(&self, name: &str, tag: &str) {
        self.committed
            .lock()
            .expect("no panic holds it")
            .insert(name.to_owned(), tag.to_owned());
    }

    /// Whether an image of this name was made here.
    pub(super) fn has_saved(&self, name: &str) -> bool {
        let committed = self.committed.lock().expect("no panic holds it");
        committed.contains_key(name)
    }
}
