//! `pgdrill proxy`, and `run --serve`: ports on the user's own machine that lead to nodes and to
//! virtual addresses. They are dialled through the engine, as all SQL is: nothing is published.

mod look;
mod port;
mod tunnel;
mod ways;

use tokio_util::sync::CancellationToken;

use super::args::{self, Args};
use super::code;
use super::out::{columns, print};
use crate::engine::Docker;
use crate::problem::{Blame, Problem};
use port::Port;
use ways::{Found, Ways};

pub async fn proxy(args: &Args, proxy: &args::Proxy) -> Result<u8, Problem> {
    let (port, run) = proxy.port_and_run()?;
    let docker = Docker::connect(args.host.as_deref()).await?;
    let ways = Ways::find(&docker).await?;
    let Some(to) = &proxy.to else {
        list(&ways);
        return Ok(code::PASSED);
    };
    let found = ways.choose(to, run)?;
    let stop = super::run::stop_on_signals(|_| {})?;
    let port = Port::open(&docker, found.way.clone(), port, &stop.token()).await?;
    print(&format!("{}\n", address(&found, &port)));
    anstream::eprintln!("leads to `{to}` of {}; Ctrl-C ends it", found.scope);
    port.serve().await;
    Ok(stop
        .code()
        .and_then(|it| u8::try_from(it).ok())
        .unwrap_or(code::PASSED))
}

fn list(ways: &Ways) {
    let rows: Vec<_> = (ways.all.iter())
        .map(|it| vec![it.way.name.clone(), it.scope.clone(), it.state.clone()])
        .collect();
    print(&columns(&rows));
    anstream::eprintln!(
        "{}",
        if rows.is_empty() {
            "there is nothing to lead to: nodes are left by `pgdrill run --keep always` (or `on-failure`)"
        } else {
            "`pgdrill proxy NODE|VIP [PORT] [RUN]` leads to one of them"
        }
    );
}

/// Leads to all that a run has left, until it is stopped.
pub async fn serve(args: &Args, run: &str, stop: &CancellationToken) -> Result<(), Problem> {
    let docker = Docker::connect(args.host.as_deref()).await?;
    let ways = Ways::find(&docker).await?;
    let mut ports = Vec::new();
    let mut rows = Vec::new();
    for found in ways.all.iter().filter(|it| it.run == run && it.open) {
        let port = Port::open(&docker, found.way.clone(), None, stop).await?;
        rows.push(vec![
            found.way.name.clone(),
            found.scope.clone(),
            address(found, &port),
        ]);
        ports.push(port.serve());
    }
    print(&columns(&rows));
    anstream::eprintln!("Ctrl-C ends this; the nodes stay until `pgdrill clean`");
    futures_util::future::join_all(ports).await;
    Ok(())
}

/// What a client is told: libpq's form of an address.
fn address(found: &Found, port: &Port) -> String {
    let user = escaped(&found.user);
    format!("postgresql://{user}@127.0.0.1:{}/postgres", port.number)
}

/// A name as it stands in a URL.
fn escaped(name: &str) -> String {
    let byte = |it: u8| match it {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(it).to_string()
        }
        other => format!("%{other:02X}"),
    };
    name.bytes().map(byte).collect()
}

impl args::Proxy {
    /// A run may stand in the port's place: it is longer than any port's number.
    fn port_and_run(&self) -> Result<(Option<u16>, Option<&str>), Problem> {
        let Some(first) = self.port.as_deref() else {
            return Ok((None, None));
        };
        match (first.parse(), self.run.as_deref()) {
            (Ok(port), run) => Ok((Some(port), run)),
            (Err(_), None) if first.len() > 5 => Ok((None, Some(first))),
            (Err(_), _) => {
                let message = format!("`{first}` is no port: a number up to 65535");
                Err(Problem::new(Blame::Playbook, message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_may_stand_where_a_port_does() {
        let read = |port: &str, run: Option<&str>| {
            let proxy = args::Proxy {
                to: None,
                port: Some(port.to_owned()),
                run: run.map(str::to_owned),
            };
            match proxy.port_and_run() {
                Ok((port, run)) => format!("{port:?} {run:?}"),
                Err(problem) => problem.message,
            }
        };
        assert_eq!(read("5433", None), "Some(5433) None");
        assert_eq!(read("abc234", None), r#"None Some("abc234")"#);
        assert_eq!(read("5433", Some("abc234")), r#"Some(5433) Some("abc234")"#);
        assert_eq!(
            read("70000", None),
            "`70000` is no port: a number up to 65535"
        );
        assert_eq!(
            read("abc234", Some("5433")),
            "`abc234` is no port: a number up to 65535"
        );
    }

    #[test]
    fn a_name_is_escaped_as_urls_want_it() {
        assert_eq!(escaped("o'neil@hq"), "o%27neil%40hq");
    }
}
