//! What a container that a run has left says of itself: its server, and the addresses that move.

use std::net::IpAddr;
use std::time::Duration;

use crate::engine::{Shell, Streams};
use crate::lab::{CARRIERS, Carrier};
use crate::problem::{Blame, Problem};

/// How long an answer may go on after its client has sent its last.
pub const LINGER: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    pub carrier: Carrier,
    /// The server's superuser.
    pub user: String,
    /// The server's port; none: no server runs.
    pub port: Option<u16>,
    /// The folder of its socket; it may have none.
    socket: String,
    /// Addresses that are alone in their subnet, as virtual ones are.
    pub virtual_addresses: Vec<IpAddr>,
}

/// The fourth and the fifth line of the file are the server's port and its socket's folder.
const QUESTIONS: &str = r#"
echo "user=${PGUSER:-postgres}"
pid="$PGDATA/postmaster.pid"
[ -f "$pid" ] && echo "port=$(sed -n 4p "$pid")" && echo "socket=$(sed -n 5p "$pid")"
ip -o addr show scope global 2>/dev/null
:"#;

impl Look {
    pub async fn at(shell: &mut Shell) -> Result<Self, Problem> {
        let script = format!("{CARRIERS}\n{QUESTIONS}");
        let said = shell.run(&script, Streams::Apart).await?;
        Ok(Self::read(&said.out))
    }

    fn read(said: &str) -> Self {
        let first = |key: &str| {
            let mut lines = said.lines();
            let found = lines.find_map(|it| it.strip_prefix(key)?.strip_prefix('='));
            found.unwrap_or_default().trim()
        };
        Self {
            carrier: Carrier::named(first("carrier")),
            user: first("user").to_owned(),
            port: first("port").parse().ok(),
            socket: first("socket").to_owned(),
            virtual_addresses: said.lines().filter_map(virtual_address).collect(),
        }
    }

    /// The command that carries a connection to the server.
    pub fn dialer(&self, name: &str) -> Result<String, Problem> {
        let Some(port) = self.port else {
            let message = format!("no server runs on `{name}`");
            return Err(Problem::new(Blame::System, message));
        };
        if self.socket.is_empty() {
            return (self.carrier).to_address("127.0.0.1", port, LINGER, LINGER);
        }
        self.carrier.to_socket(&self.socket, port, LINGER)
    }
}

/// The address in a line of `ip -o addr`, if it is a virtual one.
fn virtual_address(line: &str) -> Option<IpAddr> {
    let mut words = line.split_whitespace();
    words.find(|it| matches!(*it, "inet" | "inet6"))?;
    let (address, length) = words.next()?.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let alone = if address.is_ipv4() { "32" } else { "128" };
    (length == alone).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_says_where_its_server_is_and_which_addresses_it_has() {
        let said = "carrier=socat\nuser=admin\nport=5444\nsocket=/var/run/postgresql\n\
            2: eth1    inet 172.255.255.1/24 brd 172.255.255.255 scope global eth1\\  valid_lft forever\n\
            2: eth1    inet 172.255.255.254/32 scope global eth1\\       valid_lft forever\n\
            3: eth2    inet6 fd00::1/64 scope global \\       valid_lft forever\n\
            3: eth2    inet6 fd00::fe/128 scope global \\       valid_lft forever\n";
        let look = Look::read(said);
        let addresses: [IpAddr; 2] =
            ["172.255.255.254", "fd00::fe"].map(|it| it.parse().expect("an address"));
        assert_eq!(look.virtual_addresses, addresses);
        assert_eq!((look.user.as_str(), look.port), ("admin", Some(5444)));
        assert_eq!(
            look.dialer("p1").expect("a server runs"),
            "socat -t 5 - UNIX-CONNECT:/var/run/postgresql/.s.PGSQL.5444"
        );
    }

    #[test]
    fn without_a_server_there_is_nothing_to_lead_to() {
        let problem = Look::read("carrier=socat\nuser=postgres\n").dialer("p1");
        assert_eq!(
            problem.expect_err("none runs").message,
            "no server runs on `p1`"
        );
    }
}
