//! Rhai's own errors in the words of a playbook's author.

use rhai::{Engine, EvalAltResult, LexError, ParseError, ParseErrorType, Token};

use super::engine::{DISABLED, Playbook};
use super::manual;
use super::options::nearest;
use super::raise::place_of;
use crate::problem::{Blame, Problem};

/// A playbook that does not parse.
pub fn unparsed(engine: &Engine, playbook: &Playbook, error: &ParseError) -> Problem {
    let mut problem = parsing(error.err_type());
    if let ParseErrorType::VariableUndefined(name) = error.err_type() {
        problem = undefined(engine, &playbook.source, name);
        if is_key(&playbook.source, error) {
            problem = parsing(error.err_type()).note("a map is written `#{ … }`");
        } else if is_assigned(&playbook.source, error, name) {
            problem = problem.note(format!("`let {name} = …` makes a variable"));
        }
    }
    let place = place_of(&playbook.path, error.position());
    let lines = playbook.source.trim_end().lines();
    let (line, column) = (
        lines.clone().count(),
        lines.last().map_or(0, |it| it.chars().count()),
    );
    // What is missing at the end is missing after the last thing that is there.
    if place.line > 0 && (place.line, place.column) < (line, column) {
        return problem.at(place);
    }
    if matches!(error.err_type(), ParseErrorType::MissingToken(token, _) if token == ";") {
        problem = parsing(&ParseErrorType::UnexpectedEOF);
    }
    problem.at(crate::event::Place {
        line: line.max(1),
        column: column.max(1),
        ..place
    })
}

/// An error of the parser, without its place.
pub fn parsing(error: &ParseErrorType) -> Problem {
    use ParseErrorType as E;
    let is = |message: String| Problem::new(Blame::Playbook, message);
    match error {
        E::UnexpectedEOF => is("the playbook ends in the middle of something".to_owned())
            .note("a `}`, a `)` or a `]` is missing"),
        E::BadInput(LexError::UnterminatedString) => {
            is("this text has no closing quote".to_owned())
                .note("a text of several lines stands in backticks: `…`")
        }
        E::BadInput(LexError::MalformedChar(_)) => {
            is("a text stands in double quotes: \"…\"".to_owned())
                .note("single quotes are for one character")
        }
        E::BadInput(LexError::MalformedEscapeSequence(text)) => is(format!(
            "`{text}` is no escape sequence"
        ))
        .note("a backslash in a text is written twice, `\\\\`, or the text stands in backticks"),
        E::BadInput(LexError::ImproperSymbol(symbol, _)) if symbol == "=" => {
            is("`=` assigns; `==` compares".to_owned())
        }
        E::BadInput(LexError::ImproperSymbol(symbol, _)) if DISABLED.contains(&symbol.as_str()) => {
            reserved(symbol)
        }
        E::MissingToken(token, _) if token == ";" => is("a `;` is missing before this".to_owned()),
        E::MissingToken(token, purpose) => is(format!("expected `{token}` {purpose}")),
        E::VariableUndefined(name) => is(format!("`{name}` is not defined")),
        E::ModuleUndefined(name) => is(format!("`{name}` is not imported")).note(format!(
            "`import \"lib/{name}\" as {name};` at the top imports it"
        )),
        E::Reserved(name) => reserved(name),
        E::AssignmentToConstant(name) if !name.is_empty() => {
            is(format!("`{name}` is a constant, so it can't be changed"))
                .note("`let` makes a variable")
        }
        E::MismatchedType(wanted, got) => is(format!("expected {wanted}, not {got}")),
        E::FnDuplicatedDefinition(name, count) => is(format!(
            "the function `{name}` with {count} {} is defined twice",
            if *count == 1 {
                "parameter"
            } else {
                "parameters"
            }
        )),
        E::WrongFnDefinition => {
            is("a function can't be defined in a block or in another function".to_owned())
        }
        E::WrongDocComment => {
            is("`///` describes the function that follows it, and none does".to_owned())
                .note("prose begins with `//`")
        }
        E::LoopBreak => is("`break` and `continue` stand in loops only".to_owned()),
        E::DuplicatedProperty(key) => is(format!("`{key}` stands twice in this map")),
        E::DuplicatedVariable(name) => is(format!("`{name}` stands twice here")),
        E::PropertyExpected => is("expected a name here".to_owned()),
        E::VariableExpected => is("expected a variable's name here".to_owned()),
        E::ExprTooDeep => is("this is nested too deeply".to_owned()),
        other => is(lower(&backticks(&other.to_string()))),
    }
}

