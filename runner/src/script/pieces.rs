//! A script's text in pieces: its statements one by one, and whether it is all there.

use rhai::{AST, Engine, Position, Stmt, Token};

/// A token outside of texts, with how deep in brackets it stands.
struct Seen {
    token: Token,
    at: Position,
    depth: usize,
}

/// Whether something is still open at the end of a text that is typed: brackets, a text in
/// backticks, or a comment that waits for what it is about.
pub fn is_open(engine: &Engine, text: &str) -> bool {
    let last = text
        .trim_end_matches(' ')
        .lines()
        .last()
        .unwrap_or_default();
    if last.trim_start().starts_with("//") && !last.trim_start().starts_with("//!") {
        return true;
    }
    let (seen, depth) = tokens(engine, text);
    let unterminated = seen.iter().any(|it| {
        matches!(&it.token, Token::LexError(error) if **error == rhai::LexError::UnterminatedString)
            && offset(text, it.at).is_some_and(|at| text[at..].starts_with('`'))
    });
    depth > 0 || unterminated
}

/// Whether another statement may follow a text as it is.
pub fn is_ended(engine: &Engine, text: &str) -> bool {
    let (seen, _) = tokens(engine, text);
    seen.last().is_none_or(|it| it.token == Token::SemiColon)
}

/// Where the statements of a text begin, in bytes; the first piece begins with the text.
pub fn starts(engine: &Engine, text: &str, ast: &AST) -> Vec<usize> {
    let (seen, _) = tokens(engine, text);
    let mut starts = Vec::new();
    let places = ast.statements().iter().map(Stmt::position);
    for place in places.filter(|it| !it.is_none()) {
        // The place of an expression may be within it.
        let first = (0..seen.len()).rev().find(|&at| {
            seen[at].at <= place && seen[at].depth == 0 && (at == 0 || ends(&seen[at - 1]))
        });
        let start = first.and_then(|at| offset(text, seen[at].at));
        starts.extend(start.filter(|it| starts.last() < Some(it)));
    }
    if let Some(first) = starts.first_mut() {
        *first = 0;
    }
    starts
}

/// Whether a statement may begin after it.
fn ends(token: &Seen) -> bool {
    token.depth == 0 && matches!(token.token, Token::SemiColon | Token::RightBrace)
}

/// The texts of the functions that are defined at or after an offset.
pub fn functions<'a>(engine: &Engine, text: &'a str, after: usize) -> Vec<&'a str> {
    let (seen, _) = tokens(engine, text);
    let mut functions = Vec::new();
    for (at, token) in seen.iter().enumerate() {
        let private = at > 0 && seen[at - 1].token == Token::Private;
        let begin = offset(text, if private { seen[at - 1].at } else { token.at });
        let Some(begin) = begin.filter(|it| token.token == Token::Fn && *it >= after) else {
            continue;
        };
        let close = seen[at..]
            .iter()
            .find(|it| it.token == Token::RightBrace && it.depth == 0);
        let end = close.and_then(|it| offset(text, it.at));
        functions.extend(end.map(|end| &text[begin..=end]));
    }
    functions
}

/// All tokens, and how many brackets are open after them.
fn tokens(engine: &Engine, text: &str) -> (Vec<Seen>, usize) {
    let mut seen = Vec::new();
    // Whether each open bracket is one of a value within a text.
    let mut open: Vec<bool> = Vec::new();
    let mut within = false;
    let inputs = [text];
    let (tokens, control) = engine.lex(&inputs);
    for (token, at) in tokens {
        let opens = matches!(
            token,
            Token::LeftBrace
                | Token::LeftParen
                | Token::LeftBracket
                | Token::MapStart
                | Token::QuestionBracket
        );
        let closes = matches!(
            token,
            Token::RightBrace | Token::RightParen | Token::RightBracket
        );
        if closes && open.pop() == Some(true) {
            // The text goes on behind it.
            control.borrow_mut().is_within_text = true;
        }
        let depth = open.len();
        if opens {
            open.push(std::mem::take(&mut within));
        }
        within = matches!(token, Token::InterpolatedString(_));
        let last = matches!(token, Token::EOF | Token::LexError(_));
        if token != Token::EOF {
            seen.push(Seen { token, at, depth });
        }
        if last {
            break;
        }
    }
    (seen, open.len())
}

/// The offset of a place in a text.
pub fn offset(text: &str, at: Position) -> Option<usize> {
    let (line, column) = (at.line()?, at.position()?);
    let before: usize = (text.split_inclusive('\n').take(line - 1))
        .map(str::len)
        .sum();
    let line = text.get(before..)?;
    let within: usize = line
        .chars()
        .take(column.saturating_sub(1))
        .map(char::len_utf8)
        .sum();
    Some(before + within)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::engine::vocabulary;

    fn open(text: &str) -> bool {
        is_open(&vocabulary(), text)
    }

    #[test]
    fn what_is_open_goes_on_on_the_next_line() {
        for text in [
            "f(",
            "let a = #{",
            "f(|| {",
            "let a = `one",
            "`a ${f(",
            "// a comment",
        ] {
            assert!(open(text), "{text}");
        }
        for text in [
            "",
            "1 + 1",
            "f(\"(\")",
            "`a ${b} (`",
            "let a = \"one",
            "f())",
            "// a\n\n",
            "//! # A",
        ] {
            assert!(!open(text), "{text}");
        }
    }

    #[test]
    fn statements_are_told_apart() {
        let text = "\
// One.
let a = f(`x ${1 + 1}; y`); a + 1;
fn g() { 1; 2 }
if a == 1 { 1; } else { 2; } a.b().c; ha::f(a)";
        let mut engine = vocabulary();
        engine.set_strict_variables(false);
        let ast = engine.compile(text).expect("it parses");
        let starts = starts(&engine, text, &ast);
        let ends = starts.iter().skip(1).copied().chain([text.len()]);
        let pieces: Vec<_> = (starts.iter().zip(ends))
            .map(|(from, to)| text[*from..to].trim())
            .collect();
        insta::assert_snapshot!(pieces.join("\n---\n"), @"
    // One.
    let a = f(`x ${1 + 1}; y`);
    ---
    a + 1;
    fn g() { 1; 2 }
    ---
    if a == 1 { 1; } else { 2; }
    ---
    a.b().c;
    ---
    ha::f(a)
");
        assert_eq!(functions(&engine, text, 10), ["fn g() { 1; 2 }"]);
    }
}
