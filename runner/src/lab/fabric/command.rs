//! pipework's `route`, `rule` and `tc`: a playbook's own words, so the fabric does not run them.

use crate::engine::{Streams, quoted};
use crate::problem::{Blame, Problem};

use super::state::State;
use super::{Fabric, ROOT};

impl Fabric {
    /// Runs `ip` or `tc` in a node's network namespace, and again whenever its machine comes back.
    pub async fn command(&self, node: &str, command: Vec<String>) -> Result<(), Problem> {
        let mut state = self.state.lock().await;
        self.carry_out(&state, node, &command).await?;
        state.commands.push((node.to_owned(), command));
        Ok(())
    }

    /// In a container that shares the node's network namespace and can do nothing else.
    pub(super) async fn carry_out(
        &self,
        state: &State,
        node: &str,
        command: &[String],
    ) -> Result<(), Problem> {
        let helper = self.helper(node, state.process(node)?).await?;
        let words: Vec<_> = command.iter().map(|word| quoted(word)).collect();
        let output = helper.run(ROOT, &words.join(" "), Streams::Merged).await?;
        if output.code == 0 {
            return Ok(());
        }
        let message = format!("`{}` on node `{node}` failed", command.join(" "));
        Err(Problem::new(Blame::Playbook, message).with_last_lines(&output.out))
    }
}
