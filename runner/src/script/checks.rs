//! Checks and waits.

use std::sync::Arc;
use std::time::Duration;

use rhai::plugin::{NativeCallContext, export_module, exported_module};
use rhai::{Dynamic, Engine, FnPtr, Map};

use super::kinds::Kind;
use super::options::{Keys, Options};
use super::raise::{RhaiResultOf, misuse, place, problem, raise, session};
use super::sql::dynamic;
use crate::event::What;
use crate::lab::Node;
use crate::problem::{Blame, Problem};
use crate::remark::{Remark, one_line};
use crate::session::PATIENCE;
use crate::sql::Value;

pub const KEYS: &[Keys] = &[Keys {
    function: "wait_until",
    keys: &[("timeout", Kind::Duration), ("db", Kind::Text)],
}];

pub fn register(engine: &mut Engine) {
    engine.register_global_module(exported_module!(chapter).into());
}

#[export_module]
mod chapter {
    /// Checks that a condition holds; the message says what should be true.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// expect(value(p1, "show wal_level") != "minimal", "the WAL is enough for a standby");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn expect(call: NativeCallContext<'_>, condition: bool, message: &str) -> RhaiResultOf<()> {
        check(
            &call,
            condition,
            message,
            || format!("expected: {message}"),
            &[],
        )
    }

    /// Checks that two values are the same; both are in the failure.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// expect_eq(value(p1, "select count(*) from pg_stat_replication"), 0, "nobody streams yet");
    /// ```
    #[rhai_fn(name = "expect_eq", return_raw)]
    pub fn expect_eq_because(
        call: NativeCallContext<'_>,
        actual: Dynamic,
        wanted: Dynamic,
        message: &str,
    ) -> RhaiResultOf<()> {
        equal(&call, &actual, &wanted, Some(message))
    }

    #[rhai_fn(name = "expect_eq", return_raw)]
    pub fn expect_eq(
        call: NativeCallContext<'_>,
        actual: Dynamic,
        wanted: Dynamic,
    ) -> RhaiResultOf<()> {
        equal(&call, &actual, &wanted, None)
    }

    /// Runs a closure that must fail, and returns how it did: `#{ message, sqlstate, code }` (`()`
    /// where there is none). If it does not fail, that is the failure. Only what the system under
    /// test does counts: a dead container or a mistake in the playbook is never expected.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let failure = fails(|| psql(p1, "select 1 / 0"));
    /// expect_eq(failure.sqlstate, "22012");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn fails(call: NativeCallContext<'_>, body: FnPtr) -> RhaiResultOf<Map> {
        let ran = session(&call).expecting_failure(|| called(&call, &body));
        let Err(failed) = ran else {
            let problem = Problem::new(Blame::System, "it was expected to fail, and it did not");
            return Err(raise(problem.at(place(&call))));
        };
        let problem = problem(&failed, &place(&call).file);
        if problem.blame != Blame::System {
            return Err(failed);
        }
        let code = problem
            .message
            .rsplit_once("exit code ")
            .and_then(|(_, code)| code.parse::<i64>().ok());
        Ok([
            ("message".into(), problem.message.into()),
            (
                "sqlstate".into(),
                problem.sqlstate.map_or(Dynamic::UNIT, Dynamic::from),
            ),
            ("code".into(), code.map_or(Dynamic::UNIT, Dynamic::from)),
        ]
        .into())
    }

    /// Waits until the closure returns true (or anything but `false` and `()`), and returns that.
    /// It is called again and again, so nothing that is shown may stand in it.
    ///
    /// With a node and SQL instead of a closure it waits until the first column of the first row is
    /// true, or is the wanted value.
    ///
    /// Options:
    /// - `timeout` (`"60s"`). A time-out is a diagnosis: the last value, the nodes' state, their
    ///   last log lines.
    /// - `db` (`"postgres"`): of the SQL.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// wait_until(p1, "select count(*) from pg_stat_activity where state = 'active'", 1);
    /// wait_until(|| value(p1, "select true"), #{ timeout: "5s" });
    /// ```
    #[rhai_fn(name = "wait_until", return_raw)]
    pub fn wait_until_with(
        call: NativeCallContext<'_>,
        condition: FnPtr,
        options: Map,
    ) -> RhaiResultOf<Dynamic> {
        let wait = Wait::read(&call, options)?;
        if wait.db.is_some() {
            return Err(misuse(&call, "option `db` is for SQL, not for a closure"));
        }
        let session = session(&call);
        let attempt = || {
            let value = called(&call, &condition)?;
            let done = !value.is_unit() && value.as_bool() != Ok(false);
            Ok((value.to_string(), done.then_some(value)))
        };
        session.poll(
            &place(&call),
            "the condition of the playbook",
            wait.patience,
            attempt,
            raise,
        )
    }

    #[rhai_fn(name = "wait_until", return_raw)]
    pub fn wait_until(call: NativeCallContext<'_>, condition: FnPtr) -> RhaiResultOf<Dynamic> {
        wait_until_with(call, condition, Map::new())
    }

    #[rhai_fn(name = "wait_until", return_raw, pure)]
    pub fn wait_until_true(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        sql: &str,
    ) -> RhaiResultOf<Dynamic> {
        wait_for_sql(&call, node, sql, None, &Wait::PLAIN)
    }

    #[rhai_fn(name = "wait_until", return_raw, pure)]
    pub fn wait_until_is(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        sql: &str,
        wanted: Dynamic,
    ) -> RhaiResultOf<Dynamic> {
        if wanted.is_map() {
            let wait = Wait::read(&call, wanted.cast())?;
            return wait_for_sql(&call, node, sql, None, &wait);
        }
        wait_for_sql(&call, node, sql, Some(&wanted), &Wait::PLAIN)
    }

    #[rhai_fn(name = "wait_until", return_raw, pure)]
    pub fn wait_until_is_with(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        sql: &str,
        wanted: Dynamic,
        options: Map,
    ) -> RhaiResultOf<Dynamic> {
        let wait = Wait::read(&call, options)?;
        wait_for_sql(&call, node, sql, Some(&wanted), &wait)
    }
}

