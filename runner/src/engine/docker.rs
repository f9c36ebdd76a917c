//! The engine through its own client library.

/// A connection to a container engine that speaks Docker's API.
#[derive(Debug, Clone)]
pub struct Docker {
    pub(super) client: bollard::Docker,
    pub address: String,
}
