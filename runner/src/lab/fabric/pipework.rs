//! pipework's command line, read.

use crate::problem::{Blame, Problem};

use super::address::{Address, Interface, Mac};

/// What a command line of pipework asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pipework {
    Attach(Attachment),
    /// A command in the node's network namespace: `ip route`, `ip rule` or `tc`, and its arguments.
    Command {
        node: String,
        command: Vec<String>,
    },
}

/// An attachment as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    pub source: String,
    pub node: String,
    pub interface: Interface,
    pub address: Address,
    pub mac: Option<Mac>,
    pub local: Option<Interface>,
}

impl Pipework {
    pub fn read(line: &str) -> Result<Self, Problem> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let words = words.strip_prefix(&["pipework"]).unwrap_or(&words);
        match words {
            ["--wait", ..] => Err(refused(
                "--wait",
                "attaching returns when the interface is up",
            )),
            ["--direct-phys", ..] => Err(refused(
                "--direct-phys",
                "it takes an interface away from the host; `nic: true` of pipework_attach shares one",
            )),
            [form @ ("route" | "rule" | "tc"), node, rest @ ..] if !rest.is_empty() => {
                let program: &[&str] = match *form {
                    "tc" => &["tc"],
                    form => &["ip", form],
                };
                let command = program.iter().chain(rest).map(|it| (*it).to_owned());
                Ok(Self::Command {
                    node: (*node).to_owned(),
                    command: command.collect(),
                })
            }
            [source, rest @ ..] => attachment(source, rest).map(Self::Attach),
            [] => Err(usage("the command line is empty")),
        }
    }
}

fn attachment(source: &str, words: &[&str]) -> Result<Attachment, Problem> {
    refuse_source(source)?;
    let (mut interface, mut local, mut family) = ("eth1", None, None);
    let mut words = words;
    while let [flag @ ("-i" | "-l" | "-a"), value, rest @ ..] = words {
        match *flag {
            "-i" => interface = value,
            "-l" => local = Some(Interface::read(value)?),
            _ => family = Some(read_family(value)?),
        }
        words = rest;
    }
    let (node, address, mac) = match words {
        [node, address] => (*node, *address, None),
        [node, address, mac] => (*node, *address, Some(*mac)),
        _ => return Err(usage("a node and an address are needed")),
    };
    if node.starts_with('-') {
        return Err(usage(&format!("`{node}` is no option of pipework's")));
    }
    if ["dhcp", "udhcpc", "dhclient", "dhcpcd"]
        .iter()
        .any(|it| address.starts_with(it))
    {
        return Err(refused(
            address,
            "no segment of a scenario has a DHCP server; say the address",
        ));
    }
    if mac.is_some_and(|it| it.contains('@')) {
        return Err(refused(
            "@vlan",
            "a private LAN of a name of its own does the same: `pipework eth0.100 …`",
        ));
    }
    let address = Address::read(address)?;
    if let (Some(is_six), Some(net)) = (family, address.net)
        && is_six != net.addr().is_ipv6()
    {
        return Err(usage(&format!(
            "{net} is not of the address family that -a says"
        )));
    }
    Ok(Attachment {
        source: source.to_owned(),
        node: node.to_owned(),
        interface: Interface::read(interface)?,
        address,
        mac: mac.map(Mac::read).transpose()?,
        local,
    })
}

/// Sources of pipework's that a fabric has not got.
pub fn refuse_source(source: &str) -> Result<(), Problem> {
    let refusals = [
        (
            "ovs",
            "Open vSwitch is not part of the fabric; a bridge (`br…`) forwards the same",
        ),
        (
            "ib",
            "there is no InfiniBand in the fabric; a bridge (`br…`) carries IP the same",
        ),
        (
            "wlan",
            "a wireless interface can't be shared; a private LAN (`eth0`) does the same",
        ),
        (
            "wlp",
            "a wireless interface can't be shared; a private LAN (`eth0`) does the same",
        ),
        (
            "mac:",
            "a scenario has no interfaces of the host to look for; name the LAN",
        ),
        (
            "docker",
            "a scenario has no network of the engine; each node is on its LAN as eth0",
        ),
    ];
    match refusals.iter().find(|(start, _)| source.starts_with(start)) {
        Some((_, why)) => Err(refused(source, why)),
        None => Ok(()),
    }
}

fn read_family(text: &str) -> Result<bool, Problem> {
    match text {
        "4" | "inet" => Ok(false),
        "6" | "inet6" => Ok(true),
        _ => Err(usage(&format!("`-a {text}`: the address family is 4 or 6"))),
    }
}

