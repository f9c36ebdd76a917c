//! How a standby, or pg_rewind, reaches the server that it takes its WAL or its files from.

use std::sync::LazyLock;

use regex::Regex;

use super::node::Node;

/// What may be said of a standby's connection; the rest follows from the nodes.
#[derive(Debug, Clone, Default)]
pub struct Link {
    /// The name that the upstream knows the standby by; else the node's.
    pub application_name: Option<String>,
    /// A replication slot on the upstream.
    pub slot: Option<String>,
    /// Further words of the connection string, such as `host=10.10.0.1`.
    pub conninfo: Option<String>,
}

impl Link {
    /// The standby's `primary_conninfo`. Slot synchronisation needs a database in it.
    pub(super) fn conninfo(&self, node: &str, upstream: &Node) -> String {
        let name = self.application_name.as_deref().unwrap_or(node);
        joined(upstream, Some(name), self.conninfo.as_deref())
    }
}

/// A connection string to a node's server for a program that is no standby.
pub(super) fn source(upstream: &Node) -> String {
    joined(upstream, None, None)
}

fn joined(upstream: &Node, name: Option<&str>, further: Option<&str>) -> String {
    let port = upstream.port.to_string();
    let words = [
        ("host", Some(upstream.name.as_str())),
        ("port", Some(port.as_str())),
        ("user", Some(upstream.superuser.name.as_str())),
        ("password", upstream.superuser.password.as_deref()),
        ("dbname", Some("postgres")),
        ("application_name", name),
    ];
    conninfo(&words, further.unwrap_or_default().trim())
}

/// The words that are known, save those that are said otherwise.
fn conninfo(words: &[(&str, Option<&str>)], further: &str) -> String {
    static KEYWORD: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?:^|\s)([a-z_]+)\s*=").expect("it is constant"));
    let said: Vec<_> = (KEYWORD.captures_iter(further))
        .map(|found| found[1].to_owned())
        .collect();
    let known = (words.iter())
        .filter(|(key, _)| !said.iter().any(|it| it == key))
        .filter_map(|(key, value)| Some(format!("{key}={}", word((*value)?))));
    let further = (!further.is_empty()).then(|| further.to_owned());
    further
        .into_iter()
        .chain(known)
        .collect::<Vec<_>>()
        .join(" ")
}

/// A value as connection strings have it:
/// <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-KEYWORD-VALUE>.
fn word(value: &str) -> String {
    let plain = |c: char| !c.is_whitespace() && c != '\'' && c != '\\';
    if !value.is_empty() && value.chars().all(plain) {
        return value.to_owned();
    }
    let escaped = value.replace('\\', r"\\").replace('\'', r"\'");
    format!("'{escaped}'")
}

#[cfg(test)]
mod tests {
    use super::conninfo;

    #[test]
    fn what_a_playbook_says_of_a_connection_takes_the_place_of_what_is_known() {
        let words = [
            ("host", Some("p1")),
            ("password", None),
            ("application_name", Some("it's")),
        ];
        let said = ["", "host=10.10.0.1 sslmode=disable", "hostaddr = 10.10.0.1"];
        let strings = said.map(|further| conninfo(&words, further));
        insta::assert_snapshot!(strings.join("\n"), @r"
        host=p1 application_name='it\'s'
        host=10.10.0.1 sslmode=disable application_name='it\'s'
        hostaddr = 10.10.0.1 host=p1 application_name='it\'s'
        ");
    }
}
