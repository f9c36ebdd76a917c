//! The one door to the container engine. No type of the engine's client leaves it.

mod body;
mod containers;
mod docker;
mod error;
mod host;
mod images;
mod machine;
#[cfg(test)]
pub mod recording;
mod networks;
mod owner;
mod registry;
mod shell;
mod spec;
mod terminal;

use std::fmt::Debug;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use tokio::io::AsyncWrite;

pub use docker::Docker;
pub use error::{Error, Result};
pub use host::{Found, find};
pub use machine::{Lent, Machine, end_process};
pub use owner::owner;
pub use shell::{Output, Shell, Streams, heredoc, quoted};
pub use spec::{
    Build, ContainerSpec, ImageInfo, Left, LeftOver, Network, NetworkSpec, Process, Processes,
    State, Storage, VolumeMount,
};
pub use terminal::{Program, Size, Terminal};

/// Everything that carries this label was made by pgdrill; its value is the run's id.
pub const RUN_LABEL: &str = "org.pgdrill.run";
/// The user and the machine that the run was started on.
pub const OWNER_LABEL: &str = "org.pgdrill.owner";
/// The image's folder name (`pg`), on every image that pgdrill made.
pub const IMAGE_LABEL: &str = "org.pgdrill.image";
/// The PostgreSQL major, on images that pgdrill made.
pub const MAJOR_LABEL: &str = "org.pgdrill.major";
/// The server's full version (`17.6`), on images that have PostgreSQL.
pub const VERSION_LABEL: &str = "org.pgdrill.postgresql";

/// What a container engine can do for us.
pub trait Engine: Containers + Images + Networks {}
impl<T: Containers + Images + Networks> Engine for T {}

/// Containers, volumes and what runs in them. Containers and volumes go by the names that we give.
#[async_trait]
pub trait Containers: Debug + Send + Sync {
    /// One line on the engine: name, version, storage.
    async fn about(&self) -> Result<About>;
    async fn create(&self, spec: &ContainerSpec) -> Result<()>;
    /// Attaches to the first process's streams; before `start`, or what it says first is lost.
    async fn attach(&self, container: &str) -> Result<Pipe>;
    async fn start(&self, container: &str) -> Result<()>;
    /// Ends the container's processes with SIGKILL and waits until they are gone.
    async fn kill(&self, container: &str) -> Result<()>;
    async fn pause(&self, container: &str) -> Result<()>;
    async fn unpause(&self, container: &str) -> Result<()>;
    /// Removes a container, running or not, with its anonymous volumes.
    async fn remove(&self, container: &str) -> Result<()>;
    async fn remove_volume(&self, name: &str) -> Result<()>;
    async fn state(&self, container: &str) -> Result<State>;
    /// A running container's first process.
    async fn process(&self, container: &str) -> Result<Process>;
    /// Runs a program in the container with its streams connected to us.
    async fn exec(&self, container: &str, user: &str, program: &[&str]) -> Result<Pipe>;
    /// Unpacks a tar archive at a path in the container.
    async fn upload(&self, container: &str, path: &str, archive: Bytes) -> Result<()>;
    /// What is at a path in the container, running or not, as a tar archive of at most this many bytes.
    async fn download(&self, container: &str, path: &str, most: usize) -> Result<Vec<u8>>;
    /// What carries this label (`name` or `name=value`).
    async fn left(&self, label: &str) -> Result<Left>;
}

/// Networks of the engine's, for nodes that want one.
#[async_trait]
pub trait Networks: Debug + Send + Sync {
    async fn create_network(&self, spec: &NetworkSpec) -> Result<()>;
    /// All networks by name, with their subnets.
    async fn subnets(&self) -> Result<Vec<(String, Vec<String>)>>;
    async fn remove_network(&self, name: &str) -> Result<()>;
}

/// Images.
#[async_trait]
pub trait Images: Debug + Send + Sync {
    async fn image(&self, name: &str) -> Result<Option<ImageInfo>>;
    /// All images that pgdrill made.
    async fn our_images(&self) -> Result<Vec<ImageInfo>>;
    async fn pull(&self, name: &str) -> Result<()>;
    /// Makes an image from the tar archive of a root file system.
    async fn import(&self, name: &str, archive: std::path::PathBuf) -> Result<()>;
    /// Builds an image; every line that the build prints goes to `said`.
    async fn build(
        &self,
        build: Build,
        said: &(dyn for<'a> Fn(&'a str) + Send + Sync),
    ) -> Result<()>;
    async fn commit(&self, container: &str, name: &str, labels: &[(String, String)]) -> Result<()>;
    async fn remove_image(&self, name: &str) -> Result<()>;
}

/// The engine in a few words.
#[derive(Debug, Clone)]
pub struct About {
    pub name: String,
    pub version: String,
    pub api: String,
    pub storage: String,
    pub kernel: String,
    pub system: String,
}

/// A process's streams.
pub struct Pipe {
    pub output: BoxStream<'static, Result<Chunk>>,
    pub input: std::pin::Pin<Box<dyn AsyncWrite + Send>>,
    /// Where the streams go back to when the process has ended, if they are only lent.
    pub lent: Option<machine::Lent>,
}

/// A piece of what a process printed.
#[derive(Debug, Clone)]
pub enum Chunk {
    Out(Bytes),
    Err(Bytes),
}
