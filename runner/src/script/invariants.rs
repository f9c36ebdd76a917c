//! Invariants: what must hold all the time, looked at in the background.

mod record;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use rhai::plugin::{NativeCallContext, export_module, exported_module};
use rhai::{Array, Engine, FnPtr, Map};

use super::checks::check;
use super::kinds::Kind;
use super::options::{Keys, Options};
use super::raise::{RhaiResultOf, misuse, place, raise, session, shown_step, stage, step};
use crate::lab::{self, Node};
use crate::remark::Remark;
use crate::session::PATIENCE;

pub use watch::Invariant;

pub const KEYS: &[Keys] = &[
    Keys {
        function: "always",
        keys: &[("every", Kind::Duration), ("within", Kind::Duration)],
    },
    Keys {
        function: "expect_violated",
        keys: &[("timeout", Kind::Duration)],
    },
];

pub fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Arc<Invariant>>("Invariant");
    engine.register_global_module(exported_module!(chapter).into());
}

#[export_module]
mod chapter {
    /// Says what holds all the time from here on, to the end of the scenario or `lab`, or until
    /// `stop`. The closure is called again and again in the background, while the playbook goes on;
    /// it returns true or false, shows nothing, and sees its variables as they are now.
    ///
    /// That it returned false is a violation: the scenario fails at its end, with when that was,
    /// between which calls, and what was seen. If the closure fails or gets no answer, nothing is
    /// known, which is no violation; but who was never given an answer has failed too. Its
    /// connections are its own and short: no stop has to wait for them.
    ///
    /// Options:
    /// - `every` (`"100ms"`): the time between two looks.
    /// - `within` (`"0s"`): for so long it may be false before that is a violation, as in "a primary
    ///   within 10 s".
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// always("the server has room for connections", || value(p1, "select count(*) < 90 from pg_stat_activity"));
    /// always("there is a primary within 10 s", || !value(p1, "select pg_is_in_recovery()"), #{ within: "10s" });
    /// restart_server(p1);
    /// ```
    #[rhai_fn(name = "always", return_raw)]
    pub fn always_with(
        call: NativeCallContext<'_>,
        name: &str,
        condition: FnPtr,
        options: Map,
    ) -> RhaiResultOf<Arc<Invariant>> {
        let mut options = Options::of(&call, KEYS, options)?;
        let every = options.duration("every")?;
        let within = options.duration("within")?.unwrap_or_default();
        if name.trim().is_empty() || name.contains('\n') {
            return Err(misuse(&call, "an invariant needs a name of one line"));
        }
        let every = every.unwrap_or(Duration::from_millis(100));
        let what = format!("first look whether {name}");
        let invariant = shown_step(&call, what, async |act| {
            let invariant = Arc::new(Invariant::watch(&call, name, condition, every, within));
            invariant.begins(act).await.map(|()| invariant)
        })?;
        stage(&call).holds(&invariant);
        Ok(invariant)
    }

    #[rhai_fn(name = "always", return_raw)]
    pub fn always(
        call: NativeCallContext<'_>,
        name: &str,
        condition: FnPtr,
    ) -> RhaiResultOf<Arc<Invariant>> {
        always_with(call, name, condition, Map::new())
    }

    /// Ends an invariant, after a last look. If it was violated, the scenario still fails, unless
    /// `expect_violated` asked for that.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let up = always("the server answers", || value(p1, "select true"));
    /// up.stop();
    /// stop_server(p1);
    /// ```
    #[rhai_fn(name = "stop", return_raw, pure)]
    pub fn stop(call: NativeCallContext<'_>, invariant: &mut Arc<Invariant>) -> RhaiResultOf<()> {
        let what = format!("last look whether {}", invariant.name);
        step(&call, what, async |act| {
            invariant.ends(act).await;
            Ok(())
        })
    }

    /// Waits until an invariant is violated, and ends it: here that is what should happen. If it
    /// does not happen, that is the failure.
    ///
    /// Options:
    /// - `timeout` (`"60s"`).
    ///
    /// ```rhai
    /// let a = start_node("a");
    /// let b = start_node("b", #{ config: #{ default_transaction_read_only: "on" } });
    /// let one = always("never two writable primaries", || no_split_brain([a, b]));
    /// psql(b, "alter system set default_transaction_read_only = off; select pg_reload_conf()");
    /// one.expect_violated(#{ timeout: "20s" });
    /// ```
    #[rhai_fn(name = "expect_violated", return_raw, pure)]
    pub fn expect_violated_with(
        call: NativeCallContext<'_>,
        invariant: &mut Arc<Invariant>,
        options: Map,
    ) -> RhaiResultOf<()> {
        let mut options = Options::of(&call, KEYS, options)?;
        let patience = options.duration("timeout")?.unwrap_or(PATIENCE);
        let what = format!("violation of: {}", invariant.name);
        let violated = session(&call)
            .step(&place(&call), &what, patience + PATIENCE, async |act| {
                Ok(invariant.is_violated(act, patience).await)
            })
            .map_err(raise)?;
        let message = format!("violated, as expected: {}", invariant.name);
        let failure = || format!("this was expected to be violated: {}", invariant.name);
        check(&call, violated, &message, failure, &invariant.notes())?;
        shown_step(&call, what, async |act| {
            let invariant = invariant.name.clone();
            act.remarks(None, &Remark::Violated { invariant });
            Ok(())
        })
    }

    #[rhai_fn(name = "expect_violated", return_raw, pure)]
    pub fn expect_violated(
        call: NativeCallContext<'_>,
        invariant: &mut Arc<Invariant>,
    ) -> RhaiResultOf<()> {
        expect_violated_with(call, invariant, Map::new())
    }

    /// Whether at most one of the nodes is a writable primary: not in recovery, and
    /// `default_transaction_read_only` is off. All are asked at one time. A machine that is off
    /// counts as none. If a node does not answer, and no two others are writable, it fails: in
    /// `always`, nothing is known then. Not shown.
    ///
    /// ```rhai
    /// let a = start_node("a");
    /// let b = start_node("b");
    /// expect(!no_split_brain([a, b]), "two servers that know nothing of each other");
    /// kill_node(b);
    /// always("never two writable primaries", || no_split_brain([a, b]));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn no_split_brain(call: NativeCallContext<'_>, nodes: Array) -> RhaiResultOf<bool> {
        let nodes: Option<Vec<Arc<Node>>> =
            nodes.into_iter().map(rhai::Dynamic::try_cast).collect();
        let Some(nodes) = nodes else {
            return Err(misuse(&call, "`no_split_brain` takes an array of nodes"));
        };
        step(&call, "which nodes are writable primaries", async |_| {
            lab::no_split_brain(&nodes).await
        })
    }
}

#[cfg(test)]
mod tests;
