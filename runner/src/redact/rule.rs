//! How one rule finds its values in a text.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::Context;
use super::kinds::{KINDS, Kind, Number, Scope};
use super::token::{is_whole, stands_in};

/// A pattern and what becomes of its values.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) kind: String,
    pub(super) number: Number,
    /// It is the playbook's own.
    pub(super) own: bool,
    regex: Regex,
    scope: Place,
    joiners: Option<&'static str>,
    accepts: fn(&str) -> bool,
}

/// Where a rule looks.
#[derive(Debug, Clone)]
enum Place {
    Anywhere,
    OutsideTables,
    Columns(Regex),
}

/// A part of a text that belongs to a rule, or to a placeholder that was there before.
#[derive(Debug)]
pub(super) struct Span<'a> {
    pub(super) range: Range<usize>,
    pub(super) rule: Option<&'a Rule>,
}

impl Rule {
    /// All built-in rules; they are compiled once, clones share the result.
    pub(super) fn built_in() -> Vec<Self> {
        static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| KINDS.iter().map(Rule::of).collect());
        RULES.clone()
    }

    fn of(kind: &Kind) -> Self {
        let compiled = |pattern: &str| Regex::new(pattern).expect("a test compiles all patterns");
        let scope = match kind.scope {
            Scope::Anywhere => Place::Anywhere,
            Scope::OutsideTables => Place::OutsideTables,
            Scope::Columns(names) => Place::Columns(compiled(&format!("^(?i:{names})$"))),
        };
        let pattern = match kind.scope {
            Scope::Columns(_) => format!("^(?:{})$", kind.pattern),
            _ => kind.pattern.to_owned(),
        };
        Self {
            kind: kind.name.to_owned(),
            number: kind.number,
            own: false,
            regex: compiled(&pattern),
            scope,
            joiners: kind.joiners,
            accepts: kind.accepts,
        }
    }

    pub(super) fn own(regex: Regex, placeholder: &str) -> Self {
        let bracketed = placeholder.starts_with('<') && placeholder.ends_with('>');
        let verbatim = bracketed || placeholder.is_empty();
        Self {
            kind: placeholder.to_owned(),
            number: if verbatim {
                Number::Verbatim
            } else {
                Number::Scenario
            },
            own: true,
            regex,
            scope: Place::Anywhere,
            joiners: None,
            accepts: |_| true,
        }
    }

    /// Adds the rule's values in `text` to those that earlier rules have taken.
    pub(super) fn find<'a>(
        &'a self,
        text: &str,
        context: Context<'_>,
        literal: &str,
        taken: &mut Vec<Span<'a>>,
    ) {
        match (&self.scope, context) {
            (Place::OutsideTables, Context::Cell(_)) | (Place::Columns(_), Context::Text) => return,
            (Place::Columns(names), Context::Cell(name)) if !names.is_match(name) => return,
            _ => {}
        }
        let mut at = 0;
        // A match is looked for from the last value's end, not the last match's: what follows a value
        // may be the context of the next.
        while let Some(found) = self.regex.captures_at(text, at) {
            let value = found
                .get(1)
                .or_else(|| found.get(0))
                .expect("group 0 is the match");
            let range = value.range();
            let free = !range.is_empty() && taken.iter().all(|span| apart(&span.range, &range));
            let whole = self
                .joiners
                .is_none_or(|joiners| is_whole(text, &range, joiners));
            if free
                && whole
                && (self.accepts)(value.as_str())
                && !stands_in(literal, value.as_str())
            {
                at = range.end;
                taken.push(Span {
                    range,
                    rule: Some(self),
                });
            } else {
                let step = text[range.start..].chars().next().map_or(1, char::len_utf8);
                at = range.start + step;
            }
            if at > text.len() {
                break;
            }
        }
    }
}

fn apart(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.end <= other.start || other.end <= one.start
}

/// Placeholders that stand in a text already, also those of the playbook's own rules.
pub(super) fn placeholders(text: &str, rules: &[Rule]) -> Vec<Span<'static>> {
    static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"<[A-Za-z][\w-]*>|<[A-Za-z][\w -]*:\d+(?: timeline \d+)?>")
            .expect("a valid pattern")
    });
    let own =
        (rules.iter()).filter(|rule| rule.number == Number::Verbatim && !rule.kind.is_empty());
    let own = own.flat_map(|rule| text.match_indices(&rule.kind));
    let own = own.map(|(at, found)| at..at + found.len());
    let numbered = PLACEHOLDER.find_iter(text).map(|found| found.range());
    own.chain(numbered)
        .map(|range| Span { range, rule: None })
        .collect()
}
