//! A tutorial as a script: the same commands, with the docker client and a shell alone.

use std::path::PathBuf;

use crate::engine::{heredoc, quoted};
use crate::image::{Written, published_base, written};
use crate::problem::Problem;

use super::lines::Writer;
use super::needs::Needs;
use super::page::{Page, Part};

const BASE: &str = include_str!("sh/base.sh");
const IMAGES: &str = include_str!("sh/images.sh");
/// What a reader has too.
pub(super) const NETWORK: &str = include_str!("sh/network.sh");
const ADDRESS: &str = include_str!("sh/address.sh");
const SESSION: &str = include_str!("sh/session.sh");
const CLIENTS: &str = include_str!("sh/clients.sh");

/// The script of a page, whose images are of this major and come from these roots first.
pub fn script(page: &Page, roots: &[PathBuf], major: u32) -> Result<String, Box<Problem>> {
    let needs = Needs::of(page);
    let mut images: Vec<Written> = Vec::new();
    for name in &needs.images {
        for image in written(roots, name, major).map_err(Problem::from)? {
            if !images.contains(&image) {
                images.push(image);
            }
        }
    }
    let base = published_base(major).map_err(Problem::from)?;
    let mut chapters = vec![head(page, major, &base), BASE.to_owned()];
    let chosen = [
        (needs.network, NETWORK),
        (needs.network, ADDRESS),
        (needs.sessions, SESSION),
        (needs.clients, CLIENTS),
    ];
    let chosen = chosen.iter().filter(|(needed, _)| *needed);
    chapters.extend(chosen.map(|(_, text)| (*text).to_owned()));
    chapters.push(names(&needs));
    if !images.is_empty() {
        chapters.push(image_files(&images, major, &base));
    }
    if needs.network {
        chapters.push("start_fabric\n".to_owned());
    }
    chapters.push(drill(page)?);
    Ok(chapters.join("\n"))
}

fn head(page: &Page, major: u32, base: &str) -> String {
    format!(
        "#!/usr/bin/env bash\n\
         {}\
         #\n\
         # The drill of {}, played with the docker client and a shell alone, on PostgreSQL {major}.\n\
         # It makes its images from $BASE_IMAGE ({base} unless that is set) and keeps\n\
         # them; all else that it makes it removes at its end.\n\
         #\n\
         # Single quotes stand around what is for a node's shell to expand:\n\
         # shellcheck disable=SC2016\n\
         set -euo pipefail\n",
        comment(&page.title),
        one_line(&page.source),
    )
}

/// Refuses names that are taken, and removes at the end what was made.
fn names(needs: &Needs) -> String {
    let mut containers = needs.nodes.clone();
    if needs.network {
        containers.push("pgdrill-fabric".to_owned());
    }
    let kinds = [
        ("container", "docker rm -fv", &containers),
        ("volume", "docker volume rm", &needs.volumes),
        ("image", "docker image rm", &needs.saved),
    ];
    let kinds: Vec<_> = kinds
        .iter()
        .filter(|(_, _, names)| !names.is_empty())
        .collect();
    let mut lines = vec!["taken=''".to_owned()];
    lines.extend(
        kinds
            .iter()
            .map(|(kind, _, names)| format!("refuse {kind} {}", words(names))),
    );
    let removals = (kinds.iter()).map(|(_, remove, names)| format!("{remove} {}", words(names)));
    let removals: Vec<_> = removals.collect();
    let advice = format!(
        "\nIf nobody needs them, this removes them:\n    {}",
        removals.join("\n    ")
    );
    lines.push(format!(
        "[ -z \"$taken\" ] || die \"these are there already, and are not touched:$taken\"{}\n\n\
         clean_up() {{\n    local status=$?\n    trap - EXIT",
        quoted(&advice)
    ));
    lines.push("    remove_containers".to_owned());
    // Containers are known by their label; of the rest nobody else has had the names.
    let others = removals.iter().filter(|it| !it.starts_with("docker rm "));
    lines.extend(others.map(|it| format!("    command {it} >/dev/null 2>&1 || :")));
    let end = "    rm -rf \"$scratch\"\n    exit \"$status\"\n}\ntrap clean_up EXIT\n";
    lines.push(end.to_owned());
    lines.join("\n")
}

/// The images' folders, and their building.
fn image_files(images: &[Written], major: u32, base: &str) -> String {
    let rule = "-".repeat(82);
    let begin =
        format!("# --- The images {rule}\n\nbase_image=${{BASE_IMAGE:-{base}}}\n\n{IMAGES}");
    let mut blocks = vec![begin];
    for image in images {
        for file in &image.files {
            let mode = if file.executable { " 755" } else { "" };
            let path = quoted(&format!("{}/{}", image.name, file.path));
            // A here-document ends its last line.
            let content = file.text.strip_suffix('\n').unwrap_or(&file.text);
            blocks.push(format!("file {path}{mode} {}\n", heredoc(content)));
        }
        let base = if image.takes_base {
            " --build-arg \"BASE_IMAGE=$base_image\""
        } else {
            ""
        };
        let major = if image.takes_major {
            format!(" --build-arg PG_MAJOR={major}")
        } else {
            String::new()
        };
        let (name, hash) = (quoted(&image.name), &image.hash);
        blocks.push(format!("image {name} {hash}{base}{major}\n"));
    }
    blocks.join("\n")
}

fn drill(page: &Page) -> Result<String, Box<Problem>> {
    let mut writer = Writer::new(page);
    for part in &page.parts {
        match part {
            Part::Heading { level, title } => {
                writer.blank();
                writer.line(&format!("step '{}' {}", "#".repeat(*level), quoted(title)));
            }
            Part::Prose(text) if text == "<!-- -->" => {}
            Part::Prose(text) => {
                writer.blank();
                writer.line(comment(text).trim_end());
            }
            Part::Block(lines) | Part::Hidden(lines) => {
                writer.blank();
                writer.block(lines)?;
            }
        }
    }
    Ok(writer.text())
}

/// Words of a command.
fn words(names: &[String]) -> String {
    let words: Vec<_> = names.iter().map(|it| quoted(it)).collect();
    words.join(" ")
}

/// A text as comment lines of the script.
pub(super) fn comment(text: &str) -> String {
    let lines = text.split('\n').map(one_line);
    let lines = lines.map(|line| format!("{}\n", format!("# {line}").trim_end()));
    lines.collect()
}

/// Without what could end a line of a script, or move a terminal's cursor.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() && c != '\t' { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests;
