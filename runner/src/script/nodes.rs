//! Nodes: machines with PostgreSQL on them, their volumes and images.

use std::sync::Arc;

use rhai::plugin::{NativeCallContext, export_module, exported_module};
use rhai::{Dynamic, Engine, Map};

use super::kinds::{Kind, PORT};
use super::options::{Key, Keys, Options, together};
use super::raise::{RhaiResultOf, place, raise, session, shown_step};
use crate::engine::Storage;
use crate::image::Provided;
use crate::lab::{self, Node, NodeOptions, Volume};
use crate::problem::Place;

/// What any machine with a server may have.
pub const MACHINE: [Key; 15] = [
    ("image", Kind::Text),
    ("pg", Kind::Number(9, 99)),
    ("volumes", Kind::Volumes),
    ("config", Kind::Settings),
    ("hba", Kind::Texts),
    ("env", Kind::Settings),
    ("hostname", Kind::Text),
    ("memory", Kind::Size),
    ("storage", STORAGE),
    ("disk", Kind::Size),
    ("data", Kind::Text),
    ("port", PORT),
    ("caps", CAPS),
    ("lan", Kind::Flag),
    ("network", Kind::Is("a network: network(\"name\")")),
];

/// What a cluster has that is not somebody else's clone.
const CLUSTER: [Key; 5] = [
    ("server", Kind::Flag),
    ("initdb", Kind::Text),
    ("auth", Kind::OneOf(&["trust", "scram-sha-256", "md5"])),
    ("user", Kind::Text),
    ("password", Kind::Text),
];

const START_NODE: [Key; 20] = together(&MACHINE, &CLUSTER);

pub const KEYS: &[Keys] = &[Keys {
    function: "start_node",
    keys: &START_NODE,
}];

/// Capabilities that give a node nothing of the host.
const CAPS: Kind = Kind::AnyOf(&[
    "NET_ADMIN",
    "NET_RAW",
    "SYS_NICE",
    "SYS_PTRACE",
    "IPC_LOCK",
    "AUDIT_WRITE",
]);

/// Where the data directory is.
const STORAGE: Kind = Kind::OneOf(&["volume", "memory", "layer"]);

/// The image's own `PGDATA` and these can't be set: the runner's scripts stand on them.
const RESERVED: &[&str] = &["PATH", "PGDATA", "PGHOST", "PGPORT", "PGUSER"];

pub fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Arc<Node>>("Node");
    engine.register_type_with_name::<Volume>("Volume");
    engine.register_global_module(exported_module!(chapter).into());
}

#[export_module]
mod chapter {
    /// Starts a machine and PostgreSQL on it, and returns when the server accepts connections.
    ///
    /// The machine is a container without any network of the engine's: it is on the scenario's own
    /// LAN, and where `pipework_attach` puts it. Its name is its host name
    /// and is free again after `remove_node`.
    ///
    /// Options:
    /// - `image` (`"pg"`): a folder of `images/`, an image that `commit_image` made, or any other
    ///   image, such as `"postgres:17"`; PostgreSQL's programs are found in it.
    /// - `pg` (the run's `--pg`, else 17): PostgreSQL's major version.
    /// - `server` (`true`): with `false` only the machine is started; `recover` or `start_server`
    ///   do the rest. Then the image needs no PostgreSQL.
    /// - `volumes`: a map from paths to volumes, `#{ "/mnt/backup": volume("backups") }`. They
    ///   belong to the server's account.
    /// - `config`: settings, `#{ wal_level: "logical", max_connections: 20 }`.
    /// - `hba`: lines of pg_hba.conf, put before the others.
    /// - `env`: environment variables of everything on the machine.
    /// - `hostname` (the name).
    /// - `memory`: limit of the machine's memory, `"512MB"`.
    /// - `storage` (`"volume"`): where the data directory is: a volume of its own, `"memory"`, or
    ///   `"layer"`, the container's own files.
    /// - `disk`: size of the data directory's file system, `"64MB"`, so that it can be full.
    /// - `data` (the image's PGDATA): path of the data directory.
    /// - `port` (5432).
    /// - `initdb`: options of initdb, `"--wal-segsize=1"`; without them the image's ready cluster is
    ///   used, which is faster, and which has the same system identifier on all nodes.
    /// - `auth` (`"trust"`): how clients that come over a network prove who they are,
    ///   `"scram-sha-256"` or `"md5"`. On the node itself they are trusted.
    /// - `user` (`"postgres"`), `password`: of the superuser.
    /// - `caps`: capabilities of the container: NET_ADMIN, NET_RAW, SYS_NICE, SYS_PTRACE, IPC_LOCK,
    ///   AUDIT_WRITE.
    /// - `lan` (`true`): on the scenario's LAN, as `eth0`, with the next address of 172.28.0.0/16.
    ///   All nodes on it know each other by name.
    /// - `network`: a network of the engine's, `network("public")`. Its interface is `eth0` then, and
    ///   the LAN's is `lan`.
    ///
    /// Fails if the name is taken, if the image is not there and can't be made, or if the server
    /// does not start, with the last lines of its log. The next node of that name replaces one whose
    /// start has failed.
    ///
    /// ```rhai
    /// let p1 = start_node("p1", #{ config: #{ wal_level: "logical" } });
    /// psql(p1, "show wal_level");
    /// ```
    #[rhai_fn(name = "start_node", return_raw)]
    pub fn start_node_with(
        call: NativeCallContext<'_>,
        name: &str,
        options: Map,
    ) -> RhaiResultOf<Arc<Node>> {
        let options = read(&mut Options::of(&call, KEYS, options)?)?;
        let lab = session(&call).lab();
        let provided = provided(&call, &options)?;
        shown_step(&call, format!("start {name}"), async |act| {
            lab::start_node(act, &lab, name, &options, &provided).await
        })
    }

