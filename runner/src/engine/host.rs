//! Where the engine is: the places that its own client would look at, in the same order.

use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Result;

/// An engine's address and how it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// `unix:///var/run/docker.sock`, `tcp://…`
    pub address: String,
    pub how: String,
}

/// Finds where an engine may be, best first. A place that somebody named is the only one.
pub fn find(asked: Option<&str>) -> Result<Vec<Found>> {
    let places = places(asked, &Environment::of_process());
    Ok(places
        .into_iter()
        .filter_map(|place| match place {
            Place::Try(found) => Some(found),
            Place::Not { .. } => None,
        })
        .collect())
}

/// What of the process's surroundings says where an engine is.
#[derive(Debug, Clone, Default)]
pub(super) struct Environment {
    pub docker_host: Option<String>,
    pub docker_context: Option<String>,
    pub docker_tls_verify: bool,
    /// The docker client's folder, `~/.docker`.
    pub docker_config: Option<PathBuf>,
    pub home: Option<PathBuf>,
    pub runtime_dir: Option<PathBuf>,
}

impl Environment {
    pub fn of_process() -> Self {
        let text = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let home = text("HOME").map(PathBuf::from);
        Self {
            docker_host: text("DOCKER_HOST"),
            docker_context: text("DOCKER_CONTEXT"),
            docker_tls_verify: text("DOCKER_TLS_VERIFY").is_some(),
            docker_config: text("DOCKER_CONFIG")
                .map(PathBuf::from)
                .or_else(|| Some(home.as_ref()?.join(".docker"))),
            home,
            runtime_dir: text("XDG_RUNTIME_DIR").map(PathBuf::from),
        }
    }
}

/// A place that was considered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Try(Found),
    /// It can't be tried, or says nothing.
    Not {
        what: String,
        why: String,
    },
}

pub(super) fn places(asked: Option<&str>, environment: &Environment) -> Vec<Place> {
    if let Some(asked) = asked {
        return vec![place(asked, "--host", environment.docker_tls_verify)];
    }
    if let Some(host) = &environment.docker_host {
        return vec![place(host, "$DOCKER_HOST", environment.docker_tls_verify)];
    }
    if let Some(name) = &environment.docker_context
        && name != "default"
    {
        return vec![context(name, "$DOCKER_CONTEXT", environment)];
    }
    if environment.docker_context.is_none()
        && let Some(name) = current_context(environment)
    {
        return vec![context(&name, "the docker client's context", environment)];
    }
    let mut places = sockets(environment);
    places.push(Place::Not {
        what: "$DOCKER_HOST".to_owned(),
        why: "not set".to_owned(),
    });
    places.push(Place::Not {
        what: "docker context".to_owned(),
        why: "`default`, the sockets above".to_owned(),
    });
    places
}

fn sockets(environment: &Environment) -> Vec<Place> {
    let under = |folder: &Option<PathBuf>, rest: &str| folder.as_ref().map(|it| it.join(rest));
    [
        (Some("/var/run/docker.sock".into()), "the usual socket"),
        (
            under(&environment.runtime_dir, "docker.sock"),
            "rootless Docker",
        ),
        (
            under(&environment.home, ".docker/run/docker.sock"),
            "Docker Desktop",
        ),
        (
            under(&environment.runtime_dir, "podman/podman.sock"),
            "rootless Podman",
        ),
        (Some("/run/podman/podman.sock".into()), "Podman"),
    ]
    .into_iter()
    .filter_map(|(path, how)| {
        Some(Place::Try(Found {
            address: format!("unix://{}", path?.display()),
            how: how.to_owned(),
        }))
    })
    .collect()
}

/// The context that `docker context use` chose, unless it is the default one.
fn current_context(environment: &Environment) -> Option<String> {
    let file = environment.docker_config.as_ref()?.join("config.json");
    let config: Value = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    let name = config["currentContext"].as_str()?;
    (!name.is_empty() && name != "default").then(|| name.to_owned())
}

fn context(name: &str, how: &str, environment: &Environment) -> Place {
    let how = format!("{how} `{name}`");
    let not = |why: String| Place::Not {
        what: how.clone(),
        why,
    };
    let Some(folder) = &environment.docker_config else {
        return not("no home directory to look for it".to_owned());
    };
    let contexts = folder.join("contexts");
    let id = hex(&Sha256::digest(name));
    let meta = contexts.join("meta").join(&id).join("meta.json");
    let host = match read_host(&meta) {
        Ok(host) => host,
        Err(why) => return not(why),
    };
    let tls = contexts.join("tls").join(&id).join("docker").is_dir();
    place(&host, &how, tls)
}

fn read_host(meta: &Path) -> Result<String, String> {
    let text = std::fs::read(meta).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => "no such context".to_owned(),
        _ => format!("`{}`: {error}", meta.display()),
    })?;
    let meta: Value = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
    meta["Endpoints"]["docker"]["Host"]
        .as_str()
        .filter(|host| !host.is_empty())
        .map(str::to_owned)
        .ok_or_else(|| "the context names no Docker endpoint".to_owned())
}

