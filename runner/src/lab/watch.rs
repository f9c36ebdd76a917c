//! What is looked at from the side while a lab goes on: what its nodes are, and while clients write
//! how far its standbys are behind. It is told in events, and never in a drill's way.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::task::JoinHandle;

use crate::event::{Role, What};
use crate::sql::Value;

use super::Sink;
use super::excerpt::tell_logs;
use super::node::{Node, Power};
use super::teardown::Lab;

/// Between two looks.
const PACE: Duration = Duration::from_millis(250);
/// Who has not answered by then is not waited for.
const PATIENCE: Duration = Duration::from_millis(500);

/// How far a server's WAL goes, as far as it has been written or replayed.
const POSITION: &str = "select pg_wal_lsn_diff(case when pg_is_in_recovery() \
     then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, '0/0')::bigint";

/// The task that looks.
#[derive(Debug, Default)]
pub(super) struct Watch(Mutex<Option<JoinHandle<()>>>);

impl Lab {
    /// Begins to look, unless that has been begun already.
    pub(super) fn begin_watch(self: &Arc<Self>, sink: &Sink) {
        let mut watch = self.watch.0.lock().expect("no panic holds it");
        if watch.is_some() {
            return;
        }
        let (lab, sink) = (Arc::downgrade(self), sink.clone());
        *watch = Some(tokio::spawn(async move {
            while let Some(lab) = lab.upgrade() {
                look(&lab, &sink).await;
                drop(lab);
                tokio::time::sleep(PACE).await;
            }
        }));
    }

    /// Ends it, and tells what is in the servers' logs.
    pub async fn close_watch(&self, sink: &Sink) {
        let watch = self.watch.0.lock().expect("no panic holds it").take();
        let Some(watch) = watch else { return };
        watch.abort();
        // It was told to end: that it did is no news.
        let _ = watch.await;
        let nodes = self.nodes();
        let nodes: Vec<_> = nodes.iter().map(|it| &**it).collect();
        tell_logs(&nodes, sink).await;
    }
}

async fn look(lab: &Lab, sink: &Sink) {
    let mut nodes = lab.nodes();
    nodes.retain(|node| node.can_be_asked());
    let looks = nodes.iter().map(|node| async {
        // What can't be seen is told by the call that meets it.
        let _ = tokio::time::timeout(PATIENCE, node.look(sink)).await;
    });
    join_all(looks).await;
    if lab.workloads.go_on() {
        compare(&nodes, sink).await;
    }
}

/// Tells how far the standbys are behind the primary.
async fn compare(nodes: &[Arc<Node>], sink: &Sink) {
    let role = |node: &Node| node.known.lock().expect("no panic holds it").role;
    if !nodes.iter().any(|node| role(node) == Role::Standby) {
        return;
    }
    let asked: Vec<_> = (nodes.iter())
        .map(|node| (node, role(node)))
        .filter(|(_, role)| matches!(role, Role::Primary | Role::Standby))
        .collect();
    let positions = join_all(asked.iter().map(|(node, _)| node.position())).await;
    let of = |wanted: Role| {
        let all = asked.iter().zip(&positions);
        all.filter_map(move |((node, role), at)| (*role == wanted).then_some((node, (*at)?)))
    };
    let Some(written) = of(Role::Primary).map(|(_, at)| at).max() else {
        return;
    };
    for (node, at) in of(Role::Standby) {
        sink.send(What::StandbyBehind {
            node: node.name.clone(),
            bytes: written.saturating_sub(at),
        });
    }
}

impl Node {
    fn can_be_asked(&self) -> bool {
        let on = matches!(
            &*self.power.lock().expect("no panic holds it"),
            Power::On(_)
        );
        on && self.needs_postgres().is_ok()
    }

    /// How far its WAL goes. None: it does not answer, or it would show that it was asked.
    async fn position(&self) -> Option<u64> {
        let _right = self.unobserved()?;
        let asked = async {
            if self.logs_connections().await {
                return None;
            }
            let connection = self.connect(&self.login(None)).await.ok()?;
            let rows = connection.rows(POSITION, &[]).await;
            connection.close().await;
            match rows.ok()?.first() {
                Some(Value::Integer(bytes)) => u64::try_from(*bytes).ok(),
                _ => None,
            }
        };
        tokio::time::timeout(PATIENCE, asked).await.ok()?
    }

    /// Whether connections and statements leave lines in the log.
    async fn logs_connections(&self) -> bool {
        let data = crate::engine::quoted(&self.data);
        let script = format!(
            "cd {data} && grep -qsE '^ *log_(connections|disconnections|statement|duration|min_duration)' \
             postgresql.conf postgresql.auto.conf && echo yes; :"
        );
        let said = self.run(&script).await;
        said.is_ok_and(|it| !it.out.is_empty())
    }
}
