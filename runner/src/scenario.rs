//! Scenarios: playbooks on disk, found by path, name or folder, and what their heads say.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::problem::{Blame, Problem};
use crate::script::{self, Playbook};

mod search;

use search::name_of;
pub use search::{find, names, root, shown};

/// A playbook on disk.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// `pitr`, `ha/failover`: the path below `scenarios/`, without its ending.
    pub name: String,
    pub playbook: Playbook,
    /// The nearest folder above it that has `scenarios/`, else its own.
    pub root: PathBuf,
    /// The playbook's own folder.
    pub folder: PathBuf,
    pub head: Head,
    /// What is wrong with the head, if it can't be read.
    wrong: Option<Problem>,
}

impl Scenario {
    /// One that is to be typed in this folder.
    pub fn typed(here: &Path) -> Self {
        Self {
            name: "repl".to_owned(),
            playbook: Playbook {
                path: "repl".to_owned(),
                source: String::new(),
            },
            root: root(here),
            folder: here.to_path_buf(),
            head: Head::default(),
            wrong: None,
        }
    }
}

/// What a playbook says of itself, without being run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    pub title: String,
    /// The rest of the `//!` lines.
    pub introduction: String,
    pub tags: Vec<String>,
    /// The PostgreSQL majors that it is for: `>=13`, `15`, `>=13 <17`.
    pub majors: Option<String>,
    pub timeout: Option<Duration>,
}

fn load(file: &Path, here: &Path) -> Result<Scenario, Problem> {
    let wrong = |error: std::io::Error| {
        Problem::new(
            Blame::Playbook,
            format!("`{}` can't be read: {error}", shown(file, here)),
        )
    };
    let source = std::fs::read_to_string(file).map_err(wrong)?;
    let path = file.canonicalize().map_err(wrong)?;
    let folder = path.parent().unwrap_or(Path::new("/")).to_path_buf();
    let root = root(&folder);
    let playbook = Playbook {
        path: shown(file, here),
        source,
    };
    let (head, wrong) = match head(&playbook) {
        Ok(head) => (head, None),
        Err(problem) => (introduced(&playbook), Some(problem)),
    };
    Ok(Scenario {
        name: name_of(&path, &root),
        head,
        wrong,
        playbook,
        root,
        folder,
    })
}

/// What the `//!` lines of a playbook say.
fn introduced(playbook: &Playbook) -> Head {
    let doc: Vec<_> = (playbook.source.lines())
        .filter_map(|line| line.strip_prefix("//!"))
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    let title = doc
        .iter()
        .find_map(|line| line.strip_prefix("# "))
        .unwrap_or_default()
        .trim()
        .to_owned();
    let introduction = doc
        .iter()
        .skip_while(|line| line.starts_with("# ") || line.trim().is_empty());
    Head {
        title,
        introduction: introduction
            .copied()
            .collect::<Vec<_>>()
            .join("\n")
            .trim()
            .to_owned(),
        ..Head::default()
    }
}

/// Reads the head of a playbook.
pub fn head(playbook: &Playbook) -> Result<Head, Problem> {
    let mut head = introduced(playbook);
    let Some(constant) = script::constant(playbook, "SCENARIO")? else {
        return Ok(head);
    };
    for script::Item { key, value, place } in constant {
        let wrong = |key: &str, wanted: &str| {
            let message = format!("`{key}` of SCENARIO must be {wanted}");
            Problem::new(Blame::Playbook, message).at(place.clone())
        };
        match (key.as_str(), value) {
            ("tags", script::Literal::Texts(tags)) => head.tags = tags,
            ("tags", _) => return Err(wrong("tags", "an array of texts")),
            ("pg", script::Literal::Text(majors)) => {
                matches(&majors, 17).ok_or_else(|| wrong("pg", "a condition such as \">=13\""))?;
                head.majors = Some(majors);
            }
            ("pg", _) => return Err(wrong("pg", "a text such as \">=13\"")),
            ("timeout", script::Literal::Text(text)) => {
                let timeout = humantime::parse_duration(&text);
                head.timeout =
                    Some(timeout.map_err(|_| wrong("timeout", "a duration such as \"5m\""))?);
            }
            ("timeout", _) => return Err(wrong("timeout", "a duration such as \"5m\"")),
            (other, _) => {
                let keys = ["tags", "pg", "timeout"];
                let mut message = format!("SCENARIO has no `{other}`");
                if let Some(near) = script::nearest(other, keys) {
                    message = format!("{message}, did you mean `{near}`?");
                }
                let problem = Problem::new(Blame::Playbook, message);
                return Err(problem
                    .note(format!("it takes: {}", keys.join(", ")))
                    .at(place));
            }
        }
    }
    Ok(head)
}

