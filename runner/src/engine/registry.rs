//! Whether the engine reaches a registry, without pulling anything.

use std::time::Duration;

use super::docker::words;
use super::{Docker, Error, Result};

/// A registry that is there answers by then; a network that drops packets never does.
const PATIENCE: Duration = Duration::from_secs(8);

impl Docker {
    /// Asks the image's registry, through the engine, what it has under this name.
    pub async fn ask_registry(&self, image: &str) -> Result<()> {
        let broken = |text: String| Error::Broken {
            what: format!("the registry of `{image}`"),
            text,
        };
        let asked = self.client.inspect_registry_image(image, None);
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(broken(words(&error))),
            Err(_) => Err(broken(format!("no answer within {} s", PATIENCE.as_secs()))),
        }
    }
}
