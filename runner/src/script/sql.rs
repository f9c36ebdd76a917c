//! SQL: shown by psql, or typed values for the playbook's logic.

use std::sync::Arc;

use rhai::plugin::{NativeCallContext, export_module, exported_module};
use rhai::{Array, Dynamic, Engine, Map};

use super::kinds::{Kind, PORT};
use super::options::{Key, Keys, Options, together};
use super::raise::{RhaiResultOf, misuse, shown_step, step};
use crate::lab::{self, Node, PsqlOptions};
use crate::sql::{Rows, Value};

/// Where a client goes, from where, and as whom.
pub const CLIENT: [Key; 6] = [
    ("db", Kind::Text),
    ("user", Kind::Text),
    ("password", Kind::Text),
    ("host", Kind::Host),
    ("port", PORT),
    ("from", Kind::Is("a node")),
];

const PSQL: [Key; 7] = together(&CLIENT, &[("fails", Kind::Sqlstate)]);

pub const KEYS: &[Keys] = &[
    Keys {
        function: "psql",
        keys: &PSQL,
    },
    Keys {
        function: "query",
        keys: &[("db", Kind::Text)],
    },
    Keys {
        function: "value",
        keys: &[("db", Kind::Text)],
    },
];

pub fn register(engine: &mut Engine) {
    engine.register_global_module(exported_module!(chapter).into());
}

/// The options that say how psql connects, and what is expected.
pub fn psql_options(options: &mut Options) -> RhaiResultOf<PsqlOptions> {
    let host = match options.raw("host") {
        Some(host) if host.is::<Arc<Node>>() => Some(host.cast::<Arc<Node>>().name.clone()),
        Some(host) => match host.into_string() {
            Ok(host) => Some(host),
            Err(_) => return Err(options.misuse("option `host` must be an address or a node")),
        },
        None => None,
    };
    Ok(PsqlOptions {
        db: options.text("db")?,
        user: options.text("user")?,
        password: options.text("password")?,
        host,
        port: options.number("port")?,
        expected: options.expected()?,
        label: None,
    })
}

#[export_module]
mod chapter {
    /// Runs SQL in psql on the node, shows it with all that psql prints, and returns that. psql is
    /// the server major's own; `\d` and the like work. It stops at the first error.
    ///
    /// A virtual address or an endpoint can stand for the node: then psql runs on the scenario's
    /// Docker host and goes through the address, as a client does.
    ///
    /// Options:
    /// - `db` (`"postgres"`), `user` (the superuser), `password`.
    /// - `host`: an address, or a node, as seen from this node (else the server's socket), `port`.
    /// - `from`: the node that a virtual address is used from, instead of the Docker host.
    /// - `fails` (`false`): `true` if an error is expected, an SQLSTATE such as `"25006"` if exactly
    ///   that one is. Then success is the failure.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// psql(p1, "create table foo (t timestamp)");
    /// psql(p1, "\\d foo");
    /// psql(p1, "select * from bar", #{ fails: "42P01" });
    /// ```
    #[rhai_fn(name = "psql", return_raw, pure)]
    pub fn psql_with(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        sql: &str,
        options: Map,
    ) -> RhaiResultOf<String> {
        let mut options = Options::of(&call, KEYS, options)?;
        let options = psql_options(&mut options)?;
        shown_step(&call, format!("SQL on {}", node.name), async |act| {
            lab::psql(act, node, sql, &options).await
        })
    }

    #[rhai_fn(name = "psql", return_raw, pure)]
    pub fn psql(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        sql: &str,
    ) -> RhaiResultOf<String> {
        psql_with(call, node, sql, Map::new())
    }

    /// Runs one statement and returns its rows as an array of maps. Not shown. Integers, floats and
    /// booleans have their types, NULL is `()`, all else is text. With an array, `$1`, `$2`, … stand
    /// for its values.
    ///
    /// Options:
    /// - `db` (`"postgres"`).
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// for row in query(p1, "select name, setting from pg_settings where name like $1", ["wal_l%"]) {
    ///     print(`${row.name} is ${row.setting}`);
    /// }
    /// ```
    #[rhai_fn(name = "query", return_raw, pure)]
    pub fn query(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        sql: &str,
    ) -> RhaiResultOf<Array> {
        Ok(maps(&rows(&call, node, sql, Array::new(), Map::new())?))
    }

