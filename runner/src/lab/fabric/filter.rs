//! What the fabric's packet filter holds: cuts between machines, and losses.

use std::fmt::Write;

use super::reach::Side;
use super::state::{Port, State};

/// A pair of machines that does not see each other, or one the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    pub from: Side,
    pub to: Side,
    /// Only what `from` sends to `to` is lost.
    pub one_way: bool,
    /// Only what belongs to connections to this TCP port of `to`.
    pub port: Option<u16>,
}

const TABLE: &str = "table bridge pgdrill";

/// The whole table, in place of what was there.
pub fn ruleset(state: &State) -> String {
    let mut text = format!("{TABLE}\ndelete {TABLE}\n");
    let rules = rules(state);
    if rules.is_empty() {
        return text;
    }
    let _ = writeln!(text, "{TABLE} {{");
    let hooks = ["forward", "input", "output"];
    let used = |hook: &&str| rules.iter().any(|it| it.hook == *hook);
    for hook in hooks.into_iter().filter(used) {
        let _ = writeln!(text, "  chain {hook} {{");
        let _ = writeln!(
            text,
            "    type filter hook {hook} priority 0; policy accept;"
        );
        for rule in rules.iter().filter(|it| it.hook == hook) {
            let _ = writeln!(text, "    {}", rule.text);
        }
        let _ = writeln!(text, "  }}");
    }
    let _ = writeln!(text, "}}");
    text
}

struct Rule {
    hook: &'static str,
    text: String,
}

fn rules(state: &State) -> Vec<Rule> {
    let mut rules = Vec::new();
    for cut in &state.cuts {
        let Cut { from, to, port, .. } = cut;
        // Of a connection to a port, what goes there has it as its destination, what comes back as
        // its source.
        let tcp = |which: &str| port.map_or(String::new(), |it| format!(" tcp {which} {it}"));
        rules.extend(dropped(state, from, to, &tcp("dport"), "drop"));
        if cut.one_way {
            // Counted, to tell that the other direction is open.
            rules.extend(dropped(state, to, from, "", "accept"));
        } else {
            rules.extend(dropped(state, to, from, &tcp("sport"), "drop"));
        }
    }
    for port in &state.ports {
        let Some(loss) = port.loss else { continue };
        let random = match loss {
            10_000.. => "drop".to_owned(),
            some => format!("numgen random mod 10000 < {some} drop"),
        };
        for (hook, side) in [
            ("forward", "iifname"),
            ("input", "iifname"),
            ("forward", "oifname"),
            ("output", "oifname"),
        ] {
            rules.push(Rule {
                hook,
                text: format!("{side} \"{}\" {random}", port.name),
            });
        }
    }
    rules
}

fn dropped(state: &State, from: &Side, to: &Side, what: &str, verdict: &str) -> Option<Rule> {
    let ports = |node: &str| -> Option<String> {
        let names: Vec<_> = (state.ports_of(node))
            .map(|Port { name, .. }| format!("\"{name}\""))
            .collect();
        (!names.is_empty()).then(|| format!("{{ {} }}", names.join(", ")))
    };
    let (hook, which) = match (from, to) {
        (Side::Node(from), Side::Node(to)) => (
            "forward",
            format!("iifname {} oifname {}", ports(from)?, ports(to)?),
        ),
        (Side::Node(from), Side::Host) => ("input", format!("iifname {}", ports(from)?)),
        (Side::Host, Side::Node(to)) => ("output", format!("oifname {}", ports(to)?)),
        (Side::Host, Side::Host) => return None,
    };
    Some(Rule {
        hook,
        text: format!("{which}{what} counter {verdict}"),
    })
}
