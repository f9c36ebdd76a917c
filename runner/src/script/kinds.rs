//! What an option's value may be. It is asked at the call, and before a run where the value is
//! written out.

use std::time::Duration;

use rhai::{Dynamic, Map};

use crate::lab::{Expected, Volume};

/// A kind of value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// A text, or a number as one.
    Word,
    Flag,
    /// From the least to the most.
    Number(i64, i64),
    OneOf(&'static [&'static str]),
    /// `"30s"`
    Duration,
    /// `"64MB"`
    Size,
    /// Percent.
    Share,
    /// `"8Mbit"`
    Rate,
    Texts,
    /// An array of some of these.
    AnyOf(&'static [&'static str]),
    /// A map of texts, numbers and booleans.
    Settings,
    /// A map from paths to volumes.
    Volumes,
    /// The failure of SQL that is expected.
    Sqlstate,
    /// The failure of a command that is expected.
    ExitCode,
    /// A value of one of our own types, in words.
    Is(&'static str),
    /// An address, or a node.
    Host,
    /// A moment, as `now` returns one.
    Moment,
    /// A WAL location, `"0/3000148"`.
    Lsn,
    /// A transaction's number.
    Xid,
    /// A timeline to follow.
    Timeline,
}

/// A port of TCP's.
pub const PORT: Kind = Kind::Number(1, 65535);

/// Stands for a value that a playbook computes, where only what is written out can be checked.
#[derive(Debug, Clone)]
pub struct Computed;

impl Kind {
    /// Whether an option may have this value; `()` leaves it at its default.
    pub fn admits(self, value: &Dynamic) -> bool {
        if value.is_unit() || value.is::<Computed>() {
            return true;
        }
        match self {
            Self::Text => value.is_string(),
            Self::Word => word(value).is_some(),
            Self::Flag => value.is_bool(),
            Self::Number(least, most) => number(value, least, most).is_some(),
            Self::OneOf(words) => one_of(value, words).is_some(),
            Self::Duration => duration(value).is_some(),
            Self::Size => size(value).is_some(),
            Self::Share => share(value).is_some(),
            Self::Rate => rate(value).is_some(),
            Self::Texts => all(value, Dynamic::is_string),
            Self::AnyOf(words) => all(value, |it| one_of(it, words).is_some()),
            Self::Settings => each(value, |_, it| word(it).is_some()),
            Self::Volumes => each(value, |path, it| is_path(path) && it.is::<Volume>()),
            Self::Sqlstate => value.is_bool() || is_sqlstate(value),
            Self::ExitCode => value.is_bool() || number(value, 1, 255).is_some(),
            Self::Is(_) => !is_literal(value),
            Self::Host => value.is_string() || !is_literal(value),
            Self::Moment => moment(value),
            Self::Lsn => text(value).is_some_and(|it| is_lsn(&it)),
            Self::Xid => word(value).is_some_and(|it| is_number(&it)),
            Self::Timeline => {
                let fits = |it: String| matches!(&*it, "current" | "latest") || is_number(&it);
                word(value).is_some_and(fits)
            }
        }
    }

    /// What is admitted, in words.
    pub fn wanted(self) -> String {
        let text = match self {
            Self::Text => "text",
            Self::Word => "text or a number",
            Self::Flag => "true or false",
            Self::Number(least, most) => return format!("a number from {least} to {most}"),
            Self::OneOf(words) => return format!("one of {}", quoted(words)),
            Self::Duration => "a duration such as \"30s\" or \"500ms\"",
            Self::Size => "a size such as \"64MB\" or \"1GB\"",
            Self::Share => "a percentage from 0 to 100",
            Self::Rate => "bits a second such as \"8Mbit\" or \"500kbit\"",
            Self::Texts => "an array of texts",
            Self::AnyOf(words) => return format!("an array of some of {}", quoted(words)),
            Self::Settings => "a map of texts, numbers and booleans",
            Self::Volumes => {
                "a map from absolute paths to volumes, #{ \"/mnt/backup\": volume(\"backups\") }"
            }
            Self::Sqlstate => "true, false, or an SQLSTATE such as \"42P01\"",
            Self::ExitCode => "true, false, or an exit code from 1 to 255",
            Self::Is(what) => what,
            Self::Host => "an address or a node",
            Self::Moment => "a time such as \"2026-11-21 10:00:00+00\", as now(node) returns it",
            Self::Lsn => "a WAL location such as \"0/3000148\", as lsn(node) returns it",
            Self::Xid => "the number of a transaction",
            Self::Timeline => "a timeline's number, \"current\" or \"latest\"",
        };
        text.to_owned()
    }
}

