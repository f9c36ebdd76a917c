//! `pgdrill psql`, `sh` and `logs`: into a node that a run has left.

use std::io::{IsTerminal, Write};

use futures_util::StreamExt;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::signal::unix::{SignalKind, signal};

use super::args::{self, Args};
use crate::engine::{Chunk, Containers, Docker, LeftOver, Pipe, Program, RUN_LABEL, Size};
use crate::lab::{NODE_LABEL, SCOPE_LABEL};
use crate::problem::{Blame, Problem};
use crate::run::is_alive;

/// What a playbook's commands find too: the server major's programs, and where the server is.
const SURROUNDINGS: &str = r#"
version=$(cat "$PGDATA/PG_VERSION" 2>/dev/null)
for d in /usr/lib/postgresql/"$version"/bin /usr/pgsql-"$version"/bin /usr/lib/postgresql/*/bin \
    /usr/pgsql-*/bin /usr/local/pgsql/bin /usr/local/bin /usr/libexec/postgresql* /usr/bin; do
  [ -x "$d/postgres" ] && PATH=$d:$PATH && break
done
PGPORT=$(sed -n 4p "$PGDATA/postmaster.pid" 2>/dev/null)
PGHOST=$(sed -n 5p "$PGDATA/postmaster.pid" 2>/dev/null)
[ -n "$PGPORT" ] || PGPORT=5432
export PATH PGPORT PGUSER="${PGUSER:-postgres}"
[ -z "$PGHOST" ] || export PGHOST
"#;

pub async fn psql(args: &Args, inside: &args::Inside) -> Result<u8, Problem> {
    enter(
        args,
        inside,
        &format!("{SURROUNDINGS}\nexec psql -d postgres"),
    )
    .await
}

pub async fn sh(args: &Args, inside: &args::Inside) -> Result<u8, Problem> {
    let shell = "cd; command -v bash >/dev/null && exec bash; exec sh";
    enter(args, inside, &format!("{SURROUNDINGS}\n{shell}")).await
}

pub async fn logs(args: &Args, inside: &args::Inside) -> Result<u8, Problem> {
    let docker = Docker::connect(args.host.as_deref()).await?;
    let container = find(&docker, inside).await?;
    let program = Program {
        words: script("cat /tmp/server.log"),
        ..Program::default()
    };
    talk(&docker, &container, program, Input::None).await
}

async fn enter(args: &Args, inside: &args::Inside, text: &str) -> Result<u8, Problem> {
    let docker = Docker::connect(args.host.as_deref()).await?;
    let container = find(&docker, inside).await?;
    let on_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let program = Program {
        words: script(text),
        env: std::env::var("TERM")
            .ok()
            .filter(|_| on_terminal)
            .map(|term| vec![("TERM".to_owned(), term)])
            .unwrap_or_default(),
        terminal: on_terminal.then(size),
    };
    let raw = if on_terminal {
        Some(Raw::begin()?)
    } else {
        None
    };
    let code = talk(&docker, &container, program, Input::Ours).await;
    drop(raw);
    code
}

fn script(text: &str) -> Vec<String> {
    ["sh", "-c", text].map(str::to_owned).to_vec()
}

/// Whether the program reads what we are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Input {
    Ours,
    None,
}

/// Runs the program with our streams as its own, and gives its exit code.
async fn talk(
    docker: &Docker,
    container: &str,
    program: Program,
    input: Input,
) -> Result<u8, Problem> {
    let on_terminal = program.terminal.is_some();
    let (
        terminal,
        Pipe {
            mut output,
            input: to,
            ..
        },
    ) = docker.open(container, &program).await?;
    let typed = tokio::spawn(feed(to, input));
    let mut resized = signal(SignalKind::window_change()).map_err(|error| {
        Problem::new(
            Blame::Environment,
            format!("signals can't be heard: {error}"),
        )
    })?;
    loop {
        tokio::select! {
            _ = resized.recv(), if on_terminal => terminal.resize(size()).await,
            piece = output.next() => match piece.transpose()? {
                // Nobody reads any more: the program is left to its end.
                Some(Chunk::Out(bytes)) => if write(std::io::stdout(), &bytes).is_err() { break },
                Some(Chunk::Err(bytes)) => drop(write(std::io::stderr(), &bytes)),
                None => break,
            },
        }
    }
    typed.abort();
    Ok(u8::try_from(terminal.code().await?).unwrap_or(u8::MAX))
}

fn write(mut to: impl Write, bytes: &[u8]) -> std::io::Result<()> {
    to.write_all(bytes)?;
    to.flush()
}

async fn feed(mut to: std::pin::Pin<Box<dyn AsyncWrite + Send>>, input: Input) {
    if input == Input::Ours {
        let mut stdin = tokio::io::stdin();
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = stdin.read(&mut buffer).await {
            if to.write_all(&buffer[..read]).await.is_err() || to.flush().await.is_err() {
                return;
            }
        }
    }
    // The program reads its end; it may well go on.
    let _ = to.shutdown().await;
}

fn size() -> Size {
    match tcgetwinsize(std::io::stdout()) {
        Ok(size) if size.ws_row > 0 => Size {
            rows: size.ws_row,
            columns: size.ws_col,
        },
        _ => Size {
            rows: 24,
            columns: 80,
        },
    }
}

/// The terminal gives every key to the program, until this is dropped.
struct Raw(Termios);

