//! Options of host functions: maps whose keys are known.

use std::collections::BTreeMap;
use std::time::Duration;

use rhai::{Dynamic, EvalAltResult, Map, NativeCallContext};

use super::kinds::{self, Kind};
use super::raise::{RhaiResultOf, place, raise};
use crate::lab::Expected;
use crate::problem::{Blame, Place, Problem};

/// An option, and what it may be.
pub type Key = (&'static str, Kind);

/// The keys that a function's options may have.
#[derive(Debug, Clone, Copy)]
pub struct Keys {
    pub function: &'static str,
    pub keys: &'static [Key],
}

/// Keys that several functions share, and those that one of them has besides.
pub const fn together<const A: usize, const B: usize, const N: usize>(
    shared: &[Key; A],
    own: &[Key; B],
) -> [Key; N] {
    assert!(A + B == N, "as many as both have");
    let mut all = [shared[0]; N];
    let mut at = 0;
    while at < N {
        all[at] = if at < A { shared[at] } else { own[at - A] };
        at += 1;
    }
    all
}

impl Keys {
    fn names(&self) -> Vec<&'static str> {
        self.keys.iter().map(|(name, _)| *name).collect()
    }

    fn kind(&self, key: &str) -> Option<Kind> {
        let mut keys = self.keys.iter();
        keys.find_map(|(name, kind)| (*name == key).then_some(*kind))
    }
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
    keys: Keys,
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

/// The problem of a value that an option can't have.
pub fn wrong_value(function: &str, key: &str, kind: Kind, value: &Dynamic) -> Problem {
    let wanted = kind.wanted();
    let message = format!(
        "option `{key}` of `{function}` must be {wanted}, not {}",
        shown(value)
    );
    Problem::new(Blame::Playbook, message).note(format!("manual: pgdrill api {function}"))
}

/// A value and its type.
fn shown(value: &Dynamic) -> String {
    let kind = type_in_words(value.type_name());
    if value.is_string() {
        return format!("{:?}", value.to_string());
    }
    if value.is_array() || value.is_map() {
        let text = value.to_string();
        let tells = text.len() < 60 && !kinds::has_computed(value);
        return if tells { text } else { kind.to_owned() };
    }
    format!("{value} ({kind})")
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
        let keys = *keys
            .iter()
            .find(|it| it.function == name)
            .expect("every function with options has its keys");
        for (key, value) in &map {
            let Some(kind) = keys.kind(key) else {
                return Err(raise(unknown_key(name, key, &keys.names()).at(place)));
            };
            if !kind.admits(value) {
                return Err(raise(wrong_value(name, key, kind, value).at(place)));
            }
        }
        Ok(Self {
            place,
            keys,
            map: map
                .into_iter()
                .map(|(key, value)| (key.to_string(), value))
                .collect(),
        })
    }

    fn take<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&Dynamic) -> Option<T>,
    ) -> RhaiResultOf<Option<T>> {
        let Some(value) = self.map.remove(key).filter(|it| !it.is_unit()) else {
            return Ok(None);
        };
        if let Some(read) = read(&value) {
            return Ok(Some(read));
        }
        let kind = self.keys.kind(key).expect("what is read is an option");
        let problem = wrong_value(self.keys.function, key, kind, &value);
        Err(raise(problem.at(self.place.clone())))
    }

    pub fn text(&mut self, key: &str) -> RhaiResultOf<Option<String>> {
        self.take(key, |value| value.clone().into_string().ok())
    }

    pub fn word(&mut self, key: &str) -> RhaiResultOf<Option<String>> {
        self.take(key, kinds::word)
    }

    pub fn flag(&mut self, key: &str) -> RhaiResultOf<Option<bool>> {
        self.take(key, |value| value.as_bool().ok())
    }

    /// A number; what its kind admits fits into the type that it is for.
    pub fn number<T: TryFrom<i64>>(&mut self, key: &str) -> RhaiResultOf<Option<T>> {
        self.take(key, |value| T::try_from(value.as_int().ok()?).ok())
    }

    pub fn duration(&mut self, key: &str) -> RhaiResultOf<Option<Duration>> {
        self.take(key, kinds::duration)
    }

    /// Bytes.
    pub fn size(&mut self, key: &str) -> RhaiResultOf<Option<u64>> {
        self.take(key, kinds::size)
    }

    /// Percent, in hundredths.
    pub fn share(&mut self, key: &str) -> RhaiResultOf<Option<u32>> {
        self.take(key, kinds::share)
    }

    /// Bits a second.
    pub fn rate(&mut self, key: &str) -> RhaiResultOf<Option<u64>> {
        self.take(key, kinds::rate)
    }

    pub fn texts(&mut self, key: &str) -> RhaiResultOf<Vec<String>> {
        let texts = self.take(key, |value| {
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
        let words = self.take(key, |value| {
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
    ) -> RhaiResultOf<Option<T>> {
        self.take(key, |value| value.clone().try_cast::<T>())
    }

    pub fn raw(&mut self, key: &str) -> Option<Dynamic> {
        self.map.remove(key)
    }

    /// `fails`: true for any failure, else exactly this one.
    pub fn expected(&mut self) -> RhaiResultOf<Expected> {
        let expected = self.take("fails", kinds::expected)?;
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
                Some(kinds::word(value)?)
            };
            Some((name.to_string(), value))
        })
        .collect()
}

/// A type's name in the user's words.
fn type_in_words(name: &str) -> &str {
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
}
