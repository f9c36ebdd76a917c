//! The playbook's comments as prose: each `//` comment that stands where a statement could stand
//! becomes a call that tells it, on the same line, so that it is told when the script gets there.

use rhai::{Engine, Token};

/// The name of the call. It has a letter that no playbook's author types by chance.
pub const TELL: &str = "tell_prose";

/// The playbook's text with its comments as calls. Places in it stay the same.
pub fn told(engine: &Engine, source: &str) -> String {
    let lines: Vec<&str> = source.split('\n').collect();
    let tokens = tokens(engine, source);
    let mut told: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    for comment in comments(&lines) {
        let before = tokens
            .iter()
            .rev()
            .find(|token| token.line <= comment.first);
        let after = tokens.iter().find(|token| token.line > comment.last);
        if stands_alone(before, after) {
            let text = serde_json::to_string(&comment.text).expect("a text is valid JSON");
            // Rhai reads the same escapes, save for the short forms of two control characters.
            let text = text.replace("\\b", "\\x08").replace("\\f", "\\x0c");
            told[comment.first] = format!("{TELL}({text});");
            for line in &mut told[comment.first + 1..=comment.last] {
                line.clear();
            }
        }
    }
    told.join("\n")
}

/// A run of comment lines.
struct Comment {
    first: usize,
    last: usize,
    text: String,
}

fn comments(lines: &[&str]) -> Vec<Comment> {
    let mut comments: Vec<Comment> = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let Some(text) = line.trim_start().strip_prefix("//") else {
            continue;
        };
        if text.starts_with('!') || (text.starts_with('/') && !text.starts_with("//")) {
            continue;
        }
        let text = text.strip_prefix(' ').unwrap_or(text).trim_end();
        match comments.last_mut() {
            Some(comment) if comment.last + 1 == number => {
                comment.last = number;
                comment.text = format!("{}\n{text}", comment.text);
            }
            _ => comments.push(Comment {
                first: number,
                last: number,
                text: text.to_owned(),
            }),
        }
    }
    comments
}

/// A token that matters: what it is, on which line (from 0), in which kind of braces it opens.
struct Seen {
    line: usize,
    token: Token,
    /// For `{` and `}`: whether it belongs to a block of statements (and not to a map or `switch`).
    block: bool,
}

fn tokens(engine: &Engine, source: &str) -> Vec<Seen> {
    let mut seen: Vec<Seen> = Vec::new();
    let mut braces: Vec<bool> = Vec::new();
    // How many braces are open where a text's `${` begins, for each text that goes on.
    let mut texts: Vec<usize> = Vec::new();
    let mut switch = false;
    let sources = [source];
    let (lexer, control) = engine.lex(&sources);
    for (token, position) in lexer {
        let block = match token {
            Token::EOF | Token::LexError(_) => break,
            Token::InterpolatedString(_) => {
                texts.push(braces.len());
                false
            }
            Token::Switch => {
                switch = true;
                false
            }
            Token::MapStart => {
                braces.push(false);
                false
            }
            Token::LeftBrace => {
                braces.push(!std::mem::take(&mut switch));
                braces[braces.len() - 1]
            }
            Token::RightBrace => {
                let block = braces.pop().unwrap_or(true);
                if texts.pop_if(|open| *open == braces.len()).is_some() {
                    // The lexer can't know that the text goes on: its parser tells it.
                    control.borrow_mut().is_within_text = true;
                }
                block
            }
            _ => false,
        };
        // The rest of a text after `${…}` may have no place of its own.
        let last = seen.last().map_or(0, |it| it.line);
        seen.push(Seen {
            line: position.line().map_or(last, |line| line - 1),
            token,
            block,
        });
    }
    seen
}

/// Whether a statement could stand between these two tokens without changing what is around it.
fn stands_alone(before: Option<&Seen>, after: Option<&Seen>) -> bool {
    let begins = match before {
        None => true,
        Some(before) => match before.token {
            Token::SemiColon => true,
            Token::LeftBrace | Token::RightBrace => before.block,
            _ => false,
        },
    };
    let ends = match after {
        // At the end of a block whose value is its last expression, a statement would change it.
        Some(after) if after.token == Token::RightBrace => {
            before.is_none_or(|before| before.token == Token::SemiColon)
        }
        Some(after) => !matches!(
            after.token,
            Token::Else
                | Token::Catch
                | Token::While
                | Token::Until
                | Token::Fn
                | Token::Private
                | Token::Const
                | Token::Import
                | Token::Period
                | Token::Comma
                | Token::RightParen
                | Token::RightBracket
        ),
        None => true,
    };
    begins && ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expected: &str) {
        let engine = Engine::new_raw();
        assert_eq!(told(&engine, source), expected);
        assert!(engine.compile(told(&engine, source)).is_ok() || source.contains("undefined"));
    }

    #[test]
    fn a_comment_between_statements_is_told_on_its_line() {
        check(
            "let a = 1;\n// Two\n// lines.\nlet b = 2;",
            "let a = 1;\ntell_prose(\"Two\\nlines.\");\n\nlet b = 2;",
        );
    }

    #[test]
    fn a_comment_within_an_expression_is_left_alone() {
        let source = "let a = #{\n// in a map\nb: 1,\n// last\n};\nlet c = [\n// in an array\n1];";
        check(source, source);
    }

    #[test]
    fn a_comment_before_else_or_a_function_is_left_alone() {
        let source = "if true { 1; }\n// no\nelse { 2; }\n// of the code\nfn f() { 3 }";
        check(source, source);
    }

    #[test]
    fn a_comment_in_a_switch_is_left_alone_and_one_in_its_blocks_told() {
        check(
            "switch 1 {\n// no\n1 => {\n// yes\nlet a = 1;\n}\n_ => ()\n}",
            "switch 1 {\n// no\n1 => {\ntell_prose(\"yes\");\nlet a = 1;\n}\n_ => ()\n}",
        );
    }

    #[test]
    fn the_value_of_a_block_is_kept() {
        let source = "let a = { if true { 1 } else { 2 }\n// no\n};";
        check(source, source);
    }

    #[test]
    fn a_text_with_values_in_it_hides_no_comment_after_it() {
        check(
            "let a = `it's ${if true { `${1}'` } else { \"\" }}\n// no\n'${2}`;\n// yes\nlet b = 2;",
            "let a = `it's ${if true { `${1}'` } else { \"\" }}\n// no\n'${2}`;\ntell_prose(\"yes\");\nlet b = 2;",
        );
    }

    #[test]
    fn a_text_with_values_in_it_hides_no_comment_before_it() {
        check(
            "let a = 1;\n// yes\nfor i in [a] {\nlet b = `with ${i}`;\nlet c = `${i}\n${a}!`;\n}",
            "let a = 1;\ntell_prose(\"yes\");\nfor i in [a] {\nlet b = `with ${i}`;\nlet c = `${i}\n${a}!`;\n}",
        );
    }

    #[test]
    fn documentation_is_no_prose() {
        let source = "//! # Title\n/// of a function\nfn f() { 1 }";
        check(source, source);
    }
}
