//! Where the engine is: the places that its own client would look at, in the same order.

/// An engine's address and how it was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// `unix:///var/run/docker.sock`, `tcp://…`
    pub address: String,
    pub how: String,
}

/// Finds the engine.
pub fn find(_asked: Option<&str>) -> super::Result<Vec<Found>> {
    Ok(Vec::new())
}
