//! psql's expanded form (`\x`, `\gx`): a line for each column, a heading for each record.

use std::sync::LazyLock;

use regex::Regex;
use unicode_width::UnicodeWidthStr;

/// Records that stand one below the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expanded {
    pub records: Vec<Vec<Field>>,
    /// How wide the names are.
    names: usize,
}

/// A column of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    /// A value of several lines has line ends in it.
    pub value: String,
}

impl Expanded {
    /// Reads the records that begin at a line; with the line after them.
    pub(super) fn read(lines: &[&str], start: usize) -> Option<(Self, usize)> {
        let mut records: Vec<Vec<Field>> = Vec::new();
        let names = lines.get(start + 1)?.find('|')?.checked_sub(1)?;
        let mut end = start;
        let mut goes_on = false;
        while let Some(line) = lines.get(end) {
            if is_heading(line) && !goes_on {
                records.push(Vec::new());
            } else if let Some((name, value, more)) = field(line, names) {
                let record = records.last_mut()?;
                match record.last_mut().filter(|_| goes_on) {
                    Some(field) => field.value = format!("{}\n{value}", field.value),
                    None => record.push(Field {
                        name: name.to_owned(),
                        value: value.to_owned(),
                    }),
                }
                goes_on = more;
            } else {
                break;
            }
            end += 1;
        }
        let expanded = Self { records, names };
        // What does not come out as it was is not surely in this form.
        (expanded.lines() == lines[start..end]).then_some((expanded, end))
    }

    /// The records' lines as psql prints them.
    pub fn lines(&self) -> Vec<String> {
        let values = self
            .records
            .iter()
            .flatten()
            .flat_map(|field| field.value.split('\n'));
        let width = values.map(UnicodeWidthStr::width).max().unwrap_or(0);
        let mut lines = Vec::new();
        for (at, record) in self.records.iter().enumerate() {
            lines.push(self.heading(at + 1, width));
            for field in record {
                self.field(field, width, &mut lines);
            }
        }
        lines
    }

    fn heading(&self, number: usize, width: usize) -> String {
        let mut heading = format!("-[ RECORD {number} ]");
        let dashes = (self.names + 3 + width).saturating_sub(heading.len());
        heading.push_str(&"-".repeat(dashes));
        let bar = self.names + 1;
        if heading.as_bytes().get(bar) == Some(&b'-') && heading[..bar].contains(']') {
            heading.replace_range(bar..=bar, "+");
        }
        heading
    }

    fn field(&self, Field { name, value }: &Field, width: usize, lines: &mut Vec<String>) {
        let mut rest = value.split('\n').peekable();
        let mut name = name.as_str();
        while let Some(line) = rest.next() {
            let space = " ".repeat(self.names.saturating_sub(name.width()));
            let more = rest
                .peek()
                .map(|_| " ".repeat(width.saturating_sub(line.width())) + "+");
            lines.push(format!(
                "{name}{space} | {line}{}",
                more.unwrap_or_default()
            ));
            name = "";
        }
    }
}

/// Whether a line is the heading of a record.
pub(super) fn is_heading(line: &str) -> bool {
    static HEADING: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^-\[ RECORD \d+ \]-*(\+-*)?$").expect("a valid pattern"));
    HEADING.is_match(line)
}

/// Name, value, and whether the value goes on in the next line. Names are plain letters; others are
/// left alone.
fn field(line: &str, names: usize) -> Option<(&str, &str, bool)> {
    let (name, value) = line.split_at_checked(names)?;
    let value = value.strip_prefix(" | ").filter(|_| name.is_ascii())?;
    match value.strip_suffix('+') {
        Some(value) => Some((name.trim_end(), value.trim_end(), true)),
        None => Some((name.trim_end(), value, false)),
    }
}
