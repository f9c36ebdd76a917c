//! The picture in mermaid's language, which GitHub draws.

use std::fmt::Write;

use super::{Picture, Use};

const CANNOT_FAIL: &str = "a text grows";

/// Names are in labels alone, never in the language itself.
pub(super) fn draw(picture: &Picture) -> String {
    let mut text = "flowchart LR\n".to_owned();
    for (at, network) in picture.networks.iter().enumerate() {
        let subnet = network
            .subnet
            .as_ref()
            .map(|it| format!("<br/>{}", label(it)));
        let (name, subnet) = (label(&network.name), subnet.unwrap_or_default());
        writeln!(text, "    net{at}([\"{name}{subnet}\"])").expect(CANNOT_FAIL);
    }
    for (at, node) in picture.nodes.iter().enumerate() {
        let ports = node.ports.iter();
        let ports = ports.map(|it| {
            format!(
                "<br/>{}",
                label(&format!("{} {}", it.interface, it.address))
            )
        });
        let (name, ports) = (label(&node.name), ports.collect::<String>());
        writeln!(text, "    node{at}[\"<b>{name}</b>{ports}\"]").expect(CANNOT_FAIL);
    }
    for (at, volume) in picture.volumes.iter().enumerate() {
        let name = label(&volume.name);
        writeln!(text, "    volume{at}[(\"{name}\")]").expect(CANNOT_FAIL);
    }
    edges(picture, &mut text);
    text
}

fn edges(picture: &Picture, text: &mut String) {
    for stream in &picture.streams {
        let what = if stream.logical { "changes" } else { "WAL" };
        let (from, to) = (stream.from, stream.to);
        writeln!(text, "    node{from} ==>|\"{what}\"| node{to}").expect(CANNOT_FAIL);
    }
    for (at, node) in picture.nodes.iter().enumerate() {
        for port in &node.ports {
            writeln!(text, "    net{} --- node{at}", port.network).expect(CANNOT_FAIL);
        }
    }
    let moving = picture.nodes.iter().enumerate();
    let moving = moving.flat_map(|(at, node)| node.moving.iter().map(move |it| (at, it)));
    for (number, (at, address)) in moving.enumerate() {
        let address = label(address);
        writeln!(text, "    vip{number}{{{{\"{address}\"}}}} -.-> node{at}").expect(CANNOT_FAIL);
    }
    for (at, volume) in picture.volumes.iter().enumerate() {
        for used in &volume.uses {
            let edge = edge(used, at);
            writeln!(text, "    {edge}").expect(CANNOT_FAIL);
        }
    }
}

fn edge(used: &Use, volume: usize) -> String {
    let node = used.node;
    match (used.writes, used.reads) {
        (true, true) => format!("node{node} <-->|\"archives, recovers\"| volume{volume}"),
        (true, false) => format!("node{node} -->|\"archives\"| volume{volume}"),
        (false, true) => format!("volume{volume} -->|\"recovers\"| node{node}"),
        (false, false) => format!("node{node} --- volume{volume}"),
    }
}

/// What can stand in quotes: letters with a meaning to mermaid or to HTML by their number.
fn label(text: &str) -> String {
    let mut label = String::new();
    for letter in text.chars() {
        match letter {
            '#' | '"' | '&' | '<' | '>' | '`' | '\\' => {
                write!(label, "#{};", u32::from(letter)).expect(CANNOT_FAIL);
            }
            letter if letter.is_control() => label.push(' '),
            letter => label.push(letter),
        }
    }
    label
}
