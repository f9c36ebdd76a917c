//! The picture of a stage: where everything is. Geometry only; the template draws it.

use std::time::Duration;

use serde::Serialize;

use super::scale::{Scale, tenth};
use super::story::{Lane, Scenario, Stage};
use super::text::{bytes, seconds, visible};
use crate::cost::Mark;
use crate::event::{Reach, Role};

mod bars;
mod flags;

use bars::{Outage, Strip, bars, outages};
use flags::{Flag, flags};

/// Widths of the picture, and of a letter in it.
const WIDTH: f64 = 1000.0;
const LETTER: f64 = 6.7;
/// Heights of what is in it.
const BANDS: f64 = 24.0;
const LANE: f64 = 26.0;
const ADDRESS: f64 = 20.0;
const LAG: f64 = 30.0;
const WRITES: f64 = 52.0;
const GAP: f64 = 8.0;
const AXIS: f64 = 22.0;

/// A picture.
#[derive(Debug, Default, Serialize)]
pub struct Picture {
    pub width: f64,
    pub height: f64,
    /// Where the lanes begin and end: lines of faults go from one to the other.
    pub top: f64,
    pub bottom: f64,
    pub names: Vec<Name>,
    pub bands: Vec<Band>,
    pub flags: Vec<Flag>,
    pub bars: Vec<Bar>,
    pub curves: Vec<Curve>,
    pub strips: Vec<Strip>,
    pub outages: Vec<Outage>,
    pub ticks: Vec<(f64, String)>,
    /// What the colours mean that are in it: a class and a word.
    pub key: Vec<(&'static str, &'static str)>,
}

/// A row's name, beside the picture.
#[derive(Debug, Serialize)]
pub struct Name {
    pub y: f64,
    pub text: String,
    pub quiet: bool,
}

/// A step.
#[derive(Debug, Serialize)]
pub struct Band {
    pub x: f64,
    pub width: f64,
    pub number: usize,
    /// What of its title there is room for.
    pub label: String,
    pub title: String,
    pub odd: bool,
    pub bad: bool,
}

/// What a node is, who holds an address, or that something can't be reached.
#[derive(Debug, Serialize)]
pub struct Bar {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
    pub class: &'static str,
    pub label: String,
    pub title: String,
}

/// How far a standby is behind.
#[derive(Debug, Serialize)]
pub struct Curve {
    pub path: String,
    pub y: f64,
    pub most: String,
}

/// What is to be drawn.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    pub scenario: &'a Scenario<'a>,
    pub number: usize,
    pub window: (Duration, Duration),
    /// What the axis counts from.
    pub zero: Duration,
    /// A close-up tells more of what happens in it.
    pub close: bool,
}

impl<'a> Frame<'a> {
    fn stage(&self) -> &'a Stage<'a> {
        &self.scenario.stages[self.number]
    }
}

/// Lays a picture out.
pub fn picture(frame: Frame<'_>) -> Picture {
    let stage = frame.stage();
    let scale = Scale::new(frame.window, &frame.scenario.pauses, WIDTH, frame.zero);
    let mut picture = Picture {
        width: WIDTH,
        bands: bands(frame, &scale),
        ..Picture::default()
    };
    let (flags, rows) = flags(&stage.marks, &scale, frame.close);
    picture.flags = flags;
    picture.top = BANDS + flags::height(rows);
    let mut y = picture.top + GAP;
    for lane in &stage.nodes {
        picture.name(y + LANE / 2.0, lane.name, false);
        picture.bars.extend(roles(lane, stage.to, &scale, y));
        picture.bars.extend(unreached(lane, &scale, y));
        y += LANE + GAP;
        if let Some(curve) = lag(lane, &scale, y) {
            picture.name(y + LAG / 2.0, "behind", true);
            picture.curves.push(curve);
            y += LAG + GAP;
        }
    }
    for address in &stage.addresses {
        picture.name(y + ADDRESS / 2.0, address.address, true);
        picture.bars.extend(holders(address, &scale, y));
        y += ADDRESS + GAP;
    }
    picture.bottom = y - GAP;
    for workload in &stage.workloads {
        let Some(strip) = bars(workload, &scale, y, WRITES) else {
            continue;
        };
        picture.name(y + WRITES / 2.0, "writes", true);
        picture.strips.push(strip);
        y += WRITES + GAP;
        let drawn = outages(workload, &stage.marks, &scale, y, frame.close);
        if !drawn.is_empty() {
            y += bars::OUTAGE + GAP;
        }
        picture.outages.extend(drawn);
    }
    picture.ticks = scale.ticks();
    picture.key = picture.meanings();
    picture.height = y + AXIS;
    picture
}

