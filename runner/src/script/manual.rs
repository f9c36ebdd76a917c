//! The manual: what the comments of the host functions say. `pgdrill api`, `scenarios/REFERENCE.md`
//! and the signatures in error messages come from it.

use std::collections::BTreeMap;
use std::fmt::Write;

use rhai::{Engine, FuncMetadata};

use super::engine::CHAPTERS;
use super::topics::TOPICS;

/// One function's manual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    pub chapter: &'static str,
    /// Ways to call it, the shortest first: `start_node(name: text, options: map) -> Node`.
    pub signatures: Vec<String>,
    /// In Markdown, without the example.
    pub text: String,
    /// A playbook that runs as it is.
    pub example: String,
}

/// Something that a value knows: `major` of a Node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    pub owner: String,
    pub name: String,
    pub chapter: &'static str,
    pub text: String,
}

/// All functions, by chapter, and within a chapter by name.
pub fn manual() -> Vec<Entry> {
    let mut entries = Vec::new();
    for chapter in CHAPTERS {
        let mut by_name: BTreeMap<String, Vec<FuncMetadata>> = BTreeMap::new();
        for function in functions(chapter.register) {
            by_name
                .entry(function.name.to_string())
                .or_default()
                .push(function);
        }
        for (name, mut overloads) in by_name {
            overloads.sort_by_key(|it| (it.num_params, it.params_info.to_vec()));
            let documentation: Vec<_> = overloads.iter().map(documentation).collect();
            let (text, example) = parts(&documentation.concat());
            entries.push(Entry {
                signatures: overloads.iter().map(signature).collect(),
                name,
                chapter: chapter.title,
                text,
                example,
            });
        }
    }
    entries
}

/// The manuals of a name: a function of nodes and one of sessions may share it.
pub fn find(name: &str) -> Vec<Entry> {
    manual().into_iter().filter(|it| it.name == name).collect()
}

/// What values know of themselves.
pub fn properties() -> Vec<Property> {
    let mut properties = Vec::new();
    for chapter in CHAPTERS {
        for function in metadata(chapter.register) {
            let Some(name) = function.name.strip_prefix("get$") else {
                continue;
            };
            properties.push(Property {
                owner: parameter(&function.params_info[0]).1,
                name: name.to_owned(),
                chapter: chapter.title,
                text: documentation(&function).trim().to_owned(),
            });
        }
    }
    properties.sort_by(|a, b| (&a.owner, &a.name).cmp(&(&b.owner, &b.name)));
    properties
}

impl Entry {
    /// The first sentence.
    pub fn summary(&self) -> String {
        let paragraph = self.text.split("\n\n").next().unwrap_or_default();
        let line = paragraph.replace('\n', " ");
        if let Some((sentence, _)) = line.split_once(": <http") {
            return format!("{sentence}.");
        }
        match line.find(". ") {
            Some(end) => line[..=end].to_owned(),
            None => line,
        }
    }
}

/// The whole manual: `scenarios/REFERENCE.md`.
pub fn markdown() -> String {
    let entries = manual();
    let properties = properties();
    let anchors = anchors(&entries);
    let mut text = String::from(HEAD);
    for (_, topic) in TOPICS {
        write!(text, "{topic}\n\n").expect("a text grows");
    }
    for chapter in CHAPTERS {
        let links: Vec<_> = (entries.iter().zip(&anchors))
            .filter(|(entry, _)| entry.chapter == chapter.title)
            .map(|(entry, anchor)| format!("[`{}`](#{anchor})", entry.name))
            .collect();
        let title = chapter.title;
        let anchor = title.to_lowercase().replace(' ', "-");
        writeln!(text, "- [{title}](#{anchor}): {}", links.join(", ")).expect("a text grows");
    }
    for chapter in CHAPTERS {
        write!(text, "\n## {}\n", chapter.title).expect("a text grows");
        for entry in entries.iter().filter(|it| it.chapter == chapter.title) {
            let signatures = entry.signatures.join("\n");
            write!(
                text,
                "\n### `{}`\n\n```text\n{signatures}\n```\n\n{}\n\n```rhai\n{}\n```\n",
                entry.name, entry.text, entry.example
            )
            .expect("a text grows");
        }
        let known: Vec<_> = (properties.iter())
            .filter(|it| it.chapter == chapter.title)
            .map(|it| {
                format!(
                    "- `{}` of a {}: {}",
                    it.name,
                    it.owner,
                    it.text.replace('\n', " ")
                )
            })
            .collect();
        if !known.is_empty() {
            write!(text, "\n### Properties\n\n{}\n", known.join("\n")).expect("a text grows");
        }
    }
    text
}

