//! Workloads: clients that write while things break, and what that cost them.

use std::sync::Arc;
use std::time::Duration;

use rhai::plugin::{NativeCallContext, export_module, exported_module};
use rhai::{Array, Dynamic, Engine, Map};

use super::checks::check;
use super::kinds::Kind;
use super::options::{Keys, Options};
use super::raise::{RhaiResultOf, misuse, place, raise, read, session, shown_step};
use crate::cost::{Cost, Mark, Outage};
use crate::event::{Form, Shown, What};
use crate::lab::{Connections, Node, Service, Workload, WorkloadOptions};
use crate::problem::{Blame, Problem};
use crate::remark::Remark;

pub const KEYS: &[Keys] = &[Keys {
    function: "start_workload",
    keys: &[
        ("writers", Kind::Number(1, 100)),
        ("rate", Kind::Number(1, 100_000)),
        ("connections", Kind::OneOf(&["kept", "new"])),
        ("connect_timeout", Kind::Duration),
        ("answer_timeout", Kind::Duration),
        ("table", Kind::Text),
    ],
}];

pub fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Arc<Workload>>("Workload");
    engine.register_global_module(exported_module!(chapter).into());
}

#[export_module]
mod chapter {
    /// Starts clients that insert rows without pause, each row with the client's number and its own,
    /// and returns when each of them has had a row acknowledged. They go on until `stop`, at the
    /// latest to the end of the scenario or `lab`.
    ///
    /// Each write is *acknowledged*, *refused* (the server answers with an error), or *in doubt*: its
    /// answer never came, because the connection broke, because the session was ended (an error
    /// that is FATAL), or because nothing came in time. A row is never sent twice. After a write
    /// that was not acknowledged a client connects again, at once and without tiring. What
    /// PostgreSQL acknowledges with a warning is acknowledged, as clients take it: a cancelled wait
    /// for a synchronous standby is the case to know.
    ///
    /// They write to a node, to a virtual address or an endpoint (from the scenario's Docker host), or
    /// to the first of several nodes that takes writes, `[p1, p2]`, as libpq does with a list of hosts
    /// and `target_session_attrs=read-write`. Clients of a node are on its own machine, as an
    /// application beside its server is: a cable that is out is nothing to them.
    ///
    /// Options:
    /// - `writers` (`4`): how many clients.
    /// - `rate` (`200`): rows a second, of all clients together. An outage is measured no finer than
    ///   they write.
    /// - `connections` (`"kept"`): `"new"` makes one for each row.
    /// - `connect_timeout` (`"1s"`), `answer_timeout` (`"1s"`): how long a client waits before it
    ///   gives up. What clients see of a fault depends on them, so the report names them.
    /// - `table` (`"pgdrill_workload"`, numbered from the second workload on): made for it.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let clients = start_workload(p1, #{ writers: 2, rate: 100 });
    /// kill_server(p1);
    /// start_server(p1);
    /// let cost = clients.stop();
    /// expect_eq(cost.lost, 0, "what was acknowledged is on disk");
    /// ```
    #[rhai_fn(name = "start_workload", return_raw, pure)]
    pub fn start_workload_with(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        options: Map,
    ) -> RhaiResultOf<Arc<Workload>> {
        start(&call, Service::Node(Arc::clone(node)), options)
    }

    #[rhai_fn(name = "start_workload", return_raw, pure)]
    pub fn start_workload(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
    ) -> RhaiResultOf<Arc<Workload>> {
        start_workload_with(call, node, Map::new())
    }

