//! Machines: their switch. `…_node` is the machine, `…_server` PostgreSQL on it.

use std::sync::Arc;

use rhai::Engine;
use rhai::plugin::{NativeCallContext, export_module, exported_module};

use super::raise::{RhaiResultOf, session, shown_step};
use crate::lab::{self, Node};

pub fn register(engine: &mut Engine) {
    engine.register_global_module(exported_module!(chapter).into());
}

#[export_module]
mod chapter {
    /// Shuts the machine down: a running server is stopped fast, then the machine is off.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// stop_node(p1);
    /// boot_node(p1);
    /// start_server(p1);
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn stop_node(call: NativeCallContext<'_>, node: &mut Arc<Node>) -> RhaiResultOf<()> {
        let lab = session(&call).lab();
        shown_step(&call, format!("stop {}", node.name), async |act| {
            lab::stop(act, &lab, node).await
        })
    }

    /// Ends everything on the machine at once (SIGKILL) and returns when it is off. That is no loss
    /// of power: what was written and not synced is still in the kernel's cache.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// kill_node(p1);
    /// boot_node(p1);
    /// start_server(p1);
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn kill_node(call: NativeCallContext<'_>, node: &mut Arc<Node>) -> RhaiResultOf<()> {
        let lab = session(&call).lab();
        shown_step(&call, format!("kill {}", node.name), async |act| {
            lab::kill(act, &lab, node).await
        })
    }

    /// Starts a machine that is off, with the interfaces that it had, and returns when the others see
    /// it again. It does not start the server: `start_server` does.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// stop_node(p1);
    /// boot_node(p1);
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn boot_node(call: NativeCallContext<'_>, node: &mut Arc<Node>) -> RhaiResultOf<()> {
        let lab = session(&call).lab();
        shown_step(&call, format!("boot {}", node.name), async |act| {
            lab::boot(act, &lab, node).await
        })
    }

    /// Freezes everything on the machine: connections stay open and nobody answers.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// pause_node(p1);
    /// unpause_node(p1);
    /// psql(p1, "select 1 as alive");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn pause_node(call: NativeCallContext<'_>, node: &mut Arc<Node>) -> RhaiResultOf<()> {
        shown_step(&call, format!("pause {}", node.name), async |act| {
            lab::pause(act, node).await
        })
    }

    /// Lets a frozen machine go on.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// pause_node(p1);
    /// unpause_node(p1);
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn unpause_node(call: NativeCallContext<'_>, node: &mut Arc<Node>) -> RhaiResultOf<()> {
        shown_step(&call, format!("unpause {}", node.name), async |act| {
            lab::unpause(act, node).await
        })
    }

    /// Removes the machine, running or not, with its data directory. Its name is free again; the
    /// scenario's volumes stay.
    ///
    /// ```rhai
    /// let old = start_node("p1");
    /// remove_node(old);
    /// let p1 = start_node("p1");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn remove_node(call: NativeCallContext<'_>, node: &mut Arc<Node>) -> RhaiResultOf<()> {
        let lab = session(&call).lab();
        shown_step(&call, format!("remove {}", node.name), async |act| {
            lab::remove(act, &lab, node).await?;
            lab.forget(&node.name);
            Ok(())
        })
    }
}