fn quoted(words: &[&str]) -> String {
    let words: Vec<_> = words.iter().map(|it| format!("{it:?}")).collect();
    words.join(", ")
}

/// Whether it is a value that can be written out, and so none of our own types.
fn is_literal(value: &Dynamic) -> bool {
    value.is_string()
        || value.is_int()
        || value.is_float()
        || value.is_bool()
        || value.is_char()
        || value.is_array()
        || value.is_map()
}

/// Whether something in it is computed.
pub fn has_computed(value: &Dynamic) -> bool {
    let inner = |it: &Dynamic| it.is::<Computed>() || has_computed(it);
    let items = value.read_lock::<rhai::Array>();
    let of_map = value.read_lock::<Map>();
    items.is_some_and(|items| items.iter().any(inner))
        || of_map.is_some_and(|map| map.values().any(inner))
}

/// Whether it is an array of such values.
fn all(value: &Dynamic, fits: impl Fn(&Dynamic) -> bool) -> bool {
    let items = value.read_lock::<rhai::Array>();
    items.is_some_and(|items| items.iter().all(|it| it.is::<Computed>() || fits(it)))
}

/// Whether it is a map of such keys and values.
fn each(value: &Dynamic, fits: impl Fn(&str, &Dynamic) -> bool) -> bool {
    let Some(map) = value.read_lock::<Map>() else {
        return false;
    };
    let mut items = map.iter();
    items.all(|(key, it)| it.is::<Computed>() || fits(key, it))
}

fn is_path(path: &str) -> bool {
    path.starts_with('/') && path.split('/').all(|part| part != "..")
}

fn is_sqlstate(value: &Dynamic) -> bool {
    let code = value.clone().into_immutable_string().unwrap_or_default();
    let fits = |c: char| c.is_ascii_digit() || c.is_ascii_uppercase();
    code.len() == 5 && code.chars().all(fits)
}

fn text(value: &Dynamic) -> Option<String> {
    value.clone().into_string().ok()
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit())
}

/// Whether it can be a moment. How a date is written otherwise than in ISO's way depends on the server.
fn moment(value: &Dynamic) -> bool {
    let Some(text) = text(value) else {
        return false;
    };
    let date: Vec<_> = text
        .split([' ', 'T'])
        .next()
        .map_or(vec![], |it| it.split('-').collect());
    match *date {
        [year, month, day]
            if year.len() == 4 && [year, month, day].iter().all(|it| is_number(it)) =>
        {
            let within = |it: &str, most| it.parse().is_ok_and(|it: u32| (1..=most).contains(&it));
            within(month, 12) && within(day, 31)
        }
        _ => text.contains(|c: char| c.is_ascii_digit()),
    }
}

fn is_lsn(text: &str) -> bool {
    let half = |it: &str| (1..=8).contains(&it.len()) && it.chars().all(|c| c.is_ascii_hexdigit());
    text.split_once('/')
        .is_some_and(|(high, low)| half(high) && half(low))
}

pub fn word(value: &Dynamic) -> Option<String> {
    if let Ok(value) = value.as_bool() {
        return Some(if value { "on" } else { "off" }.to_owned());
    }
    if value.is_int() || value.is_float() {
        return Some(value.to_string());
    }
    text(value)
}

fn number(value: &Dynamic, least: i64, most: i64) -> Option<i64> {
    let number = value.as_int().ok()?;
    (least..=most).contains(&number).then_some(number)
}

fn one_of(value: &Dynamic, words: &[&str]) -> Option<String> {
    let value = text(value)?;
    words.contains(&value.as_str()).then_some(value)
}

pub fn duration(value: &Dynamic) -> Option<Duration> {
    humantime::parse_duration(&text(value)?).ok()
}

