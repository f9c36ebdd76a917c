//! A container's description as the engine wants it.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, HostConfig, HostConfigLogConfig, Mount, MountType, MountVolumeOptions,
    MountVolumeOptionsDriverConfig,
};

use super::spec::{ContainerSpec, Network, Processes, VolumeMount};

pub(super) fn body(spec: &ContainerSpec) -> ContainerCreateBody {
    // Who shares a namespace has no say in it.
    let shares = matches!(spec.network, Network::Of(_) | Network::Host);
    ContainerCreateBody {
        hostname: (!shares).then(|| spec.hostname.clone()),
        image: Some(spec.image.clone()),
        user: Some(spec.user.clone()),
        entrypoint: Some(spec.program.clone()),
        cmd: Some(Vec::new()),
        env: Some(
            spec.env
                .iter()
                .map(|(key, value)| format!("{key}={value}"))
                .collect(),
        ),
        labels: Some(spec.labels.iter().cloned().collect()),
        attach_stdin: Some(true),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        open_stdin: Some(true),
        stdin_once: Some(spec.ephemeral),
        tty: Some(false),
        healthcheck: Some(bollard::models::HealthConfig {
            test: Some(vec!["NONE".to_owned()]),
            ..Default::default()
        }),
        host_config: Some(HostConfig {
            network_mode: Some(match &spec.network {
                Network::Own => "none".to_owned(),
                Network::Of(container) => format!("container:{container}"),
                Network::Engine(name) => name.clone(),
                Network::Host => "host".to_owned(),
            }),
            pid_mode: match &spec.processes {
                Processes::Own => None,
                Processes::Of(container) => Some(format!("container:{container}")),
                Processes::All => Some("host".to_owned()),
            },
            extra_hosts: (!shares).then(|| hosts(spec)),
            auto_remove: Some(spec.ephemeral),
            init: Some(spec.processes == Processes::Own),
            memory: spec.memory,
            // No swap on top, or a limit of memory is none.
            memory_swap: spec.memory,
            shm_size: spec.shm,
            cap_add: Some(spec.caps.clone()),
            mounts: Some(
                spec.volumes
                    .iter()
                    .map(|it| mount(it, &spec.labels))
                    .collect(),
            ),
            // All that the first process prints comes to us; a copy on disk is of no use.
            log_config: Some(HostConfigLogConfig {
                typ: Some("none".to_owned()),
                config: None,
            }),
            sysctls: (!shares).then(|| sysctls(spec)),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    }
}

fn hosts(spec: &ContainerSpec) -> Vec<String> {
    (spec.hosts.iter())
        .map(|(name, address)| format!("{name}:{address}"))
        .collect()
}

fn sysctls(spec: &ContainerSpec) -> HashMap<String, String> {
    let off = [
        // Without an interface of the engine's, a container has no IPv6 unless it is said.
        "net.ipv6.conf.all.disable_ipv6",
        "net.ipv6.conf.default.disable_ipv6",
        // Or an old primary forwards a moved address's traffic and hides a stale neighbour.
        "net.ipv4.ip_forward",
    ];
    (off.into_iter())
        .map(|name| (name.to_owned(), "0".to_owned()))
        .chain(spec.sysctls.iter().cloned())
        .collect()
}

/// A mount whose volume is made on the way, with our labels.
fn mount(mount: &VolumeMount, labels: &[(String, String)]) -> Mount {
    Mount {
        target: Some(mount.path.clone()),
        source: Some(mount.volume.clone()),
        typ: Some(MountType::VOLUME),
        volume_options: Some(MountVolumeOptions {
            labels: Some(labels.iter().cloned().collect()),
            driver_config: mount.memory.map(|bytes| MountVolumeOptionsDriverConfig {
                name: Some("local".to_owned()),
                options: Some(HashMap::from([
                    ("type".to_owned(), "tmpfs".to_owned()),
                    ("device".to_owned(), "tmpfs".to_owned()),
                    ("o".to_owned(), format!("size={bytes}")),
                ])),
            }),
            ..MountVolumeOptions::default()
        }),
        ..Mount::default()
    }
}
