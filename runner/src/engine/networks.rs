//! Networks at the engine's door: nodes have none, what an earlier version left can be removed.

use async_trait::async_trait;

use super::docker::refused;
use super::{Docker, Error, Networks, Result};

#[async_trait]
impl Networks for Docker {
    async fn remove_network(&self, name: &str) -> Result<()> {
        match self.client.remove_network(name).await {
            Ok(()) => Ok(()),
            Err(error) => match refused(format!("remove network `{name}`"), &error) {
                Error::Gone { .. } => Ok(()),
                error => Err(error),
            },
        }
    }
}
