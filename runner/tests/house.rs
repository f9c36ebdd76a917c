//! The rules of the house: what reviewers would otherwise have to look for.

use std::fmt::Write;
use std::path::{Path, PathBuf};

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
