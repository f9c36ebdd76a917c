//! Nodes and images made from them.

use std::sync::Arc;

use super::engine_network::EngineNetwork;
use crate::engine::{ContainerSpec, Engine, Machine, Network, Storage, VolumeMount, quoted};
use crate::event::What;
use crate::image::Provided;
use crate::problem::Problem;

use super::config::{insert_hba, setting};
use super::docker_run::docker_run;
use super::node::{LOG, Lan, Made, Node, Superuser};
use super::power::remove;
use super::probe::{Installation, TEMPLATE};
use super::server::{self};
use super::teardown::{Lab, Volume};
use super::{Act, files};

/// What a node is made of.
#[derive(Debug, Clone, Default)]
pub struct NodeOptions {
    pub image: Option<String>,
    pub major: Option<u32>,
    /// Only the machine.
    pub serverless: bool,
    pub volumes: Vec<(String, Volume)>,
    pub config: Vec<(String, String)>,
    pub hba: Vec<String>,
    pub env: Vec<(String, String)>,
    pub hostname: Option<String>,
    pub memory: Option<i64>,
    pub storage: Storage,
    /// Size limit of the data directory's file system in bytes.
    pub disk: Option<u64>,
    pub data: Option<String>,
    pub port: Option<u16>,
    pub initdb: Option<String>,
    pub auth: Option<String>,
    pub user: Option<String>,
    pub password: Option<String>,
    pub caps: Vec<String>,
    /// Not on the scenario's LAN.
    pub alone: bool,
    /// On a network of the engine's too.
    pub network: Option<EngineNetwork>,
}

/// Starts a machine, and on it a server that accepts connections.
pub async fn start_node(
    act: &Act,
    lab: &Arc<Lab>,
    name: &str,
    options: &NodeOptions,
    provided: &Provided,
) -> Result<Arc<Node>, Problem> {
    let (reserved, before) = lab.reserve(name)?;
    if let Some(before) = before {
        remove(act, lab, &before).await?;
    }
    let image = options.image.as_deref().unwrap_or("pg");
    let data = data_of(provided, options);
    let spec = specification(lab, name, &provided.tag, &data, options);
    // A saved image starts what its node was started with, and that may be no server.
    let saved = lab.has_saved(image) && !options.serverless;
    act.shows(None, docker_run(name, image, &spec, options, saved), "");
    act.waits_for(format!("container of {name}"));
    lab.clear_failed(name).await?;
    lab.hold_disk(&spec).await?;
    // The fabric starts beside the scenario's first node.
    let (_, (spec, machine, account)) = tokio::try_join!(lab.fabric(), machine(lab, name, spec))?;
    let superuser = Superuser {
        name: options.user.as_deref().unwrap_or("postgres").to_owned(),
        password: options.password.clone(),
    };
    let known: Vec<_> = spec.hosts.iter().map(|(name, _)| name.clone()).collect();
    act.sink.send(What::NodeStarted {
        node: name.to_owned(),
        container: spec.name.clone(),
        image: provided.tag.clone(),
    });
    let node = Node::new(Made {
        name: name.to_owned(),
        spec,
        engine: Arc::clone(&lab.world.engine),
        account,
        superuser,
        data,
        port: options.port.unwrap_or(5432),
        lan: (!options.alone).then(|| Lan {
            // The engine takes the first interface for its network.
            interface: if options.network.is_some() {
                "lan"
            } else {
                "eth0"
            },
            address: lab.lan_address(name),
            knows: tokio::sync::Mutex::new(known.clone()),
            born_with: known,
        }),
        machine,
    });
    let major = options.major.or(Some(lab.major));
    let (installation, ()) = tokio::try_join!(
        Installation::find(&node, major, provided.version.as_deref()),
        lab.connect(&node)
    )?;
    if !installation.version.is_empty() {
        act.sink.send(What::ServerVersion {
            image: provided.tag.clone(),
            version: installation.version.clone(),
        });
    }
    *node.installation.lock().expect("no panic holds it") = installation.clone();
    own(&node, &installation, options).await?;
    let node = Arc::new(node);
    reserved.becomes(&node);
    lab.begin_watch(&act.sink);
    if !options.serverless {
        let served = serve(act, &node, &installation, options).await;
        served.inspect_err(|_| node.give_up())?;
    }
    if saved {
        act.shows(Some(&node.name), format!("pg_ctl start -l {LOG}"), "");
    }
    lab.begin_next();
    Ok(node)
}

