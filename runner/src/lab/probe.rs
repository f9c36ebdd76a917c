//! What a node's image brings: PostgreSQL's programs are found, not assumed.

use std::time::Duration;

use crate::engine::{Streams, quoted};
use crate::problem::Problem;

use super::carrier::{Carrier, SEARCH};
use super::node::Node;

/// What was found on a node.
#[derive(Debug, Clone, Default)]
pub struct Installation {
    /// The directory with `postgres`, `psql` and the rest; empty: no PostgreSQL here.
    pub bin: String,
    pub major: u32,
    /// The full version, such as `17.6`.
    pub version: String,
    /// The directory of the server's socket.
    pub socket: String,
    /// A program that can carry a connection.
    pub carrier: Carrier,
    /// The archive of a ready cluster, if the image has one.
    pub template: bool,
    /// The data directory holds a cluster already.
    pub cluster: bool,
    /// The account may write to the data directory.
    pub writable: bool,
}

/// The archive of a ready cluster that our images carry.
pub const TEMPLATE: &str = "/var/lib/pgdrill/cluster.tar";

impl Installation {
    /// Looks with nothing but the shell's own commands; `major` chooses where there are several.
    pub async fn find(
        node: &Node,
        major: Option<u32>,
        version: Option<&str>,
    ) -> Result<Self, Problem> {
        let data = quoted(&node.data);
        let script = format!(
            "for d in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin \
               /usr/local/bin /usr/libexec/postgresql* /usr/bin; do \
               [ -x $d/postgres ] && echo bin=$d; done\n\
             for s in /var/run/postgresql /run/postgresql /tmp; do [ -w $s ] && echo socket=$s && break; done\n\
             {SEARCH}\n\
             [ -f {TEMPLATE} ] && echo template=yes\n\
             [ -s {data}/PG_VERSION ] && echo cluster=yes\n\
             [ -w {data} ] && echo writable=yes\n:"
        );
        let found = node.run(&script).await?.out;
        let all = |key: &str| -> Vec<String> {
            let prefix = format!("{key}=");
            found
                .lines()
                .filter_map(|it| it.strip_prefix(&prefix))
                .map(str::to_owned)
                .collect()
        };
        let first = |key: &str| all(key).into_iter().next().unwrap_or_default();
        let mut installation = Self {
            bin: chosen(&all("bin"), major),
            socket: first("socket"),
            carrier: Carrier::named(&first("carrier")),
            template: !first("template").is_empty(),
            cluster: !first("cluster").is_empty(),
            writable: !first("writable").is_empty(),
            ..Self::default()
        };
        if installation.bin.is_empty() {
            return Ok(installation);
        }
        match version {
            Some(version) => version.clone_into(&mut installation.version),
            None => installation.ask(node).await?,
        }
        let digits: String = installation
            .version
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        installation.major = digits.parse().unwrap_or_default();
        Ok(installation)
    }

    /// An image of others says neither which version it has nor where its server puts its socket.
    async fn ask(&mut self, node: &Node) -> Result<(), Problem> {
        let postgres = format!("{}/postgres", quoted(&self.bin));
        let script = format!(
            "{postgres} --version && {postgres} --describe-config | grep ^unix_socket_directories"
        );
        let said = node.must("the first look at PostgreSQL", &script).await?;
        let (version, socket) = asked(&said);
        version.clone_into(&mut self.version);
        socket.clone_into(&mut self.socket);
        // What a distribution makes at each boot, an image may lack.
        let (folder, account) = (quoted(socket), &node.account);
        let make =
            format!("[ -d {folder} ] || {{ mkdir -p {folder} && chown {account} {folder}; }}");
        let output = node.run_as("0", &make, Streams::Apart).await?;
        if output.code != 0 {
            return Err(node.broken("making the socket's folder", &output));
        }
        Ok(())
    }

    /// The command that carries a connection to the server, with its streams as ours.
    pub fn dialer(&self, port: u16) -> Result<String, Problem> {
        self.carrier.to_socket(&self.socket, port, Duration::ZERO)
    }

    /// The same for a server that is reached over a network.
    pub fn dialer_to(&self, host: &str, port: u16, limit: Duration) -> Result<String, Problem> {
        self.carrier.to_address(host, port, limit, Duration::ZERO)
    }
}

/// The version, and the first of the directories that the server makes its sockets in.
fn asked(said: &str) -> (&str, &str) {
    let mut lines = said.lines();
    let version = lines.next().and_then(|it| it.split_whitespace().nth(2));
    let folders = lines.next().and_then(|it| it.split('\t').nth(4));
    let first = folders.and_then(|it| it.split(',').next());
    (
        version.unwrap_or_default(),
        first.unwrap_or_default().trim(),
    )
}

/// The directory of the wanted major, else of the highest.
fn chosen(bins: &[String], major: Option<u32>) -> String {
    let number = |bin: &String| -> u32 {
        let digits: String = bin.chars().filter(char::is_ascii_digit).collect();
        digits.parse().unwrap_or_default()
    };
    let wanted = bins.iter().find(|bin| Some(number(bin)) == major);
    wanted
        .or_else(|| bins.iter().max_by_key(|bin| number(bin)))
        .cloned()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{asked, chosen};

    #[test]
    fn a_server_tells_its_version_and_where_its_socket_is() {
        let said = "postgres (PostgreSQL) 17.6 (Debian 17.6-1)\n\
                    unix_socket_directories\tpostmaster\tConnections\tSTRING\t/run/pg, /tmp\t\t\tSets it\n";
        assert_eq!(asked(said), ("17.6", "/run/pg"));
    }

    #[test]
    fn the_wanted_major_is_chosen_else_the_highest() {
        let bins = ["13", "9", "17"].map(|major| format!("/usr/lib/postgresql/{major}/bin"));
        assert_eq!(chosen(&bins, Some(13)), bins[0]);
        assert_eq!(chosen(&bins, None), bins[2]);
        assert_eq!(chosen(&[], Some(17)), "");
    }
}