/// Calls a playbook's closure.
pub fn called(call: &NativeCallContext<'_>, body: &FnPtr) -> RhaiResultOf<Dynamic> {
    body.call_within_context(call, ())
}

/// How a wait is done.
struct Wait {
    patience: Duration,
    db: Option<String>,
}

impl Wait {
    const PLAIN: Self = Self {
        patience: PATIENCE,
        db: None,
    };

    fn read(call: &NativeCallContext<'_>, options: Map) -> RhaiResultOf<Self> {
        let mut options = Options::of(call, KEYS, options)?;
        Ok(Self {
            patience: options.duration("timeout")?.unwrap_or(PATIENCE),
            db: options.text("db")?,
        })
    }
}

fn wait_for_sql(
    call: &NativeCallContext<'_>,
    node: &Arc<Node>,
    sql: &str,
    wanted: Option<&Dynamic>,
    wait: &Wait,
) -> RhaiResultOf<Dynamic> {
    let what = match wanted {
        Some(wanted) => format!("{wanted} from `{}` on {}", sql.trim(), node.name),
        None => format!("`{}` on {}", sql.trim(), node.name),
    };
    let remark = Remark::Answers {
        wanted: wanted.map_or("true".to_owned(), ToString::to_string),
        sql: one_line(sql),
        node: node.name.clone(),
        db: wait.db.clone(),
    };
    session(call)
        .step(
            &place(call),
            &format!("wait for {what}"),
            wait.patience,
            async |act| {
                act.remarks(Some(&node.name), &remark);
                act.until(what.clone(), async || {
                    let rows = node.rows(sql, &[], wait.db.as_deref()).await?;
                    let value = rows.first().cloned().unwrap_or(Value::Null);
                    act.saw(value.text());
                    let done = match wanted {
                        Some(wanted) => same(&dynamic(&value), wanted),
                        None => value == Value::Boolean(true),
                    };
                    Ok(done.then(|| dynamic(&value)))
                })
                .await
            },
        )
        .map_err(raise)
}

fn equal(
    call: &NativeCallContext<'_>,
    actual: &Dynamic,
    wanted: &Dynamic,
    message: Option<&str>,
) -> RhaiResultOf<()> {
    let both = [
        format!("wanted: {}", shown(wanted)),
        format!("actual: {}", shown(actual)),
    ];
    if unlike(actual, wanted) {
        let message = format!(
            "{} is compared with {}: they are never equal",
            shown(actual),
            shown(wanted)
        );
        return Err(misuse(call, message));
    }
    let told = message.map_or_else(|| format!("it is {}", shown(wanted)), str::to_owned);
    let failure = || {
        let message = message.map(|it| format!(": {it}"));
        format!("not equal{}", message.unwrap_or_default())
    };
    check(call, same(actual, wanted), &told, failure, &both)
}

/// A check that is told, and a failure that can be caught.
pub fn check(
    call: &NativeCallContext<'_>,
    held: bool,
    message: &str,
    failure: impl Fn() -> String,
    notes: &[String],
) -> RhaiResultOf<()> {
    let session = session(call);
    let place = place(call);
    session.sink.send(What::Checked {
        message: message.to_owned(),
        held,
        place: place.clone(),
    });
    if held {
        return Ok(());
    }
    let problem = Problem::new(Blame::System, failure()).with_notes(notes);
    Err(raise(problem.at(place)))
}

/// Equality of values, deep, where 1 and 1.0 are the same.
#[expect(clippy::float_cmp, reason = "a playbook's equality is exact")]
fn same(a: &Dynamic, b: &Dynamic) -> bool {
    if let (Ok(a), Ok(b)) = (a.as_int(), b.as_int()) {
        return a == b;
    }
    if let (Some(a), Some(b)) = (number(a), number(b)) {
        return a == b;
    }
    if let (Some(a), Some(b)) = (
        a.clone().try_cast::<rhai::Array>(),
        b.clone().try_cast::<rhai::Array>(),
    ) {
        return a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| same(a, b));
    }
    if let (Some(a), Some(b)) = (a.clone().try_cast::<Map>(), b.clone().try_cast::<Map>()) {
        return a.len() == b.len()
            && a.iter()
                .all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)));
    }
    if a.is_unit() || b.is_unit() {
        return a.is_unit() && b.is_unit();
    }
    a.type_id() == b.type_id() && a.to_string() == b.to_string()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "whoever compares with a fraction gets one"
)]
fn number(value: &Dynamic) -> Option<f64> {
    value
        .as_float()
        .ok()
        .or_else(|| value.as_int().ok().map(|it| it as f64))
}

/// Whether two values could never be equal, because they are of different kinds.
fn unlike(a: &Dynamic, b: &Dynamic) -> bool {
    let kind = |value: &Dynamic| {
        if number(value).is_some() {
            "number"
        } else {
            value.type_name()
        }
    };
    !a.is_unit() && !b.is_unit() && kind(a) != kind(b)
}

fn shown(value: &Dynamic) -> String {
    match value.clone().into_string() {
        Ok(text) => format!("{text:?}"),
        Err(_) => value.to_string(),
    }
}
