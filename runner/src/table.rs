//! Tables as psql prints them: found in its output, and laid out again when a cell has changed.

use std::sync::LazyLock;

use regex::Regex;
use unicode_width::UnicodeWidthStr;

mod expanded;
mod find;

pub use expanded::{Expanded, Field};
pub use find::parts;

/// A piece of psql's output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Whole lines that are surely no aligned table.
    Text(String),
    /// A table, and its lines as they were printed.
    Table { table: Table, printed: String },
    /// Records in the expanded form, and their lines as they were printed.
    Expanded { records: Expanded, printed: String },
}

/// An aligned table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The line above the header, as `\d` prints one.
    pub title: Option<String>,
    pub columns: Vec<Column>,
    /// Cells by row and column; a cell of several lines has line ends in it.
    pub rows: Vec<Vec<String>>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub align: Align,
    /// In columns of the terminal.
    pub width: usize,
}

/// The side on which psql puts a column's values: numbers stand on the right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
}

impl Table {
    /// Makes a column as wide as its name and cells, for when cells have changed. Other columns keep
    /// their width, as trailing spaces of a value can't be told from psql's padding.
    pub fn fit(&mut self, column: usize) {
        let cells = self.rows.iter().flat_map(|row| row[column].lines());
        let name = self.columns[column].name.width();
        self.columns[column].width = cells.map(UnicodeWidthStr::width).fold(name, usize::max);
    }

    /// The table's lines as psql prints them, without what stands below the last row.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.title.iter().map(|title| self.centred(title)).collect();
        let header = self.columns.iter().map(|column| {
            let space = column.width.saturating_sub(column.name.width());
            let (left, right) = (space / 2, space - space / 2);
            format!(" {:left$}{}{:right$} ", "", column.name, "")
        });
        lines.push(header.collect::<Vec<_>>().join("|"));
        let dashes = self
            .columns
            .iter()
            .map(|column| "-".repeat(column.width + 2));
        lines.push(dashes.collect::<Vec<_>>().join("+"));
        lines.extend(self.rows.iter().flat_map(|row| self.row(row)));
        lines
    }

    fn centred(&self, title: &str) -> String {
        let total: usize = self
            .columns
            .iter()
            .map(|column| column.width + 3)
            .sum::<usize>()
            - 1;
        format!("{:1$}{title}", "", total.saturating_sub(title.width()) / 2)
    }

    fn row(&self, row: &[String]) -> Vec<String> {
        let cells: Vec<Vec<&str>> = row.iter().map(|cell| cell.split('\n').collect()).collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(1);
        (0..height)
            .map(|line| self.row_line(&cells, line))
            .collect()
    }

    fn row_line(&self, cells: &[Vec<&str>], line: usize) -> String {
        let last = cells.len() - 1;
        let mut text = String::new();
        for (at, (column, cell)) in self.columns.iter().zip(cells).enumerate() {
            let value = cell.get(line).copied().unwrap_or("");
            let goes_on = line + 1 < cell.len();
            let space = column.width.saturating_sub(value.width());
            let (left, right) = match column.align {
                Align::Right => (if line < cell.len() { space } else { 0 }, 0),
                Align::Left => (0, space),
            };
            text.push(' ');
            text.push_str(&" ".repeat(left));
            text.push_str(value);
            if at < last || goes_on {
                let ended = line >= cell.len();
                text.push_str(&" ".repeat(if ended { column.width } else { right }));
                text.push(if goes_on { '+' } else { ' ' });
            }
            if at < last {
                text.push('|');
            }
        }
        text
    }
}

/// `(2 rows)`, with the number.
fn row_count(line: &str) -> Option<usize> {
    static COUNT: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^\((\d+) rows?\)$").expect("a valid pattern"));
    COUNT.captures(line)?[1].parse().ok()
}

#[cfg(test)]
mod tests;
