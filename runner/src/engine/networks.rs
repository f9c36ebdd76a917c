//! Networks at the engine's door.

use std::collections::HashMap;

use async_trait::async_trait;

use bollard::models::{Ipam, IpamConfig, NetworkCreateRequest};
use bollard::query_parameters::ListNetworksOptions;

use super::docker::refused;
use super::{Docker, Error, NetworkSpec, Networks, Result};

#[async_trait]
impl Networks for Docker {
    async fn create_network(&self, spec: &NetworkSpec) -> Result<()> {
        let name = "com.docker.network.bridge.name".to_owned();
        let request = NetworkCreateRequest {
            name: spec.name.clone(),
            internal: Some(spec.internal),
            labels: Some(spec.labels.iter().cloned().collect()),
            options: (spec.bridge.clone()).map(|bridge| HashMap::from([(name, bridge)])),
            ipam: spec.subnet.as_ref().map(|subnet| Ipam {
                config: Some(vec![IpamConfig {
                    subnet: Some(subnet.clone()),
                    ..IpamConfig::default()
                }]),
                ..Ipam::default()
            }),
            ..NetworkCreateRequest::default()
        };
        match self.client.create_network(request).await {
            Ok(_) => Ok(()),
            Err(error) => Err(refused(format!("create network `{}`", spec.name), &error)),
        }
    }

    async fn subnets(&self) -> Result<Vec<(String, Vec<String>)>> {
        let listed = self.client.list_networks(None::<ListNetworksOptions>).await;
        let listed = listed.map_err(|error| refused("list networks", &error))?;
        let subnets = |ipam: Option<Ipam>| {
            let configs = ipam.and_then(|it| it.config).unwrap_or_default();
            configs.into_iter().filter_map(|it| it.subnet).collect()
        };
        let named = listed
            .into_iter()
            .map(|it| (it.name.unwrap_or_default(), subnets(it.ipam)));
        Ok(named.collect())
    }

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
