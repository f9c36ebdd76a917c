//! What can be said at a pause.

use crate::script::nearest;

/// A command at a pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Next,
    To(String),
    End,
    /// A program in a node: `psql`, `sh` or `logs`; without a name, in the only one.
    Inside(&'static str, Option<String>),
    Nodes,
    Steps,
    Transcript,
    Help,
    Quit,
}

/// The commands: name, argument, what it does. A first letter is enough where it is of one alone.
pub const COMMANDS: &[(&str, &str, &str)] = &[
    ("next", "", "go on to the next step (or just Enter)"),
    (
        "to",
        "STEP",
        "go on to a step: its number, or a part of its title",
    ),
    ("end", "", "go on to the end"),
    ("psql", "NODE", "open psql on a node"),
    ("sh", "NODE", "open a shell in a node"),
    ("logs", "NODE", "print the server's log of a node"),
    ("nodes", "", "list the nodes"),
    ("steps", "", "list the steps"),
    ("transcript", "", "show the transcript so far"),
    ("help", "", "this (or ?)"),
    ("quit", "", "end here: all is taken down"),
];

/// Reads a line.
pub fn parse(line: &str) -> Result<Command, String> {
    let line = line.trim().trim_start_matches(':');
    let (word, argument) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let argument = argument.trim().trim_matches('"');
    let given = (!argument.is_empty()).then(|| argument.to_owned());
    let command = match word {
        "" | "n" | "next" | "c" | "continue" => Command::Next,
        "t" | "to" => match given {
            Some(step) => return Ok(Command::To(step)),
            None => return Err("say to which step: its number, or a part of its title".to_owned()),
        },
        "e" | "end" => Command::End,
        "psql" | "p" => return Ok(Command::Inside("psql", given)),
        "sh" => return Ok(Command::Inside("sh", given)),
        "logs" | "l" => return Ok(Command::Inside("logs", given)),
        "nodes" => Command::Nodes,
        "steps" => Command::Steps,
        "transcript" => Command::Transcript,
        "?" | "h" | "help" => Command::Help,
        "q" | "quit" | "exit" => Command::Quit,
        other => return Err(unknown(other)),
    };
    match given {
        None => Ok(command),
        Some(given) => Err(format!("`{word}` takes nothing, not `{given}`")),
    }
}

fn unknown(word: &str) -> String {
    let names = COMMANDS.iter().map(|(name, ..)| *name);
    match nearest(word, names) {
        Some(near) => format!("there is no `{word}` here, did you mean `{near}`? (? lists all)"),
        None => format!("there is no `{word}` here (? lists all)"),
    }
}

/// All commands with what they do.
pub fn help() -> String {
    let line = |(name, argument, does): &(&str, &str, &str)| {
        format!("  {:<11} {does}\n", format!("{name} {argument}").trim_end())
    };
    COMMANDS.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_words_or_letters_and_what_is_none_is_answered() {
        let lines = [
            "",
            "n",
            "to 3",
            "to",
            "t The accident",
            "end now",
            "psql p1",
            ":sh",
            "p",
            "psq p1",
            "q",
            "frobnicate",
        ];
        let read: Vec<_> = (lines.iter())
            .map(|line| match parse(line) {
                Ok(command) => format!("{line:>14} {command:?}"),
                Err(why) => format!("{line:>14} {why}"),
            })
            .collect();
        insta::assert_snapshot!(read.join("\n"), @r#"
                   Next
                 n Next
              to 3 To("3")
                to say to which step: its number, or a part of its title
    t The accident To("The accident")
           end now `end` takes nothing, not `now`
           psql p1 Inside("psql", Some("p1"))
               :sh Inside("sh", None)
                 p Inside("psql", None)
            psq p1 there is no `psq` here, did you mean `psql`? (? lists all)
                 q Quit
        frobnicate there is no `frobnicate` here (? lists all)
"#);
    }
}
