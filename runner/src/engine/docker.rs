//! The engine through its own client library: the connection, and its errors in our words.

use std::time::Duration;

use bollard::errors::Error as ClientError;
use tokio::net::{TcpStream, UnixStream};

use super::host::{Environment, Found, Place, places};
use super::{Error, Result};

/// An engine that is there answers a ping at once.
const PATIENCE: Duration = Duration::from_secs(10);
/// Until an answer's first byte; unpacking or committing a big image takes minutes on slow storage.
const ANSWER: u64 = 600;

/// A connection to a container engine that speaks Docker's API.
#[derive(Debug, Clone)]
pub struct Docker {
    pub(super) client: bollard::Docker,
    pub address: String,
    /// How the address was found.
    pub how: String,
    /// The places before it that gave no engine, each with the reason.
    pub tried: Vec<(String, String)>,
}

impl Docker {
    /// Connects to the engine that was asked for, else to the first that answers.
    pub async fn connect(asked: Option<&str>) -> Result<Self> {
        let mut tried = Vec::new();
        let mut forbidden = None;
        for place in places(asked, &Environment::of_process()) {
            let found = match place {
                Place::Try(found) => found,
                Place::Not { what, why } => {
                    tried.push((what, why));
                    continue;
                }
            };
            match dial(&found).await {
                Ok(docker) => return Ok(Self { tried, ..docker }),
                Err(Refusal { denied, text }) => {
                    if denied && forbidden.is_none() {
                        forbidden = Some((found.address.clone(), text.clone()));
                    }
                    tried.push((found.address, text));
                }
            }
        }
        Err(match forbidden {
            Some((address, text)) => Error::Forbidden { address, text },
            None => Error::NotFound { tried },
        })
    }
}

struct Refusal {
    denied: bool,
    text: String,
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        let (denied, text) = match error.kind() {
            ErrorKind::NotFound => (false, "no such file".to_owned()),
            ErrorKind::PermissionDenied => (true, "permission denied".to_owned()),
            ErrorKind::ConnectionRefused => (false, "nobody listens there".to_owned()),
            _ => (false, error.to_string()),
        };
        Self { denied, text }
    }
}

impl From<ClientError> for Refusal {
    fn from(error: ClientError) -> Self {
        let text = words(&error);
        Self {
            denied: text.contains("permission denied"),
            text,
        }
    }
}

/// The plain connection comes first: its errors say more than the client's.
async fn dial(found: &Found) -> Result<Docker, Refusal> {
    let late = |_| Refusal {
        denied: false,
        text: format!("no answer within {} s", PATIENCE.as_secs()),
    };
    let version = bollard::API_DEFAULT_VERSION;
    let client = if let Some(path) = found.address.strip_prefix("unix://") {
        tokio::time::timeout(PATIENCE, UnixStream::connect(path))
            .await
            .map_err(late)??;
        bollard::Docker::connect_with_unix(path, ANSWER, version)?
    } else {
        let rest = found.address.split_once("://").map_or("", |(_, rest)| rest);
        let host = rest.trim_end_matches('/');
        tokio::time::timeout(PATIENCE, TcpStream::connect(host))
            .await
            .map_err(late)??;
        bollard::Docker::connect_with_http(&format!("tcp://{host}"), ANSWER, version)?
    };
    tokio::time::timeout(PATIENCE, client.ping())
        .await
        .map_err(late)??;
    Ok(Docker {
        client,
        address: found.address.clone(),
        how: found.how.clone(),
        tried: Vec::new(),
    })
}

/// What an engine's refusal is in our words: `what` is what was tried on what.
pub(super) fn refused(what: impl Into<String>, error: &ClientError) -> Error {
    let what = what.into();
    let text = words(error);
    match error {
        ClientError::DockerResponseServerError { status_code, .. } => match *status_code {
            404 => Error::Gone { what, text },
            409 if text.contains("is not running") => Error::Gone { what, text },
            status => Error::Refused { what, status, text },
        },
        _ => Error::Broken { what, text },
    }
}

/// The engine's own words where it has some, else the innermost cause.
pub(super) fn words(error: &ClientError) -> String {
    match error {
        ClientError::DockerResponseServerError { message, .. } => message.trim().to_owned(),
        ClientError::DockerStreamError { error } => error.trim().to_owned(),
        other => {
            let mut cause: &dyn std::error::Error = other;
            while let Some(deeper) = cause.source() {
                cause = deeper;
            }
            cause.to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status_code: u16, message: &str) -> String {
        let error = ClientError::DockerResponseServerError {
            status_code,
            message: message.to_owned(),
        };
        format!("{:?}", refused("start of node `a` failed", &error))
    }

    #[test]
    fn what_is_not_there_or_not_running_is_gone() {
        assert!(answer(404, "No such container: a").starts_with("Gone"));
        assert!(answer(409, "Container a is not running").starts_with("Gone"));
        assert!(answer(409, "name `a` is in use").starts_with("Refused"));
        assert!(answer(500, "boom").starts_with("Refused"));
    }

    #[tokio::test]
    async fn an_engine_that_is_not_there_is_named_with_the_reason() {
        let error = Docker::connect(Some("unix:///nowhere.sock"))
            .await
            .expect_err("nothing is there");
        let Error::NotFound { tried } = error else {
            panic!("{error:?}");
        };
        let expected = ("unix:///nowhere.sock".to_owned(), "no such file".to_owned());
        assert_eq!(tried, [expected]);
    }
}