impl Picture {
    fn meanings(&self) -> Vec<(&'static str, &'static str)> {
        let is_bar = |class: &str| self.bars.iter().any(|it| it.class == class);
        let written =
            |path: fn(&Strip) -> &String| self.strips.iter().any(|it| !path(it).is_empty());
        let all = [
            ("primary", "primary", is_bar("primary")),
            ("standby", "standby", is_bar("standby")),
            ("recovering", "starts or recovers", is_bar("recovering")),
            ("down", "no server", is_bar("down")),
            ("paused", "frozen", is_bar("paused")),
            ("off", "machine off", is_bar("off")),
            ("cut", "not reached", is_bar("cut")),
            ("cut part", "not reached by all", is_bar("cut part")),
            ("holders", "two holders", is_bar("holders")),
            ("kept", "acknowledged", written(|it| &it.kept)),
            ("lost", "acknowledged and lost", written(|it| &it.lost)),
            ("doubt", "in doubt", written(|it| &it.in_doubt)),
            ("refused", "refused", written(|it| &it.refused)),
        ];
        let there = all.into_iter().filter(|it| it.2);
        there.map(|(class, word, _)| (class, word)).collect()
    }

    fn name(&mut self, y: f64, text: &str, quiet: bool) {
        self.names.push(Name {
            y: tenth(y),
            text: shortened(&visible(text), 126.0),
            quiet,
        });
    }
}

fn bands(frame: Frame<'_>, scale: &Scale) -> Vec<Band> {
    let stage = frame.stage();
    let steps = frame.scenario.steps_of(frame.number);
    let bands = steps.filter_map(|(number, step)| {
        let (x, width) = scale.span(step.from, step.to.unwrap_or(stage.to))?;
        let title = visible(step.title.unwrap_or_default());
        let long = format!("{number}  {title}");
        Some(Band {
            x,
            width,
            number,
            label: if fits(&long, width) {
                long
            } else if width > 60.0 {
                shortened(&long, width)
            } else if fits(&number.to_string(), width) {
                number.to_string()
            } else {
                String::new()
            },
            title,
            odd: number % 2 == 1,
            bad: step.is_bad(),
        })
    });
    bands.collect()
}

fn roles(lane: &Lane<'_>, end: Duration, scale: &Scale, y: f64) -> Vec<Bar> {
    let ends = lane.roles.iter().skip(1).map(|it| it.0).chain([end]);
    let spans = lane.roles.iter().zip(ends);
    let bars = spans.filter_map(|((from, role), to)| {
        let (class, word) = worded((*role)?);
        let (x, width) = scale.span(*from, to)?;
        let took = seconds(to.saturating_sub(*from));
        Some(Bar {
            x,
            y,
            width,
            height: LANE,
            class,
            label: if fits(word, width) {
                word.to_owned()
            } else {
                String::new()
            },
            title: format!("{} is {word}, {took}", visible(lane.name)),
        })
    });
    bars.collect()
}

/// The class and the word of a role.
pub fn worded(role: Role) -> (&'static str, &'static str) {
    match role {
        Role::Primary => ("primary", "primary"),
        Role::Standby => ("standby", "standby"),
        Role::Recovering => ("recovering", "recovering"),
        Role::Down => ("down", "no server"),
        Role::Paused => ("paused", "frozen"),
        Role::Off => ("off", "machine off"),
    }
}

