//! What is on the engine, asked of it directly.

use std::sync::Arc;

use pgdrill::engine::{Containers, Docker, RUN_LABEL};

/// The names of all that carries a run's label.
pub fn left(run: &str) -> Vec<String> {
    let left = with(async |engine| engine.left(&format!("{RUN_LABEL}={run}")).await);
    let kinds = [left.containers, left.volumes, left.networks, left.images];
    kinds.into_iter().flatten().map(|it| it.name).collect()
}

/// Kills a container, as an engine would that runs out of memory.
pub fn kill(container: &str) {
    with(async |engine| engine.kill(container).await);
}

/// Does something with the engine.
pub fn with<T>(ask: impl AsyncFnOnce(Arc<Docker>) -> pgdrill::engine::Result<T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(async {
        let engine = Docker::connect(None).await.expect("an engine answers");
        ask(Arc::new(engine)).await.expect("the engine does it")
    })
}