pub fn size(value: &Dynamic) -> Option<u64> {
    bytes(&text(value)?)
}

/// Bytes of a size such as `64MB`; PostgreSQL's units, in powers of 1024.
fn bytes(text: &str) -> Option<u64> {
    let at = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    let shift = match unit.trim() {
        "B" | "" => 0,
        "kB" | "KB" | "k" | "K" => 10,
        "MB" | "M" | "m" => 20,
        "GB" | "G" | "g" => 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_shl(shift)
}

/// Percent, in hundredths.
pub fn share(value: &Dynamic) -> Option<u32> {
    let share = value
        .as_float()
        .or_else(|_| value.as_int().map(whole))
        .ok()?;
    let hundredths = (share * 100.0).round();
    // It fits after the check.
    (0.0..=10_000.0)
        .contains(&hundredths)
        .then(|| format!("{hundredths}").parse().ok())?
}

#[expect(clippy::cast_precision_loss, reason = "a percentage has few digits")]
fn whole(number: i64) -> f64 {
    number as f64
}

/// Bits a second.
pub fn rate(value: &Dynamic) -> Option<u64> {
    let text = text(value)?.to_lowercase();
    let number = text.strip_suffix("bit")?;
    let (number, unit) = match number.strip_suffix(['k', 'm', 'g']) {
        Some(rest) => (rest, &number[rest.len()..]),
        None => (number, ""),
    };
    let unit = match unit {
        "k" => 1000,
        "m" => 1_000_000,
        "g" => 1_000_000_000,
        _ => 1,
    };
    let bits = number.parse::<u64>().ok()?.checked_mul(unit)?;
    (bits > 0).then_some(bits)
}

/// True for any failure, else exactly this one.
pub fn expected(value: &Dynamic) -> Option<Expected> {
    Some(match value.as_bool() {
        Ok(true) => Expected::Failure,
        Ok(false) => Expected::Success,
        Err(_) => Expected::Exactly(word(value)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_postgres_units() {
        assert_eq!(
            ["64MB", "1GB", "8kB", "512"].map(bytes),
            [Some(64 << 20), Some(1 << 30), Some(8 << 10), Some(512)]
        );
        assert_eq!(bytes("many"), None);
    }

    #[test]
    fn targets_of_a_recovery_can_be_told_from_mistakes() {
        let admits = |kind: Kind, text: &str| kind.admits(&text.into());
        let moments = [
            "2026-11-21 10:00:00.5+00",
            "2026-11-21T10:00Z",
            "21.11.2026 10:00",
        ];
        assert!(moments.iter().all(|it| admits(Kind::Moment, it)));
        let others = ["yesterday", "2026-13-01 10:00", "2026-11-45", ""];
        assert!(!others.iter().any(|it| admits(Kind::Moment, it)));
        assert!(admits(Kind::Lsn, "0/3000148") && admits(Kind::Lsn, "A/ff"));
        assert!(
            !["zzz", "0/", "1/2/3", "0x3"]
                .iter()
                .any(|it| admits(Kind::Lsn, it))
        );
        assert!(Kind::Xid.admits(&726.into()) && !admits(Kind::Xid, "abc"));
        assert!(admits(Kind::Timeline, "latest") && !admits(Kind::Timeline, "last"));
    }

    #[test]
    fn what_is_computed_is_not_judged() {
        let array = Dynamic::from_array(vec!["NET_RAW".into(), Dynamic::from(Computed)]);
        assert!(Kind::AnyOf(&["NET_RAW"]).admits(&array));
        assert!(!Kind::AnyOf(&["NET_ADMIN"]).admits(&array));
        assert!(!Kind::Text.admits(&array));
    }

    #[test]
    fn a_failure_of_sql_has_another_form_than_that_of_a_command() {
        let fits = |value: Dynamic| (Kind::Sqlstate.admits(&value), Kind::ExitCode.admits(&value));
        assert_eq!(fits(true.into()), (true, true));
        assert_eq!(fits("42P01".into()), (true, false));
        assert_eq!(fits(3.into()), (false, true));
        assert_eq!(fits("no such table".into()), (false, false));
        assert_eq!(fits(0.into()), (false, false));
    }
}
