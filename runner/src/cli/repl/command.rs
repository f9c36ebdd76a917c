//! What can be said besides the language.

use crate::script::nearest;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Help(Option<String>),
    Nodes,
    Variables,
    /// A program in a node: `psql`, `sh` or `logs`; without a name, in the only one.
    Inside(&'static str, Option<String>),
    Transcript,
    Playbook,
    Raw,
    Save(String),
    Quit,
}

/// The commands: name, argument, what it does.
pub const COMMANDS: &[(&str, &str, &str)] = &[
    (":help", "[NAME]", "this, or the manual of a function"),
    (":nodes", "", "list the nodes"),
    (":variables", "", "list the variables"),
    (":psql", "NODE", "open psql on a node"),
    (":sh", "NODE", "open a shell in a node"),
    (":logs", "NODE", "print the server's log of a node"),
    (":transcript", "", "show the transcript so far"),
    (
        ":raw",
        "",
        "show values as they are from here on, not as the placeholders of a snapshot",
    ),
    (
        ":playbook",
        "",
        "show what `save` writes: the lines that succeeded",
    ),
    (":save", "FILE", "write it"),
    (
        ":quit",
        "",
        "end the session: all is taken down (or Ctrl-D)",
    ),
];

/// Words that are commands without a colon too; nothing in the language looks like that.
const PLAIN: &[&str] = &["save", "quit", "exit", "help"];

/// Reads a line; none: it is one of the language.
pub fn parse(line: &str) -> Option<Result<Command, String>> {
    let line = line.trim();
    let (word, argument) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let word = match word.strip_prefix(':') {
        Some(word) => word,
        None if PLAIN.contains(&word) && !argument.trim_start().starts_with(['=', '(', '.']) => {
            word
        }
        None => return None,
    };
    let argument = argument.trim().trim_end_matches(';').trim_matches('"');
    let given = (!argument.is_empty()).then(|| argument.trim_end_matches("()").to_owned());
    Some(Ok(match (word, given) {
        ("help" | "h" | "?", given) => Command::Help(given),
        ("psql", given) => Command::Inside("psql", given),
        ("sh", given) => Command::Inside("sh", given),
        ("logs", given) => Command::Inside("logs", given),
        ("save", Some(file)) => Command::Save(file),
        ("save", None) => return Some(Err("say where to: save FILE".to_owned())),
        ("nodes", None) => Command::Nodes,
        ("variables" | "vars", None) => Command::Variables,
        ("transcript", None) => Command::Transcript,
        ("playbook", None) => Command::Playbook,
        ("raw", None) => Command::Raw,
        ("quit" | "q" | "exit", None) => Command::Quit,
        (word, given) => return Some(Err(wrong(word, given))),
    }))
}

fn wrong(word: &str, given: Option<String>) -> String {
    let names = || COMMANDS.iter().map(|(name, ..)| &name[1..]);
    match (given, nearest(word, names())) {
        (Some(given), _) if names().any(|it| it == word) => {
            format!("`:{word}` takes nothing, not `{given}`")
        }
        (_, Some(near)) => format!("there is no `:{word}`, did you mean `:{near}`?"),
        _ => format!("there is no `:{word}` (`:help` lists what there is)"),
    }
}

/// All commands with what they do.
pub fn help() -> String {
    let line = |(name, argument, does): &(&str, &str, &str)| {
        format!("  {:<13} {does}\n", format!("{name} {argument}").trim_end())
    };
    let lines: String = COMMANDS.iter().map(line).collect();
    format!(
        "All else is a line of the playbook's language; Tab completes it, `:help NAME` is the manual.\n{lines}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_have_a_colon_and_some_need_none() {
        let lines = [
            ":nodes",
            ":psql p1",
            ":sh",
            ":help start_node()",
            "help",
            "save a.rhai",
            ":save",
            "save",
            "quit",
            "quit = 1",
            "save(1)",
            ":nodse",
            ":nodes p1",
            "let a = 1;",
            ":frobnicate",
        ];
        let read: Vec<_> = (lines.iter())
            .map(|line| match parse(line) {
                None => format!("{line:>18}  (the language)"),
                Some(Ok(command)) => format!("{line:>18}  {command:?}"),
                Some(Err(why)) => format!("{line:>18}  {why}"),
            })
            .collect();
        insta::assert_snapshot!(read.join("\n"), @r#"
                :nodes  Nodes
              :psql p1  Inside("psql", Some("p1"))
                   :sh  Inside("sh", None)
    :help start_node()  Help(Some("start_node"))
                  help  Help(None)
           save a.rhai  Save("a.rhai")
                 :save  say where to: save FILE
                  save  say where to: save FILE
                  quit  Quit
              quit = 1  (the language)
               save(1)  (the language)
                :nodse  there is no `:nodse`, did you mean `:nodes`?
             :nodes p1  `:nodes` takes nothing, not `p1`
            let a = 1;  (the language)
           :frobnicate  there is no `:frobnicate` (`:help` lists what there is)
"#);
    }
}