    /// Stops the clients, reads all their rows back, and returns what the time between cost. The
    /// rows are read from the node that is given, else from where the clients wrote: after a
    /// failover, give it the new primary. If clients have not been served since the last fault or
    /// stop, it waits for that first, but no longer than a client's two time-outs together.
    ///
    /// It returns a map; times are seconds, and `()` where there is none:
    /// - `acked`, `refused`: writes that were acknowledged, refused.
    /// - `lost`: acknowledged, and not there.
    /// - `in_doubt_present`, `in_doubt_absent`: without an answer, and there or not.
    /// - `phantom`: rows that are there although they were refused or never sent.
    /// - `outages`: one for each fault, `#{ fault, lasted, over }`: from the last acknowledgement
    ///   before it to the first of a row that was sent after it. A stop that was planned
    ///   (`stop_node`, `stop_server`, a restart) starts none.
    /// - `rto`: the longest of them; `()` if there was no fault, or if clients were never served
    ///   again.
    /// - `detect`, `promote`, `move`, `reconnect`: its parts. Until a promotion or a move of the
    ///   address was called for, until the new primary was writable, until the address had moved,
    ///   and until a client was served. What happens at the same time counts for what ends first.
    /// - `gap`: the longest time from one acknowledgement to the next, or to the end, whatever the
    ///   reason.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let clients = start_workload(p1);
    /// restart_server(p1);
    /// let cost = clients.stop();
    /// expect_eq(cost.outages.len(), 0, "a restart is no fault");
    /// expect(cost.gap < 10.0, "clients waited less than ten seconds");
    /// ```
    #[rhai_fn(name = "stop", return_raw, pure)]
    pub fn stop(call: NativeCallContext<'_>, workload: &mut Arc<Workload>) -> RhaiResultOf<Map> {
        read_back(&call, workload, &workload.service)
    }

    #[rhai_fn(name = "stop", return_raw, pure)]
    pub fn stop_from(
        call: NativeCallContext<'_>,
        workload: &mut Arc<Workload>,
        node: Arc<Node>,
    ) -> RhaiResultOf<Map> {
        read_back(&call, workload, &Service::Node(node))
    }

    /// Says that something is broken from here on: it starts the clock of an outage. The functions
    /// that break something (`kill_node`, `pause_node`, `kill_server`, …) do it themselves; after
    /// anything else that does, such as a command, call it at once.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let clients = start_workload(p1);
    /// exec(p1, "kill -STOP $(head -1 $PGDATA/postmaster.pid)");
    /// fault("a server that stands still");
    /// exec(p1, "kill -CONT $(head -1 $PGDATA/postmaster.pid)");
    /// clients.stop();
    /// ```
    #[rhai_fn(return_raw)]
    pub fn fault(call: NativeCallContext<'_>, name: &str) -> RhaiResultOf<()> {
        let session = session(&call);
        if session.is_polling() {
            return Err(misuse(&call, "a fault can't be polled"));
        }
        let name = name.to_owned();
        session.sink.mark(Mark::Fault { name });
        Ok(())
    }

    /// Checks that clients were served again in time after each fault: none of the workload's
    /// outages was longer, and each came to its end.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let clients = start_workload(p1);
    /// kill_server(p1);
    /// start_server(p1);
    /// clients.stop();
    /// expect_rto(clients, "20s");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn expect_rto(
        call: NativeCallContext<'_>,
        workload: &mut Arc<Workload>,
        limit: &str,
    ) -> RhaiResultOf<()> {
        let most = read(&call, super::limit(limit))?;
        let cost = stopped(&call, workload)?;
        if cost.outages.is_empty() {
            let problem = Problem::new(
                Blame::System,
                "there is no RTO: no fault happened while the workload went on",
            );
            return Err(raise(
                problem
                    .note("a planned stop is none; fault(\"…\") after what breaks starts the clock")
                    .at(place(&call)),
            ));
        }
        let held = cost.rto.is_some_and(|rto| rto <= most);
        let remark = Remark::ServedWithin {
            limit: limit.to_owned(),
        };
        let failure = || match cost.rto {
            Some(rto) => format!("clients were without service for {}", seconds(rto)),
            None => "clients were not served again".to_owned(),
        };
        let notes: Vec<_> = cost.outages.iter().map(outage).collect();
        verdict(&call, workload, held, &remark, failure, &notes)
    }

    /// Checks that no more than this many acknowledged writes of the workload are lost.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let clients = start_workload(p1);
    /// kill_server(p1);
    /// start_server(p1);
    /// clients.stop();
    /// expect_lost(clients, 0);
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn expect_lost(
        call: NativeCallContext<'_>,
        workload: &mut Arc<Workload>,
        most: i64,
    ) -> RhaiResultOf<()> {
        let cost = stopped(&call, workload)?;
        let held = i64::try_from(cost.lost).is_ok_and(|lost| lost <= most);
        let remark = match most {
            0 => Remark::NothingLost,
            most => Remark::AtMostLost { most },
        };
        let failure = || format!("{} acknowledged writes are lost", cost.lost);
        let notes = [format!("of {}; expected: {remark}", cost.acked)];
        verdict(&call, workload, held, &remark, failure, &notes)
    }
}

