//! The picture as an SVG element: networks are rails above the machines, volumes stand below them, WAL
//! flows between them. Colours are the page's, by class.

use std::fmt::Write;

use super::{Node, Picture, Use};
use crate::tutorial::text::xml;

const CANNOT_FAIL: &str = "a text grows";

const MARGIN: usize = 8;
/// Between two nodes.
const GAP: usize = 68;
/// From a node's edge to its text.
const INSET: usize = 13;
/// A node is at least so wide.
const NARROW: usize = 96;
/// Where words about two ways stand below a node, beside those below the next.
const WIDE: usize = 148;
/// Of a letter in the picture's type.
const LETTER: usize = 8;
const LINE: usize = 18;
/// From one rail to the next.
const RAIL: usize = 40;
/// From the last rail to the nodes, and from the nodes to the volumes.
const DROP: usize = 34;
const ARC: usize = 22;
const VOLUME: usize = 50;

pub(super) fn draw(picture: &Picture) -> String {
    let drawing = Drawing {
        picture,
        node: node_width(picture),
        top: nodes_top(picture),
        bottom: nodes_top(picture) + node_height(picture),
    };
    let (width, height) = (drawing.width(), drawing.height());
    let title = "The machines, their networks, volumes and replication";
    let mut text = format!(
        "<svg class=\"picture\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" aria-label=\"{title}\">\n{ARROW}\n"
    );
    drawing.rails(&mut text);
    drawing.streams(&mut text);
    drawing.volumes(&mut text);
    for (at, node) in picture.nodes.iter().enumerate() {
        drawing.node(at, node, &mut text);
    }
    text.push_str("</svg>");
    text
}

const ARROW: &str = "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"9\" \
    markerHeight=\"9\" markerUnits=\"userSpaceOnUse\" orient=\"auto-start-reverse\"><path class=\"arrow\" d=\"M0 0 8 4 0 8z\"/></marker></defs>";

fn nodes_top(picture: &Picture) -> usize {
    match picture.networks.len() {
        0 => MARGIN,
        count => MARGIN + LINE + (count - 1) * RAIL + DROP,
    }
}

/// As wide as the widest line of all.
fn node_width(picture: &Picture) -> usize {
    let letters = |it: &Node| {
        let ports = it.ports.iter();
        let ports =
            ports.map(|port| port.interface.chars().count() + 1 + port.address.chars().count());
        let moving = it.moving.iter().map(|address| address.chars().count() + 2);
        let name = it.name.chars().count() + 1;
        ports.chain(moving).fold(name, usize::max)
    };
    let widest = picture.nodes.iter().map(letters).max().unwrap_or(0);
    let uses = picture.volumes.iter().flat_map(|it| &it.uses);
    let narrow = if uses.clone().any(|it| it.writes && it.reads) {
        WIDE
    } else {
        NARROW
    };
    narrow.max(widest * LETTER + 2 * INSET)
}

fn node_height(picture: &Picture) -> usize {
    let lines = picture
        .nodes
        .iter()
        .map(|it| it.ports.len() + it.moving.len());
    let moving = picture.nodes.iter().any(|it| !it.moving.is_empty());
    44 + lines.max().unwrap_or(0) * LINE + usize::from(moving) * 10
}

struct Drawing<'a> {
    picture: &'a Picture,
    /// A node's width.
    node: usize,
    /// Of the nodes.
    top: usize,
    bottom: usize,
}

