//! SQL through an address that clients know: a virtual one, or an endpoint.

use std::sync::Arc;

use rhai::{Array, Dynamic, Engine, Map, NativeCallContext};

use super::options::Options;
use super::raise::{RhaiResultOf, misuse, session, shown_step, step};
use super::sql::{self, KEYS, psql_options};
use super::{raise, sessions, workloads};
use crate::lab::{
    self, Connection, ConnectionOptions, Endpoint, Node, PsqlOptions, Service, Vip, Workload,
};
use crate::sql::Rows;

/// Something that SQL goes to and that is no node.
trait Target: Clone + Send + Sync + 'static {
    fn endpoint(&self) -> Endpoint;
}

impl Target for Vip {
    fn endpoint(&self) -> Endpoint {
        lab::endpoint_of(self)
    }
}

impl Target for Endpoint {
    fn endpoint(&self) -> Endpoint {
        self.clone()
    }
}

type Call<'a> = NativeCallContext<'a>;

pub fn register(engine: &mut Engine) {
    register_for::<Vip>(engine);
    register_for::<Endpoint>(engine);
    engine.register_fn("start_workload", |call: Call<'_>, nodes: Array| {
        start_on_any(&call, nodes, Map::new())
    });
    engine.register_fn(
        "start_workload",
        |call: Call<'_>, nodes: Array, options: Map| start_on_any(&call, nodes, options),
    );
}

/// The functions that a node has, with the same options and `from`.
fn register_for<T: Target>(engine: &mut Engine) {
    engine.register_fn("psql", |call: Call<'_>, to: T, sql: &str| {
        psql(&call, &to, sql, Map::new())
    });
    engine.register_fn("psql", |call: Call<'_>, to: T, sql: &str, options: Map| {
        psql(&call, &to, sql, options)
    });
    for (name, shape) in [
        (
            "query",
            (|rows| sql::maps(rows).into()) as fn(&Rows) -> Dynamic,
        ),
        ("value", sql::first),
    ] {
        let none = (Array::new, Map::new);
        engine.register_fn(
            name,
            move |call: Call<'_>, to: T, sql: &str| -> RhaiResultOf<Dynamic> {
                Ok(shape(&rows(&call, &to, sql, none.0(), none.1())?))
            },
        );
        engine.register_fn(
            name,
            move |call: Call<'_>, to: T, sql: &str, options: Map| -> RhaiResultOf<Dynamic> {
                Ok(shape(&rows(&call, &to, sql, none.0(), options)?))
            },
        );
        engine.register_fn(
            name,
            move |call: Call<'_>, to: T, sql: &str, values: Array| -> RhaiResultOf<Dynamic> {
                Ok(shape(&rows(&call, &to, sql, values, none.1())?))
            },
        );
        engine.register_fn(
            name,
            move |call: Call<'_>,
                  to: T,
                  sql: &str,
                  values: Array,
                  options: Map|
                  -> RhaiResultOf<Dynamic> {
                Ok(shape(&rows(&call, &to, sql, values, options)?))
            },
        );
    }
    engine.register_fn("start_workload", |call: Call<'_>, to: T| {
        start_workload(&call, &to, Map::new())
    });
    engine.register_fn("start_workload", |call: Call<'_>, to: T, options: Map| {
        start_workload(&call, &to, options)
    });
    engine.register_fn("session", |call: Call<'_>, to: T| {
        open(&call, &to, Map::new())
    });
    engine.register_fn("session", |call: Call<'_>, to: T, options: Map| {
        open(&call, &to, options)
    });
}

/// The machine that the client is on, and how it connects.
struct Route {
    client: Arc<Node>,
    options: PsqlOptions,
}

