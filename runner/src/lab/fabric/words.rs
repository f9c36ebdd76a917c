//! What the kernel's and the engine's messages mean for who wrote the playbook.

use crate::engine::Output;
use crate::problem::{Blame, Problem};

/// Where the kernel gets what delays packets from.
pub const NETEM: &str = "delaying packets takes the kernel's module `sch_netem`: on Ubuntu the \
    package `linux-modules-extra-$(uname -r)` brings it, on Debian the normal kernel package has \
    it; `modprobe sch_netem` on the engine's machine loads it";

/// A message of `ip`, `tc` or `nft`, whose fault it is, and what to do about it.
const MEANINGS: &[(&str, Blame, &str)] = &[
    ("Specified qdisc kind is unknown", Blame::Environment, NETEM),
    (
        "Unknown device type",
        Blame::Environment,
        "the kernel has no such kind of link: `modprobe` of its module (veth, bridge, macvlan) on \
         the engine's machine may bring it",
    ),
    (
        "File exists",
        Blame::Playbook,
        "something of that name or address is there already",
    ),
    (
        "not a valid ifname",
        Blame::Playbook,
        "an interface's name has at most 15 characters",
    ),
    (
        "Nexthop has invalid gateway",
        Blame::Playbook,
        "the gateway must be in a subnet that an interface of the node has",
    ),
    (
        "IPv6 is disabled",
        Blame::Environment,
        "the engine's machine has IPv6 switched off (sysctl net.ipv6.conf.all.disable_ipv6)",
    ),
    (
        "Could not process rule",
        Blame::Environment,
        "the kernel's nftables lacks what this needs: `modprobe nf_tables nft_meta_bridge` on the \
         engine's machine may bring it",
    ),
    (
        "Operation not supported",
        Blame::Environment,
        "the kernel of the engine's machine can't do that",
    ),
    (
        "Operation not permitted",
        Blame::Environment,
        "the engine gives the fabric's container too few rights; `pgdrill doctor` says more",
    ),
];

/// What failed, in the user's words, with the raw text.
pub fn explained(what: &str, output: &Output) -> Problem {
    let raw = format!("{}{}", output.err, output.out);
    let raw = raw.trim();
    let meaning = MEANINGS.iter().find(|(text, ..)| raw.contains(text));
    let blame = meaning.map_or(Blame::Environment, |(_, blame, _)| *blame);
    let mut problem = Problem::new(blame, format!("{what} failed"));
    for line in raw.lines().filter(|it| !it.trim().is_empty()).take(10) {
        problem = problem.note(format!("it said: {line}"));
    }
    match meaning {
        Some((.., advice)) => problem.note(*advice),
        None => problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_says_is_explained_and_quoted() {
        let said = |text: &str| {
            let output = Output {
                code: 2,
                out: String::new(),
                err: text.to_owned(),
            };
            explained("shaping eth1 of p1", &output).render(None, false)
        };
        insta::assert_snapshot!(said("Error: Specified qdisc kind is unknown.\n"), @r"
        error: shaping eth1 of p1 failed
           = it said: Error: Specified qdisc kind is unknown.
           = delaying packets takes the kernel's module `sch_netem`: on Ubuntu the package `linux-modules-extra-$(uname -r)` brings it, on Debian the normal kernel package has it; `modprobe sch_netem` on the engine's machine loads it
        ");
        insta::assert_snapshot!(said("Error: Unknown device type.\n"), @r"
        error: shaping eth1 of p1 failed
           = it said: Error: Unknown device type.
           = the kernel has no such kind of link: `modprobe` of its module (veth, bridge, macvlan) on the engine's machine may bring it
        ");
    }
}
