//! Numbers for values: the same value, the same number.

use std::collections::HashMap;

use super::kinds::Number;
use super::rule::Rule;

/// Values are counted by kind and, for some kinds, by node.
type Series = (String, Option<String>);

/// The numbers that were given so far, each series in the order of first appearance.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    given: HashMap<Series, HashMap<String, usize>>,
}

impl Numbers {
    pub(super) fn placeholder(&mut self, rule: &Rule, node: Option<&str>, value: &str) -> String {
        let kind = &rule.kind;
        let series = match rule.number {
            Number::None => return format!("<{kind}>"),
            Number::Verbatim => return kind.clone(),
            Number::Scenario | Number::Timeline => (kind.clone(), None),
            Number::Node => (kind.clone(), node.map(str::to_owned)),
        };
        let given = self.given.entry(series).or_default();
        let next = given.len() + 1;
        let number = *given.entry(value.to_owned()).or_insert(next);
        if rule.number == Number::Timeline {
            let timeline = value
                .get(..8)
                .and_then(|hex| u32::from_str_radix(hex, 16).ok());
            return format!("<{kind}:{number} timeline {}>", timeline.unwrap_or(0));
        }
        format!("<{kind}:{number}>")
    }
}