/// An error of a running script that is Rhai's own.
pub fn running(error: &EvalAltResult) -> Problem {
    use EvalAltResult as E;
    let is = |message: String| Problem::new(Blame::Playbook, message);
    match error {
        E::ErrorParsing(error, _) => parsing(error),
        E::ErrorTooManyOperations(_) => {
            is("the playbook computes without end (too many operations)".to_owned())
        }
        E::ErrorStackOverflow(_) => is("functions call each other without end".to_owned()),
        E::ErrorVariableNotFound(name, _) => is(format!("`{name}` is not defined")),
        E::ErrorFunctionNotFound(signature, _) => not_found(signature),
        E::ErrorPropertyNotFound(name, _) => is(format!("there is no `{name}` in this map")),
        E::ErrorArrayBounds(length, index, _) => is(format!(
            "there is no item {index} in an array of {length} (the first one is 0)"
        )),
        E::ErrorMismatchDataType(wanted, got, _) => {
            is(format!("expected {}, not {}", kind(wanted), kind(got)))
        }
        E::ErrorFor(_) => is("`for` goes through arrays and ranges, not through this".to_owned()),
        E::ErrorArithmetic(message, _) => is(lower(&backticks(message))),
        other => is(lower(&backticks(&without_place(other)))),
    }
}

/// A word that can't be a name, or a function of Rhai's that playbooks have not got.
pub fn reserved(name: &str) -> Problem {
    let is = |message: String| Problem::new(Blame::Playbook, message);
    match name {
        "sleep" => is("playbooks have no `sleep`".to_owned()).note(
            "each function returns when its effect is there; `wait_until` waits for all else",
        ),
        "exit" => {
            is("playbooks have no `exit`".to_owned()).note("`return` ends one, `throw` fails it")
        }
        "eval" => is("playbooks have no `eval`".to_owned()),
        "var" | "static" => unusable(name).note("`let` makes a variable: `let name = …`"),
        "null" | "nil" | "void" => unusable(name).note("nothing (NULL) is `()`"),
        "match" | "case" => unusable(name).note("`switch` chooses"),
        name if name.starts_with(char::is_alphabetic) => unusable(name).note("choose another name"),
        symbol => is(format!("unexpected `{symbol}`")),
    }
}

fn unusable(name: &str) -> Problem {
    let message = format!("`{name}` is a reserved word, so nothing can have it as its name");
    Problem::new(Blame::Playbook, message)
}

/// A variable that does not exist: a misspelt one, a function's name, or one outside a function.
fn undefined(engine: &Engine, source: &str, name: &str) -> Problem {
    let declared = declared(engine, source);
    let problem = |message: String| Problem::new(Blame::Playbook, message);
    if declared.iter().any(|it| it == name) {
        return problem(format!("`{name}` is not defined here")).note(
            "a function sees its parameters, not the playbook's variables;\n\
             what `const` defines it sees as `global::NAME`",
        );
    }
    if let Some(entry) = manual::find(name).first() {
        return problem(format!("`{name}` is a function: call it with `{name}(…)`"))
            .note(entry.signatures.join("\n"));
    }
    match nearest(name, declared.iter().map(String::as_str)) {
        Some(near) => problem(format!("`{name}` is not defined, did you mean `{near}`?")),
        None => problem(format!("`{name}` is not defined")),
    }
}

/// Whether the name that is not defined is a map's key, so that the map has no `#`.
pub fn is_key(source: &str, error: &ParseError) -> bool {
    let ParseErrorType::VariableUndefined(name) = error.err_type() else {
        return false;
    };
    let after = after(source, error, name);
    after.starts_with(':') && !after.starts_with("::")
}

/// Whether a value is given to the name that is not defined.
fn is_assigned(source: &str, error: &ParseError, name: &str) -> bool {
    let after = after(source, error, name);
    after.starts_with('=') && !after.starts_with("==")
}

/// The rest of the line after the name that an error is about.
fn after(source: &str, error: &ParseError, name: &str) -> String {
    let place = place_of("", error.position());
    let line = source.lines().nth(place.line.saturating_sub(1));
    let line = line.unwrap_or_default().chars();
    let after = line.skip(place.column.saturating_sub(1) + name.chars().count());
    after.collect::<String>().trim_start().to_owned()
}

/// The names that a playbook gives to variables.
fn declared(engine: &Engine, source: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut naming = false;
    for (token, _) in engine.lex(&[source][..]).0 {
        match token {
            Token::EOF | Token::LexError(_) => break,
            Token::Identifier(name) if naming => {
                names.push(name.to_string());
                naming = false;
            }
            Token::Let | Token::Const | Token::For => naming = true,
            Token::LeftParen => {}
            _ => naming = false,
        }
    }
    names
}

