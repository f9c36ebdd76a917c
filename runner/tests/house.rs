//! The rules of the house: what reviewers would otherwise have to look for.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use pgdrill::event::Event;
use serde_json::Value;

/// A source file: its path below `runner/src`, and its text without comments and tests.
struct Source {
    path: String,
    text: String,
    code: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All Rust files below a folder of `runner/`.
fn sources(folder: &str) -> Vec<Source> {
    let below = root().join("runner").join(folder);
    let mut sources = Vec::new();
    for entry in ignore::WalkBuilder::new(&below).build() {
        let path = entry.expect("it can be read").into_path();
        if path.extension().is_none_or(|it| it != "rs") {
            continue;
        }
        let text = read(&path);
        let name = path
            .strip_prefix(&below)
            .expect("it lies below")
            .display()
            .to_string();
        sources.push(Source {
            code: code(&name, &text),
            path: name,
            text,
        });
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!sources.is_empty(), "there is code in {}", below.display());
    sources
}

/// The lines that are neither comments nor tests.
fn code(path: &str, text: &str) -> String {
    if path.ends_with("tests.rs") || path.contains("tests/") {
        return String::new();
    }
    let before_tests = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let lines = before_tests
        .lines()
        .filter(|it| !it.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Fails with all that break a rule.
fn nobody(rule: &str, breaking: impl IntoIterator<Item = String>) {
    let mut list = String::new();
    for one in breaking {
        writeln!(list, "  {one}").expect("a text grows");
    }
    assert!(list.is_empty(), "{rule}, but:\n{list}");
}

/// The modules that a text names after `crate::`.
fn used(code: &str) -> Vec<String> {
    let mut used = Vec::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            Some(group) => {
                let group = group.split(';').next().unwrap_or_default();
                let mut depth = 0;
                for part in group.split_inclusive([',', '{', '}']) {
                    if depth == 0 {
                        used.push(word(part.trim()));
                    }
                    depth += i32::from(part.ends_with('{')) - i32::from(part.ends_with('}'));
                }
            }
            None => used.push(word(rest)),
        }
    }
    used.retain(|it| !it.is_empty());
    used
}

fn word(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

#[test]
fn a_module_uses_only_those_above_it() {
    let lib = read(&root().join("runner/src/lib.rs"));
    let order: Vec<_> = (lib.lines())
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect();
    let rank = |name: &str| order.iter().position(|it| *it == name);
    let mut breaking = Vec::new();
    for source in sources("src") {
        let own = source.path.split(['/', '.']).next().unwrap_or_default();
        let Some(own) = rank(own) else { continue };
        for name in used(&source.code) {
            if rank(&name).is_some_and(|it| it > own) {
                breaking.push(format!(
                    "{} uses {name}, which stands below it",
                    source.path
                ));
            }
        }
    }
    nobody("a module uses only those above it in lib.rs", breaking);
}

#[test]
fn engine_and_postgres_have_one_door_each() {
    let mut breaking = Vec::new();
    for source in sources("src") {
        for (library, door) in [("bollard::", "engine/"), ("tokio_postgres::", "sql/")] {
            if source.code.contains(library) && !source.path.starts_with(door) {
                breaking.push(format!("{} uses {library}", source.path));
            }
        }
    }
    nobody("bollard stays in engine/, tokio-postgres in sql/", breaking);
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    let all = || sources("src").into_iter().chain(sources("tests"));
    let long = all()
        .filter(|it| it.text.lines().count() > 400)
        .map(|it| it.path);
    nobody("no file has more than 400 lines", long);
    let mute = all()
        .filter(|it| !it.text.starts_with("//! "))
        .map(|it| it.path);
    nobody("a file's first line says what it is for (`//! …`)", mute);
}

#[test]
fn lints_are_expected_with_a_reason_and_errors_are_not_unwrapped() {
    let allow = concat!("#", "[allow(");
    let all = sources("src");
    let allowing = all
        .iter()
        .filter(|it| it.text.contains(allow))
        .map(|it| it.path.clone());
    nobody("`#[expect(…, reason = …)]` instead of `#[allow]`", allowing);
    let unwrapping = all
        .iter()
        .filter(|it| it.code.contains(".unwrap()"))
        .map(|it| it.path.clone());
    nobody(
        "`expect(\"why it cannot fail\")` instead of `unwrap()`",
        unwrapping,
    );
}

#[test]
fn the_reference_is_what_the_functions_comments_say() {
    let reference = std::fs::read_to_string(root().join("scenarios/REFERENCE.md"));
    assert!(
        reference.is_ok_and(|it| it == pgdrill::script::markdown()),
        "scenarios/REFERENCE.md is stale; renew it:\n\n  \
         cargo run -- api --markdown > scenarios/REFERENCE.md\n"
    );
}

/// The lines of the examples in `EVENTS.md`.
fn examples(document: &str) -> Vec<&str> {
    let blocks = document.split("```json\n").skip(1);
    let blocks = blocks.map(|it| it.split("```").next().unwrap_or_default());
    blocks.flat_map(str::lines).collect()
}

#[test]
fn each_event_is_described_with_an_example_and_all_its_fields() {
    let document = read(&root().join("runner/EVENTS.md"));
    // The reader names all kinds when it meets one that it does not know.
    let unknown = serde_json::from_str::<Event>(r#"{"at":0,"event":"?"}"#);
    let unknown = unknown.expect_err("there is no such kind").to_string();
    let kinds: Vec<_> = unknown.split('`').skip(3).step_by(2).collect();
    assert!(kinds.contains(&"run-started"), "{unknown}");
    let mut breaking = Vec::new();
    let mut shown = Vec::new();
    for line in examples(&document) {
        let event: Event =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let written = serde_json::to_value(&event).expect("it is plain data");
        if written != serde_json::from_str::<Value>(line).expect("it was just read") {
            breaking.push(format!("{line} is written as {written}"));
        }
        shown.push(written["event"].as_str().unwrap_or_default().to_owned());
        let names = keys(&written).into_iter();
        let names = names.chain([shown[shown.len() - 1].clone()]);
        breaking.extend(names.filter(|it| !document.contains(&format!("`{it}`"))));
    }
    let missing = kinds
        .iter()
        .filter(|it| !shown.iter().any(|one| one == *it));
    breaking.extend(missing.map(|it| format!("{it} has no example")));
    nobody(
        "runner/EVENTS.md describes each event and each field",
        breaking,
    );
}

/// The names of all fields of a value.
fn keys(value: &Value) -> Vec<String> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| !["at", "event", "scenario"].contains(&name.as_str()))
            .flat_map(|(name, value)| std::iter::once(name.clone()).chain(keys(value)))
            .collect(),
        Value::Array(values) => values.iter().flat_map(keys).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn the_tutorials_are_what_the_snapshots_say() {
    let check = std::process::Command::new(env!("CARGO_BIN_EXE_pgdrill"))
        .args(["tutorial", "--check"])
        .current_dir(root())
        .output()
        .expect("it starts");
    assert!(
        check.status.success(),
        "docs/ is stale; renew it:\n\n  cargo run -- tutorial --write\n\n{}",
        String::from_utf8_lossy(&check.stderr)
    );
}

#[test]
fn the_readme_shows_a_part_of_a_tutorial() {
    let readme = read(&root().join("README.md"));
    let (_, part) = readme.split_once("\n````markdown\n").expect("a part");
    let (part, _) = part.split_once("````\n").expect("its end");
    let page = read(&root().join("docs/pitr.md"));
    assert!(
        page.contains(part),
        "this part of README.md is not in docs/pitr.md:\n\n{part}"
    );
}
