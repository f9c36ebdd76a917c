//! The language as editors read it: Rhai's definition files, of the vocabulary with its manual and
//! of Rhai's own library.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use rhai::packages::{Package, StandardPackage};
use rhai::{Engine, FuncMetadata};

use super::engine::{DISABLED, vocabulary};
use super::manual::{self, parameter, returned};
use super::prose::TELL;

/// The files of a folder: names and texts.
pub fn definitions() -> Vec<(String, String)> {
    let mut standard = Engine::new_raw();
    standard.register_global_module(StandardPackage::new().as_shared_module());
    let mut files = vec![
        ("pgdrill.d.rhai".to_owned(), ours()),
        ("rhai.d.rhai".to_owned(), library(&standard)),
    ];
    // The keywords and the operators are built in: Rhai has them as texts.
    let definitions = standard.definitions();
    let built_in = (definitions.iter_files()).filter(|(name, _)| name.starts_with("__builtin"));
    files.extend(built_in.map(|(name, text)| (name, without_disabled(&text))));
    files
}

/// All that pgdrill adds to Rhai.
fn ours() -> String {
    let documents = documents();
    let functions = said(&vocabulary(), Which::Added);
    let items = functions.iter().map(|function| {
        let document = documents.get(function.name.as_str());
        let comment = document.into_iter().flat_map(|it| it.lines());
        let comment = comment.map(|line| format!("/// {line}").trim_end().to_owned());
        (comment.collect(), declared(function))
    });
    file(items)
}

/// Rhai's own library, in the types that playbooks have.
fn library(standard: &Engine) -> String {
    let functions = said(standard, Which::All);
    let items = functions.iter().filter_map(|function| {
        let lines = function.comments.iter().flat_map(|it| it.lines());
        let comment = lines.map(|line| line.trim().to_owned()).collect();
        let item = declared(function);
        let sized = (SIZED.iter()).any(|it| item.contains(&format!(": {it}")));
        let disabled = DISABLED.contains(&function.name.as_str());
        (!sized && !disabled).then_some((comment, item))
    });
    file(items)
}

/// Numbers that no playbook has.
const SIZED: &[&str] = &[
    "i8", "u8", "i16", "u16", "i32", "u32", "u64", "i128", "u128", "f32",
];

/// A file of items with their comments, each of them once.
fn file(items: impl Iterator<Item = (Vec<String>, String)>) -> String {
    let mut text = String::from("module static;\n");
    let mut known = BTreeSet::new();
    for (comment, item) in items {
        if !known.insert(item.clone()) {
            continue;
        }
        text.push('\n');
        for line in comment.iter().chain([&item]) {
            writeln!(text, "{line}").expect("a text grows");
        }
    }
    text
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Added,
    All,
}

/// What an engine can be asked for by name, sorted.
fn said(engine: &Engine, which: Which) -> Vec<FuncMetadata> {
    let all = which == Which::All;
    let mut functions = engine.collect_fn_metadata(None, |it| Some(it.metadata.clone()), all);
    functions.retain(|it| is_said(&it.name));
    let key = |it: &FuncMetadata| (it.name.to_string(), it.num_params, it.params_info.join(""));
    functions.sort_by_cached_key(key);
    functions
}

/// Whether playbooks say this name: operators and conversions are Rhai's own.
fn is_said(name: &str) -> bool {
    let name = (name
        .strip_prefix("get$")
        .or_else(|| name.strip_prefix("set$")))
    .unwrap_or(name);
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.chars().all(plain) && !["to_string", "to_debug", TELL].contains(&name)
}

/// What the manual says of each function and property; a name's ways to be called share it.
fn documents() -> BTreeMap<String, String> {
    let mut documents: BTreeMap<String, String> = BTreeMap::new();
    for entry in manual::manual() {
        let document = format!("{}\n\n```rhai\n{}\n```", entry.text, entry.example);
        let known = documents.entry(entry.name).or_default();
        if !known.is_empty() {
            known.push_str("\n\n");
        }
        known.push_str(&document);
    }
    for (name, text) in [
        ("message", "What went wrong."),
        ("sqlstate", "The SQLSTATE of a failure of SQL, else `()`."),
    ] {
        documents.insert(format!("get${name}"), text.to_owned());
    }
    for property in manual::properties() {
        documents.insert(format!("get${}", property.name), property.text);
    }
    documents
}