/// What lies over a node's roles while something of its network is broken.
fn unreached(lane: &Lane<'_>, scale: &Scale, y: f64) -> Vec<Bar> {
    let ends = lane.reach.iter().skip(1).map(|it| it.0).chain([scale.to]);
    let bars = lane.reach.iter().zip(ends).filter_map(|(change, to)| {
        let (from, reach, broken) = change;
        let (class, height) = match reach {
            Reach::Whole => return None,
            Reach::Part => ("cut part", 7.0),
            Reach::None => ("cut", 11.0),
        };
        let (x, width) = scale.span(*from, to)?;
        Some(Bar {
            x,
            y: y + LANE - height,
            width,
            height,
            class,
            label: String::new(),
            title: visible(&format!("{}: {}", lane.name, broken.join("; "))),
        })
    });
    bars.collect()
}

fn holders(address: &super::story::Address<'_>, scale: &Scale, y: f64) -> Vec<Bar> {
    let ends = (address.holders.iter().skip(1)).map(|it| it.0);
    let spans = address.holders.iter().zip(ends.chain([scale.to]));
    let bars = spans.filter_map(|((from, nodes), to)| {
        let (x, width) = scale.span(*from, to)?;
        let (class, word) = match nodes {
            [] => ("nobody", "nobody".to_owned()),
            [one] => ("holder", one.clone()),
            many => ("holders", many.join(" and ")),
        };
        let word = visible(&word);
        Some(Bar {
            x,
            y,
            width,
            height: ADDRESS,
            class,
            label: if fits(&word, width) {
                word.clone()
            } else {
                String::new()
            },
            title: format!("{} is held by {word}", visible(address.address)),
        })
    });
    bars.collect()
}

/// A curve in steps: what was seen is true until it is looked at again.
fn lag(lane: &Lane<'_>, scale: &Scale, y: f64) -> Option<Curve> {
    let seen: Vec<_> = lane.behind.iter().filter(|it| scale.holds(it.0)).collect();
    let most = seen.iter().map(|it| it.1).max()?;
    let height = |bytes: u64| {
        #[expect(clippy::cast_precision_loss, reason = "it is a picture")]
        let part = bytes as f64 / most.max(1) as f64;
        tenth(y + LAG - part * (LAG - 4.0))
    };
    let mut path = String::new();
    for (at, (time, bytes)) in seen.iter().enumerate() {
        let (x, y) = (scale.x(*time), height(*bytes));
        path = match at {
            0 => format!("M{x} {y}"),
            _ => format!("{path}H{x}V{y}"),
        };
    }
    Some(Curve {
        path,
        y: tenth(y + LAG),
        most: format!("at most {}", bytes(most)),
    })
}

/// Whether a text has room in a width.
#[expect(clippy::cast_precision_loss, reason = "it is a picture")]
pub fn fits(text: &str, width: f64) -> bool {
    text.chars().count() as f64 * LETTER + 10.0 <= width
}

/// As much of a text as has room.
pub fn shortened(text: &str, width: f64) -> String {
    if fits(text, width) {
        return text.to_owned();
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is a small number of letters"
    )]
    let room = ((width - 10.0) / LETTER).max(1.0) as usize;
    let start: String = text.chars().take(room.saturating_sub(1)).collect();
    format!("{}…", start.trim_end())
}

/// What a mark says in a picture.
pub fn told(mark: &Mark) -> (&'static str, String) {
    match mark {
        Mark::Fault { name } => ("fault", name.clone()),
        Mark::PlannedStop { node } => ("planned", format!("{node} stopped")),
        Mark::PromotionCalled { node } => ("called", format!("promote {node}")),
        Mark::Writable { node } => ("done", format!("{node} writable")),
        Mark::MoveCalled { address } => ("called", format!("move {address}")),
        Mark::VipMoved { address } => ("done", format!("{address} moved")),
    }
}

#[cfg(test)]
mod tests;