/// The node's running machine: one that was started ahead, else a new one.
async fn machine(
    lab: &Lab,
    name: &str,
    spec: ContainerSpec,
) -> Result<(ContainerSpec, Arc<Machine>, String), Problem> {
    if let Some(begun) = lab.begun(&spec, name).await? {
        return Ok((begun.spec, begun.machine, begun.account));
    }
    let engine = Arc::clone(&lab.world.engine);
    // On a task of its own: a request that is dropped half way might still be carried out.
    let (machine, account) = lab.finish(power_on(engine, spec.clone())).await?;
    Ok((spec, machine, account))
}

/// Makes the cluster and starts the server, and meanwhile a shell for connections to it.
async fn serve(
    act: &Act,
    node: &Node,
    installation: &Installation,
    options: &NodeOptions,
) -> Result<(), Problem> {
    node.needs_postgres()?;
    let machine = node.machine()?;
    let serve = async {
        make_cluster(act, node, installation, options).await?;
        server::launch(act, node).await
    };
    let warm = async { Ok(machine.warm(&node.account).await?) };
    tokio::try_join!(serve, warm)?;
    set_password(node, options).await
}

pub(super) fn specification(
    lab: &Lab,
    name: &str,
    image: &str,
    data: &str,
    options: &NodeOptions,
) -> ContainerSpec {
    let container = lab.container_name(name);
    let mut volumes: Vec<_> = (options.volumes.iter())
        .map(|(path, volume)| VolumeMount {
            volume: volume.engine_name.clone(),
            path: path.clone(),
            memory: None,
        })
        .collect();
    let memory = match (options.storage, options.disk) {
        (_, Some(bytes)) => Some(bytes),
        // Half of what a drill's machine may have; it is only used as far as it is filled.
        (Storage::Memory, None) => Some(4 << 30),
        (Storage::Volume | Storage::Layer, None) => None,
    };
    if options.storage != Storage::Layer || memory.is_some() {
        volumes.push(VolumeMount {
            volume: format!("{container}-data"),
            path: data.to_owned(),
            memory,
        });
    }
    let mut env = options.env.clone();
    env.push(("PGDATA".to_owned(), data.to_owned()));
    // For who looks into the node later: the rest can be read from the data directory.
    env.extend(options.user.clone().map(|user| ("PGUSER".to_owned(), user)));
    if !options.alone {
        lab.lan_address(name);
    }
    ContainerSpec {
        name: container,
        hostname: options.hostname.clone().unwrap_or_else(|| name.to_owned()),
        image: image.to_owned(),
        user: "postgres".to_owned(),
        program: vec!["/bin/sh".to_owned()],
        env,
        labels: lab.labels(Some(name)),
        volumes,
        memory: options.memory,
        shm: Some(256 << 20),
        caps: options.caps.clone(),
        network: match &options.network {
            Some(network) => Network::Engine(network.engine_name.clone()),
            None => Network::Own,
        },
        hosts: if options.alone {
            Vec::new()
        } else {
            lab.known_names()
        },
        ..ContainerSpec::default()
    }
}

/// Where the data directory is.
pub(super) fn data_of(provided: &Provided, options: &NodeOptions) -> String {
    if let Some(data) = &options.data {
        return data.clone();
    }
    let of_image = (provided.info.env.iter()).find(|(key, _)| key == "PGDATA");
    of_image.map_or_else(
        || "/var/lib/postgresql/data".to_owned(),
        |(_, value)| value.clone(),
    )
}

