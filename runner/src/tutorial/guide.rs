//! What stands around the steps of a tutorial, in Markdown: what its reader needs first, and how what was
//! made goes away.

use std::fmt::Write;
use std::net::IpAddr;

use super::Tutorial;
use super::page::{Line, Page};
use super::placeholders::{Kind, Placeholders};
use super::script::NETWORK;
use super::text::{coded, fenced, xml};
use crate::engine::quoted;
use crate::prompt::{Client, Prompt};

/// What the prompts of a page mean, as a table.
pub(super) fn prompts(page: &Page) -> String {
    let mut rows: Vec<(Prompt, Vec<String>)> = Vec::new();
    for command in page.commands() {
        let prompt = coded(command.prompt.to_string().trim());
        match rows.iter_mut().find(|(it, _)| is_like(it, &command.prompt)) {
            Some((_, prompts)) if prompts.contains(&prompt) => {}
            Some((_, prompts)) => prompts.push(prompt),
            None => rows.push((command.prompt.clone(), vec![prompt])),
        }
    }
    let mut table = "| prompt | where it is typed |\n|---|---|\n".to_owned();
    for (prompt, prompts) in &rows {
        let (prompts, place) = (prompts.join(", "), place(prompt));
        writeln!(table, "| {prompts} | {place} |").expect("a text grows");
    }
    table
}

/// Whether two prompts differ in the node's name alone: they share a line.
fn is_like(one: &Prompt, other: &Prompt) -> bool {
    let rest = |it: &Client| (it.user.clone(), it.db.clone(), it.session.clone());
    match (one, other) {
        (Prompt::Host, Prompt::Host) => true,
        (Prompt::Node { user: one, .. }, Prompt::Node { user: other, .. }) => one == other,
        (Prompt::Sql(one), Prompt::Sql(other)) => {
            rest(one) == rest(other) && is_address(&one.at) == is_address(&other.at)
        }
        _ => false,
    }
}

fn place(prompt: &Prompt) -> String {
    match prompt {
        Prompt::Host => "a shell of this machine".to_owned(),
        Prompt::Node { node, user: None } => {
            let shell = coded(&format!("docker exec -it {node} bash"));
            format!("a shell in the container of that name: {shell}")
        }
        Prompt::Node {
            node,
            user: Some(user),
        } => {
            let shell = coded(&format!("docker exec -it -u {user} {node} bash"));
            format!("a shell there, as {user}: {shell}")
        }
        Prompt::Sql(client) => psql(client),
    }
}

fn psql(client: &Client) -> String {
    let db = client.db.as_deref();
    let mut command = if client.at.contains(',') {
        let db = db.unwrap_or("postgres");
        format!(
            "docker exec -it {FABRIC} psql -d 'host={} target_session_attrs=read-write dbname={db}'",
            client.at
        )
    } else if is_address(&client.at) {
        format!("docker exec -it {FABRIC} psql -h {}", client.at)
    } else {
        format!("docker exec -it {} psql", client.at)
    };
    let user = client.user.as_deref();
    if let Some(user) = user.or(is_address(&client.at).then_some("postgres")) {
        write!(command, " -U {user}").expect("a text grows");
    }
    if let Some(db) = db.filter(|_| !client.at.contains(',')) {
        write!(command, " {db}").expect("a text grows");
    }
    if client.session.is_some() {
        return "psql in a window of its own, opened where the page says so".to_owned();
    }
    let command = coded(&command);
    if is_address(&client.at) {
        return format!("psql, connected to that address: {command}");
    }
    format!("psql in the container of that name: {command}")
}

/// The container that has the bridges.
const FABRIC: &str = "pgdrill-fabric";

/// Nodes have names; of several of them clients take one.
fn is_address(at: &str) -> bool {
    at.contains(',') || at.parse::<IpAddr>().is_ok()
}

/// A chapter of the page that no step of the playbook is.
#[derive(Debug)]
pub(super) struct Chapter {
    pub title: &'static str,
    pub pieces: Vec<Piece>,
}

/// A piece of a chapter.
#[derive(Debug)]
pub(super) enum Piece {
    /// Markdown.
    Text(String),
    /// What is typed on this machine.
    Commands(Vec<String>),
    /// Long, and to be pasted rather than read; in Markdown.
    Folded { summary: String, text: String },
}

impl Chapter {
    pub fn markdown(&self) -> String {
        let pieces = self.pieces.iter().map(|it| match it {
            Piece::Text(text) => text.trim_end().to_owned(),
            Piece::Folded { summary, text } => {
                let summary = xml(summary);
                format!("<details>\n<summary>{summary}</summary>\n\n{text}\n\n</details>")
            }
            Piece::Commands(commands) => {
                let lines = commands.iter().map(|it| format!("$ {it}"));
                fenced("console", &lines.collect::<Vec<_>>().join("\n"))
            }
        });
        let pieces: Vec<_> = pieces.collect();
        format!("## {}\n\n{}", self.title, pieces.join("\n\n"))
    }
}

