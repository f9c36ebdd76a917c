//! Two ways to reach a node's network namespace.

use std::str::FromStr;

/// What the fabric's container may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rights {
    /// It sees the processes of the engine's machine, and enters their network namespaces: 10 ms an
    /// attachment.
    #[default]
    AllProcesses,
    /// It has its own namespaces and no right but to change networks; each node gets a helper
    /// container that shares the node's network namespace. For engines that refuse the other way.
    Least,
}

impl Rights {
    pub(super) fn caps(self) -> Vec<String> {
        let caps: &[&str] = match self {
            // Without SYS_PTRACE, another process's namespaces are not seen.
            Self::AllProcesses => &["NET_ADMIN", "NET_RAW", "SYS_ADMIN", "SYS_PTRACE"],
            Self::Least => &["NET_ADMIN", "NET_RAW"],
        };
        caps.iter().map(|it| (*it).to_owned()).collect()
    }
}

impl FromStr for Rights {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all-processes" => Ok(Self::AllProcesses),
            "least" => Ok(Self::Least),
            _ => Err(format!("`{text}` is neither `all-processes` nor `least`")),
        }
    }
}
