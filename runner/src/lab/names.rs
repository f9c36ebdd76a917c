//! Names of nodes: who has one, and who may have it next.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::problem::{Blame, Problem};

use super::node::Node;
use super::teardown::Lab;

impl Lab {
    /// Frees a removed node's name.
    pub fn forget(&self, name: &str) {
        self.nodes.lock().expect("no panic holds it").remove(name);
    }

    /// The name for a new node, and the node of an earlier attempt, which must go.
    pub(super) fn reserve(&self, name: &str) -> Result<(Reserved<'_>, Option<Arc<Node>>), Problem> {
        check_name("node", name)?;
        let mut nodes = self.nodes.lock().expect("no panic holds it");
        let given_up = |it: &Option<Arc<Node>>| {
            (it.as_ref()).is_some_and(|node| node.given_up.load(Ordering::Acquire))
        };
        if nodes.get(name).is_some_and(|it| !given_up(it)) {
            let problem =
                Problem::new(Blame::Playbook, format!("there is a node `{name}` already"));
            return Err(problem.note("remove_node frees a name; another name is simpler"));
        }
        let before = nodes.insert(name.to_owned(), None).flatten();
        let reserved = Reserved {
            lab: self,
            name: Some(name.to_owned()),
        };
        Ok((reserved, before))
    }

    /// Removes what an earlier attempt at a node of this name has left.
    pub(super) async fn clear_failed(&self, name: &str) -> Result<(), Problem> {
        if self
            .failed
            .lock()
            .expect("no panic holds it")
            .iter()
            .any(|it| it == name)
        {
            self.world.engine.remove(&self.container_name(name)).await?;
        }
        Ok(())
    }

    pub(super) fn has_node(&self, name: &str) -> bool {
        self.nodes
            .lock()
            .expect("no panic holds it")
            .contains_key(name)
    }
}

/// A node's name while the node is made; free again if that fails.
pub(super) struct Reserved<'a> {
    lab: &'a Lab,
    name: Option<String>,
}

impl Reserved<'_> {
    pub fn becomes(mut self, node: &Arc<Node>) {
        if let Some(name) = self.name.take() {
            self.lab
                .nodes
                .lock()
                .expect("no panic holds it")
                .insert(name, Some(Arc::clone(node)));
        }
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        if let Some(name) = self.name.take() {
            self.lab.forget(&name);
            self.lab
                .failed
                .lock()
                .expect("no panic holds it")
                .push(name);
        }
    }
}

/// Names become parts of containers' and hosts' names.
pub fn check_name(what: &str, name: &str) -> Result<(), Problem> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let starts = name
        .chars()
        .next()
        .is_some_and(|c| c.is_ascii_alphanumeric());
    if starts && name.len() <= 40 && name.chars().all(fits) {
        return Ok(());
    }
    let message = format!("`{name}` is no name for a {what}");
    Err(Problem::new(Blame::Playbook, message)
        .note("up to 40 lower-case letters, digits, `-` and `_`, the first a letter or a digit"))
}
