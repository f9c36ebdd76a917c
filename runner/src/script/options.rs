//! Options of host functions: maps whose keys are known.

use std::collections::BTreeMap;
use std::time::Duration;

use rhai::{Dynamic, EvalAltResult, Map, NativeCallContext};

use super::raise::{RhaiResultOf, place, raise};
use crate::problem::{Blame, Place, Problem};

/// The keys that a function's options may have.
#[derive(Debug, Clone, Copy)]
pub struct Keys {
    pub function: &'static str,
    pub keys: &'static [&'static str],
}

/// All functions that take options, for the check before a run.
pub fn all_keys() -> Vec<Keys> {
    [
        super::nodes::KEYS,
        super::networks::KEYS,
        super::vips::KEYS,
        super::faults::KEYS,
        super::servers::KEYS,
        super::sql::KEYS,
        super::commands::KEYS,
        super::sessions::KEYS,
        super::backups::KEYS,
        super::recovery::KEYS,
        super::replication::KEYS,
        super::workloads::KEYS,
        super::invariants::KEYS,
        super::checks::KEYS,
        super::logs::KEYS,
    ]
    .concat()
}

/// The options of one call.
pub struct Options {
    place: Place,
    function: &'static str,
    map: BTreeMap<String, Dynamic>,
}

/// "did you mean": the nearest of some names, if one is near.
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = |name: &&str| strsim::damerau_levenshtein(wanted, name);
    let best = names.into_iter().min_by_key(near)?;
    (strsim::damerau_levenshtein(wanted, best) <= 1 + wanted.len() / 5).then_some(best)
}

/// The problem of an unknown key.
pub fn unknown_key(function: &str, key: &str, keys: &[&str]) -> Problem {
    let mut message = format!("`{function}` has no option `{key}`");
    if let Some(near) = nearest(key, keys.iter().copied()) {
        message = format!("{message}, did you mean `{near}`?");
    }
    Problem::new(Blame::Playbook, message)
        .note(listed("it takes", keys))
        .note(format!("manual: pgdrill api {function}"))
}

/// `it takes: a, b, …`, on as many lines as it needs.
pub fn listed(what: &str, words: &[&str]) -> String {
    let mut lines = vec![format!("{what}:")];
    for (number, word) in words.iter().enumerate() {
        let line = lines.last_mut().expect("there is a first one");
        let comma = if number + 1 < words.len() { "," } else { "" };
        if line.chars().count() + word.len() > 88 {
            lines.push(format!("{word}{comma}"));
        } else {
            *line = format!("{line} {word}{comma}");
        }
    }
    lines.join("\n")
}

impl Options {
    /// The options of the function that is called.
    pub fn of(call: &NativeCallContext<'_>, keys: &[Keys], map: Map) -> RhaiResultOf<Self> {
        Self::at(place(call), call.fn_name(), keys, map)
    }

    /// The options of a function's call at a place.
    pub fn at(place: Place, name: &str, keys: &[Keys], map: Map) -> RhaiResultOf<Self> {
        let keys = keys
            .iter()
            .find(|it| it.function == name)
            .expect("every function with options has its keys");
        for key in map.keys() {
            if !keys.keys.contains(&key.as_str()) {
                return Err(raise(unknown_key(name, key, keys.keys).at(place)));
            }
        }
        Ok(Self {
            place,
            function: keys.function,
            map: map
                .into_iter()
                .map(|(key, value)| (key.to_string(), value))
                .collect(),
        })
    }