impl Tutorial<'_> {
    /// What a reader needs first.
    pub(super) fn before(&self) -> Option<Chapter> {
        self.page.commands().next()?;
        let mut pieces = vec![Piece::Text(format!(
            "You need Docker and a shell. PostgreSQL {} runs in containers, which are made and removed on \
             this page.",
            self.major
        ))];
        pieces.extend(self.images());
        pieces.extend(self.network());
        pieces.push(Piece::Text(prompts(self.page)));
        let mut hints = vec!["What follows a command is what it prints."];
        if self.page.lines().any(|it| matches!(it, Line::Remark(_))) {
            hints
                .push("A line that begins with `#` says what to wait for before the next command.");
        }
        let script = coded(&format!("pgdrill tutorial {} --format sh", self.scenario));
        let loops = format!("Clients that write without pause are loops: {script} has them.");
        if self.needs.clients {
            hints.push(&loops);
        }
        if !self.kinds().is_empty() {
            hints.push(
                "What stands in angle brackets differs each time, and is explained at the end.",
            );
        }
        pieces.push(Piece::Text(hints.join(" ")));
        Some(Chapter {
            title: "Before you begin",
            pieces,
        })
    }

    /// The images that the page needs.
    fn images(&self) -> Vec<Piece> {
        let Some(text) = self.recipes.markdown() else {
            return Vec::new();
        };
        let names: Vec<_> = self.recipes.names().iter().map(|it| coded(it)).collect();
        let (names, base) = (names.join(", "), coded(self.recipes.base()));
        let which = if self.recipes.names().len() == 1 {
            "image is"
        } else {
            "images are"
        };
        vec![
            Piece::Text(format!(
                "Its {which} built once, from {base}: {names}. The recipes are pasted into a shell, in an \
                 empty folder."
            )),
            Piece::Folded {
                summary: "The recipes in full".to_owned(),
                text,
            },
        ]
    }

    /// The network, if the page has one.
    fn network(&self) -> Vec<Piece> {
        if !self.needs.network {
            return Vec::new();
        }
        vec![
            Piece::Text(
                "The machines' networks are not made on this machine: a container has their bridges. With \
                 these functions of bash `docker run` plugs a machine in there, and `pipework` and `ip` act \
                 there too. Paste them into the shell in which you will type what stands after `$`."
                    .to_owned(),
            ),
            Piece::Folded {
                summary: "The network, as functions of bash".to_owned(),
                text: fenced("bash", NETWORK.trim_end()),
            },
            Piece::Commands(vec!["start_fabric".to_owned()]),
        ]
    }

    /// How what was made goes away, and what the placeholders mean.
    pub(super) fn after(&self) -> Vec<Chapter> {
        let mut made = Made::by(self.page);
        if self.needs.network {
            add(&mut made.containers, Some(FABRIC));
        }
        let commands = made.removal();
        let shell = self.needs.network.then(|| {
            let text = "Then close this shell: its `docker` and `ip` are the functions from the beginning.";
            Piece::Text(text.to_owned())
        });
        let clean_up = (!commands.is_empty()).then(|| Chapter {
            title: "Clean-up",
            pieces: std::iter::once(Piece::Commands(commands))
                .chain(shell)
                .collect(),
        });
        let kinds = self.kinds();
        let values = (!kinds.is_empty()).then(|| Chapter {
            title: VALUES,
            pieces: vec![Piece::Text(values(&kinds))],
        });
        clean_up.into_iter().chain(values).collect()
    }

    fn kinds(&self) -> Vec<Kind> {
        Placeholders::of(self.playbook).kinds(self.page)
    }
}

const VALUES: &str = "Values that differ";

fn values(kinds: &[Kind]) -> String {
    let numbered = kinds.iter().any(|it| it.example.contains(':'));
    let mut text = String::new();
    if numbered {
        text.push_str("The same number is the same value everywhere on this page.\n\n");
    }
    text.push_str("| on this page | at your place |\n|---|---|\n");
    for kind in kinds {
        writeln!(text, "| {} | {} |", coded(&kind.example), kind.meaning).expect("a text grows");
    }
    text
}

/// What the commands of a page leave on the reader's machine.
#[derive(Debug, Default)]
struct Made {
    containers: Vec<String>,
    volumes: Vec<String>,
    images: Vec<String>,
}

impl Made {
    fn removal(&self) -> Vec<String> {
        let all = [
            ("rm -fv", &self.containers),
            ("volume rm", &self.volumes),
            ("image rm", &self.images),
        ];
        let some = all.iter().filter(|(_, names)| !names.is_empty());
        some.map(|(what, names)| format!("docker {what} {}", names.join(" ")))
            .collect()
    }

    fn by(page: &Page) -> Self {
        let mut made = Self::default();
        for command in page.commands().filter(|it| it.prompt == Prompt::Host) {
            let words = shlex::split(&command.input).unwrap_or_default();
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            match words.as_slice() {
                ["docker", "run", options @ ..] => {
                    let name = options.windows(2).find(|it| it[0] == "--name");
                    add(&mut made.containers, name.map(|it| it[1]));
                }
                ["docker", "rm", names @ ..] => {
                    made.containers.retain(|it| !names.contains(&it.as_str()));
                }
                ["docker", "volume", "create", names @ ..] => {
                    add(&mut made.volumes, names.last().copied());
                }
                ["docker", "volume", "rm", names @ ..] => {
                    made.volumes.retain(|it| !names.contains(&it.as_str()));
                }
                ["docker", "commit", .., image] => add(&mut made.images, Some(image)),
                _ => {}
            }
        }
        made
    }
}

fn add(names: &mut Vec<String>, name: Option<&str>) {
    if let Some(name) = name
        && names.iter().all(|it| it != name)
    {
        names.push(quoted(name));
    }
}
