//! Prompts: they say where a shown command is typed, and tell it from what it prints.

use std::fmt;
use std::sync::LazyLock;

use regex::Regex;

/// What stands before a shown command: `$ `, `p1$ `, `root@p1$ `, `p1=# `, `app@p1/sales[writer]=> `.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Prompt {
    /// A shell of the Docker host.
    Host,
    /// A shell in a node, of the image's own account or of another one.
    Node { node: String, user: Option<String> },
    /// psql.
    Sql(Client),
}

/// A psql, as its prompt tells it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Client {
    /// Where it runs, a node; or where it connects to from the Docker host: an address, or several of
    /// which it takes the first that accepts writes.
    pub at: String,
    /// None: the superuser.
    pub user: Option<String>,
    pub db: Option<String>,
    /// The name of a connection that stays open.
    pub session: Option<String>,
    pub superuser: bool,
}

/// What stands before a further line of a shell's input, here-documents excepted.
pub const MORE: &str = "> ";

impl Prompt {
    pub fn node(node: &str) -> Self {
        Self::Node {
            node: node.to_owned(),
            user: None,
        }
    }

    /// The prompt at the beginning of a line, and what is typed after it.
    pub fn read(line: &str) -> Option<(Self, &str)> {
        static SHELL: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"^(?:(?:([^\s@$]+)@)?([A-Za-z0-9][A-Za-z0-9_.-]*))?\$(?: |$)")
                .expect("it is constant")
        });
        static SQL: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(
                r"^(?:([^\s@/\[\]]+)@)?([A-Za-z0-9][A-Za-z0-9_.:,-]*?)(?:/([^\s\[\]]+?))?(?:\[([^\s\[\]]+)\])?=([#>])(?: |$)",
            )
            .expect("it is constant")
        });
        let text = |found: Option<regex::Match<'_>>| found.map(|it| it.as_str().to_owned());
        if let Some(found) = SHELL.captures(line) {
            let prompt = match text(found.get(2)) {
                None => Self::Host,
                Some(node) => Self::Node {
                    node,
                    user: text(found.get(1)),
                },
            };
            return Some((prompt, &line[found[0].len()..]));
        }
        let found = SQL.captures(line)?;
        let client = Client {
            at: found[2].to_owned(),
            user: text(found.get(1)),
            db: text(found.get(3)),
            session: text(found.get(4)),
            superuser: &found[5] == "#",
        };
        Some((Self::Sql(client), &line[found[0].len()..]))
    }

    /// What stands before each further line of the input.
    pub fn continuation(&self) -> String {
        match self {
            Self::Host | Self::Node { .. } => MORE.to_owned(),
            Self::Sql(_) => self.to_string().replace("=# ", "-# ").replace("=> ", "-> "),
        }
    }
}

impl fmt::Display for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => write!(f, "$ "),
            Self::Node { node, user: None } => write!(f, "{node}$ "),
            Self::Node {
                node,
                user: Some(user),
            } => write!(f, "{user}@{node}$ "),
            Self::Sql(client) => write!(
                f,
                "{client}{}",
                if client.superuser { "=# " } else { "=> " }
            ),
        }
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        write!(f, "{}", self.at)?;
        if let Some(db) = &self.db {
            write!(f, "/{db}")?;
        }
        if let Some(session) = &self.session {
            write!(f, "[{session}]")?;
        }
        Ok(())
    }
}

/// Whether a line that a command printed would be taken for something that is typed.
pub fn is_like_input(line: &str) -> bool {
    line.starts_with(MORE) || line.starts_with("# ") || Prompt::read(line).is_some()
}

/// How many further lines of a shell's input belong to the here-document that its first line begins,
/// the line that ends it included.
pub fn here_document<'a>(first: &str, mut rest: impl Iterator<Item = &'a str>) -> usize {
    static BEGIN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"<<(-?)\s*(?:'([^']+)'|"([^"]+)"|([A-Za-z_]\w*))"#).expect("it is constant")
    });
    let Some(found) = BEGIN.captures(first) else {
        return 0;
    };
    let end = (2..=4)
        .find_map(|at| found.get(at))
        .map_or("", |it| it.as_str());
    let tabs = !found[1].is_empty();
    let at = rest.position(|line| {
        end == if tabs {
            line.trim_start_matches('\t')
        } else {
            line
        }
    });
    at.map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_says_where_its_command_is_typed() {
        for line in [
            "$ docker run -d --name p1 pg",
            "p1$ pg_ctl stop",
            "root@p1$ ip addr show",
            "p1=# select 1;",
            "172.255.255.254=# select 1;",
            "fd00::100=# select 1;",
            "p1,p2=# select 1;",
            "app@p1/sales[writer]=> select 1;",
            "p1/my-db=# select 1;",
        ] {
            let (prompt, typed) = Prompt::read(line).expect(line);
            assert_eq!(format!("{prompt}{typed}"), line);
        }
        let (prompt, _) = Prompt::read("docker@client/docker[writer]=> x").expect("a prompt");
        insta::assert_debug_snapshot!(prompt, @r#"
        Sql(
            Client {
                at: "client",
                user: Some(
                    "docker",
                ),
                db: Some(
                    "docker",
                ),
                session: Some(
                    "writer",
                ),
                superuser: false,
            },
        )
        "#);
        assert_eq!(prompt.continuation(), "docker@client/docker[writer]-> ");
    }

    #[test]
    fn what_is_printed_is_no_prompt() {
        for line in [
            "cost=5",
            "a = 5",
            "$1",
            "price: $ 5",
            "-> Seq Scan",
            "a=b> c",
            "# ",
        ] {
            assert_eq!(Prompt::read(line), None, "{line}");
        }
    }

    #[test]
    fn a_here_document_ends_where_the_shell_ends_it() {
        let lines = ["one", " EOF", "EOF", "two"];
        let length = |first| here_document(first, lines.into_iter());
        assert_eq!(length("cat >> x <<'EOF'"), 3);
        assert_eq!(length("cat <<EOF"), 3);
        assert_eq!(length("cat <<'END'"), 0);
        assert_eq!(length("cat < x"), 0);
    }
}
