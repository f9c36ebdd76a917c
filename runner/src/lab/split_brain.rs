//! Split brain: two nodes that accept writes at one time.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use crate::problem::{Blame, Problem};
use crate::sql::{self, Value};

use super::glance;
use super::node::{Node, Power};

/// A node that has not answered by then is not waited for: the others have.
const PATIENCE: Duration = Duration::from_millis(500);

/// Accepts writes of those who do not insist.
const QUESTION: &str = "select not pg_is_in_recovery() \
                        and current_setting('default_transaction_read_only') = 'off'";

/// A node that is asked.
struct Asked<'a> {
    node: &'a Node,
    /// None: the machine is off, and nobody can write there.
    connection: Option<Result<sql::Connection, Problem>>,
}

/// Whether at most one of the nodes is a writable primary. It fails if that is not known, because a
/// node does not answer; two that are known are enough.
pub async fn no_split_brain(nodes: &[Arc<Node>]) -> Result<bool, Problem> {
    // All are connected to before one is asked, so that the questions are asked at one time.
    let asked = join_all(nodes.iter().map(|node| Asked::dial(node))).await;
    let answers = join_all(asked.iter().map(Asked::is_writable)).await;
    let mut unknown = None;
    let mut writable = Vec::new();
    for (asked, answer) in asked.iter().zip(answers) {
        match answer {
            Ok(true) => writable.push(asked),
            Ok(false) => {}
            Err(problem) => unknown = Some(problem),
        }
    }
    // In a switchover one may answer yes, step down, and then the other says yes. Who says yes
    // again, after all of them have, said it for all the time between.
    if writable.len() > 1 {
        let again = join_all(writable.iter().map(|it| it.is_writable())).await;
        let mut again = again.into_iter().map(Result::unwrap_or_default);
        writable.retain(|_| again.next() == Some(true));
    }
    let names: Vec<_> = writable.iter().map(|it| it.node.name.clone()).collect();
    join_all(asked.into_iter().map(Asked::hang_up)).await;
    if names.len() > 1 {
        glance::saw(|| format!("{} accept writes at one time", names.join(" and ")));
        return Ok(false);
    }
    unknown.map_or(Ok(true), Err)
}

impl<'a> Asked<'a> {
    async fn dial(node: &'a Node) -> Self {
        let off = matches!(
            &*node.power.lock().expect("no panic holds it"),
            Power::Off(_)
        );
        let connection = if off {
            None
        } else {
            let login = node.login(None);
            Some(in_time(node, node.connect(&login)).await)
        };
        Self { node, connection }
    }

    async fn is_writable(&self) -> Result<bool, Problem> {
        let connection = match &self.connection {
            None => return Ok(false),
            Some(connection) => connection.as_ref().map_err(Clone::clone)?,
        };
        let question = async { Ok(connection.rows(QUESTION, &[]).await?) };
        let answer = in_time(self.node, question).await?;
        Ok(answer.first() == Some(&Value::Boolean(true)))
    }

    async fn hang_up(self) {
        if let Some(Ok(connection)) = self.connection {
            let _ = tokio::time::timeout(PATIENCE, connection.close()).await;
        }
    }
}

async fn in_time<T>(
    node: &Node,
    work: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let unknown = |why: &str| {
        let message = format!("whether `{}` accepts writes is not known: {why}", node.name);
        Problem::new(Blame::System, message)
    };
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(problem)) => Err(unknown(&problem.message)),
        Err(_) => Err(unknown("it does not answer")),
    }
}