impl Raw {
    fn begin() -> Result<Self, Problem> {
        let failed = |error| {
            let message = format!("the terminal can't be given to the program: {error}");
            Problem::new(Blame::Environment, message)
        };
        let before = tcgetattr(std::io::stdin()).map_err(failed)?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(std::io::stdin(), OptionalActions::Now, &raw).map_err(failed)?;
        Ok(Self(before))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.0);
    }
}

/// A node on the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct There {
    pub node: String,
    pub run: String,
    /// The run, with the number of the scenario or lab in it.
    pub scope: String,
    pub container: String,
    pub runs: bool,
}

impl There {
    /// A node's container; its helpers have the same labels and longer names.
    pub fn of(left: &LeftOver) -> Option<Self> {
        let label = |name: &str| {
            let mut labels = left.labels.iter();
            labels.find_map(|(key, value)| (key == name).then(|| value.clone()))
        };
        let there = Self {
            node: label(NODE_LABEL)?,
            run: label(RUN_LABEL)?,
            scope: label(SCOPE_LABEL)?,
            container: left.name.clone(),
            runs: left.running,
        };
        let own = format!("pgdrill-{}-{}", there.scope, there.node);
        (there.container == own).then_some(there)
    }
}

async fn find(docker: &Docker, inside: &args::Inside) -> Result<String, Problem> {
    let left = docker.left(NODE_LABEL).await?;
    let there: Vec<_> = left.containers.iter().filter_map(There::of).collect();
    let chosen = choose(&there, &inside.node, inside.run.as_deref())?;
    anstream::eprintln!("{}", told(chosen, is_alive(&chosen.run)));
    Ok(chosen.container.clone())
}

/// Whose node it is: what is done in it happens to a run that still goes on, too.
fn told(there: &There, alive: bool) -> String {
    let run = if alive { ", which still goes on" } else { "" };
    format!("in `{}` of run {}{run}", there.node, there.scope)
}

/// The node that is meant.
pub fn choose<'a>(there: &'a [There], node: &str, run: Option<&str>) -> Result<&'a There, Problem> {
    let fits =
        |it: &&There| it.node == node && run.is_none_or(|run| it.run == run || it.scope == run);
    let found: Vec<_> = there.iter().filter(fits).collect();
    match found[..] {
        [one] if one.runs => Ok(one),
        [_] => Err(Problem::new(
            Blame::System,
            format!("the machine of node `{node}` is off or paused"),
        )
        .note("the scenario left it like that; nothing can be run on it")),
        [] => {
            let message = match run {
                Some(run) => format!("there is no node `{node}` of run `{run}`"),
                None => format!("there is no node `{node}`"),
            };
            let problem = Problem::new(Blame::Playbook, message);
            Err(if there.is_empty() {
                problem.note("nodes are left by `pgdrill run --keep always` (or `on-failure`)")
            } else {
                listed(problem, there.iter())
            })
        }
        _ => {
            let message = format!("there are {} nodes `{node}`", found.len());
            let problem = Problem::new(Blame::Playbook, message);
            Err(listed(problem, found.into_iter()).note("say which: the run goes after the node"))
        }
    }
}

fn listed<'a>(problem: Problem, there: impl Iterator<Item = &'a There>) -> Problem {
    problem.with_notes(there.map(|it| format!("{} {}", it.node, it.scope)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there(node: &str, scope: &str) -> There {
        There {
            node: node.to_owned(),
            run: scope.split('-').next().unwrap_or_default().to_owned(),
            scope: scope.to_owned(),
            container: format!("pgdrill-{scope}-{node}"),
            runs: true,
        }
    }

    fn chosen(node: &str, run: Option<&str>) -> String {
        let all = [
            there("a", "one-1"),
            there("b", "one-1"),
            there("b", "two-1"),
            there("b", "two-2"),
        ];
        match choose(&all, node, run) {
            Ok(there) => there.container.clone(),
            Err(problem) => problem.render(None, false),
        }
    }

    #[test]
    fn a_node_is_found_by_its_name_where_that_is_enough() {
        assert_eq!(chosen("a", None), "pgdrill-one-1-a");
        assert_eq!(chosen("b", Some("one")), "pgdrill-one-1-b");
        assert_eq!(chosen("b", Some("two-2")), "pgdrill-two-2-b");
    }

    #[test]
    fn what_is_unknown_or_not_one_is_answered_with_what_there_is() {
        insta::assert_snapshot!(chosen("c", None), @"
        error: there is no node `c`
           = a one-1
           = b one-1
           = b two-1
           = b two-2
        ");
        insta::assert_snapshot!(chosen("b", Some("two")), @"
        error: there are 2 nodes `b`
           = b two-1
           = b two-2
           = say which: the run goes after the node
        ");
    }

    #[test]
    fn a_run_that_still_goes_on_is_not_entered_without_a_word() {
        let there = there("a", "one-1");
        assert_eq!(told(&there, false), "in `a` of run one-1");
        assert_eq!(
            told(&there, true),
            "in `a` of run one-1, which still goes on"
        );
    }

    #[test]
    fn a_helper_of_a_node_is_no_node() {
        let labels = [
            (NODE_LABEL, "a"),
            (RUN_LABEL, "one"),
            (SCOPE_LABEL, "one-1"),
        ];
        let left = |name: &str| LeftOver {
            name: name.to_owned(),
            labels: labels
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .to_vec(),
            running: true,
        };
        assert_eq!(
            There::of(&left("pgdrill-one-1-a")),
            Some(there("a", "one-1"))
        );
        assert_eq!(There::of(&left("pgdrill-one-1-a-disk")), None);
    }
}
