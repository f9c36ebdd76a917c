//! Roles: who is the primary, for whom it waits, whether it lets anybody write.

use std::sync::Arc;

use rhai::plugin::{NativeCallContext, export_module, exported_module};
use rhai::{Array, Dynamic, Engine};

use super::raise::{RhaiResultOf, misuse, read, shown_step, step};
use super::sql::maps;
use crate::lab::{self, Node, ReadOnly};
use crate::problem::{Blame, Problem};

pub fn register(engine: &mut Engine) {
    engine.register_global_module(exported_module!(chapter).into());
}

#[export_module]
mod chapter {
    /// Whether the node's server accepts writes. Not shown.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// expect(is_primary(p1), "nobody has made it a standby");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn is_primary(call: NativeCallContext<'_>, node: &mut Arc<Node>) -> RhaiResultOf<bool> {
        let what = format!("role of {}", node.name);
        step(&call, what, async |_| lab::is_primary(node).await)
    }

    /// The timeline that a primary writes, or that a standby receives. Not shown.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let p2 = start_standby("p2", p1);
    /// promote(p2);
    /// expect_eq([timeline(p1), timeline(p2)], [1, 2]);
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn timeline(call: NativeCallContext<'_>, node: &mut Arc<Node>) -> RhaiResultOf<i64> {
        let what = format!("timeline of {}", node.name);
        step(&call, what, async |_| lab::timeline(node).await)
    }

    /// The rows of pg_stat_replication: who streams from this node. Not shown.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let p2 = start_standby("p2", p1);
    /// expect_eq(replication(p1)[0].state, "streaming");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn replication(call: NativeCallContext<'_>, node: &mut Arc<Node>) -> RhaiResultOf<Array> {
        let what = format!("standbys of {}", node.name);
        let rows = step(&call, what, async |_| lab::replication(node).await)?;
        Ok(maps(&rows))
    }

    /// The rows of pg_replication_slots. Not shown.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let p2 = start_standby("p2", p1, #{ slot: "for_p2" });
    /// expect_eq(slots(p1)[0].slot_name, "for_p2");
    /// expect(slots(p1)[0].active, "the standby uses it");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn slots(call: NativeCallContext<'_>, node: &mut Arc<Node>) -> RhaiResultOf<Array> {
        let what = format!("slots of {}", node.name);
        let rows = step(&call, what, async |_| lab::slots(node).await)?;
        Ok(maps(&rows))
    }

    /// Makes the primary's commits wait for standbys (`"sync"`), for each of these names, or for none
    /// (`"async"`). Without names: for all that stream now. Returns when the next commit does so. A
    /// quorum is a setting: `configure(p1, #{ synchronous_standby_names: "ANY 1 (p2, p3)" })`.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let p2 = start_standby("p2", p1);
    /// sync_mode(p1, "sync");
    /// expect_eq(replication(p1)[0].sync_state, "sync");
    /// sync_mode(p1, "async");
    /// ```
    #[rhai_fn(name = "sync_mode", return_raw, pure)]
    pub fn sync_mode_for(
        call: NativeCallContext<'_>,
        primary: &mut Arc<Node>,
        mode: &str,
        names: Array,
    ) -> RhaiResultOf<()> {
        let names: Result<Vec<String>, _> = names.into_iter().map(Dynamic::into_string).collect();
        match (mode, names) {
            ("sync", Ok(names)) if !names.is_empty() => set_sync_mode(&call, primary, Some(names)),
            ("sync", _) => Err(misuse(
                &call,
                "`sync_mode` takes names of standbys, one at least",
            )),
            (_, _) => Err(misuse(
                &call,
                "names of standbys are for `sync_mode(primary, \"sync\", …)`",
            )),
        }
    }

    #[rhai_fn(name = "sync_mode", return_raw, pure)]
    pub fn sync_mode(
        call: NativeCallContext<'_>,
        primary: &mut Arc<Node>,
        mode: &str,
    ) -> RhaiResultOf<()> {
        let names = read(&call, super::mode(mode))?;
        set_sync_mode(&call, primary, names)
    }

    /// Lets nobody write on a primary any more, as a planned change of roles needs it: new
    /// transactions are read-only, and those that are open are ended. Returns when nobody writes.
    /// With `false` writing is allowed again; that works on a standby too, and on a server that is
    /// stopped. Who asks for `set transaction read write` still gets it.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// read_only(p1, true);
    /// psql(p1, "create table a (i int)", #{ fails: "25006" });
    /// read_only(p1, false);
    /// psql(p1, "create table a (i int)");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn read_only(
        call: NativeCallContext<'_>,
        primary: &mut Arc<Node>,
        yes: bool,
    ) -> RhaiResultOf<()> {
        let wanted = if yes { ReadOnly::Yes } else { ReadOnly::No };
        let what = format!("writers of {}", primary.name);
        shown_step(&call, what, async |act| {
            lab::read_only(act, primary, wanted).await
        })
    }
}

/// The standbys that a mode waits for; none are named: all that stream now.
pub fn mode(mode: &str) -> Result<Option<Vec<String>>, Problem> {
    match mode {
        "sync" => Ok(None),
        "async" => Ok(Some(Vec::new())),
        other => {
            let message = format!("`{other}` is neither \"sync\" nor \"async\"");
            Err(Problem::new(Blame::Playbook, message))
        }
    }
}

/// Without names, all that stream now are meant.
fn set_sync_mode(
    call: &NativeCallContext<'_>,
    primary: &Arc<Node>,
    names: Option<Vec<String>>,
) -> RhaiResultOf<()> {
    let what = format!("commits of {}", primary.name);
    shown_step(call, what, async |act| {
        let names = match names {
            Some(names) => names,
            None => lab::streaming_names(primary).await?,
        };
        lab::sync_mode(act, primary, &names).await
    })
}
