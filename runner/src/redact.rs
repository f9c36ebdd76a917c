//! Redaction: what changes from run to run becomes a typed placeholder, `<lsn:1>`. The same value has
//! the same number everywhere in a scenario, so that relations stay checkable.

use std::collections::HashSet;

use regex::Regex;

use crate::event::{Form, Shown};
use crate::problem::{Blame, Problem};
use crate::table::{self, Expanded, Field, Part, Table};
use kinds::KINDS;
use rule::{Rule, Span};

mod kinds;
mod numbers;
mod rule;
mod token;

/// Redacts the texts of one scenario, in the order in which its reader sees them.
#[derive(Debug)]
pub struct Redactor {
    /// The playbook's text: a value that stands in it as a whole stays as it is.
    literal: String,
    /// The playbook's own rules before the built-in ones.
    rules: Vec<Rule>,
    numbers: numbers::Numbers,
}

/// Where a text stands, as far as it matters to the rules.
#[derive(Debug, Clone, Copy)]
enum Context<'a> {
    Text,
    /// A cell of a table, with its column's name.
    Cell(&'a str),
}

impl Redactor {
    pub fn new(literal: &str) -> Self {
        Self {
            literal: literal.to_owned(),
            rules: Rule::built_in(),
            numbers: numbers::Numbers::default(),
        }
    }

    /// Leaves alone what stands in this text too.
    pub fn spare(&mut self, literal: &str) {
        self.literal.push('\n');
        self.literal.push_str(literal);
    }

    /// Makes matches of a pattern, or of its first group if it has one, placeholders. A placeholder in
    /// angle brackets is used as it stands, and so is an empty one; any other is a kind, whose values
    /// are numbered. A path of the host is hidden by its escaped text.
    pub fn add(&mut self, pattern: &str, placeholder: &str) -> Result<(), Box<Problem>> {
        let regex = Regex::new(pattern).map_err(|error| {
            let message = format!("`{pattern}` is not a regular expression");
            Box::new(Problem::new(Blame::Playbook, message).note(error.to_string()))
        })?;
        let own = self.rules.iter().take_while(|rule| rule.own).count();
        self.rules.insert(own, Rule::own(regex, placeholder));
        Ok(())
    }

    /// Switches a kind off.
    pub fn drop_kind(&mut self, kind: &str) -> Result<(), Box<Problem>> {
        let before = self.rules.len();
        self.rules.retain(|rule| rule.kind != kind);
        if self.rules.len() < before || kinds().any(|known| known == kind) {
            return Ok(());
        }
        let known: Vec<_> = kinds().collect();
        let message = format!("nothing is redacted as `{kind}`");
        let known = format!("kinds: {}", known.join(", "));
        Err(Box::new(Problem::new(Blame::Playbook, message).note(known)))
    }

    /// A shown command's input and output. psql's tables are laid out again if a cell has changed.
    pub fn shown(&mut self, shown: &Shown) -> (String, String) {
        let node = shown.node.as_deref();
        let input = self.text(node, &shown.input);
        if shown.form != Form::Sql {
            return (input, self.text(node, &shown.output));
        }
        let mut output = Vec::new();
        for part in table::parts(&shown.output) {
            output.push(match part {
                Part::Text(text) => self.text(node, &text),
                Part::Expanded { records, printed } => {
                    self.expanded(node, records).unwrap_or(printed)
                }
                Part::Table { table, printed } => self.table(node, table).unwrap_or(printed),
            });
        }
        (input, output.join("\n"))
    }

    /// Any other text.
    pub fn text(&mut self, node: Option<&str>, text: &str) -> String {
        self.redact(node, text, Context::Text)
    }

    /// The table's lines, if something in it was redacted.
    fn table(&mut self, node: Option<&str>, mut table: Table) -> Option<String> {
        let before = table.clone();
        table.title = table.title.map(|title| self.text(node, &title));
        for row in &mut table.rows {
            for (column, cell) in table.columns.iter().zip(row) {
                *cell = self.redact(node, cell, Context::Cell(&column.name));
            }
        }
        for at in 0..table.columns.len() {
            if table
                .rows
                .iter()
                .zip(&before.rows)
                .any(|(row, old)| row[at] != old[at])
            {
                table.fit(at);
            }
        }
        (table != before).then(|| table.lines().join("\n"))
    }

    fn expanded(&mut self, node: Option<&str>, mut expanded: Expanded) -> Option<String> {
        let before = expanded.clone();
        for Field { name, value } in expanded.records.iter_mut().flatten() {
            *value = self.redact(node, value, Context::Cell(name));
        }
        (expanded != before).then(|| expanded.lines().join("\n"))
    }

    /// A placeholder may set free what stood joined to its value, so that a further pass finds more.
    fn redact(&mut self, node: Option<&str>, text: &str, context: Context<'_>) -> String {
        const PASSES: usize = 8;
        let mut redacted = self.pass(node, text, context);
        for _ in 1..PASSES {
            let further = self.pass(node, &redacted, context);
            if further == redacted {
                break;
            }
            redacted = further;
        }
        redacted
    }

    fn pass(&mut self, node: Option<&str>, text: &str, context: Context<'_>) -> String {
        let mut taken = rule::placeholders(text, &self.rules);
        for rule in &self.rules {
            rule.find(text, context, &self.literal, &mut taken);
        }
        taken.sort_by_key(|span| span.range.start);
        let mut redacted = String::new();
        let mut end = 0;
        for Span { range, rule } in taken {
            let Some(rule) = rule else { continue };
            redacted.push_str(&text[end..range.start]);
            redacted.push_str(&self.numbers.placeholder(rule, node, &text[range.clone()]));
            end = range.end;
        }
        redacted + &text[end..]
    }
}

/// The kinds that are redacted unless a playbook keeps them.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    let mut seen = HashSet::new();
    KINDS
        .iter()
        .map(|kind| kind.name)
        .filter(move |name| seen.insert(*name))
}

#[cfg(test)]
mod tests;