/// Creates and starts the container. Not every image has a user `postgres`.
pub(super) async fn power_on(
    engine: Arc<dyn Engine>,
    mut spec: ContainerSpec,
) -> Result<(Arc<Machine>, String), Problem> {
    engine.create(&spec).await?;
    match Machine::start(Arc::clone(&engine), &spec.name, &spec.user).await {
        Ok(machine) => Ok((Arc::new(machine), spec.user)),
        Err(error) if error.to_string().contains("unable to find user") => {
            engine.remove(&spec.name).await?;
            "0".clone_into(&mut spec.user);
            engine.create(&spec).await?;
            let machine = Machine::start(engine, &spec.name, &spec.user).await?;
            Ok((Arc::new(machine), spec.user))
        }
        Err(error) => Err(error.into()),
    }
}

/// Gives mounted volumes to the server's account where the image has not prepared them.
async fn own(
    node: &Node,
    installation: &Installation,
    options: &NodeOptions,
) -> Result<(), Problem> {
    let paths: Vec<_> = options
        .volumes
        .iter()
        .map(|(path, _)| quoted(path))
        .collect();
    let data = quoted(&node.data);
    let unowned = if paths.is_empty() {
        String::new()
    } else {
        let script = format!(
            "for d in {}; do [ -w $d ] || echo $d; done",
            paths.join(" ")
        );
        node.run(&script).await?.out
    };
    let mut script = String::new();
    for path in unowned.lines() {
        script = format!("{script}chown {} {}\n", node.account, quoted(path));
    }
    if !installation.writable && !installation.bin.is_empty() {
        script = format!(
            "{script}mkdir -p {data} && chown {} {data} && chmod 700 {data}\n",
            node.account
        );
    }
    if script.is_empty() {
        return Ok(());
    }
    let output = node
        .run_as("0", &script, crate::engine::Streams::Apart)
        .await?;
    if output.code != 0 {
        return Err(node.broken("preparing the volumes", &output));
    }
    Ok(())
}

/// A cluster in the data directory: the image's own, or a new one; with the wanted settings.
async fn make_cluster(
    act: &Act,
    node: &Node,
    installation: &Installation,
    options: &NodeOptions,
) -> Result<(), Problem> {
    let data = quoted(&node.data);
    let own_way = options.initdb.is_some() || node.superuser.name != "postgres";
    let fresh = !installation.cluster;
    if fresh && installation.template && !own_way {
        node.must(
            "unpacking the cluster",
            &format!("tar -xf {TEMPLATE} -C {data}"),
        )
        .await?;
    } else if fresh {
        act.waits_for(format!("initdb on {}", node.name));
        let initdb = format!(
            "initdb -D {data} -U {} -A trust -E UTF8 --locale=C.UTF-8 -k {}",
            quoted(&node.superuser.name),
            options.initdb.as_deref().unwrap_or_default()
        );
        node.must("`initdb`", &initdb).await?;
        let access = "listen_addresses = '*'\n";
        files::append(node, &format!("{}/postgresql.conf", node.data), access).await?;
        let hba = "host all all all trust\nhost replication all all trust\n";
        files::append(node, &format!("{}/pg_hba.conf", node.data), hba).await?;
    }
    let mut lines: Vec<_> = options
        .config
        .iter()
        .map(|(name, value)| setting(name, value))
        .collect();
    if node.port != 5432 {
        lines.push(setting("port", &node.port.to_string()));
    }
    if let Some(method) = &options.auth {
        let change = format!("sed -i -E 's/^(host .*)trust$/\\1{method}/' {data}/pg_hba.conf");
        node.must("change of pg_hba.conf", &change).await?;
        if method == "md5" || method == "scram-sha-256" {
            lines.push(setting("password_encryption", method));
        }
    }
    for (at, line) in options.hba.iter().enumerate() {
        insert_hba(node, at + 1, line).await?;
    }
    if !lines.is_empty() {
        let text = format!("{}\n", lines.join("\n"));
        files::append(node, &format!("{}/postgresql.conf", node.data), &text).await?;
    }
    Ok(())
}

async fn set_password(node: &Node, options: &NodeOptions) -> Result<(), Problem> {
    let Some(password) = &options.password else {
        return Ok(());
    };
    let name = node.superuser.name.replace('"', "\"\"");
    let literal = crate::sql::literal(&crate::sql::Value::Text(password.clone()));
    node.rows(
        &format!("alter role \"{name}\" password {literal}"),
        &[],
        None,
    )
    .await?;
    Ok(())
}