pub fn start(
    call: &NativeCallContext<'_>,
    service: Service,
    options: Map,
) -> RhaiResultOf<Arc<Workload>> {
    let mut options = Options::at(place(call), "start_workload", KEYS, options)?;
    let connections = options.text("connections")?;
    let second = Duration::from_secs(1);
    let options = WorkloadOptions {
        writers: options.number("writers")?.unwrap_or(4),
        rate: options.number("rate")?.unwrap_or(200),
        connections: match connections.as_deref() {
            Some("new") => Connections::New,
            _ => Connections::Kept,
        },
        connect_timeout: options.duration("connect_timeout")?.unwrap_or(second),
        answer_timeout: options.duration("answer_timeout")?.unwrap_or(second),
        table: options.text("table")?,
    };
    let lab = session(call).lab();
    let what = format!("workload on {}", service.name());
    shown_step(call, what, async |act| {
        Workload::start(act, &lab, service, options).await
    })
}

fn read_back(
    call: &NativeCallContext<'_>,
    workload: &Workload,
    from: &Service,
) -> RhaiResultOf<Map> {
    let what = format!("end of the workload on {}", workload.service.name());
    let cost = shown_step(call, what, async |act| workload.stop(act, from).await)?;
    Ok(map(&cost))
}

fn stopped(call: &NativeCallContext<'_>, workload: &Workload) -> RhaiResultOf<Cost> {
    workload
        .cost()
        .ok_or_else(|| misuse(call, "the workload still goes on: stop() it first"))
}

/// The longest that a service may be out.
pub fn limit(limit: &str) -> Result<Duration, Problem> {
    humantime::parse_duration(limit).map_err(|_| {
        let message = format!("`{limit}` is no duration such as \"5s\" or \"500ms\"");
        Problem::new(Blame::Playbook, message)
    })
}

/// A check of what a workload cost. That it held is told, the figures are not: they vary.
fn verdict(
    call: &NativeCallContext<'_>,
    workload: &Workload,
    held: bool,
    remark: &Remark,
    failure: impl Fn() -> String,
    notes: &[String],
) -> RhaiResultOf<()> {
    check(call, held, &remark.to_string(), failure, notes)?;
    session(call).sink.send(What::Shown(Shown {
        node: Some(workload.service.name().to_owned()),
        form: Form::Remark,
        prompt: "# ".to_owned(),
        continuation: "# ".to_owned(),
        input: remark.to_string(),
        output: String::new(),
        place: place(call),
    }));
    Ok(())
}

fn outage(outage: &Outage) -> String {
    let end = if outage.over {
        ""
    } else {
        ", and not over then"
    };
    format!("{}: {}{end}", outage.fault, seconds(outage.lasted))
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

fn map(cost: &Cost) -> Map {
    let count = |it: usize| Dynamic::from(i64::try_from(it).unwrap_or(i64::MAX));
    let time = |it: Option<Duration>| it.map_or(Dynamic::UNIT, |it| it.as_secs_f64().into());
    let outages = cost.outages.iter().map(|it| {
        let outage: Map = [
            ("fault".into(), it.fault.clone().into()),
            ("lasted".into(), it.lasted.as_secs_f64().into()),
            ("over".into(), it.over.into()),
        ]
        .into();
        Dynamic::from(outage)
    });
    [
        ("acked".into(), count(cost.acked)),
        ("lost".into(), count(cost.lost)),
        ("refused".into(), count(cost.refused)),
        ("in_doubt_present".into(), count(cost.in_doubt_present)),
        ("in_doubt_absent".into(), count(cost.in_doubt_absent)),
        ("phantom".into(), count(cost.phantom)),
        ("outages".into(), outages.collect::<Array>().into()),
        ("rto".into(), time(cost.rto)),
        ("detect".into(), time(cost.phases.detect)),
        ("promote".into(), time(cost.phases.promote)),
        ("move".into(), time(cost.phases.relocate)),
        ("reconnect".into(), time(cost.phases.reconnect)),
        ("gap".into(), time(cost.gap)),
    ]
    .into()
}
