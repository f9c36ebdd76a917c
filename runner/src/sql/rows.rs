//! Rows of typed values.

use tokio_postgres::types::Type;
use tokio_postgres::{SimpleQueryMessage, Statement};

/// A value as a playbook sees it. What is no integer, float or boolean is text.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Integer(i64),
    Float(f64),
    Boolean(bool),
    Text(String),
}

impl Value {
    /// As psql prints it (NULL as nothing).
    pub fn text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Integer(value) => value.to_string(),
            Self::Float(value) => value.to_string(),
            Self::Boolean(value) => if *value { "t" } else { "f" }.to_owned(),
            Self::Text(value) => value.clone(),
        }
    }
}

/// What a query returned.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rows {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Value>>,
}

impl Rows {
    /// The first column of the first row, if there is a row.
    pub fn first(&self) -> Option<&Value> {
        self.rows.first().and_then(|row| row.first())
    }
}

/// A value as an SQL literal.
pub fn literal(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Integer(value) => value.to_string(),
        Value::Float(value) => format!("'{value}'"),
        Value::Boolean(value) => value.to_string(),
        Value::Text(text) if text.contains('\\') => {
            format!("E'{}'", text.replace('\\', r"\\").replace('\'', "''"))
        }
        Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
    }
}

pub(super) fn types(statement: &Statement) -> Vec<Type> {
    statement
        .columns()
        .iter()
        .map(|column| column.type_().clone())
        .collect()
}

/// Reads the last result that has rows, as psql shows it.
pub(super) fn read(messages: Vec<SimpleQueryMessage>, types: &[Type]) -> Rows {
    let mut rows = Rows::default();
    for message in messages {
        match message {
            SimpleQueryMessage::RowDescription(columns) => {
                rows.columns = columns
                    .iter()
                    .map(|column| column.name().to_owned())
                    .collect();
                rows.rows.clear();
            }
            SimpleQueryMessage::Row(row) => {
                let values = (0..row.len()).map(|at| typed(row.get(at), types.get(at)));
                rows.rows.push(values.collect());
            }
            _ => {}
        }
    }
    rows
}

fn typed(text: Option<&str>, column: Option<&Type>) -> Value {
    let Some(text) = text else { return Value::Null };
    let as_text = || Value::Text(text.to_owned());
    match column {
        Some(&(Type::INT2 | Type::INT4 | Type::INT8 | Type::OID)) => {
            text.parse().map_or_else(|_| as_text(), Value::Integer)
        }
        Some(&(Type::FLOAT4 | Type::FLOAT8)) => {
            text.parse().map_or_else(|_| as_text(), Value::Float)
        }
        Some(&Type::BOOL) => Value::Boolean(text == "t"),
        _ => as_text(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_keep_quotes_and_backslashes() {
        let literals = ["it's", r"C:\temp", "plain"].map(|text| literal(&Value::Text(text.into())));
        assert_eq!(literals, ["'it''s'", r"E'C:\\temp'", "'plain'"]);
    }
}