    #[rhai_fn(name = "start_node", return_raw)]
    pub fn start_node(call: NativeCallContext<'_>, name: &str) -> RhaiResultOf<Arc<Node>> {
        start_node_with(call, name, Map::new())
    }

    /// A volume of this scenario, to be mounted by one node or more. It is made when the first node
    /// that mounts it starts, and removed when the scenario ends.
    ///
    /// ```rhai
    /// let backups = volume("backups");
    /// let p1 = start_node("p1", #{ volumes: #{ "/mnt/backup": backups } });
    /// sh(p1, "touch /mnt/backup/here");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn volume(call: NativeCallContext<'_>, name: &str) -> RhaiResultOf<Volume> {
        let volume = session(&call)
            .lab()
            .volume(name)
            .map_err(|problem| raise(problem.at(place(&call))))?;
        shown_step(&call, format!("volume {name}"), async |act| {
            act.shows(None, format!("docker volume create {name}"), "");
            Ok(volume)
        })
    }

    /// Saves a node as an image of this scenario, and returns the image's name for `image:`. The
    /// data directory is part of it, also where it lies on a volume; a running server is stopped
    /// for that and started again.
    ///
    /// ```rhai
    /// let prepared = start_node("prepared");
    /// psql(prepared, "create role docker superuser login");
    /// let image = commit_image(prepared, "postgres_base");
    /// let p1 = start_node("p1", #{ image: image });
    /// psql(p1, "\\du docker");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn commit_image(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        name: &str,
    ) -> RhaiResultOf<String> {
        let lab = session(&call).lab();
        shown_step(
            &call,
            format!("image {name} from {}", node.name),
            async |act| lab::commit_image(act, &lab, node, name).await,
        )
    }

    /// The node's name.
    #[rhai_fn(get = "name", pure)]
    pub fn name(node: &mut Arc<Node>) -> String {
        node.name.clone()
    }

    /// PostgreSQL's major version on the node (0: there is none).
    #[rhai_fn(get = "major", pure)]
    pub fn major(node: &mut Arc<Node>) -> i64 {
        i64::from(node.major())
    }

    #[rhai_fn(name = "to_string", pure)]
    pub fn node_text(node: &mut Arc<Node>) -> String {
        node.name.clone()
    }

    #[rhai_fn(name = "to_string", pure)]
    pub fn volume_text(volume: &mut Volume) -> String {
        volume.name.clone()
    }

    #[rhai_fn(name = "==", pure)]
    pub fn same_node(a: &mut Arc<Node>, b: Arc<Node>) -> bool {
        Arc::ptr_eq(a, &b)
    }

    #[rhai_fn(name = "!=", pure)]
    pub fn other_node(a: &mut Arc<Node>, b: Arc<Node>) -> bool {
        !Arc::ptr_eq(a, &b)
    }
}

/// The image of a node, which is made or fetched first if it is not there.
pub fn provided(call: &NativeCallContext<'_>, options: &NodeOptions) -> RhaiResultOf<Provided> {
    let session = session(call);
    let lab = session.lab();
    let image = options.image.as_deref().unwrap_or("pg");
    let prepare = session.prepare(&place(call), &format!("image {image}"), async |act| {
        lab.network_images(act).await?;
        lab.image(act, image, options.major).await
    });
    prepare.map_err(raise)
}

/// The options of a call that is still to come, if they are right.
pub fn read_ahead(map: Map) -> Option<NodeOptions> {
    let mut options = Options::at(Place::default(), "start_node", KEYS, map).ok()?;
    read(&mut options).ok()
}

/// What a node is made of, as `start_node` takes it.
pub fn read(options: &mut Options) -> RhaiResultOf<NodeOptions> {
    let mut volumes = Vec::new();
    if let Some(map) = options.value::<Map>("volumes")? {
        let volume = |(path, it): (rhai::Identifier, Dynamic)| (path.to_string(), it.cast());
        volumes.extend(map.into_iter().map(volume));
    }
    let env = options.words("env")?;
    if let Some((name, _)) = env
        .iter()
        .find(|(name, _)| RESERVED.contains(&name.as_str()))
    {
        return Err(options.misuse(format!(
            "`{name}` can't be set by `env`: it follows from the node's other options"
        )));
    }
    let storage = match options.text("storage")?.as_deref() {
        Some("memory") => Storage::Memory,
        Some("layer") => Storage::Layer,
        _ => Storage::Volume,
    };
    let config = options.words("config")?;
    if let Some((name, _)) = config.iter().find(|(name, _)| name == "port") {
        return Err(options.misuse(format!(
            "`{name}` is an option of its own, not one of `config`"
        )));
    }
    Ok(NodeOptions {
        image: options.text("image")?,
        major: options.number("pg")?,
        serverless: options.flag("server")? == Some(false),
        volumes,
        config,
        hba: options.texts("hba")?,
        env,
        hostname: options.text("hostname")?,
        memory: options
            .size("memory")?
            .map(|it| i64::try_from(it).unwrap_or(i64::MAX)),
        storage,
        disk: options.size("disk")?,
        data: options.text("data")?,
        port: options.number("port")?,
        initdb: options.text("initdb")?,
        auth: options.text("auth")?,
        user: options.text("user")?,
        password: options.text("password")?,
        caps: options.texts("caps")?,
        alone: options.flag("lan")? == Some(false),
        network: options.value("network")?,
    })
}