    #[expect(
        clippy::unnecessary_box_returns,
        reason = "it is what Rhai's results hold"
    )]
    fn wrong(&self, key: &str, wanted: &str, value: &Dynamic) -> Box<EvalAltResult> {
        let got = match value.type_name() {
            "string" => format!("{:?}", value.to_string()),
            name => format!("{value} ({})", kind(name)),
        };
        let message = format!(
            "option `{key}` of `{}` must be {wanted}, not {got}",
            self.function
        );
        raise(
            Problem::new(Blame::Playbook, message)
                .note(format!("manual: pgdrill api {}", self.function))
                .at(self.place.clone()),
        )
    }

    fn take<T>(
        &mut self,
        key: &str,
        wanted: &str,
        read: impl FnOnce(&Dynamic) -> Option<T>,
    ) -> RhaiResultOf<Option<T>> {
        let Some(value) = self.map.remove(key) else {
            return Ok(None);
        };
        if value.is_unit() {
            return Ok(None);
        }
        match read(&value) {
            Some(read) => Ok(Some(read)),
            None => Err(self.wrong(key, wanted, &value)),
        }
    }

    pub fn text(&mut self, key: &str) -> RhaiResultOf<Option<String>> {
        self.take(key, "text", |value| value.clone().into_string().ok())
    }

    /// A text, or a number as one.
    pub fn word(&mut self, key: &str) -> RhaiResultOf<Option<String>> {
        self.take(key, "text or a number", word)
    }

    pub fn flag(&mut self, key: &str) -> RhaiResultOf<Option<bool>> {
        self.take(key, "true or false", |value| value.as_bool().ok())
    }

    pub fn number(&mut self, key: &str, least: i64, most: i64) -> RhaiResultOf<Option<i64>> {
        let wanted = format!("a number from {least} to {most}");
        self.take(key, &wanted, |value| {
            value.as_int().ok().filter(|it| (least..=most).contains(it))
        })
    }

    pub fn one_of(&mut self, key: &str, words: &[&str]) -> RhaiResultOf<Option<String>> {
        let wanted = format!(
            "one of {}",
            words
                .iter()
                .map(|it| format!("{it:?}"))
                .collect::<Vec<_>>()
                .join(", ")
        );
        self.take(key, &wanted, |value| {
            let value = value.clone().into_string().ok()?;
            words.contains(&value.as_str()).then_some(value)
        })
    }

    /// A duration such as `"30s"` or `"500ms"`.
    pub fn duration(&mut self, key: &str) -> RhaiResultOf<Option<Duration>> {
        self.take(key, "a duration such as \"30s\" or \"500ms\"", |value| {
            humantime::parse_duration(&value.clone().into_string().ok()?).ok()
        })
    }

    /// A size in bytes such as `"64MB"`.
    pub fn size(&mut self, key: &str) -> RhaiResultOf<Option<u64>> {
        self.take(key, "a size such as \"64MB\" or \"1GB\"", |value| {
            bytes(&value.clone().into_string().ok()?)
        })
    }

    /// Percent, in hundredths.
    pub fn share(&mut self, key: &str) -> RhaiResultOf<Option<u32>> {
        self.take(key, "a percentage from 0 to 100", |value| {
            let share = value
                .as_float()
                .or_else(|_| value.as_int().map(whole))
                .ok()?;
            let hundredths = (share * 100.0).round();
            // It fits after the check.
            (0.0..=10_000.0)
                .contains(&hundredths)
                .then(|| format!("{hundredths}").parse().ok())?
        })
    }

    /// Bits a second such as `"8Mbit"`.
    pub fn rate(&mut self, key: &str) -> RhaiResultOf<Option<u64>> {
        self.take(
            key,
            "bits a second such as \"8Mbit\" or \"500kbit\"",
            |value| {
                let text = value.clone().into_string().ok()?.to_lowercase();
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
                number
                    .parse::<u64>()
                    .ok()?
                    .checked_mul(unit)
                    .filter(|it| *it > 0)
            },
        )
    }

    pub fn texts(&mut self, key: &str) -> RhaiResultOf<Vec<String>> {
        let texts = self.take(key, "an array of texts", |value| {
            let items = value.clone().into_array().ok()?;
            items
                .into_iter()
                .map(|item| item.into_string().ok())
                .collect()
        })?;
        Ok(texts.unwrap_or_default())
    }

    /// A map of texts and numbers, such as settings.
    pub fn words(&mut self, key: &str) -> RhaiResultOf<Vec<(String, String)>> {
        let words = self.take(key, "a map of texts, numbers and booleans", |value| {
            settings(&value.clone().try_cast::<Map>()?)?
                .into_iter()
                .map(|(name, value)| Some((name, value?)))
                .collect()
        })?;
        Ok(words.unwrap_or_default())
    }

    /// A value of one of our own types.
    pub fn value<T: Clone + Send + Sync + 'static>(
        &mut self,
        key: &str,
        wanted: &str,
    ) -> RhaiResultOf<Option<T>> {
        self.take(key, wanted, |value| value.clone().try_cast::<T>())
    }

    pub fn raw(&mut self, key: &str) -> Option<Dynamic> {
        self.map.remove(key)
    }

    /// `fails`: true for any failure, else exactly this one.
    pub fn expected(&mut self) -> RhaiResultOf<crate::lab::Expected> {
        use crate::lab::Expected;
        let expected = self.take("fails", "true, an SQLSTATE or an exit code", |value| {
            if let Ok(fails) = value.as_bool() {
                return Some(if fails {
                    Expected::Failure
                } else {
                    Expected::Success
                });
            }
            word(value).map(Expected::Exactly)
        })?;
        Ok(expected.unwrap_or_default())
    }

    #[expect(
        clippy::unnecessary_box_returns,
        reason = "it is what Rhai's results hold"
    )]
    pub fn misuse(&self, message: impl Into<String>) -> Box<EvalAltResult> {
        raise(Problem::new(Blame::Playbook, message).at(self.place.clone()))
    }
}

/// Settings from a map; `()` stands for the default. None: a value is neither text nor number.
pub fn settings(map: &Map) -> Option<Vec<(String, Option<String>)>> {
    (map.iter())
        .map(|(name, value)| {
            let value = if value.is_unit() {
                None
            } else {
                Some(word(value)?)
            };
            Some((name.to_string(), value))
        })
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "a percentage has few digits")]
fn whole(number: i64) -> f64 {
    number as f64
}

fn word(value: &Dynamic) -> Option<String> {
    if let Ok(value) = value.as_bool() {
        return Some(if value { "on" } else { "off" }.to_owned());
    }
    if value.is_int() || value.is_float() {
        return Some(value.to_string());
    }
    value.clone().into_string().ok()
}

/// Bytes of a size such as `64MB`; PostgreSQL's units, in powers of 1024.
pub fn bytes(text: &str) -> Option<u64> {
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

/// A type's name in the user's words.
fn kind(name: &str) -> &str {
    match name {
        "i64" => "a number",
        "f64" => "a number with a fraction",
        "bool" => "true or false",
        "array" => "an array",
        "map" => "a map",
        other => other.rsplit("::").next().unwrap_or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested_only_if_it_is_near() {
        let keys = ["archive", "target_time", "target_name"];
        assert_eq!(nearest("target_tme", keys), Some("target_time"));
        assert_eq!(nearest("banana", keys), None);
    }

    #[test]
    fn sizes_have_postgres_units() {
        assert_eq!(
            ["64MB", "1GB", "8kB", "512"].map(bytes),
            [Some(64 << 20), Some(1 << 30), Some(8 << 10), Some(512)]
        );
        assert_eq!(bytes("many"), None);
    }
}