/// An address in the form that we can dial, or why we can't.
fn place(address: &str, how: &str, tls: bool) -> Place {
    let found = |address: String| {
        Place::Try(Found {
            address,
            how: how.to_owned(),
        })
    };
    let not = |why: String| Place::Not {
        what: format!("{address} ({how})"),
        why,
    };
    match address.split_once("://") {
        None if address.starts_with('/') => found(format!("unix://{address}")),
        Some(("unix", path)) if path.starts_with('/') => found(address.to_owned()),
        Some(("tcp" | "http", _)) if !tls => found(address.to_owned()),
        Some(("tcp" | "http" | "https", _)) => not(
            "TLS is not spoken here: tunnel the engine's socket through ssh, \
             `ssh -nNT -L /tmp/engine.sock:/var/run/docker.sock HOST`, then \
             `--host unix:///tmp/engine.sock`"
                .to_owned(),
        ),
        Some(("ssh", host)) => {
            let host = host.split('/').next().unwrap_or(host);
            let to = match host.rsplit_once(':') {
                Some((host, port)) => format!("-p {port} {host}"),
                None => host.to_owned(),
            };
            not(format!(
                "ssh is not spoken here: run \
                 `ssh -nNT -L /tmp/engine.sock:/var/run/docker.sock {to}`, then \
                 `--host unix:///tmp/engine.sock`"
            ))
        }
        _ => not("no address of an engine (`unix:///path` or `tcp://host:port`)".to_owned()),
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes all");
        text
    })
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn shown(places: &[Place]) -> String {
        let lines = places.iter().map(|place| match place {
            Place::Try(found) => format!("{} ({})", found.address, found.how),
            Place::Not { what, why } => format!("not {what}: {why}"),
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    fn with_context(name: &str, host: &str) -> (tempfile::TempDir, Environment) {
        let folder = tempfile::tempdir().expect("a folder");
        let meta = folder
            .path()
            .join("contexts/meta")
            .join(hex(&Sha256::digest(name)));
        std::fs::create_dir_all(&meta).expect("folders");
        let text = format!(r#"{{"Name":"{name}","Endpoints":{{"docker":{{"Host":"{host}"}}}}}}"#);
        std::fs::write(meta.join("meta.json"), text).expect("a file");
        let environment = Environment {
            docker_config: Some(folder.path().to_owned()),
            ..Environment::default()
        };
        (folder, environment)
    }

    #[test]
    fn what_was_asked_for_is_the_only_place() {
        let environment = Environment {
            docker_host: Some("unix:///other.sock".into()),
            ..Environment::default()
        };
        assert_snapshot!(shown(&places(Some("/run/mine.sock"), &environment)), @"unix:///run/mine.sock (--host)");
        assert_snapshot!(shown(&places(None, &environment)), @"unix:///other.sock ($DOCKER_HOST)");
    }

    #[test]
    fn nothing_said_means_the_usual_sockets() {
        let environment = Environment {
            home: Some("/home/ann".into()),
            runtime_dir: Some("/run/user/7".into()),
            ..Environment::default()
        };
        assert_snapshot!(shown(&places(None, &environment)), @r"
        unix:///var/run/docker.sock (the usual socket)
        unix:///run/user/7/docker.sock (rootless Docker)
        unix:///home/ann/.docker/run/docker.sock (Docker Desktop)
        unix:///run/user/7/podman/podman.sock (rootless Podman)
        unix:///run/podman/podman.sock (Podman)
        not $DOCKER_HOST: not set
        not docker context: `default`, the sockets above
        ");
    }

    #[test]
    fn the_chosen_context_is_followed() {
        let (folder, mut environment) = with_context("lab", "tcp://10.0.0.5:2375");
        std::fs::write(
            folder.path().join("config.json"),
            r#"{"currentContext":"lab"}"#,
        )
        .expect("a file");
        assert_snapshot!(shown(&places(None, &environment)), @"tcp://10.0.0.5:2375 (the docker client's context `lab`)");
        environment.docker_context = Some("gone".into());
        assert_snapshot!(shown(&places(None, &environment)), @"not $DOCKER_CONTEXT `gone`: no such context");
        environment.docker_context = Some("default".into());
        assert!(shown(&places(None, &environment)).starts_with("unix:///var/run/docker.sock"));
    }

    #[test]
    fn what_we_cannot_dial_says_the_way_out() {
        let none = Environment::default();
        assert_snapshot!(shown(&places(Some("ssh://me@server:2222"), &none)), @"not ssh://me@server:2222 (--host): ssh is not spoken here: run `ssh -nNT -L /tmp/engine.sock:/var/run/docker.sock -p 2222 me@server`, then `--host unix:///tmp/engine.sock`");
        assert_snapshot!(shown(&places(Some("engine"), &none)), @"not engine (--host): no address of an engine (`unix:///path` or `tcp://host:port`)");
        let tls = Environment {
            docker_tls_verify: true,
            ..none
        };
        assert!(shown(&places(Some("tcp://h:2376"), &tls)).contains("TLS is not spoken here"));
    }
}
