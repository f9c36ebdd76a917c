//! Recognises psql's tables. What is not surely one is text.

use std::sync::LazyLock;

use regex::Regex;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::expanded::{Expanded, is_heading};
use super::{Align, Column, Part, Table, row_count};

/// Splits psql's output into tables and the text between them.
pub fn parts(output: &str) -> Vec<Part> {
    let lines: Vec<&str> = output.split('\n').collect();
    let mut parts = Vec::new();
    let mut text = 0;
    let mut at = 0;
    while at < lines.len() {
        let Some((start, end, part)) = part_at(&lines, text, at) else {
            at += 1;
            continue;
        };
        if text < start {
            parts.push(Part::Text(lines[text..start].join("\n")));
        }
        parts.push(part);
        (text, at) = (end, end);
    }
    if text < lines.len() {
        parts.push(Part::Text(lines[text..].join("\n")));
    }
    parts
}

/// What stands around a line: where it begins, the line after it, and itself.
fn part_at(lines: &[&str], from: usize, at: usize) -> Option<(usize, usize, Part)> {
    if is_heading(lines[at]) {
        let (records, end) = Expanded::read(lines, at)?;
        let printed = lines[at..end].join("\n");
        return Some((at, end, Part::Expanded { records, printed }));
    }
    let (start, table, end) = table_around(lines, from, at)?;
    let printed = lines[start..end].join("\n");
    Some((start, end, Part::Table { table, printed }))
}

/// A table whose line of dashes is `dashes`: its first line, itself, and the line after it.
fn table_around(lines: &[&str], from: usize, dashes: usize) -> Option<(usize, Table, usize)> {
    let widths = column_widths(lines[dashes])?;
    let header = dashes.checked_sub(1).filter(|header| *header >= from)?;
    let names =
        cells(lines[header], &widths).filter(|cells| cells.iter().all(|cell| !cell.goes_on))?;
    let above = header.checked_sub(1).filter(|above| *above >= from);
    if above.is_some_and(|above| is_upper_header(lines[above], &widths)) {
        return None;
    }
    let mut records: Vec<Vec<Vec<Cell>>> = Vec::new();
    let mut end = dashes + 1;
    while let Some(row) = lines.get(end).and_then(|line| cells(line, &widths)) {
        let continued = |record: &Vec<Vec<Cell>>| {
            record
                .last()
                .is_some_and(|line| line.iter().any(|cell| cell.goes_on))
        };
        match records.last_mut().filter(|record| continued(record)) {
            Some(record) => record.push(row),
            None => records.push(vec![row]),
        }
        end += 1;
    }
    let counted = lines.get(end).and_then(|line| row_count(line));
    if counted.is_some_and(|count| count != records.len()) {
        return None;
    }
    let title = above.filter(|above| is_title(lines, *above, from, &widths));
    let columns = (0..widths.len())
        .map(|at| Column {
            name: names[at].text.trim().to_owned(),
            align: alignment(&records, at, widths[at]),
            width: widths[at],
        })
        .collect::<Vec<_>>();
    let rows = records
        .iter()
        .map(|record| joined(record, &columns))
        .collect();
    let title_text = title.map(|title| lines[title].trim().to_owned());
    Some((
        title.unwrap_or(header),
        Table {
            title: title_text,
            columns,
            rows,
        },
        end,
    ))
}

/// One line of a cell.
struct Cell<'a> {
    /// With its padding.
    text: &'a str,
    /// Marked with `+`: the value has a further line.
    goes_on: bool,
}

fn column_widths(dashes: &str) -> Option<Vec<usize>> {
    let real = dashes.starts_with("---") && dashes.split('+').all(|run| run.len() > 2);
    (real && dashes.bytes().all(|byte| matches!(byte, b'-' | b'+')))
        .then(|| dashes.split('+').map(|run| run.len() - 2).collect())
}

/// Cuts a line where psql cuts it; none if it does not fit.
fn cells<'a>(line: &'a str, widths: &[usize]) -> Option<Vec<Cell<'a>>> {
    let mut rest = line;
    let mut cells = Vec::new();
    for (at, width) in widths.iter().enumerate() {
        let last = at + 1 == widths.len();
        rest = rest.strip_prefix(' ')?;
        let (text, after) = cut(rest, *width)?;
        let (goes_on, after) = match after.strip_prefix('+') {
            Some(after) => (true, after),
            None => (false, after.strip_prefix(' ').unwrap_or(after)),
        };
        if last && !after.is_empty() {
            return None;
        }
        cells.push(Cell { text, goes_on });
        rest = if last {
            after
        } else {
            after.strip_prefix('|')?
        };
    }
    Some(cells)
}

/// The first `width` columns of a text, or all of it if it is shorter.
fn cut(text: &str, width: usize) -> Option<(&str, &str)> {
    let mut used = 0;
    for (at, letter) in text.char_indices() {
        let wide = letter.width()?;
        if used + wide > width {
            return (used == width).then(|| text.split_at(at));
        }
        used += wide;
    }
    Some((text, ""))
}

/// A header of several lines, which can't be laid out again.
fn is_upper_header(line: &str, widths: &[usize]) -> bool {
    cells(line, widths).is_some_and(|cells| cells.iter().any(|cell| cell.goes_on))
}

/// psql centres a title; one that is wider than its table could be any line, so it must be one of
/// psql's own.
fn is_title(lines: &[&str], at: usize, from: usize, widths: &[usize]) -> bool {
    static OWN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"^(List of .+|Access privileges|[A-Z][a-z]+( [a-z]+)* ".+")$"#)
            .expect("a valid pattern")
    });
    let line = lines[at];
    let title = line.trim_start();
    let alone = at == from || lines[at - 1].is_empty();
    let total = widths.iter().map(|width| width + 3).sum::<usize>() - 1;
    let space = total.saturating_sub(title.width()) / 2;
    let centred = line.len() - title.len() == space;
    alone && !title.is_empty() && centred && (space > 0 || OWN.is_match(title))
}

/// The side on which the values stand; where all are as wide as the column, numbers are taken to
/// stand on the right.
fn alignment(records: &[Vec<Vec<Cell>>], column: usize, width: usize) -> Align {
    let values = records.iter().flatten().map(|line| line[column].text);
    let values: Vec<&str> = values.filter(|text| !text.trim().is_empty()).collect();
    let led = |text: &&str| text.starts_with(' ');
    let trailed = |text: &&str| text.trim_end().width() < width;
    if values.is_empty() || values.iter().any(trailed) {
        return Align::Left;
    }
    let number = |text: &&str| text.trim().parse::<f64>().is_ok();
    if values.iter().any(led) || values.iter().all(number) {
        Align::Right
    } else {
        Align::Left
    }
}

/// The cells of one row, each with all its lines.
fn joined(record: &[Vec<Cell>], columns: &[Column]) -> Vec<String> {
    let value = |at: usize| {
        let mut lines = Vec::new();
        for line in record {
            lines.push(match columns[at].align {
                Align::Left => line[at].text.trim_end(),
                Align::Right => line[at].text.trim(),
            });
            if !line[at].goes_on {
                break;
            }
        }
        lines.join("\n")
    };
    (0..columns.len()).map(value).collect()
}
