//! What the line editor knows of the language: completions, signatures, open brackets.

use std::borrow::Cow;

use anstyle::{Effects, Style};
use rhai::Engine;
use rustyline::completion::{Completer, Pair};
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};

use super::command::COMMANDS;
use super::prompt::Asked;
use crate::script::{self, Entry};

const FAINT: Style = Style::new().effects(Effects::DIMMED);

pub struct Vocabulary {
    engine: Engine,
    manual: Vec<Entry>,
    variables: Vec<String>,
    nodes: Vec<String>,
}

impl Vocabulary {
    pub fn new() -> Self {
        Self {
            engine: script::vocabulary(),
            manual: script::manual(),
            variables: Vec::new(),
            nodes: Vec::new(),
        }
    }

    /// Learns what there is now.
    pub fn knows(&mut self, asked: &Asked) {
        self.variables.clone_from(&asked.variables);
        self.nodes = (asked.standing.nodes.iter())
            .map(|it| it.name.clone())
            .collect();
    }

    /// What the word before the cursor may become: where it begins, and words with what they are.
    fn candidates(&self, before: &str) -> (usize, Vec<(String, String)>) {
        let begin = before
            .rfind(|c: char| !(c.is_alphanumeric() || c == '_'))
            .map_or(0, |at| {
                at + before[at..].chars().next().map_or(0, char::len_utf8)
            });
        let (lead, word) = before.split_at(begin);
        let plain = |it: &String| (it.clone(), String::new());
        let words: Vec<(String, String)> = if lead == ":" {
            let names = COMMANDS.iter();
            names
                .map(|(name, _, does)| (name[1..].to_owned(), (*does).to_owned()))
                .collect()
        } else if lead.starts_with(":help ") {
            self.functions()
        } else if lead.starts_with(':') || lead.ends_with('"') {
            self.nodes.iter().map(plain).collect()
        } else if let Some(function) = options_of(lead) {
            let all = script::all_keys();
            let keys = all.iter().filter(|it| it.function == function);
            let keys = keys.flat_map(|it| it.keys.iter());
            keys.map(|(it, _)| ((*it).to_owned(), String::new()))
                .collect()
        } else {
            let variables = self.variables.iter().map(plain);
            variables.chain(self.functions()).collect()
        };
        let fits = words.into_iter().filter(|(it, _)| it.starts_with(word));
        (begin, fits.collect())
    }

    fn functions(&self) -> Vec<(String, String)> {
        let line = |it: &Entry| (it.name.clone(), it.summary());
        self.manual.iter().map(line).collect()
    }

    /// The parameters of the function whose bracket has just been opened.
    fn parameters(&self, before: &str) -> Option<String> {
        let name = called(before.strip_suffix('(')?);
        let entry = self.manual.iter().find(|it| it.name == name)?;
        let signature = entry.signatures.last()?;
        Some(signature.get(name.len() + 1..)?.to_owned())
    }
}

/// The function in whose option map a key is to follow.
fn options_of(lead: &str) -> Option<&str> {
    let map = lead.rfind("#{")?;
    let inside = lead[map + 2..].trim_end();
    let key = inside.is_empty() || inside.ends_with(',');
    let call = lead[..map]
        .rfind('(')
        .filter(|_| key && !inside.contains('}'))?;
    Some(called(&lead[..call])).filter(|it| !it.is_empty())
}

/// The name at the end of a text.
fn called(text: &str) -> &str {
    let begin = text.rfind(|c: char| !(c.is_alphanumeric() || c == '_'));
    &text[begin.map_or(0, |at| at + 1)..]
}

impl Completer for Vocabulary {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (begin, words) = self.candidates(&line[..at]);
        let width = words
            .iter()
            .map(|(it, _)| it.len())
            .max()
            .unwrap_or_default();
        let pair = |(word, is): (String, String)| Pair {
            display: format!("{word:width$}  {is}").trim_end().to_owned(),
            replacement: word,
        };
        Ok((begin, words.into_iter().map(pair).collect()))
    }
}

impl Hinter for Vocabulary {
    type Hint = String;

    fn hint(&self, line: &str, at: usize, _: &Context<'_>) -> Option<String> {
        (at == line.len()).then(|| self.parameters(line)).flatten()
    }
}

impl Highlighter for Vocabulary {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(format!("{FAINT}{hint}{FAINT:#}"))
    }
}

impl Validator for Vocabulary {
    fn validate(&self, typed: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        if super::command::parse(typed.input()).is_none()
            && script::is_open(&self.engine, typed.input())
        {
            return Ok(ValidationResult::Incomplete);
        }
        Ok(ValidationResult::Valid(None))
    }
}

impl Helper for Vocabulary {}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary() -> Vocabulary {
        Vocabulary {
            variables: vec!["base".to_owned(), "primary".to_owned()],
            nodes: vec!["p1".to_owned(), "p2".to_owned()],
            ..Vocabulary::new()
        }
    }

    #[test]
    fn words_are_completed_by_where_they_stand() {
        let vocabulary = vocabulary();
        let lines = [
            "pro",
            "let a = base",
            "psql(pri",
            ":ps",
            ":psql p",
            ":help promo",
            "start_node(\"p",
            "start_node(\"x\", #{ vo",
            "start_node(\"x\", #{ server: false, st",
            "recover(a, b, #{ archive: \"x\", target_t",
        ];
        let shown: Vec<_> = (lines.iter())
            .map(|line| {
                let (_, words) = vocabulary.candidates(line);
                let words: Vec<_> = (words.iter())
                    .map(|(word, is)| format!("\n    {word}  {is}").trim_end().to_owned())
                    .collect();
                format!("{line}{}", words.concat())
            })
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
    pro
        promote  Promotes a standby, or a server that has paused at its recovery target.
    let a = base
        base
        basebackup  Takes a base backup with pg_basebackup into `directory/<id>`, verifies it with pg_verifybackup, and returns it: `id`, `path`, `start_lsn`, `stop_lsn`, `timeline`.
    psql(pri
        primary
    :ps
        psql  open psql on a node
    :psql p
        p1
        p2
    :help promo
        promote  Promotes a standby, or a server that has paused at its recovery target.
    start_node("p
        p1
        p2
    start_node("x", #{ vo
        volumes
    start_node("x", #{ server: false, st
        storage
    recover(a, b, #{ archive: "x", target_t
        target_time
"#);
    }

    #[test]
    fn a_bracket_that_opens_tells_the_parameters() {
        let vocabulary = vocabulary();
        assert_eq!(
            vocabulary.parameters("let a = start_node(").as_deref(),
            Some("name: text, options: map) -> Node")
        );
        assert_eq!(vocabulary.parameters("nothing("), None);
    }
}
