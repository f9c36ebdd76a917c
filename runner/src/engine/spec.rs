//! What is asked of the engine, and what it answers, in our own types.

use bytes::Bytes;

/// A container to be created. Its first process is a shell that reads from us.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContainerSpec {
    pub name: String,
    pub hostname: String,
    pub image: String,
    /// User of the first process; empty: the image's.
    pub user: String,
    pub program: Vec<String>,
    pub env: Vec<(String, String)>,
    pub labels: Vec<(String, String)>,
    pub volumes: Vec<VolumeMount>,
    /// Bytes.
    pub memory: Option<i64>,
    pub shm: Option<i64>,
    pub caps: Vec<String>,
    pub network: Network,
    pub processes: Processes,
    /// Names and their addresses, for the container's hosts file.
    pub hosts: Vec<(String, String)>,
    /// Settings of its network namespace, beside those that all containers get.
    pub sysctls: Vec<(String, String)>,
    /// It ends, and is removed, when nobody is attached to it any more.
    pub ephemeral: bool,
}

/// The network namespace that a container has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Network {
    /// One of its own, without any interface of the engine's.
    #[default]
    Own,
    /// That of another container.
    Of(String),
    /// One of its own, on a network of the engine's.
    Engine(String),
    /// That of the machine that the engine runs on.
    Host,
}

/// A network of the engine's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkSpec {
    pub name: String,
    pub subnet: Option<String>,
    /// Name of the bridge on the engine's machine.
    pub bridge: Option<String>,
    /// Without a way out of it.
    pub internal: bool,
    pub labels: Vec<(String, String)>,
}

/// The processes that a container sees.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Processes {
    #[default]
    Own,
    /// Those of another container.
    Of(String),
    /// All of the machine that the engine runs on.
    All,
}

/// A container's first process, as the machine that the engine runs on sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Process {
    pub pid: i64,
    /// The container's id, which is part of the process's control group.
    pub container: String,
}

/// A named volume at a path in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeMount {
    pub volume: String,
    pub path: String,
    /// In memory, with this size in bytes.
    pub memory: Option<u64>,
}

/// Where a node's data directory lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Storage {
    /// A volume of its own, on the engine's disk.
    #[default]
    Volume,
    /// A volume in memory.
    Memory,
    /// The container's own layer.
    Layer,
}

/// An image to be built from a context that holds its `Dockerfile`.
#[derive(Debug, Clone)]
pub struct Build {
    pub name: String,
    /// A tar archive of the build's context.
    pub context: Bytes,
    pub args: Vec<(String, String)>,
    pub labels: Vec<(String, String)>,
}

#[derive(Debug, Clone, Default)]
pub struct ImageInfo {
    /// The engine's id (`sha256:…`).
    pub id: String,
    pub names: Vec<String>,
    pub labels: Vec<(String, String)>,
    pub env: Vec<(String, String)>,
    /// Bytes.
    pub size: i64,
}

impl ImageInfo {
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The state of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Running,
    Paused,
    /// Created and never started, or ended.
    Stopped {
        code: i64,
        out_of_memory: bool,
    },
    Missing,
}

/// What carries our label.
#[derive(Debug, Clone, Default)]
pub struct Left {
    pub containers: Vec<LeftOver>,
    pub volumes: Vec<LeftOver>,
    pub networks: Vec<LeftOver>,
    /// Images that nodes were committed to (not those that nodes are made from).
    pub images: Vec<LeftOver>,
}

#[derive(Debug, Clone, Default)]
pub struct LeftOver {
    pub name: String,
    pub labels: Vec<(String, String)>,
    pub running: bool,
}