const HEAD: &str = "\
<!-- Made by `pgdrill api --markdown > scenarios/REFERENCE.md` from the functions' comments. -->

# What a playbook can say

A playbook is a [Rhai](https://rhai.rs/book/language/) script; besides the functions below it has
Rhai's own language and library. `pgdrill api NAME` prints one function's manual, `pgdrill check`
finds mistakes before anything starts, and `pgdrill new NAME` writes a playbook to begin with.

Functions and methods are the same: `promote(s1)` and `s1.promote()`. Options stand in a map at the
end, `#{ timeout: \"5s\" }`. Durations are texts (`\"500ms\"`, `\"30s\"`, `\"5m\"`), and so are sizes
(`\"64MB\"`). Each function returns when its effect is there, so a playbook needs no sleeps.

";

/// GitHub's anchors: a heading that comes again is numbered.
fn anchors(entries: &[Entry]) -> Vec<String> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut anchors = Vec::new();
    for entry in entries {
        let before = seen.entry(&entry.name).or_default();
        anchors.push(match *before {
            0 => entry.name.clone(),
            again => format!("{}-{again}", entry.name),
        });
        *before += 1;
    }
    anchors
}

/// What a chapter registers.
fn metadata(register: fn(&mut Engine)) -> Vec<FuncMetadata> {
    let mut engine = Engine::new_raw();
    register(&mut engine);
    engine.collect_fn_metadata(None, |function| Some(function.metadata.clone()), true)
}

/// Its functions: neither operators nor conversions nor properties.
fn functions(register: fn(&mut Engine)) -> impl Iterator<Item = FuncMetadata> {
    metadata(register).into_iter().filter(|it| {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        it.name.chars().all(plain)
            && !["to_string", "to_debug", super::prose::TELL].contains(&it.name.as_str())
    })
}

fn documentation(function: &FuncMetadata) -> String {
    let mut text = String::new();
    for line in function.comments.iter().flat_map(|it| it.lines()) {
        let line = line.trim_start().trim_start_matches("///");
        text.push_str(line.strip_prefix(' ').unwrap_or(line));
        text.push('\n');
    }
    text
}

/// Text and example.
fn parts(documentation: &str) -> (String, String) {
    let Some((text, rest)) = documentation.split_once("```rhai\n") else {
        return (documentation.trim().to_owned(), String::new());
    };
    let (example, after) = rest.split_once("```").unwrap_or((rest, ""));
    let text = format!("{}\n\n{}", text.trim(), after.trim());
    (text.trim().to_owned(), example.trim_end().to_owned())
}

/// A function's signature in the words of a playbook's author.
pub fn signature(function: &FuncMetadata) -> String {
    let parameters: Vec<_> = (function.params_info.iter())
        .map(|it| parameter(it))
        .map(|(name, kind)| format!("{name}: {kind}"))
        .collect();
    let returned = returned(function);
    let arrow = if returned.is_empty() {
        String::new()
    } else {
        format!(" -> {returned}")
    };
    format!("{}({}){arrow}", function.name, parameters.join(", "))
}

/// The kind of value that a function returns; empty: none.
pub fn returned(function: &FuncMetadata) -> String {
    kind(&function.return_type)
}

/// A parameter's name and kind, from `node: &mut Arc<Node >`.
pub fn parameter(info: &str) -> (String, String) {
    let (name, kind_of) = info.split_once(':').unwrap_or((info, ""));
    let name = name
        .trim()
        .trim_start_matches("mut ")
        .trim_start_matches('_');
    let kind = kind(kind_of);
    let name = match (name, kind.as_str()) {
        // A function that is one for several types has no names for its parameters.
        ("", "Vip") => "vip",
        ("", "Endpoint") => "endpoint",
        ("", "text") => "sql",
        ("", "map") => "options",
        ("", "array") => "values",
        ("", _) => "value",
        (name, _) => name,
    };
    (name.to_owned(), kind)
}

