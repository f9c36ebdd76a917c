//! Programs that live beside the server: sshd, pgbouncer, repmgrd, patroni.

use crate::engine::{Streams, quoted};
use crate::problem::{Blame, Problem};

use super::Act;
use super::node::Node;

/// A program that was started to stay.
#[derive(Debug, Clone)]
pub struct Daemon {
    pid: String,
    command: String,
}

/// Starts a program that stays in the foreground, as `user` (default: the server's account).
pub async fn start_daemon(
    act: &Act,
    node: &Node,
    name: &str,
    command: &str,
    user: Option<&str>,
) -> Result<(), Problem> {
    check_name(name)?;
    if node
        .daemons
        .lock()
        .expect("no panic holds it")
        .contains_key(name)
    {
        let message = format!("node `{}` has a daemon `{name}` already", node.name);
        return Err(Problem::new(Blame::Playbook, message));
    }
    act.shows_as(
        user.filter(|it| *it != node.account),
        Some(&node.name),
        format!("{} >{} 2>&1 &", one(command.trim()), log_of(name)),
        "",
    );
    // The command in a subshell, which it may leave by `exit` or `exec`; the shell around it waits and
    // leaves the exit code for us.
    let script = format!(
        // The log is there as soon as this returns, also if the program's shell is slow to start.
        "rm -f {log} {exit}; : >{log}; sh -c {} >{log} 2>&1 </dev/null & echo $!",
        quoted(&format!(
            "(\n{}\n)\necho $? >{}",
            command.trim(),
            exit_of(name)
        )),
        log = log_of(name),
        exit = exit_of(name),
    );
    let user = user.unwrap_or(&node.account);
    let output = node.run_as(user, &script, Streams::Apart).await?;
    if output.code != 0 {
        return Err(node.broken(&format!("start of `{name}`"), &output));
    }
    let daemon = Daemon {
        pid: output.out.trim().to_owned(),
        command: command.trim().to_owned(),
    };
    node.daemons
        .lock()
        .expect("no panic holds it")
        .insert(name.to_owned(), daemon);
    Ok(())
}

/// Ends the program (SIGTERM, as its own clean end) and returns when it is gone.
pub async fn stop_daemon(act: &Act, node: &Node, name: &str) -> Result<(), Problem> {
    let daemon = node.daemons.lock().expect("no panic holds it").remove(name);
    let Some(daemon) = daemon else {
        let message = format!("node `{}` has no daemon `{name}`", node.name);
        return Err(Problem::new(Blame::Playbook, message));
    };
    let pid = &daemon.pid;
    let family = node
        .run_as("0", &format!("{FAMILY}\nfamily {pid}"), Streams::Apart)
        .await?;
    let family = family.out.split_whitespace().collect::<Vec<_>>().join(" ");
    act.shows(
        Some(&node.name),
        format!("pkill -f {}", quoted(&daemon.command)),
        "",
    );
    let script = format!("for p in {family}; do kill $p 2>/dev/null; done; :");
    node.run_as("0", &script, Streams::Apart).await?;
    act.until(
        format!("daemon {name} on {} to end", node.name),
        async || {
            let script =
                format!("for p in {family}; do kill -0 $p 2>/dev/null && echo $p; done; :");
            let left = node.run_as("0", &script, Streams::Apart).await?.out;
            Ok(left.trim().is_empty().then_some(()))
        },
    )
    .await
}

/// What the program has printed so far.
pub async fn daemon_log(node: &Node, name: &str) -> Result<String, Problem> {
    check_name(name)?;
    node.must(
        &format!("reading the log of `{name}`"),
        &format!("cat {}", log_of(name)),
    )
    .await
}

impl Node {
    /// Fails if a daemon has ended although nobody stopped it.
    pub async fn check_daemons(&self) -> Result<(), Problem> {
        if self.daemons.lock().expect("no panic holds it").is_empty() || self.machine().is_err() {
            return Ok(());
        }
        match dead(self).await?.into_iter().next() {
            Some(dead) => Err(Problem::new(Blame::System, dead)),
            None => Ok(()),
        }
    }
}

/// Those daemons of a node that have ended although nobody stopped them, in words.
pub(super) async fn dead(node: &Node) -> Result<Vec<String>, Problem> {
    let names: Vec<String> = node
        .daemons
        .lock()
        .expect("no panic holds it")
        .keys()
        .cloned()
        .collect();
    let mut dead = Vec::new();
    for name in names {
        let script = format!(
            "[ -f {exit} ] && {{ cat {exit}; tail -n 5 {log}; }}; :",
            exit = exit_of(&name),
            log = log_of(&name)
        );
        let said = node.run(&script).await?.out;
        if let Some((code, log)) = said.split_once('\n') {
            dead.push(format!(
                "daemon `{name}` on {} has ended with exit code {code}: {}",
                node.name,
                log.trim()
            ));
        }
    }
    Ok(dead)
}

/// A process and all that came of it, the youngest first.
const FAMILY: &str = "\
family() { for c in $(cat /proc/$1/task/*/children 2>/dev/null); do family $c; done; echo $1; }";

/// A command as one, so that all of it goes to the log and into the background.
fn one(command: &str) -> String {
    if command.contains([';', '&', '|', '\n']) {
        return format!("({command})");
    }
    command.to_owned()
}

fn log_of(name: &str) -> String {
    format!("/tmp/{name}.log")
}

fn exit_of(name: &str) -> String {
    format!("/tmp/.{name}.exit")
}

fn check_name(name: &str) -> Result<(), Problem> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(fits) {
        return Ok(());
    }
    let message = format!("`{name}` is no name for a daemon: letters, digits, `_` and `-` only");
    Err(Problem::new(Blame::Playbook, message))
}
