//! Arguments whose text has a form: one of some words, a name, an address. The functions read them
//! at the call; where they are written out they are read before a run too.

use super::options::{listed, nearest};
use super::{roles, servers, workloads};
use crate::lab::{Address, Interface, Pipework, Vip, check_name, refuse_source};
use crate::problem::{Blame, Problem};
use crate::redact;

/// The form of one argument of a function.
pub struct Form {
    pub function: &'static str,
    /// The argument's number, from 0.
    pub at: usize,
    pub wrong: fn(&str) -> Option<Problem>,
}

const fn form(function: &'static str, at: usize, wrong: fn(&str) -> Option<Problem>) -> Form {
    Form {
        function,
        at,
        wrong,
    }
}

pub const FORMS: &[Form] = &[
    form("start_node", 0, |it| check_name("node", it).err()),
    form("start_standby", 0, |it| check_name("node", it).err()),
    form("volume", 0, |it| check_name("volume", it).err()),
    form("pipework", 0, |it| Pipework::read(it).err()),
    form("pipework_attach", 0, |it| refuse_source(it).err()),
    form("pipework_attach", 2, |it| Interface::read(it).err()),
    form("pipework_attach", 3, |it| Address::read(it).err()),
    form("vip", 0, |it| Vip::read(it, "eth0").err()),
    form("stop_server", 1, |it| servers::mode(it).err()),
    form("kill_server", 1, |it| servers::signal(it).err()),
    form("sync_mode", 1, |it| roles::mode(it).err()),
    form("expect_rto", 1, |it| workloads::limit(it).err()),
    form("wait_for_log", 1, pattern),
    form("redact", 0, pattern),
    form("keep", 0, placeholder),
];

fn pattern(text: &str) -> Option<Problem> {
    let error = regex::Regex::new(text).err()?;
    let reason = error.to_string();
    let reason = reason.lines().last().unwrap_or_default();
    let reason = reason.strip_prefix("error: ").unwrap_or(reason);
    let message = format!("`{text}` is no regular expression: {reason}");
    Some(Problem::new(Blame::Playbook, message))
}

fn placeholder(kind: &str) -> Option<Problem> {
    let kinds: Vec<_> = redact::kinds().collect();
    if kinds.contains(&kind) {
        return None;
    }
    let mut message = format!("nothing is redacted as `{kind}`");
    if let Some(near) = nearest(kind, kinds.iter().copied()) {
        message = format!("{message}, did you mean `{near}`?");
    }
    Some(Problem::new(Blame::Playbook, message).note(listed("kinds", &kinds)))
}
