//! The server's log.

use std::sync::Arc;

use rhai::plugin::{NativeCallContext, export_module, exported_module};
use rhai::{Engine, Map};

use super::kinds::Kind;
use super::options::{Keys, Options};
use super::raise::{RhaiResultOf, misuse, place, raise, session, step};
use crate::lab::{self, LogMark, Node};
use crate::session::PATIENCE;

pub const KEYS: &[Keys] = &[Keys {
    function: "wait_for_log",
    keys: &[("timeout", Kind::Duration)],
}];

pub fn register(engine: &mut Engine) {
    engine.register_type_with_name::<LogMark>("LogMark");
    engine.register_global_module(exported_module!(chapter).into());
}

#[export_module]
mod chapter {
    /// The text of the server's log. Not shown.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// expect(server_log(p1).contains("ready to accept connections"), "the server said hello");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn server_log(call: NativeCallContext<'_>, node: &mut Arc<Node>) -> RhaiResultOf<String> {
        step(&call, format!("log of {}", node.name), async |_| {
            lab::server_log(node, None).await
        })
    }

    /// The present end of the server's log, for `wait_for_log`: only what comes after it counts.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let mark = log_mark(p1);
    /// psql(p1, "checkpoint");
    /// wait_for_log(p1, "checkpoint complete", mark);
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn log_mark(call: NativeCallContext<'_>, node: &mut Arc<Node>) -> RhaiResultOf<LogMark> {
        step(
            &call,
            format!("end of the log of {}", node.name),
            async |_| lab::log_mark(node).await,
        )
    }

    /// Waits until a line of the server's log matches a regular expression, and returns that line.
    /// With a mark only what came after it counts. Not shown, save for a remark.
    ///
    /// Options:
    /// - `timeout` (`"60s"`).
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let line = wait_for_log(p1, "ready to accept .*", #{ timeout: "5s" });
    /// ```
    #[rhai_fn(name = "wait_for_log", return_raw, pure)]
    pub fn wait_for_log(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        regex: &str,
    ) -> RhaiResultOf<String> {
        wait(&call, node, regex, None, Map::new())
    }

    #[rhai_fn(name = "wait_for_log", return_raw, pure)]
    pub fn wait_for_log_after(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        regex: &str,
        mark: LogMark,
    ) -> RhaiResultOf<String> {
        wait(&call, node, regex, Some(mark), Map::new())
    }

    #[rhai_fn(name = "wait_for_log", return_raw, pure)]
    pub fn wait_for_log_with(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        regex: &str,
        options: Map,
    ) -> RhaiResultOf<String> {
        wait(&call, node, regex, None, options)
    }

    #[rhai_fn(name = "wait_for_log", return_raw, pure)]
    pub fn wait_for_log_after_with(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        regex: &str,
        mark: LogMark,
        options: Map,
    ) -> RhaiResultOf<String> {
        wait(&call, node, regex, Some(mark), options)
    }
}

fn wait(
    call: &NativeCallContext<'_>,
    node: &Arc<Node>,
    regex: &str,
    mark: Option<LogMark>,
    options: Map,
) -> RhaiResultOf<String> {
    let mut options = Options::of(call, KEYS, options)?;
    let patience = options.duration("timeout")?.unwrap_or(PATIENCE);
    let compiled = regex::Regex::new(regex)
        .map_err(|error| misuse(call, format!("`{regex}` is no regular expression: {error}")))?;
    session(call)
        .step(
            &place(call),
            &format!("log of {}", node.name),
            patience,
            async |act| lab::wait_for_log(act, node, &compiled, mark).await,
        )
        .map_err(raise)
}