impl Drawing<'_> {
    fn width(&self) -> usize {
        let count = self.picture.nodes.len().max(1);
        2 * MARGIN + count * self.node + (count - 1) * GAP
    }

    fn height(&self) -> usize {
        let volumes = if self.picture.volumes.is_empty() {
            0
        } else {
            DROP + VOLUME
        };
        self.bottom + self.arcs() * ARC + volumes + MARGIN
    }

    /// The left edge of a node.
    fn left(&self, at: usize) -> usize {
        MARGIN + at * (self.node + GAP)
    }

    fn rails(&self, text: &mut String) {
        let networks = || self.picture.networks.iter().enumerate();
        for (at, _) in networks() {
            let (y, right) = (Self::rail(at), self.width() - MARGIN);
            writeln!(text, "<g class=\"net\"><path d=\"M{MARGIN} {y}H{right}\"/>")
                .expect(CANNOT_FAIL);
            for (node, port) in self.ports(at) {
                let count = self.picture.nodes[node].ports.len();
                let x = self.left(node) + self.node * (port + 1) / (count + 1);
                let end = self.top;
                writeln!(
                    text,
                    "<path d=\"M{x} {y}V{end}\"/><circle cx=\"{x}\" cy=\"{y}\" r=\"3.5\"/>"
                )
                .expect(CANNOT_FAIL);
            }
            text.push_str("</g>\n");
        }
        // After all lines: a name stands before a line that crosses it.
        for (at, network) in networks() {
            let (name, subnet) = (&network.name, network.subnet.as_deref());
            let (name, subnet) = (xml(name), xml(subnet.unwrap_or_default()));
            let y = Self::rail(at) - 7;
            writeln!(
                text,
                "<text class=\"net\" x=\"{MARGIN}\" y=\"{y}\"><tspan class=\"name\">{name}</tspan> {subnet}</text>"
            )
            .expect(CANNOT_FAIL);
        }
    }

    /// The height of a network's rail.
    fn rail(at: usize) -> usize {
        MARGIN + LINE + at * RAIL
    }

    /// The ports on a network: the node, and the port's number on it.
    fn ports(&self, network: usize) -> impl Iterator<Item = (usize, usize)> {
        let nodes = self.picture.nodes.iter().enumerate();
        nodes.flat_map(move |(at, node)| {
            let ports = node.ports.iter().enumerate();
            let ports = ports.filter(move |(_, port)| port.network == network);
            ports.map(move |(number, _)| (at, number))
        })
    }

    fn node(&self, at: usize, node: &Node, text: &mut String) {
        let (x, y) = (self.left(at), self.top);
        let (width, height) = (self.node, self.bottom - self.top);
        let (inside, first) = (x + INSET, y + 27);
        let name = xml(&node.name);
        writeln!(
            text,
            "<g class=\"node\"><rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"7\"/>\
             <text x=\"{inside}\" y=\"{first}\" class=\"name\">{name}</text>"
        )
        .expect(CANNOT_FAIL);
        let mut y = first + 4;
        for port in &node.ports {
            y += LINE;
            let (interface, address) = (xml(&port.interface), xml(&port.address));
            writeln!(
                text,
                "<text x=\"{inside}\" y=\"{y}\"><tspan class=\"quiet\">{interface}</tspan> {address}</text>"
            )
            .expect(CANNOT_FAIL);
        }
        for address in &node.moving {
            y += LINE + 5;
            let (pill, top, width) = (inside - 6, y - 14, self.node - 16);
            let address = xml(address);
            writeln!(
                text,
                "<rect class=\"moving\" x=\"{pill}\" y=\"{top}\" width=\"{width}\" height=\"20\" rx=\"10\"/>\
                 <text x=\"{}\" y=\"{y}\" text-anchor=\"middle\">{address}</text>",
                x + self.node / 2
            )
            .expect(CANNOT_FAIL);
        }
        text.push_str("</g>\n");
    }

    fn streams(&self, text: &mut String) {
        let mut arcs = 0;
        for stream in &self.picture.streams {
            let what = if stream.logical { "changes" } else { "WAL" };
            if stream.from.abs_diff(stream.to) == 1 {
                self.straight(stream.from, stream.to, what, text);
            } else {
                arcs += 1;
                self.arc(stream.from, stream.to, arcs, what, text);
            }
        }
    }

    /// An arrow through the gap between two neighbours.
    fn straight(&self, from: usize, to: usize, what: &str, text: &mut String) {
        let y = usize::midpoint(self.top, self.bottom);
        let (start, end) = if from < to {
            (self.left(from) + self.node, self.left(to) - 2)
        } else {
            (self.left(from), self.left(to) + self.node + 2)
        };
        let (middle, above) = (usize::midpoint(start, end), y - 7);
        writeln!(
            text,
            "<g class=\"stream\"><path d=\"M{start} {y}H{end}\" marker-end=\"url(#arrow)\"/>\
             <text x=\"{middle}\" y=\"{above}\" text-anchor=\"middle\">{what}</text></g>"
        )
        .expect(CANNOT_FAIL);
    }

    /// An arrow below what stands between.
    fn arc(&self, from: usize, to: usize, number: usize, what: &str, text: &mut String) {
        let start = self.left(from) + self.node / 2 + 12 * number;
        let end = self.left(to) + self.node / 2 - 12 * number;
        let (y, low) = (self.bottom, self.bottom + number * ARC - 4);
        let edge = self.bottom + 2;
        writeln!(
            text,
            "<g class=\"stream\"><path d=\"M{start} {y}V{low}H{end}V{edge}\" marker-end=\"url(#arrow)\"/>\
             <text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{what}</text></g>",
            usize::midpoint(start, end),
            low - 5
        )
        .expect(CANNOT_FAIL);
    }

    /// How many streams go around a node.
    fn arcs(&self) -> usize {
        let far = |it: &&super::Stream| it.from.abs_diff(it.to) > 1;
        self.picture.streams.iter().filter(far).count()
    }

    fn volumes(&self, text: &mut String) {
        let count = self.picture.volumes.len();
        let top = self.bottom + self.arcs() * ARC + DROP;
        for (at, volume) in self.picture.volumes.iter().enumerate() {
            let middle = self.width() * (at + 1) / (count + 1);
            for used in &volume.uses {
                self.link(used, middle, top, text);
            }
            let (left, low) = (middle - 70, top + VOLUME - 8);
            let (name, y) = (xml(&volume.name), top + 31);
            writeln!(
                text,
                "<g class=\"volume\"><path d=\"M{left} {top}V{low}a70 7 0 0 0 140 0V{top}\"/>\
                 <ellipse cx=\"{middle}\" cy=\"{top}\" rx=\"70\" ry=\"7\"/>\
                 <text x=\"{middle}\" y=\"{y}\" text-anchor=\"middle\" class=\"name\">{name}</text></g>"
            )
            .expect(CANNOT_FAIL);
        }
    }

    /// From a node down, and to the side of the volume.
    fn link(&self, used: &Use, middle: usize, top: usize, text: &mut String) {
        let x = self.left(used.node) + self.node / 2;
        let (y, start) = (top + VOLUME / 2, self.bottom);
        let side = if x < middle { middle - 72 } else { middle + 72 };
        let d = if x.abs_diff(middle) < 80 {
            format!("M{middle} {start}V{}", top - 9)
        } else {
            format!("M{x} {start}V{y}H{side}")
        };
        let (writes, reads) = (used.writes, used.reads);
        let end = if writes {
            " marker-end=\"url(#arrow)\""
        } else {
            ""
        };
        let begin = if reads {
            " marker-start=\"url(#arrow)\""
        } else {
            ""
        };
        let what = match (writes, reads) {
            (true, true) => "archives, recovers",
            (true, false) => "archives",
            (false, true) => "recovers",
            (false, false) => "",
        };
        // On the side of the volume: beside a node at the edge there is no place.
        let (anchor, at) = if x < middle {
            ("start", x + 8)
        } else {
            ("end", x - 8)
        };
        let below = self.bottom + 20;
        writeln!(
            text,
            "<g class=\"link\"><path d=\"{d}\"{end}{begin}/>\
             <text x=\"{at}\" y=\"{below}\" text-anchor=\"{anchor}\">{what}</text></g>"
        )
        .expect(CANNOT_FAIL);
    }
}