/// Whether a major fits a condition; none: it is no condition.
pub fn matches(condition: &str, major: u32) -> Option<bool> {
    let mut fits = true;
    let conditions = condition.split([' ', ',']).filter(|it| !it.is_empty());
    for one in conditions {
        let at = one.find(|c: char| c.is_ascii_digit())?;
        let (operator, number) = one.split_at(at);
        let number: u32 = number.parse().ok()?;
        fits &= match operator {
            ">=" => major >= number,
            ">" => major > number,
            "<=" => major <= number,
            "<" => major < number,
            "" | "=" | "==" => major == number,
            "!=" => major != number,
            _ => return None,
        };
    }
    Some(fits)
}

impl Scenario {
    /// All that is wrong with the playbook, found without running it.
    pub fn check(&self) -> Vec<Problem> {
        let problems = script::check(&self.playbook, &self.root, &self.folder);
        if problems.is_empty() {
            return self.wrong.iter().cloned().collect();
        }
        problems
    }

    /// The text of a file that a problem's place names.
    pub fn text(&self, file: &str) -> Option<String> {
        if file == self.playbook.path {
            return Some(self.playbook.source.clone());
        }
        script::text(&self.root, file)
    }

    /// Why the scenario is not for this major, if it is not.
    pub fn skipped(&self, major: u32) -> Option<String> {
        let condition = self.head.majors.as_ref()?;
        (matches(condition, major) == Some(false))
            .then(|| format!("it is for PostgreSQL {condition}, not {major}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_on_majors_is_a_list_of_comparisons() {
        assert_eq!(matches(">=13", 17), Some(true));
        assert_eq!(matches(">=13 <17", 17), Some(false));
        assert_eq!(matches("15", 15), Some(true));
        assert_eq!(matches("new", 15), None);
    }

    #[test]
    fn a_head_is_read_without_running_the_playbook() {
        let source = "//! # Title\n//!\n//! What it is.\n//! More.\n\nconst SCENARIO = #{ tags: [\"a\"], pg: \">=13\", timeout: \"5m\" };\nthrow 1;";
        let playbook = Playbook {
            path: "a.rhai".into(),
            source: source.into(),
        };
        let expected = Head {
            title: "Title".into(),
            introduction: "What it is.\nMore.".into(),
            tags: vec!["a".into()],
            majors: Some(">=13".into()),
            timeout: Some(Duration::from_mins(5)),
        };
        assert_eq!(head(&playbook), Ok(expected));
    }

    #[test]
    fn a_mistake_in_the_head_has_its_place() {
        let wrong = |constant: &str| {
            let playbook = Playbook {
                path: "a.rhai".into(),
                source: format!("//! # Title\n{constant}"),
            };
            let problem = head(&playbook).expect_err("it is wrong");
            let place = problem.place.expect("it has a place");
            format!("{}:{} {}", place.line, place.column, problem.message)
        };
        assert_eq!(
            wrong("const SCENARIO = #{ tag: [\"a\"] };"),
            "2:21 SCENARIO has no `tag`, did you mean `tags`?"
        );
        assert_eq!(
            wrong("const SCENARIO = #{ pg: 13 };"),
            "2:21 `pg` of SCENARIO must be a text such as \">=13\""
        );
        assert_eq!(
            wrong("const SCENARIO = 1;"),
            "2:18 SCENARIO must be a map: `const SCENARIO = #{ … };`"
        );
    }
}