/// A Rust type in the words of a playbook's author.
fn kind(rust: &str) -> String {
    let mut kind = rust.replace(' ', "").replace("&mut", "");
    for wrapper in ["RhaiResultOf<", "Arc<"] {
        if let Some(inner) = kind
            .strip_prefix(wrapper)
            .and_then(|it| it.strip_suffix('>'))
        {
            kind = inner.to_owned();
        }
    }
    // The compiler's own words for what such a function returns.
    if kind.ends_with("EvalAltResult>>")
        && let Some((_, inner)) = kind.split_once("Result<")
        && let Some((inner, _)) = inner.rsplit_once(',')
    {
        let shared = inner.split_once("Arc<");
        kind = shared
            .map_or(inner, |(_, it)| it.trim_end_matches('>'))
            .to_owned();
    }
    let name = kind.rsplit("::").next().unwrap_or_default();
    match name {
        "&str" | "String" | "ImmutableString" | "string" => "text",
        "i64" | "INT" => "number",
        "f64" | "FLOAT" => "number with a fraction",
        "bool" => "boolean",
        "Map" | "map" => "map",
        "Array" | "array" => "array",
        "FnPtr" => "closure",
        "Dynamic" => "value",
        "Connection" => "Session",
        "()" => "",
        other => other,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::script::{Playbook, all_keys, check};

    fn missing(of: impl Fn(&Entry) -> Option<String>) -> Vec<String> {
        manual().iter().filter_map(of).collect()
    }

    #[test]
    fn every_function_has_a_manual_with_an_example() {
        let bare = missing(|it| {
            (it.text.is_empty() || it.example.is_empty()).then(|| it.signatures.join("; "))
        });
        assert_eq!(bare, Vec::<String>::new());
    }

    #[test]
    fn every_property_has_a_manual() {
        let bare: Vec<_> = (properties().into_iter())
            .filter(|it| it.text.is_empty())
            .collect();
        assert_eq!(bare, []);
    }

    #[test]
    fn every_option_stands_in_its_functions_manual() {
        let mut unsaid = Vec::new();
        for keys in all_keys() {
            let manuals: String = find(keys.function).into_iter().map(|it| it.text).collect();
            for (key, _) in keys.keys {
                if !manuals.contains(&format!("`{key}`")) && !manuals.contains(&format!("`{key}: "))
                {
                    unsaid.push(format!("{}: {key}", keys.function));
                }
            }
        }
        assert_eq!(unsaid, Vec::<String>::new());
    }

    #[test]
    fn every_example_passes_the_check() {
        let problems = missing(|entry| {
            let playbook = Playbook {
                path: format!("example of {}", entry.name),
                source: entry.example.clone(),
            };
            let problems = check(&playbook, Path::new("/"), Path::new("/"));
            let shown: Vec<_> = (problems.iter())
                .map(|it| it.render(Some(&entry.example), false))
                .collect();
            (!shown.is_empty()).then(|| shown.join("\n"))
        });
        assert_eq!(problems.join("\n"), "");
    }

    #[test]
    fn signatures_are_in_the_users_words() {
        let signatures: Vec<_> = ["start_node", "wait_until", "session", "expect"]
            .iter()
            .flat_map(|name| find(name))
            .flat_map(|entry| entry.signatures)
            .collect();
        assert_eq!(
            signatures.join("\n"),
            "\
start_node(name: text) -> Node
start_node(name: text, options: map) -> Node
wait_until(condition: closure) -> value
wait_until(condition: closure, options: map) -> value
wait_until(node: Node, sql: text) -> value
wait_until(node: Node, sql: text, wanted: value) -> value
wait_until(node: Node, sql: text, wanted: value, options: map) -> value
session(node: Node) -> Session
session(node: Node, options: map) -> Session
expect(condition: boolean, message: text)"
        );
    }
}
