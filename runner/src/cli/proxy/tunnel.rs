//! One connection of a client, carried through the engine into a container.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio_util::sync::CancellationToken;

use super::look::{LINGER, Look};
use crate::engine::{self, Chunk, Containers, Pipe, Shell, end_process};
use crate::problem::{Blame, Problem};

/// How long a connection to an address may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// Where connections lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The node, or the address.
    pub name: String,
    /// From where it is dialled.
    pub container: String,
    pub to: To,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// The container's own server.
    Server,
    Address(SocketAddr),
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The program that carries it has ended.
    Closed,
    /// The client is gone, and the program may still be there.
    Left,
}

impl Way {
    /// Carries a connection until either side closes it. `heard` is called when the server answers.
    pub async fn carry(
        &self,
        engine: &dyn Containers,
        client: TcpStream,
        stop: &CancellationToken,
        heard: impl Fn(),
    ) -> Result<(), Problem> {
        let (pipe, pid) = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(()),
            dialled = self.dial(engine) => dialled?,
        };
        let ended = tokio::select! {
            biased;
            () = stop.cancelled() => Ok(End::Left),
            ended = self.exchange(pipe, client, heard) => ended,
        };
        if ended.as_ref().is_ok_and(|it| *it == End::Left) {
            end_process(engine, &self.container, self.account(), pid).await?;
        }
        ended.map(drop)
    }

    /// Who dials: on a node its own account, and beside the networks one that has no rights there.
    fn account(&self) -> &'static str {
        match self.to {
            To::Server => "",
            To::Address(_) => "postgres",
        }
    }

    /// Starts the program that carries the connection.
    async fn dial(&self, engine: &dyn Containers) -> Result<(Pipe, u32), Problem> {
        let mut shell = Shell::within(engine, &self.container, self.account()).await?;
        let look = Look::at(&mut shell).await?;
        let dialer = match self.to {
            To::Server => look.dialer(&self.name)?,
            To::Address(at) => {
                let host = at.ip().to_string();
                (look.carrier).to_address(&host, at.port(), CONNECT, LINGER)?
            }
        };
        let pid = shell.pid;
        Ok((shell.become_program(&dialer).await?, pid))
    }

    async fn exchange(
        &self,
        pipe: Pipe,
        client: TcpStream,
        heard: impl Fn(),
    ) -> Result<End, Problem> {
        // Statements are short and each waits for an answer.
        let _ = client.set_nodelay(true);
        let (from, to) = client.into_split();
        let mut down = std::pin::pin!(self.down(pipe.output, to, heard));
        let sent = tokio::select! {
            ended = &mut down => return ended,
            sent = up(from, pipe.input) => sent,
        };
        if sent.is_err() {
            return Ok(End::Left);
        }
        // It has said its last; the server ends the connection, after the rest of its answer.
        let ended = tokio::time::timeout(LINGER, down).await;
        ended.unwrap_or(Ok(End::Left))
    }

    /// From the server to the client.
    async fn down(
        &self,
        mut output: BoxStream<'static, engine::Result<Chunk>>,
        mut to: OwnedWriteHalf,
        heard: impl Fn(),
    ) -> Result<End, Problem> {
        let mut answered = false;
        let mut complaint = String::new();
        while let Some(piece) = output.next().await {
            match piece? {
                Chunk::Out(bytes) => {
                    if !std::mem::replace(&mut answered, true) {
                        heard();
                    }
                    if to.write_all(&bytes).await.is_err() {
                        return Ok(End::Left);
                    }
                }
                Chunk::Err(bytes) => complaint.push_str(&String::from_utf8_lossy(&bytes)),
            }
        }
        let _ = to.shutdown().await;
        let complaint = complaint.trim();
        if answered || complaint.is_empty() {
            return Ok(End::Closed);
        }
        let message = format!("no connection to `{}`: {}", self.name, reason(complaint));
        Err(Problem::new(Blame::System, message))
    }
}

/// From the client to the server, until the client has sent its last.
async fn up(
    mut from: OwnedReadHalf,
    mut to: std::pin::Pin<Box<dyn AsyncWrite + Send>>,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        // That the program has ended is told by the end of its output.
        if to.write_all(&buffer[..read]).await.is_err() || to.flush().await.is_err() {
            return std::future::pending().await;
        }
    }
}

/// socat's words without its time and process.
fn reason(complaint: &str) -> &str {
    let line = complaint.lines().next_back().unwrap_or_default();
    line.split_once(" E ").map_or(line, |(_, words)| words)
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn the_reason_is_told_without_the_carriers_clock() {
        let socat = "2026/01/02 03:04:05 socat[17] E connect(5, AF=2 10.0.0.1:5432, 16): Connection refused";
        assert_eq!(
            reason(socat),
            "connect(5, AF=2 10.0.0.1:5432, 16): Connection refused"
        );
        assert_eq!(reason("nc: no such file\n"), "nc: no such file");
    }
}
