//! Networks of the engine's, for what wants one: the fabric's are enough for all else.

use ipnet::IpNet;

use crate::engine::{Error, NetworkSpec, quoted};
use crate::problem::{Blame, Problem};

use super::Act;
use super::fabric::Interface;
use super::names::check_name;
use super::teardown::Lab;

/// A network of the engine's, of this scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineNetwork {
    pub name: String,
    pub(super) engine_name: String,
}

/// How it is made.
#[derive(Debug, Clone, Default)]
pub struct EngineNetworkOptions {
    pub subnet: Option<String>,
    pub bridge: Option<String>,
    pub internal: bool,
}

/// Creates a network of the engine's. It goes with the scenario.
pub async fn network(
    act: &Act,
    lab: &Lab,
    name: &str,
    options: EngineNetworkOptions,
) -> Result<EngineNetwork, Problem> {
    check_name("network", name)?;
    let subnet = options.subnet.as_deref().map(read_subnet).transpose()?;
    let bridge = options.bridge.as_deref().map(Interface::read).transpose()?;
    let network = EngineNetwork {
        name: name.to_owned(),
        engine_name: lab.container_name(name),
    };
    let mut words = vec!["docker network create".to_owned()];
    words.extend(subnet.map(|it| format!("--subnet {it}")));
    words.extend(
        bridge
            .as_ref()
            .map(|it| format!("-o com.docker.network.bridge.name={it}")),
    );
    words.extend(options.internal.then(|| "--internal".to_owned()));
    words.push(quoted(name));
    act.shows(None, words.join(" "), "");
    let spec = NetworkSpec {
        name: network.engine_name.clone(),
        subnet: subnet.map(|it| it.to_string()),
        bridge: bridge.map(|it| it.to_string()),
        internal: options.internal,
        labels: lab.labels(None),
    };
    let engine = std::sync::Arc::clone(&lab.world.engine);
    let made = lab.finish(async move {
        match engine.create_network(&spec).await {
            Ok(()) => Ok(Ok(())),
            Err(Error::Refused { text, .. }) if text.to_lowercase().contains("overlap") => {
                Ok(Err((text, engine.subnets().await?)))
            }
            Err(error) => Err(error.into()),
        }
    });
    match made.await? {
        Ok(()) => Ok(network),
        Err((text, subnets)) => Err(overlap(subnet, &text, &subnets)),
    }
}

fn read_subnet(text: &str) -> Result<IpNet, Problem> {
    match text.parse::<IpNet>() {
        Ok(net) => Ok(net.trunc()),
        Err(_) => Err(Problem::new(
            Blame::Playbook,
            format!("`{text}` is no subnet in CIDR form"),
        )
        .note("such as `10.77.0.0/24`")),
    }
}

/// Names the network that has these addresses already.
fn overlap(subnet: Option<IpNet>, text: &str, subnets: &[(String, Vec<String>)]) -> Problem {
    let overlaps = |of: &str| -> bool {
        let Ok(of) = of.parse::<IpNet>() else {
            return false;
        };
        subnet.is_some_and(|it| it.contains(&of) || of.contains(&it))
    };
    let other = subnets
        .iter()
        .find(|(_, nets)| nets.iter().any(|it| overlaps(it)));
    let what = subnet.map_or("the subnet".to_owned(), |it| it.to_string());
    let message = match other {
        Some((name, _)) => format!("{what} overlaps with the engine's network `{name}`"),
        None => format!("{what} overlaps with another network of the engine's machine"),
    };
    Problem::new(Blame::Environment, message)
        .note(format!("it said: {text}"))
        .note("pipework_attach has any address, in any number of runs at once")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overlap_names_the_other_network() {
        let subnets = [
            ("bridge".to_owned(), vec!["172.17.0.0/16".to_owned()]),
            ("other".to_owned(), vec!["10.77.0.0/16".to_owned()]),
        ];
        let problem = overlap(Some("10.77.3.0/24".parse().expect("a net")), "no", &subnets);
        assert_eq!(
            problem.message,
            "10.77.3.0/24 overlaps with the engine's network `other`"
        );
    }
}