/// `psql (i64, &str | ImmutableString | String)`: what was called, with what.
fn not_found(signature: &str) -> Problem {
    let (name, arguments) = signature.split_once(" (").unwrap_or((signature, ")"));
    let arguments = arguments.trim_end_matches(')');
    let kinds: Vec<_> = (arguments.split(", "))
        .filter(|it| !it.is_empty())
        .map(kind)
        .collect();
    let message = match kinds.as_slice() {
        [one, other] if !name.starts_with(char::is_alphabetic) => {
            format!("`{name}` does not work on {one} and {other}")
        }
        [] => format!("`{name}` can't be called without arguments"),
        kinds => format!("`{name}` does not take ({})", kinds.join(", ")),
    };
    let problem = Problem::new(Blame::Playbook, message);
    let signatures: Vec<_> = (manual::find(name).into_iter())
        .flat_map(|entry| entry.signatures)
        .collect();
    if signatures.is_empty() {
        return problem;
    }
    problem
        .note(signatures.join("\n"))
        .note(format!("manual: pgdrill api {name}"))
}

/// A type of Rhai's in the user's words.
fn kind(name: &str) -> &str {
    match name {
        "i64" => "a number",
        "f64" => "a number with a fraction",
        "bool" => "true or false",
        "()" => "nothing (NULL)",
        "array" => "an array",
        "map" => "a map",
        "Fn" => "a closure",
        "string" => "a text",
        name if name.starts_with("&str") => "a text",
        other => other.rsplit("::").next().unwrap_or(other),
    }
}

/// Rhai's message without the position that it appends.
fn without_place(error: &EvalAltResult) -> String {
    let text = error.to_string();
    match text.rfind(" (line ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

/// Rhai quotes with apostrophes.
fn backticks(text: &str) -> String {
    let quoted = regex::Regex::new(r"'([^']+)'").expect("it is a regular expression");
    quoted.replace_all(text, "`$1`").into_owned()
}

fn lower(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => format!("{}{}", first.to_lowercase(), chars.as_str()),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use crate::script::engine::vocabulary;
    use crate::script::raise::problem;

    /// What a running script's mistake is called.
    fn said(script: &str) -> String {
        let error = vocabulary().run(script).expect_err(script);
        let problem = problem(&error, "drill.rhai");
        let place = problem.place.expect("it has a place");
        format!("{}:{} {}", place.line, place.column, problem.message)
    }

    #[test]
    fn mistakes_of_a_running_script_are_in_its_authors_words() {
        let scripts = [
            "let a = [1, 2]; a[5]",
            "let m = #{ cost: 1 }; m.cots",
            "let a = \"1\"; a * 2",
            "let a = 1; a.to_upper()",
            "if 1 == \"1\" { }",
            "let a = #{}; start_node(a)",
            "fn f() { f() } f()",
            "let a = 1; a / 0",
            "loop { }",
            "throw \"the standby is late\"",
            "let a = 5; if a { }",
            "let p = \"x\"; psql(p, `select 1`)",
            "parse_int(\"x\")",
            "for a in 5 + 1 { }",
        ];
        let said: Vec<_> = scripts
            .iter()
            .map(|it| format!("{it}\n    {}", said(it)))
            .collect();
        insta::assert_snapshot!(said.join("\n"), @r#"
        let a = [1, 2]; a[5]
            1:19 there is no item 5 in an array of 2 (the first one is 0)
        let m = #{ cost: 1 }; m.cots
            1:25 there is no `cots` in this map
        let a = "1"; a * 2
            1:16 `*` does not work on a text and a number
        let a = 1; a.to_upper()
            1:14 `to_upper` does not take (a number)
        if 1 == "1" { }
            1:6 a number is compared with a text: they are never equal
        let a = #{}; start_node(a)
            1:14 `start_node` does not take (a map)
        fn f() { f() } f()
            1:16 functions call each other without end
        let a = 1; a / 0
            1:14 division by zero: 1 / 0
        loop { }
            1:6 the playbook computes without end (too many operations)
        throw "the standby is late"
            1:1 the standby is late
        let a = 5; if a { }
            1:15 expected true or false, not a number
        let p = "x"; psql(p, `select 1`)
            1:14 `psql` does not take (a text, a text)
        parse_int("x")
            1:1 error parsing integer number `x`: invalid digit found in string
        for a in 5 + 1 { }
            1:12 `for` goes through arrays and ranges, not through this
        "#);
    }
}