    #[rhai_fn(name = "query", return_raw, pure)]
    pub fn query_for(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        sql: &str,
        parameters: Array,
    ) -> RhaiResultOf<Array> {
        Ok(maps(&rows(&call, node, sql, parameters, Map::new())?))
    }

    #[rhai_fn(name = "query", return_raw, pure)]
    pub fn query_with(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        sql: &str,
        options: Map,
    ) -> RhaiResultOf<Array> {
        Ok(maps(&rows(&call, node, sql, Array::new(), options)?))
    }

    #[rhai_fn(name = "query", return_raw, pure)]
    pub fn query_for_with(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        sql: &str,
        parameters: Array,
        options: Map,
    ) -> RhaiResultOf<Array> {
        Ok(maps(&rows(&call, node, sql, parameters, options)?))
    }

    /// Runs one statement and returns the first column of its first row, or `()` if there is no
    /// row. Not shown. Types and parameters are those of `query`.
    ///
    /// Options:
    /// - `db` (`"postgres"`).
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// expect_eq(value(p1, "select count(*) from pg_database where datname = $1", ["postgres"]), 1);
    /// ```
    #[rhai_fn(name = "value", return_raw, pure)]
    pub fn value(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        sql: &str,
    ) -> RhaiResultOf<Dynamic> {
        Ok(first(&rows(&call, node, sql, Array::new(), Map::new())?))
    }

    #[rhai_fn(name = "value", return_raw, pure)]
    pub fn value_for(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        sql: &str,
        parameters: Array,
    ) -> RhaiResultOf<Dynamic> {
        Ok(first(&rows(&call, node, sql, parameters, Map::new())?))
    }

    #[rhai_fn(name = "value", return_raw, pure)]
    pub fn value_with(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        sql: &str,
        options: Map,
    ) -> RhaiResultOf<Dynamic> {
        Ok(first(&rows(&call, node, sql, Array::new(), options)?))
    }

    #[rhai_fn(name = "value", return_raw, pure)]
    pub fn value_for_with(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        sql: &str,
        parameters: Array,
        options: Map,
    ) -> RhaiResultOf<Dynamic> {
        Ok(first(&rows(&call, node, sql, parameters, options)?))
    }
}

fn rows(
    call: &NativeCallContext<'_>,
    node: &Arc<Node>,
    sql: &str,
    parameters: Array,
    options: Map,
) -> RhaiResultOf<Rows> {
    let mut options = Options::of(call, KEYS, options)?;
    let database = options.text("db")?;
    let parameters = self::parameters(call, parameters)?;
    step(call, format!("query on {}", node.name), async |_| {
        node.rows(sql, &parameters, database.as_deref()).await
    })
}

pub fn parameters(call: &NativeCallContext<'_>, values: Array) -> RhaiResultOf<Vec<Value>> {
    let parameters: Option<Vec<_>> = values.into_iter().map(parameter).collect();
    parameters.ok_or_else(|| {
        misuse(
            call,
            "a parameter of SQL must be a text, a number, true, false or ()",
        )
    })
}

fn parameter(value: Dynamic) -> Option<Value> {
    if value.is_unit() {
        return Some(Value::Null);
    }
    if let Ok(value) = value.as_int() {
        return Some(Value::Integer(value));
    }
    if let Ok(value) = value.as_float() {
        return Some(Value::Float(value));
    }
    if let Ok(value) = value.as_bool() {
        return Some(Value::Boolean(value));
    }
    value.into_string().ok().map(Value::Text)
}

pub fn dynamic(value: &Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Integer(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::Boolean(value) => (*value).into(),
        Value::Text(value) => value.clone().into(),
    }
}

pub fn first(rows: &Rows) -> Dynamic {
    rows.first().map_or(Dynamic::UNIT, dynamic)
}

pub fn maps(rows: &Rows) -> Array {
    let map = |row: &Vec<Value>| -> Dynamic {
        let columns = rows.columns.iter().map(|name| name.as_str().into());
        columns.zip(row.iter().map(dynamic)).collect::<Map>().into()
    };
    rows.rows.iter().map(map).collect()
}
