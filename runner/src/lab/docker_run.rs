//! The docker client's line for a node.

use crate::engine::{ContainerSpec, VolumeMount, quoted};

use super::Act;
use super::create::NodeOptions;
use super::node::{Node, Power};
use super::teardown::Lab;

/// What a person types to remove a lab's nodes, so that the next one can have their names.
pub fn shows_end(act: &Act, lab: &Lab) {
    let is_there = |node: &Node| {
        let power = node.power.lock().expect("no panic holds it");
        !matches!(*power, Power::Off("was removed"))
    };
    let nodes = lab.nodes();
    let names = nodes
        .iter()
        .filter(|it| is_there(it))
        .map(|it| it.name.as_str());
    let names: Vec<_> = names.collect();
    if !names.is_empty() {
        act.shows(None, format!("docker rm -fv {}", names.join(" ")), "");
    }
}

/// The command that a person would type.
pub(super) fn docker_run(
    name: &str,
    image: &str,
    spec: &ContainerSpec,
    options: &NodeOptions,
    saved: bool,
) -> String {
    let mut words = vec![format!("docker run -d --name {name}")];
    if let Some(hostname) = &options.hostname {
        words.push(format!("--hostname {}", quoted(hostname)));
    }
    words.extend(
        options
            .volumes
            .iter()
            .map(|(path, volume)| format!("-v {}:{}", volume.name, quoted(path))),
    );
    words.extend((options.data.iter()).map(|data| format!("-e PGDATA={}", quoted(data))));
    words.extend(
        options
            .env
            .iter()
            .map(|(key, value)| format!("-e {}", quoted(&format!("{key}={value}")))),
    );
    words.extend((options.network.as_ref()).map(|it| format!("--network {}", it.name)));
    if options.alone && options.network.is_none() {
        words.push("--network none".to_owned());
    }
    words.extend(options.memory.map(|bytes| format!("--memory {bytes}")));
    words.extend(options.caps.iter().map(|cap| format!("--cap-add {cap}")));
    if let Some(VolumeMount {
        memory: Some(bytes),
        path,
        ..
    }) = spec.volumes.last()
    {
        words.push(format!("--tmpfs {path}:size={bytes}"));
    }
    words.push(quoted(image));
    if options.serverless || saved {
        words.push("sleep infinity".to_owned());
    } else {
        words.extend(
            options
                .config
                .iter()
                .map(|(key, value)| format!("-c {}", quoted(&format!("{key}={value}")))),
        );
        words.extend(options.port.map(|port| format!("-p {port}")));
    }
    words.join(" ")
}
