//! The words of a network, read before anything is built: addresses, interface names, MACs.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use md5::{Digest, Md5};
use sha2::Sha256;

use crate::problem::{Blame, Problem};

/// The longest name of an interface that Linux has.
const LONGEST: usize = 15;

/// The name of an interface or a bridge.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interface(String);

impl Interface {
    pub fn read(name: &str) -> Result<Self, Problem> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let bad = |why: String| {
            Err(wrong(format!(
                "`{name}` is no name for an interface: {why}"
            )))
        };
        if name.len() > LONGEST {
            return bad(format!(
                "it has {} characters, Linux takes {LONGEST}",
                name.len()
            ));
        }
        if name.is_empty() || !name.chars().all(fits) || name.starts_with(['-', '.']) {
            return bad("letters, digits, `-`, `_` and `.`, the first no `-` or `.`".to_owned());
        }
        if matches!(name, "lo" | "all" | "default") {
            return bad("Linux uses it itself".to_owned());
        }
        Ok(Self(name.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Interface {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What an interface gets: pipework's `ip/len[@gateway]`, or `0/0` for no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Address {
    pub net: Option<IpNet>,
    pub gateway: Option<IpAddr>,
}

impl Address {
    pub fn read(text: &str) -> Result<Self, Problem> {
        if text == "0/0" {
            return Ok(Self::default());
        }
        let (net, gateway) = match text.split_once('@') {
            Some((net, gateway)) => (net, Some(gateway)),
            None => (text, None),
        };
        let net = read_net(net)?;
        let gateway = gateway.map(ip).transpose()?;
        if let Some(gateway) = gateway.filter(|it| !net.contains(it)) {
            return Err(wrong(format!(
                "gateway {gateway} is outside the subnet {}",
                net.trunc()
            )));
        }
        Ok(Self {
            net: Some(net),
            gateway,
        })
    }
}

/// An address with the length of its subnet: `10.10.0.1/24`.
pub fn read_net(text: &str) -> Result<IpNet, Problem> {
    let net: IpNet = text.parse().map_err(|_| {
        let example = "an address is written with the length of its subnet, `10.10.0.1/24`";
        wrong(format!("`{text}` is no address in CIDR form")).note(example)
    })?;
    let address = net.addr();
    let whole = net.prefix_len() == net.max_prefix_len();
    if address.is_multicast() || address.is_unspecified() || address.is_loopback() {
        return Err(wrong(format!("{address} can't be an interface's address")));
    }
    // The first and the last of an IPv4 subnet are the subnet itself and all of its machines.
    let reserved = address == net.network() || address == net.broadcast();
    if address.is_ipv4() && reserved && net.prefix_len() < 31 && !whole {
        return Err(wrong(format!(
            "{address} is the {} of {}: no machine can have it",
            if address == net.network() {
                "number"
            } else {
                "broadcast address"
            },
            net.trunc()
        )));
    }
    Ok(net)
}

/// An address alone.
pub fn ip(text: &str) -> Result<IpAddr, Problem> {
    text.parse()
        .map_err(|_| wrong(format!("`{text}` is no IP address")))
}

/// A hardware address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mac([u8; 6]);

impl Mac {
    /// An address, or pipework's `U:seed`.
    pub fn read(text: &str) -> Result<Self, Problem> {
        if let Some(seed) = text.strip_prefix("U:") {
            let digest = Md5::digest(format!("{seed}\n"));
            return Ok(Self::local(&digest));
        }
        let octet = |it: &str| {
            let digits = (1..=2).contains(&it.len());
            digits.then(|| u8::from_str_radix(it, 16).ok()).flatten()
        };
        let octets: Option<Vec<u8>> = text.split(':').map(octet).collect();
        let Some(octets) = octets.and_then(|it| <[u8; 6]>::try_from(it).ok()) else {
            return Err(wrong(format!("`{text}` is no MAC address"))
                .note("six octets, `02:42:0a:0a:00:01`, or `U:seed`"));
        };
        if octets[0] & 1 == 1 {
            return Err(wrong(format!(
                "{text} is a multicast MAC address: no interface can have it"
            ))
            .note("the first octet of an interface's address is even"));
        }
        if octets == [0; 6] {
            return Err(wrong(format!(
                "{text} is no MAC address that an interface can have"
            )));
        }
        Ok(Self(octets))
    }

    /// One of a machine's interface: the same whenever the machine comes back, or its neighbours
    /// would look for the old one.
    pub fn of(node: &str, interface: &Interface) -> Self {
        Self::local(&Sha256::digest(format!("{node}.{interface}")))
    }

    fn local(digest: &[u8]) -> Self {
        Self([2, digest[0], digest[1], digest[2], digest[3], digest[4]])
    }

    pub fn octets(self) -> [u8; 6] {
        self.0
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let octets = self.0.map(|octet| format!("{octet:02x}"));
        formatter.write_str(&octets.join(":"))
    }
}

fn wrong(message: String) -> Problem {
    Problem::new(Blame::Playbook, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told<T: fmt::Debug>(read: Result<T, Problem>) -> String {
        match read {
            Ok(value) => format!("{value:?}"),
            Err(problem) => problem.message,
        }
    }

    #[test]
    fn addresses_are_read_as_pipework_reads_them() {
        let read = [
            "10.10.0.1/24",
            "10.10.0.1/24@10.10.0.254",
            "fd00::1/64",
            "172.255.255.254/32",
            "0/0",
            "10.10.0.1",
            "10.10.0.300/24",
            "10.10.0.1/33",
            "10.10.0.0/24",
            "10.10.0.255/24",
            "10.10.0.1/24@10.11.0.1",
            "224.0.0.1/24",
        ]
        .map(|it| format!("{it}: {}", told(Address::read(it))));
        insta::assert_snapshot!(read.join("\n"), @r"
        10.10.0.1/24: Address { net: Some(10.10.0.1/24), gateway: None }
        10.10.0.1/24@10.10.0.254: Address { net: Some(10.10.0.1/24), gateway: Some(10.10.0.254) }
        fd00::1/64: Address { net: Some(fd00::1/64), gateway: None }
        172.255.255.254/32: Address { net: Some(172.255.255.254/32), gateway: None }
        0/0: Address { net: None, gateway: None }
        10.10.0.1: `10.10.0.1` is no address in CIDR form
        10.10.0.300/24: `10.10.0.300/24` is no address in CIDR form
        10.10.0.1/33: `10.10.0.1/33` is no address in CIDR form
        10.10.0.0/24: 10.10.0.0 is the number of 10.10.0.0/24: no machine can have it
        10.10.0.255/24: 10.10.0.255 is the broadcast address of 10.10.0.0/24: no machine can have it
        10.10.0.1/24@10.11.0.1: gateway 10.11.0.1 is outside the subnet 10.10.0.0/24
        224.0.0.1/24: 224.0.0.1 can't be an interface's address
        ");
    }

    #[test]
    fn macs_are_those_of_pipework_or_follow_from_names() {
        // As `echo p1 | md5sum` says.
        let seeded = Mac::read("U:p1").expect("a seed").to_string();
        assert_eq!(seeded, "02:ff:27:14:8a:4f");
        let eth2 = Interface::read("eth2").expect("a name");
        assert_eq!(Mac::of("p1", &eth2), Mac::of("p1", &eth2));
        assert_ne!(Mac::of("p1", &eth2), Mac::of("p2", &eth2));
        assert_eq!(
            told(Mac::read("01:00:5e:00:00:01")),
            "01:00:5e:00:00:01 is a multicast MAC address: no interface can have it"
        );
        assert_eq!(told(Mac::read("02:00")), "`02:00` is no MAC address");
    }

    #[test]
    fn names_of_interfaces_are_linux_names() {
        assert!(Interface::read("eth1").is_ok());
        assert_eq!(
            told(Interface::read("replication-segment")),
            "`replication-segment` is no name for an interface: it has 19 characters, Linux takes 15"
        );
        assert!(Interface::read("a b").is_err());
        assert!(Interface::read("a;reboot").is_err());
        assert!(Interface::read("-x").is_err());
    }
}
