//! What a node is: told by the calls that change it, and looked for where something else may have,
//! such as a command of the playbook or a daemon that promotes.

use crate::engine::quoted;
use crate::event::{Role, What};
use crate::problem::Problem;

use super::Sink;
use super::node::Node;

/// What was told of a node last.
#[derive(Debug)]
pub(super) struct Known {
    pub role: Role,
    /// How often a call said what the node is.
    said: u64,
    /// A call starts the server. Until it has, nothing that can be seen is to be relied on.
    starting: bool,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            role: Role::Down,
            said: 0,
            starting: false,
        }
    }
}

impl Node {
    /// Tells what the node is from here on.
    pub(super) fn becomes(&self, sink: &Sink, role: Role) {
        let mut known = self.known.lock().expect("no panic holds it");
        known.said += 1;
        known.starting = false;
        self.tell_role(&mut known, sink, role);
    }

    /// Tells that the server starts. It ends with what the node becomes, or is seen to be.
    pub(super) fn starts(&self, sink: &Sink) {
        self.becomes(sink, Role::Recovering);
        self.known.lock().expect("no panic holds it").starting = true;
    }

    /// Tells what the server is that a call has started.
    pub(super) async fn has_started(&self, sink: &Sink) -> Result<(), Problem> {
        if let Some(role) = self.seen().await? {
            self.becomes(sink, role);
        }
        Ok(())
    }

    /// Looks from the side what the server is. What a call says meanwhile counts more.
    pub(super) async fn look(&self, sink: &Sink) -> Result<(), Problem> {
        let said = self.known.lock().expect("no panic holds it").said;
        let seen = self.seen().await?;
        let mut known = self.known.lock().expect("no panic holds it");
        if let Some(role) = seen
            && known.said == said
            && !known.starting
        {
            self.tell_role(&mut known, sink, role);
        }
        Ok(())
    }

    /// The lock is held: the events must come in the order of the changes.
    fn tell_role(&self, known: &mut Known, sink: &Sink, role: Role) {
        if known.role == role {
            return;
        }
        known.role = role;
        sink.send(What::RoleChanged {
            node: self.name.clone(),
            role,
        });
    }

    /// Without a connection: one would be in the way of a stop, and leave lines in the log.
    async fn seen(&self) -> Result<Option<Role>, Problem> {
        let script = format!(
            "p=; s=; {{ IFS= read -r p; while IFS= read -r l; do s=$l; done; }} \
             2>/dev/null <{data}/postmaster.pid; \
             c=; {{ read -r c </proc/$p/comm; }} 2>/dev/null; [ \"$c\" = postgres ] || s=ended; \
             g=; [ ! -f {data}/standby.signal ] || g=standby; \
             [ ! -f {data}/recovery.signal ] || g=recovery; echo \"server $s:$g\"",
            data = quoted(&self.data),
        );
        Ok(role(&self.run(&script).await?.out))
    }
}

/// What the last line of `postmaster.pid` and the signal files say; none: the server is just about
/// to become something else.
fn role(said: &str) -> Option<Role> {
    let (status, signal) = said.trim().strip_prefix("server ")?.split_once(':')?;
    Some(match (status.trim(), signal) {
        ("ended", _) => Role::Down,
        ("starting", _) | ("ready" | "standby", "recovery") => Role::Recovering,
        ("ready" | "standby", "standby") => Role::Standby,
        ("ready", _) => Role::Primary,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::role;

    #[test]
    fn a_server_is_what_its_lock_file_and_its_signal_files_say() {
        let said = [
            "server ready   :",
            "server ready   :standby",
            "server standby :standby",
            "server ready   :recovery",
            "server starting:standby",
            "server stopping:",
            "server stale   :",
            "server ended:standby",
            "",
        ];
        let roles = said.map(|it| format!("{it} -> {:?}", role(it)));
        insta::assert_snapshot!(roles.join("\n"), @"
        server ready   : -> Some(Primary)
        server ready   :standby -> Some(Standby)
        server standby :standby -> Some(Standby)
        server ready   :recovery -> Some(Recovering)
        server starting:standby -> Some(Recovering)
        server stopping: -> None
        server stale   : -> None
        server ended:standby -> Some(Down)
         -> None
        ");
    }
}
