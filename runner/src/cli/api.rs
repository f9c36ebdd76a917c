//! `pgdrill api`: the manual of what a playbook can say.

use std::path::Path;

use super::{args, code, print};
use crate::problem::{Blame, Problem};
use crate::script::{self, Entry};

pub fn api(api: &args::Api) -> Result<u8, Problem> {
    let text = match &api.name {
        Some(name) => one(name.trim_end_matches("()"))?,
        None if api.markdown => script::markdown().trim_end().to_owned(),
        None => overview(),
    };
    print(&text)?;
    Ok(code::PASSED)
}

/// A line for each function, by chapter.
fn overview() -> String {
    let entries = script::manual();
    let width = entries
        .iter()
        .map(|it| it.name.len())
        .max()
        .unwrap_or_default();
    let mut lines = Vec::new();
    let mut chapter = "";
    for entry in &entries {
        if entry.chapter != chapter {
            chapter = entry.chapter;
            lines.push(format!("\n{chapter}"));
        }
        lines.push(format!("  {:width$}  {}", entry.name, entry.summary()));
    }
    let text = lines.join("\n");
    let more = "`pgdrill api NAME` says more; `SCENARIO` and `import` are names too.";
    format!("{}\n\n{more}", text.trim_start())
}

/// The manual of a function or of a property.
pub fn one(name: &str) -> Result<String, Problem> {
    if let Some(topic) = script::topic(name) {
        return Ok(topic.to_owned());
    }
    let library = name
        .starts_with("lib/")
        .then(|| format!("scenarios/{name}.rhai"));
    if let Some(text) = library.and_then(|it| script::text(Path::new("."), &it)) {
        return Ok(text.trim_end().to_owned());
    }
    let entries = script::find(name);
    if !entries.is_empty() {
        let manuals: Vec<_> = entries.iter().map(manual).collect();
        return Ok(manuals.join("\n\n\n"));
    }
    let properties: Vec<_> = (script::properties().iter())
        .filter(|it| it.name == name)
        .map(|it| format!("`{}` of a {}: {}", it.name, it.owner, it.text))
        .collect();
    if !properties.is_empty() {
        return Ok(properties.join("\n"));
    }
    let names = script::manual();
    let names = names.iter().map(|it| it.name.as_str());
    let mut message = format!("there is no function `{name}`");
    if let Some(near) = script::nearest(name, names) {
        message = format!("{message}, did you mean `{near}`?");
    }
    Err(Problem::new(Blame::Playbook, message)
        .note("`pgdrill api` lists all functions")
        .note("Rhai's own language and library: https://rhai.rs/book"))
}

fn manual(entry: &Entry) -> String {
    let example = entry.example.replace('\n', "\n    ");
    format!(
        "{}\n\n{}\n\n    {example}",
        entry.signatures.join("\n"),
        entry.text
    )
}
