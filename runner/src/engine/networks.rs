//! Networks at the engine's door: nodes have none, what an earlier version left can be removed.

use super::docker::refused;
use super::{Docker, Error, Result};

impl Docker {
    pub async fn remove_network(&self, name: &str) -> Result<()> {
        match self.client.remove_network(name).await {
            Ok(()) => Ok(()),
            Err(error) => match refused(format!("remove network `{name}`"), &error) {
                Error::Gone { .. } => Ok(()),
                error => Err(error),
            },
        }
    }
}
