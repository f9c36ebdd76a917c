//! Texts of a playbook in a page: nothing in them is taken for the page's own language.

use crate::visible::visible;

/// Text and attributes of HTML and SVG.
pub(super) fn xml(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter => safe.push(letter),
        }
    }
    safe
}

/// So much of an output is worth reading, in lines and in a line's letters.
const LINES: usize = 200;
const LETTERS: usize = 2000;

/// An output as far as it is worth reading.
pub(super) fn abridged(output: &str) -> String {
    let shown: Vec<_> = output.split('\n').map(cut).collect();
    let left_out = shown.len().saturating_sub(LINES);
    if left_out == 0 {
        return shown.join("\n");
    }
    let (head, tail) = (&shown[..LINES * 3 / 4], &shown[LINES * 3 / 4 + left_out..]);
    let note = format!("… ({left_out} lines are left out)");
    [head, &[note], tail].concat().join("\n")
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(LETTERS) {
        None => line.to_owned(),
        Some((at, _)) => format!("{} …", &line[..at]),
    }
}

/// Code in Markdown; nothing in the code can end it.
pub(super) fn fenced(language: &str, code: &str) -> String {
    let runs = code.split(|letter| letter != '`').map(str::len);
    let mark = "`".repeat(runs.max().unwrap_or(0).max(2) + 1);
    format!("{mark}{language}\n{code}\n{mark}")
}

/// A word of code within a line of Markdown, in a table too.
pub(super) fn coded(code: &str) -> String {
    let runs = code.split(|letter| letter != '`').map(str::len);
    let mark = "`".repeat(runs.max().unwrap_or(0) + 1);
    let pad = if code.starts_with('`') || code.ends_with('`') {
        " "
    } else {
        ""
    };
    let code = visible(code).replace('\n', " ").replace('|', "\\|");
    format!("{mark}{pad}{code}{pad}{mark}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_outputs_are_cut_in_the_middle_and_long_lines_at_their_end() {
        let lines: Vec<_> = (1..=250).map(|line| format!("line {line}")).collect();
        let shown = abridged(&lines.join("\n"));
        assert!(
            shown.contains("line 150\n… (50 lines are left out)\nline 201\n"),
            "{shown}"
        );
        assert_eq!(
            abridged(&"é".repeat(1_000_000)).chars().count(),
            LETTERS + 2
        );
        assert_eq!(abridged("a\n\nb"), "a\n\nb");
    }

    #[test]
    fn code_can_not_end_its_fence() {
        insta::assert_snapshot!(fenced("console", "$ cat <<'EOF'\n```\nEOF"), @"
        ````console
        $ cat <<'EOF'
        ```
        EOF
        ````
        ");
        insta::assert_snapshot!(coded("a`b|c"), @r"``a`b\|c``");
    }
}
