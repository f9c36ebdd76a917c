//! Programs in a container that can carry a connection: their streams are ours.

use std::time::Duration;

use crate::engine::quoted;
use crate::problem::{Blame, Problem};

/// Looks for the first of them that a container has, with nothing but a shell: `carrier=socat`.
pub const SEARCH: &str =
    "for c in socat perl bash nc; do command -v $c >/dev/null && echo carrier=$c && break; done";

/// A program that can carry a connection; by default there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Carrier {
    Socat,
    Perl,
    Bash,
    Nc,
    #[default]
    None,
}

impl Carrier {
    pub fn named(name: &str) -> Self {
        match name {
            "socat" => Self::Socat,
            "perl" => Self::Perl,
            "bash" => Self::Bash,
            "nc" => Self::Nc,
            _ => Self::None,
        }
    }

    /// The command that carries a connection to a server's socket. When its input has ended, it
    /// waits this long for the rest of an answer, if it can.
    pub fn to_socket(self, folder: &str, port: u16, linger: Duration) -> Result<String, Problem> {
        let socket = quoted(&format!("{folder}/.s.PGSQL.{port}"));
        Ok(match self {
            Self::Socat => format!("socat -t {} - UNIX-CONNECT:{socket}", linger.as_secs()),
            Self::Perl => format!("perl -e {} {socket}", quoted(PERL)),
            Self::Bash => format!("bash -c {}", quoted(&bash("127.0.0.1", port))),
            // Not each can speak to a socket; OpenBSD's would not notice the end of another.
            Self::Nc => format!(
                "if nc -h 2>&1 | grep -q -e -U; then nc -U {socket}; else nc 127.0.0.1 {port}; fi"
            ),
            Self::None => {
                let message = "the image has no program that could carry a connection";
                return Err(Problem::new(Blame::Environment, message)
                    .note("one of socat, perl, nc (netcat) and bash is needed in it"));
            }
        })
    }

    /// The same for an address; it gives up after a time, if it can.
    pub fn to_address(
        self,
        host: &str,
        port: u16,
        limit: Duration,
        linger: Duration,
    ) -> Result<String, Problem> {
        let host = quoted(host);
        // An IPv6 address stands in brackets before its port.
        let bracketed = if host.contains(':') {
            format!("[{host}]")
        } else {
            host.clone()
        };
        Ok(match self {
            // One that waits longer than its client would be left behind.
            Self::Socat => format!(
                "socat -t {} - TCP:{bracketed}:{port},connect-timeout={}",
                linger.as_secs(),
                limit.as_secs_f32()
            ),
            Self::Nc => format!("nc {host} {port}"),
            Self::Bash => format!("bash -c {}", quoted(&bash(&host, port))),
            Self::Perl | Self::None => {
                let message =
                    "the image has no program that could carry a connection over a network";
                return Err(Problem::new(Blame::Environment, message)
                    .note("one of socat, nc (netcat) and bash is needed in it"));
            }
        })
    }
}

/// Carries a connection where there is no socat: Debian's images always have this language.
const PERL: &str = r#"
use Socket; $| = 1;
socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die "$!\n";
connect($s, sockaddr_un($ARGV[0])) or die "$ARGV[0]: $!\n";
my ($in, $b) = (1);
while (1) {
  my $r = ""; vec($r, fileno($s), 1) = 1; vec($r, 0, 1) = 1 if $in;
  select($r, undef, undef, undef);
  if (vec($r, fileno($s), 1)) { sysread($s, $b, 65536) or exit; syswrite(STDOUT, $b); }
  if ($in && vec($r, 0, 1)) { if (sysread(STDIN, $b, 65536)) { syswrite($s, $b) } else { shutdown($s, 1); $in = 0 } }
}
"#;

/// Ends what reads from us and waits for that: what comes next is for the shell.
fn bash(host: &str, port: u16) -> String {
    format!(
        "exec 3<>/dev/tcp/{host}/{port} 4<&0 || exit; cat <&4 >&3 & \
         cat <&3; kill $!; wait $! 2>/dev/null"
    )
}