/// `fn name(parameter: Type) -> Type;`
fn declared(function: &FuncMetadata) -> String {
    let parameters = parameters(function);
    let returned = returned(function);
    let parameters: Vec<_> = (parameters.iter())
        .map(|(name, kind)| format!("{name}: {}", editors(kind)))
        .collect();
    let arrow = match &*returned {
        "" => String::new(),
        kind => format!(" -> {}", editors(kind)),
    };
    let (keyword, name) = match function.name.split_once('$') {
        Some((access, name)) => (format!("fn {access}"), name),
        None => ("fn".to_owned(), function.name.as_str()),
    };
    format!("{keyword} {name}({}){arrow};", parameters.join(", "))
}

fn parameters(function: &FuncMetadata) -> Vec<(String, String)> {
    function
        .params_info
        .iter()
        .map(|it| parameter(it))
        .collect()
}

/// A kind of value as definition files call it.
fn editors(kind: &str) -> &str {
    match kind.split('<').next().unwrap_or_default() {
        "number" => "int",
        "number with a fraction" => "float",
        "boolean" => "bool",
        "map" => "Map",
        "array" => "Array",
        "closure" => "FnPtr",
        "string" | "text" => "String",
        "value" | "" => "?",
        other => other,
    }
}

/// A text of Rhai's without what playbooks have not got.
fn without_disabled(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let disabled = |line: &str| {
        DISABLED
            .iter()
            .any(|it| line.starts_with(&format!("fn {it}(")))
    };
    let items = text.split("\n\n");
    let kept: Vec<_> = items.filter(|it| !it.lines().any(disabled)).collect();
    kept.join("\n\n")
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    fn text(name: &str) -> String {
        let mut files = definitions().into_iter();
        files.find(|(it, _)| it == name).expect("it is there").1
    }

    #[test]
    fn every_line_is_one_that_an_editor_reads() {
        let parameter = r"[a-z_]\w*: (\?|\w+)";
        let item =
            format!(r"^fn (get |set )?\w+\(({parameter}(, {parameter})*)?\)( -> (\?|\w+))?;$");
        let item = Regex::new(&item).expect("it is one");
        for file in ["pgdrill.d.rhai", "rhai.d.rhai"] {
            let text = text(file);
            let mut lines = text.lines();
            assert_eq!(lines.next(), Some("module static;"), "{file}");
            let odd = |it: &&str| !it.is_empty() && !it.starts_with("//") && !item.is_match(it);
            assert_eq!(lines.filter(odd).collect::<Vec<_>>(), [""; 0], "{file}");
        }
    }

    #[test]
    fn all_of_the_vocabulary_is_there_with_its_manual() {
        let text = text("pgdrill.d.rhai");
        let items: Vec<_> = text.split("\n\n").skip(1).collect();
        let bare = items.iter().filter(|it| !it.starts_with("/// "));
        assert_eq!(bare.collect::<Vec<_>>(), [&""; 0]);
        let missing = |declaration: &str| !text.contains(&format!("\nfn {declaration}("));
        let functions = manual::manual().into_iter().map(|it| it.name);
        let properties = manual::properties().into_iter();
        let properties = properties.map(|it| format!("get {}", it.name));
        let missing: Vec<_> = functions
            .chain(properties)
            .filter(|it| missing(it))
            .collect();
        assert_eq!(missing, [""; 0]);
    }

    #[test]
    fn a_virtual_address_is_asked_as_a_node_is() {
        let text = text("pgdrill.d.rhai");
        let of_sql: Vec<_> = (text.lines())
            .filter(|line| line.starts_with("fn psql("))
            .collect();
        assert_eq!(
            of_sql.join("\n"),
            "\
fn psql(endpoint: Endpoint, sql: String) -> String;
fn psql(vip: Vip, sql: String) -> String;
fn psql(connection: Session, sql: String) -> String;
fn psql(node: Node, sql: String) -> String;
fn psql(endpoint: Endpoint, sql: String, options: Map) -> String;
fn psql(vip: Vip, sql: String, options: Map) -> String;
fn psql(connection: Session, sql: String, options: Map) -> String;
fn psql(node: Node, sql: String, options: Map) -> String;"
        );
    }

    #[test]
    fn what_playbooks_have_not_got_is_not_there() {
        let all: String = definitions().into_iter().map(|(_, text)| text).collect();
        assert!(all.contains("\nfn print(") && all.contains("\nfn parse_int("));
        for name in DISABLED {
            assert!(!all.contains(&format!("\nfn {name}(")), "{name}");
        }
    }
}
