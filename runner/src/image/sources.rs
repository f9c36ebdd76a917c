//! The package sources that this machine is configured with, read for a Debian archive.

use std::path::Path;

/// A Debian package archive, as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Archive {
    pub main: String,
    pub security: Option<String>,
    /// `trusted=yes` stands in the configuration: the archive is not signed.
    pub trusted: bool,
}

impl Archive {
    /// The archive that the machine's own configuration names, if it names one.
    pub fn of_machine() -> Option<Self> {
        let apt = Path::new("/etc/apt");
        let mut files = vec![apt.join("sources.list")];
        let parts = std::fs::read_dir(apt.join("sources.list.d"));
        files.extend(parts.into_iter().flatten().flatten().map(|it| it.path()));
        files.sort();
        let entries = files.iter().flat_map(|file| {
            let text = std::fs::read_to_string(file).unwrap_or_default();
            match file.extension().and_then(|it| it.to_str()) {
                Some("list") => lines(&text),
                Some("sources") => stanzas(&text),
                _ => Vec::new(),
            }
        });
        Self::among(&entries.collect::<Vec<_>>())
    }

    fn among(entries: &[Entry]) -> Option<Self> {
        let with = |wanted: fn(&str) -> bool| {
            entries.iter().find(|entry| {
                entry.components.iter().any(|it| it == "main")
                    && entry.suites.iter().any(|suite| wanted(suite))
            })
        };
        let main = with(is_release)?;
        Some(Self {
            main: main.uri.clone(),
            security: with(is_security).map(|entry| entry.uri.clone()),
            trusted: main.trusted,
        })
    }

    /// apt's lines for a release.
    pub fn lines(&self, release: &str) -> Vec<String> {
        let options = if self.trusted { "[trusted=yes] " } else { "" };
        let mut lines = vec![format!("deb {options}{} {release} main", self.main)];
        // sid has none: fixes go straight into it.
        if let Some(security) = self.security.as_ref().filter(|_| release != "sid") {
            lines.push(format!("deb {options}{security} {release}-security main"));
        }
        lines
    }
}

#[derive(Debug, Clone, Default)]
struct Entry {
    uri: String,
    suites: Vec<String>,
    components: Vec<String>,
    trusted: bool,
}

/// Debian's suites, by name and by class; another distribution's are other words.
fn is_release(suite: &str) -> bool {
    const NAMES: [&str; 11] = [
        "bullseye",
        "bookworm",
        "trixie",
        "forky",
        "duke",
        "sid",
        "unstable",
        "testing",
        "stable",
        "oldstable",
        "oldoldstable",
    ];
    NAMES.contains(&suite)
}

fn is_security(suite: &str) -> bool {
    let name = suite.strip_suffix("-security");
    name.or_else(|| suite.strip_suffix("/updates"))
        .is_some_and(is_release)
}

/// The one-line form: `deb [options] uri suite component…`.
fn lines(text: &str) -> Vec<Entry> {
    let entry = |line: &str| {
        let line = line.split('#').next().unwrap_or_default().trim();
        let mut rest = line.strip_prefix("deb")?;
        if !rest.starts_with(char::is_whitespace) {
            return None;
        }
        rest = rest.trim_start();
        let mut trusted = false;
        if let Some((options, after)) = rest.strip_prefix('[').and_then(|it| it.split_once(']')) {
            trusted = options.split_whitespace().any(|it| it == "trusted=yes");
            rest = after;
        }
        let mut words = rest.split_whitespace().map(str::to_owned);
        Some(Entry {
            uri: words.next().filter(|uri| is_usable(uri))?,
            suites: vec![words.next()?],
            components: words.collect(),
            trusted,
        })
    };
    text.lines().filter_map(entry).collect()
}

/// The other form: stanzas of fields, deb822.
fn stanzas(text: &str) -> Vec<Entry> {
    let without_comments: Vec<_> = text.lines().filter(|it| !it.starts_with('#')).collect();
    let text = without_comments.join("\n");
    text.split("\n\n").filter_map(stanza).collect()
}

fn stanza(text: &str) -> Option<Entry> {
    let unfolded = text.replace("\n ", " ").replace("\n\t", " ");
    let field = |wanted: &str| -> Vec<String> {
        unfolded
            .lines()
            .filter_map(|line| line.split_once(':'))
            .filter(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))
            .flat_map(|(_, value)| value.split_whitespace())
            .map(str::to_owned)
            .collect()
    };
    let says = |name: &str, value: &str| field(name).iter().any(|it| it == value);
    if says("Enabled", "no") || !says("Types", "deb") {
        return None;
    }
    Some(Entry {
        uri: field("URIs").into_iter().find(|uri| is_usable(uri))?,
        suites: field("Suites"),
        components: field("Components"),
        trusted: says("Trusted", "yes"),
    })
}

/// A container can reach it too, and no other program is needed for it.
fn is_usable(uri: &str) -> bool {
    uri.starts_with("http://") || uri.starts_with("https://")
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn shown(entries: &[Entry], release: &str) -> String {
        let archive = Archive::among(entries);
        archive.map_or("none".into(), |it| it.lines(release).join("\n"))
    }

    #[test]
    fn one_line_sources_give_archive_and_security() {
        let entries = lines(
            "# deb http://old/debian bookworm main\n\
             deb-src http://a/debian bookworm main\n\
             deb https://tools.example/apt tools main\n\
             deb [arch=amd64 signed-by=/k.gpg] http://a/debian bookworm main contrib # mine\n\
             deb http://a/security bookworm-security main\n",
        );
        assert_snapshot!(shown(&entries, "trixie"), @r"
        deb http://a/debian trixie main
        deb http://a/security trixie-security main
        ");
        assert_snapshot!(shown(&entries, "sid"), @"deb http://a/debian sid main");
    }

    #[test]
    fn stanzas_are_read_with_folded_fields_and_comments() {
        let entries = stanzas(
            "Types: deb deb-src\n# a copy\nURIs: file:/srv http://b/debian\nSuites: trixie\n trixie-updates\n\
             Components: main\nTrusted: yes\n\n\
             Types: deb\nURIs: http://b/off\nSuites: trixie-security\nComponents: main\nEnabled: no\n",
        );
        assert_snapshot!(shown(&entries, "bullseye"), @"deb [trusted=yes] http://b/debian bullseye main");
    }

    #[test]
    fn another_distributions_sources_are_no_debian_archive() {
        assert_eq!(
            shown(&lines("deb http://c/ubuntu noble main universe"), "sid"),
            "none"
        );
    }
}
