//! Each scenario's tutorial as a script: it is played with bash and the docker client, and prints what
//! the stored transcript has.

use std::fs::File;
use std::process::{Command, Output};

use libtest_mimic::Trial;
use pgdrill::event::{Form, Place, Shown};
use pgdrill::image::{DEFAULT_MAJOR, MAJORS};
use pgdrill::prompt::Prompt;
use pgdrill::redact::Redactor;
use pgdrill::scenario::find;
use pgdrill::snapshot::file::Stored;
use pgdrill::tutorial::{Line, Page, Part, script};
use regex::Regex;

use crate::drill::{command, product};

pub fn trials() -> Vec<Trial> {
    let scenarios = find(&[], &product()).expect("the playbooks load");
    let majors = MAJORS.map(|(major, _)| major);
    let all = (scenarios.iter()).flat_map(|it| majors.map(|major| (it.name.clone(), major)));
    all.map(|(name, major)| trial(name, major)).collect()
}

/// Where a page is the default major's too, its script is left to those who ask for it
/// (`cargo test --test docker -- --ignored`): what it types is the same.
fn trial(name: String, major: u32) -> Trial {
    let own = product().join(variant(&name, major)).exists();
    let trial = match major {
        DEFAULT_MAJOR => format!("{name} as a script"),
        _ => format!("{name}@{major} as a script"),
    };
    let trial = Trial::test(trial, move || {
        play(&name, major);
        Ok(())
    });
    trial.with_ignored_flag(major != DEFAULT_MAJOR && !own)
}

fn variant(name: &str, major: u32) -> String {
    format!("snapshots/{name}@{major}.snap")
}

/// Their containers have the names that the tutorial gives them: one at a time on this machine.
fn turn() -> File {
    let path = std::env::temp_dir().join("pgdrill-tutorials.lock");
    let file = File::create(path).expect("a file for all");
    file.lock().expect("a lock");
    file
}

fn play(name: &str, major: u32) {
    let read = |file: &str| Stored::read(&product(), file).expect("whole");
    let stored = read(&variant(name, major)).or_else(|| read(&format!("snapshots/{name}.snap")));
    let stored = stored.expect("there");
    let page = Page::of(&stored);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(format!("{name}.sh"));
    let text = script(&page, &[], major).expect("it can be a script");
    std::fs::write(&path, text).expect("a file");
    let _turn = turn();
    let played = run(Command::new("bash")
        .arg(&path)
        .env("BASE_IMAGE", base_image(major)));
    let (out, err) = (text_of(&played.stdout), text_of(&played.stderr));
    assert!(
        played.status.success(),
        "{name}: {}\n{out}\n{err}",
        played.status
    );
    let source = std::fs::read_to_string(product().join(&stored.source)).expect("the playbook");
    let said = Page::of(&Stored {
        body: body(&out),
        ..stored.clone()
    });
    let (wanted, said) = (printed(&page, None), printed(&said, Some(&source)));
    let (wanted, said) = (wanted.join("\n"), said.join("\n"));
    assert!(
        wanted == said,
        "{name} prints something else:\n{}",
        difference(&wanted, &said)
    );
}

fn run(command: &mut Command) -> Output {
    command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The root file system that pgdrill itself builds on here.
fn base_image(major: u32) -> String {
    let pg = major.to_string();
    let arguments = ["images", "build", "pg-base", "--pg", &pg];
    let built = run(&mut command(&product(), &arguments));
    assert!(built.status.success(), "{}", text_of(&built.stderr));
    let (_, release) = (MAJORS.iter().find(|(it, _)| *it == major)).expect("it is supported");
    let names = [
        format!("debian:{release}-slim"),
        format!("pgdrill/debian:{release}"),
    ];
    let there = |name: &String| {
        let inspect = ["image", "inspect", name];
        run(Command::new("docker").args(inspect)).status.success()
    };
    names.into_iter().find(there).expect("a base image")
}

/// What a script prints as a transcript's body: its blocks are indented there.
fn body(out: &str) -> String {
    let lines = out.lines().map(|line| {
        let is_heading = line.starts_with("## ") || line.starts_with("### ");
        let indent = if is_heading || line.is_empty() {
            ""
        } else {
            "    "
        };
        format!("{indent}{line}\n")
    });
    lines.collect()
}

/// What was typed and printed, without prose; redacted if there is a playbook to redact by.
fn printed(page: &Page, playbook: Option<&str>) -> Vec<String> {
    let mut redactor = playbook.map(redactor);
    let lines = page.parts.iter().flat_map(|part| match part {
        Part::Block(lines) | Part::Hidden(lines) => lines.clone(),
        Part::Heading { .. } | Part::Prose(_) => Vec::new(),
    });
    let mut printed = Vec::new();
    for line in lines {
        let (prompt, input, output) = match line {
            Line::Command(it) => (Some(it.prompt), it.input, it.output),
            Line::Remark(it) => (None, it.text, it.output),
            Line::Text(text) => (None, String::new(), text),
        };
        let shown = Shown {
            node: match &prompt {
                Some(Prompt::Node { node, .. }) => Some(node.clone()),
                Some(Prompt::Sql(client)) => Some(client.at.clone()),
                _ => None,
            },
            form: match prompt {
                Some(Prompt::Sql(_)) | None => Form::Sql,
                _ => Form::Shell,
            },
            prompt: prompt.map_or("# ".to_owned(), |it| it.to_string()),
            continuation: String::new(),
            output: of_the_program(&input, &output),
            input,
            place: Place::default(),
        };
        let (input, output) = match &mut redactor {
            Some(redactor) => redactor.shown(&shown),
            None => (shown.input.clone(), shown.output.clone()),
        };
        printed.push(format!("{}{input}", shown.prompt));
        printed.extend(output.lines().map(|line| line.trim_end().to_owned()));
    }
    printed.retain(|line| !line.is_empty());
    printed
}

/// pg_rewind's output has lines of the server in it that it starts, and the path of that server's
/// program; a transcript has neither.
fn of_the_program(input: &str, output: &str) -> String {
    if !input.starts_with("pg_rewind ") {
        return output.to_owned();
    }
    // Older majors recover with a server that shows its prompt.
    let lines = (output.lines()).map(|it| it.strip_prefix("backend> ").unwrap_or(it));
    let own = lines.filter(|line| line.starts_with("pg_rewind:"));
    let own = own.collect::<Vec<_>>().join("\n");
    let path = Regex::new(r#""/\S+/postgres""#).expect("it is constant");
    path.replace_all(&own, "\"postgres\"").into_owned()
}

/// With the playbook's own rules.
fn redactor(playbook: &str) -> Redactor {
    let mut redactor = Redactor::new(playbook);
    let rule = Regex::new(r#"(?m)^redact\((?:"((?:[^"\\]|\\.)*)"|`([^`]*)`), *"([^"]*)"\);"#);
    for found in rule.expect("it is constant").captures_iter(playbook) {
        let regex = match found.get(1) {
            Some(text) => text.as_str().replace("\\\\", "\\").replace("\\n", "\n"),
            None => found[2].to_owned(),
        };
        redactor
            .add(&regex, &found[3])
            .expect("the playbook's own rule");
    }
    redactor
}

fn difference(wanted: &str, said: &str) -> String {
    let diff = similar::TextDiff::from_lines(wanted, said);
    diff.unified_diff().header("snapshot", "script").to_string()
}
