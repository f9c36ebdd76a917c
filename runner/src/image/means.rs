//! How a base image would be had where no registry gives it: the tools of this machine.

use super::process::is_installed;
use crate::engine;

use super::Result;
use super::base::{made, published};
use super::major::release;

/// The means to get a major's base image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Means {
    /// What a registry has it as: `debian:trixie-slim`.
    pub published: String,
    /// The one that is on the engine already.
    pub present: Option<String>,
    /// Programs on this machine that make one from the package archive.
    pub tools: Vec<&'static str>,
    /// We are root on a machine with apt: a missing tool is installed when it is needed.
    pub may_install: bool,
}

impl Means {
    pub async fn find(engine: &dyn engine::Images, major: u32) -> Result<Self> {
        let release = release(major, false)?;
        let (published, made) = (published(release), made(release));
        let mut present = None;
        for name in [&published, &made] {
            if present.is_none() && engine.image(name).await?.is_some() {
                present = Some(name.clone());
            }
        }
        let is_root = super::archive::is_root();
        let mut tools = Vec::new();
        if is_installed("mmdebstrap") {
            tools.push("mmdebstrap");
        }
        // It needs root.
        if is_root && is_installed("debootstrap") {
            tools.push("debootstrap");
        }
        Ok(Self {
            published,
            present,
            tools,
            may_install: is_root && is_installed("apt-get"),
        })
    }
}
