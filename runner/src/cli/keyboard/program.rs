//! Programs in a node, opened from a prompt.

use std::process::Command;

use super::scene::Node;

/// Opens psql, a shell or the log of a node by the command of that name, as a process of its own: a
/// read of the terminal that has begun can't be taken back, it ends with its process.
pub fn open(program: &str, node: &Node, host: Option<&str>) -> Result<(), String> {
    let us = std::env::current_exe().map_err(|error| format!("pgdrill is gone: {error}"))?;
    let mut command = Command::new(us);
    if let Some(host) = host {
        command.args(["--host", host]);
    }
    let status = command.args([program, &node.name, node.scope()]).status();
    // What the program thinks of its end, it has said itself.
    status
        .map(drop)
        .map_err(|error| format!("`pgdrill {program}` can't be started: {error}"))
}

/// The node of this name, or the only one.
pub fn choose<'a>(nodes: &'a [Node], name: Option<&str>) -> Result<&'a Node, String> {
    let names: Vec<_> = nodes.iter().map(|it| it.name.as_str()).collect();
    let find = |name: &str| {
        let found = nodes.iter().rev().find(|it| it.name == name);
        found.ok_or_else(|| match names.as_slice() {
            [] => "there are no nodes yet".to_owned(),
            _ => format!("there is no node `{name}`, there are: {}", names.join(", ")),
        })
    };
    match (name, nodes) {
        (Some(name), _) => find(name),
        (None, [only]) => Ok(only),
        (None, []) => Err("there are no nodes yet".to_owned()),
        (None, _) => Err(format!("say in which node: {}", names.join(", "))),
    }
}