fn route(
    call: &NativeCallContext<'_>,
    to: &impl Target,
    mut options: Options,
) -> RhaiResultOf<Route> {
    let from = options.value::<Arc<Node>>("from")?;
    let options = psql_options(&mut options)?;
    if options.host.is_some() {
        return Err(misuse(
            call,
            "option `host` has no place here: the address is what the SQL goes to",
        ));
    }
    let client = if let Some(node) = from {
        node
    } else {
        let lab = session(call).lab();
        step(call, "the Docker host", async |_| lab.docker_host().await)?
    };
    Ok(Route {
        client,
        options: to.endpoint().complete(options),
    })
}

/// The same address for a workload's clients, who are on the Docker host.
fn service(call: &NativeCallContext<'_>, to: &impl Target) -> RhaiResultOf<Service> {
    reached(call, to.endpoint().complete(PsqlOptions::default()))
}

/// What these options lead to from the Docker host.
fn reached(call: &NativeCallContext<'_>, options: PsqlOptions) -> RhaiResultOf<Service> {
    let lab = session(call).lab();
    let client = step(call, "the Docker host", async |_| lab.docker_host().await)?;
    Ok(Service::Address { client, options })
}

fn start_workload(
    call: &NativeCallContext<'_>,
    to: &impl Target,
    options: Map,
) -> RhaiResultOf<Arc<Workload>> {
    workloads::start(call, service(call, to)?, options)
}

/// Clients that know several nodes.
fn start_on_any(
    call: &NativeCallContext<'_>,
    nodes: Array,
    options: Map,
) -> RhaiResultOf<Arc<Workload>> {
    let lab = session(call).lab();
    let nodes: Option<Vec<_>> = nodes
        .into_iter()
        .map(Dynamic::try_cast::<Arc<Node>>)
        .collect();
    let Some(nodes) = nodes.filter(|it| !it.is_empty()) else {
        return Err(misuse(call, "a workload's list must hold nodes: [p1, p2]"));
    };
    let mut hosts = Vec::new();
    for node in nodes {
        let at = Endpoint {
            port: Some(node.port),
            password: node.superuser.password.clone(),
            user: Some(node.superuser.name.clone()),
            ..Endpoint::default()
        };
        let at = lab::endpoint(&lab, &node, at).map_err(|problem| misuse(call, problem.message))?;
        let options = at.endpoint().complete(PsqlOptions::default());
        let label = Some(node.name.clone());
        hosts.push(reached(call, PsqlOptions { label, ..options })?);
    }
    workloads::start(call, Service::any_of(hosts), options)
}

fn psql(
    call: &NativeCallContext<'_>,
    to: &impl Target,
    sql: &str,
    options: Map,
) -> RhaiResultOf<String> {
    let options = Options::at(raise::place(call), "psql", KEYS, options)?;
    let route = route(call, to, options)?;
    let what = format!("SQL on {}", to.endpoint().address);
    shown_step(call, what, async |act| {
        lab::psql(act, &route.client, sql, &route.options).await
    })
}

fn rows(
    call: &NativeCallContext<'_>,
    to: &impl Target,
    sql: &str,
    parameters: Array,
    options: Map,
) -> RhaiResultOf<Rows> {
    let options = Options::at(raise::place(call), "psql", KEYS, options)?;
    let route = route(call, to, options)?;
    let parameters = sql::parameters(call, parameters)?;
    let what = format!("query on {}", to.endpoint().address);
    step(call, what, async |_| {
        route.client.rows_at(&route.options, sql, &parameters).await
    })
}

fn open(
    call: &NativeCallContext<'_>,
    to: &impl Target,
    options: Map,
) -> RhaiResultOf<Arc<Connection>> {
    let mut options = Options::at(raise::place(call), "session", sessions::KEYS, options)?;
    let name = options.text("name")?;
    let route = route(call, to, options)?;
    let options = ConnectionOptions {
        name,
        psql: route.options,
    };
    let what = format!("session on {}", to.endpoint().address);
    shown_step(call, what, async |act| {
        let opened = Connection::open(act, Arc::clone(&route.client), &options).await?;
        Ok(Arc::new(opened))
    })
}
