//! A port on the user's own machine, and the connections that come in through it.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::tunnel::Way;
use crate::engine::Docker;
use crate::problem::{Blame, Problem};

/// A port of 127.0.0.1 that leads somewhere.
pub struct Port {
    listener: TcpListener,
    pub number: u16,
    line: Arc<Line>,
}

/// What its connections share.
struct Line {
    docker: Docker,
    way: Way,
    stop: CancellationToken,
    /// Why the last connection could not be made: an application tries again and again.
    trouble: Mutex<Option<String>>,
}

impl Port {
    /// Opens a port, any that is free unless one is named.
    pub async fn open(
        docker: &Docker,
        way: Way,
        number: Option<u16>,
        stop: &CancellationToken,
    ) -> Result<Self, Problem> {
        let wanted = number.unwrap_or_default();
        let opened = TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).await;
        let number = |it: TcpListener| Ok((it.local_addr()?.port(), it));
        let (number, listener) = opened.and_then(number).map_err(|error| {
            let message = format!("port {wanted} of 127.0.0.1 can't be opened: {error}");
            Problem::new(Blame::Environment, message).note("without a number, a free one is taken")
        })?;
        let line = Line {
            docker: docker.clone(),
            way,
            stop: stop.clone(),
            trouble: Mutex::default(),
        };
        Ok(Self {
            listener,
            number,
            line: Arc::new(line),
        })
    }

    /// Carries connections until it is stopped; then all of them are closed.
    pub async fn serve(self) {
        let mut open = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                () = self.line.stop.cancelled() => break,
                Some(_) = open.join_next() => {}
                accepted = self.listener.accept() => match accepted {
                    Ok((client, _)) => drop(open.spawn(Arc::clone(&self.line).carry(client))),
                    Err(error) => {
                        self.line.fails(format!("no further connection: {error}"));
                        // Too many are open: one must end first.
                        open.join_next().await;
                    }
                },
            }
        }
        while open.join_next().await.is_some() {}
    }
}

impl Line {
    async fn carry(self: Arc<Self>, client: TcpStream) {
        let carried = (self.way).carry(&self.docker, client, &self.stop, || self.answers());
        if let Err(problem) = carried.await {
            self.fails(problem.message);
        }
    }

    fn fails(&self, why: String) {
        let mut trouble = self.trouble.lock().expect("no panic holds it");
        if trouble.as_ref() != Some(&why) {
            anstream::eprintln!("{why}");
            *trouble = Some(why);
        }
    }

    fn answers(&self) {
        let mut trouble = self.trouble.lock().expect("no panic holds it");
        if trouble.take().is_some() {
            anstream::eprintln!("`{}` answers again", self.way.name);
        }
    }
}