fn refused(what: &str, why: &str) -> Problem {
    Problem::new(
        Blame::Playbook,
        format!("pipework's `{what}` is not supported here"),
    )
    .note(why)
}

fn usage(why: &str) -> Problem {
    Problem::new(
        Blame::Playbook,
        format!("this is no command line of pipework: {why}"),
    )
    .note(
        "SOURCE [-i INTERFACE] [-l LOCAL] [-a 4|6] NODE ADDRESS/LENGTH[@GATEWAY] [MAC]\n\
         route|rule|tc NODE ARGUMENTS…",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_are_read_or_refused_with_the_way_out() {
        let lines = [
            "br1 -i eth2 primary 10.10.0.1/24 U:p1",
            "pipework eth0 s1 192.168.11.102/24@192.168.11.1",
            "br1 -l tap0 -a 6 p1 fd00::1/64",
            "route p1 add 10.0.0.0/8 via 10.10.0.254",
            "rule p1 add from 10.10.0.1 table 7",
            "tc p1 qdisc add dev eth1 root tbf rate 8mbit burst 32k latency 50ms",
            "br1 p1 dhclient",
            "ovsbr0 p1 10.10.0.1/24",
            "eth0 p1 10.10.0.1/24 02:42:00:00:00:01@100",
            "ib0 p1 10.10.0.1/24",
            "wlan0 p1 10.10.0.1/24",
            "--wait",
            "br1",
            "br1 -a 6 p1 10.10.0.1/24",
        ];
        let told = lines.map(|line| match Pipework::read(line) {
            Ok(Pipework::Attach(it)) => format!(
                "{line}\n    {} {} {} {:?} {:?} {:?}",
                it.source, it.interface, it.node, it.address.net, it.mac, it.local
            ),
            Ok(Pipework::Command { node, command }) => format!("{line}\n    {node}: {command:?}"),
            Err(problem) => format!("{line}\n    {} = {}", problem.message, problem.notes[0]),
        });
        insta::assert_snapshot!(told.join("\n"), @r#"
        br1 -i eth2 primary 10.10.0.1/24 U:p1
            br1 eth2 primary Some(10.10.0.1/24) Some(Mac([2, 255, 39, 20, 138, 79])) None
        pipework eth0 s1 192.168.11.102/24@192.168.11.1
            eth0 eth1 s1 Some(192.168.11.102/24) None None
        br1 -l tap0 -a 6 p1 fd00::1/64
            br1 eth1 p1 Some(fd00::1/64) None Some(Interface("tap0"))
        route p1 add 10.0.0.0/8 via 10.10.0.254
            p1: ["ip", "route", "add", "10.0.0.0/8", "via", "10.10.0.254"]
        rule p1 add from 10.10.0.1 table 7
            p1: ["ip", "rule", "add", "from", "10.10.0.1", "table", "7"]
        tc p1 qdisc add dev eth1 root tbf rate 8mbit burst 32k latency 50ms
            p1: ["tc", "qdisc", "add", "dev", "eth1", "root", "tbf", "rate", "8mbit", "burst", "32k", "latency", "50ms"]
        br1 p1 dhclient
            pipework's `dhclient` is not supported here = no segment of a scenario has a DHCP server; say the address
        ovsbr0 p1 10.10.0.1/24
            pipework's `ovsbr0` is not supported here = Open vSwitch is not part of the fabric; a bridge (`br…`) forwards the same
        eth0 p1 10.10.0.1/24 02:42:00:00:00:01@100
            pipework's `@vlan` is not supported here = a private LAN of a name of its own does the same: `pipework eth0.100 …`
        ib0 p1 10.10.0.1/24
            pipework's `ib0` is not supported here = there is no InfiniBand in the fabric; a bridge (`br…`) carries IP the same
        wlan0 p1 10.10.0.1/24
            pipework's `wlan0` is not supported here = a wireless interface can't be shared; a private LAN (`eth0`) does the same
        --wait
            pipework's `--wait` is not supported here = attaching returns when the interface is up
        br1
            this is no command line of pipework: a node and an address are needed = SOURCE [-i INTERFACE] [-l LOCAL] [-a 4|6] NODE ADDRESS/LENGTH[@GATEWAY] [MAC]
        route|rule|tc NODE ARGUMENTS…
        br1 -a 6 p1 10.10.0.1/24
            this is no command line of pipework: 10.10.0.1/24 is not of the address family that -a says = SOURCE [-i INTERFACE] [-l LOCAL] [-a 4|6] NODE ADDRESS/LENGTH[@GATEWAY] [MAC]
        route|rule|tc NODE ARGUMENTS…
        "#);
    }
}
