//! Prose that can't be mistaken for headings and commands: lines that begin with four spaces or `#`
//! are the transcript's own.

/// Sets prose so that no line of it looks like a command block or a section's heading: indented code
/// is fenced, lines of a list are indented by a tab, and headings are bold.
pub(super) fn set(text: &str) -> String {
    let mut set = String::new();
    let mut fence: Option<Fence> = None;
    let mut list = false;
    let mut blank = true;
    for line in text.trim_matches('\n').lines() {
        let line = line.trim_end();
        let indented = line.starts_with("    ") || line.starts_with('\t');
        match &fence {
            Some(Fence::Written(mark)) => {
                if line.trim_start().starts_with(mark) {
                    fence = None;
                }
                push(&mut set, line);
                continue;
            }
            Some(Fence::Made) if indented || line.is_empty() => {
                push(
                    &mut set,
                    line.strip_prefix("    ")
                        .or(line.strip_prefix('\t'))
                        .unwrap_or(""),
                );
                continue;
            }
            Some(Fence::Made) => {
                close(&mut set);
                fence = None;
            }
            None => {}
        }
        if let Some(mark) = fence_mark(line) {
            fence = Some(Fence::Written(mark.to_owned()));
            push(&mut set, line);
        } else if indented && blank && !list {
            push(&mut set, "```text");
            push(
                &mut set,
                line.strip_prefix("    ").unwrap_or(line.trim_start()),
            );
            fence = Some(Fence::Made);
        } else if let Some(rest) = line.strip_prefix("    ") {
            push(&mut set, &format!("\t{rest}"));
        } else {
            push(
                &mut set,
                &heading(line).map_or(line.to_owned(), |title| format!("**{title}**")),
            );
            if !line.is_empty() && !line.starts_with(' ') {
                list = is_item(line) || list && !blank;
            }
        }
        blank = line.is_empty();
    }
    match fence {
        Some(Fence::Made) => close(&mut set),
        Some(Fence::Written(mark)) => push(&mut set, &mark),
        None => {}
    }
    set.trim_end().to_owned()
}

/// Whether a block after this prose would be taken for a part of its last list item.
pub(super) fn ends_in_list(prose: &str) -> bool {
    let last = prose
        .rsplit("\n\n")
        .find(|paragraph| !paragraph.starts_with([' ', '\t']));
    last.is_some_and(|paragraph| paragraph.lines().next().is_some_and(is_item))
}

enum Fence {
    /// The author's, with its mark.
    Written(String),
    /// Ours around indented code.
    Made,
}

fn push(set: &mut String, line: &str) {
    set.push_str(line);
    set.push('\n');
}

/// Ends a fence of ours; the blank lines that followed the code stand after it.
fn close(set: &mut String) {
    let code = set.trim_end().len();
    let blank = set.split_off(code);
    set.push_str("\n```\n");
    set.push_str(blank.strip_prefix('\n').unwrap_or(""));
}

/// The mark of a line that opens a fence; a line that begins with it closes it.
pub(crate) fn fence_mark(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let length = line.len() - line.trim_start_matches(line.chars().next()?).len();
    ((line.starts_with("```") || line.starts_with("~~~")) && length >= 3).then(|| &line[..length])
}

fn heading(line: &str) -> Option<&str> {
    let title = line.trim_start_matches('#');
    let level = line.len() - title.len();
    let title = title.strip_prefix(' ')?.trim();
    ((1..=6).contains(&level) && !title.is_empty()).then(|| title.trim_end_matches('#').trim_end())
}

fn is_item(line: &str) -> bool {
    let after = line.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let marks: &[char] = if after.len() < line.len() {
        &['.', ')']
    } else {
        &['-', '*', '+']
    };
    after
        .strip_prefix(marks)
        .is_some_and(|rest| rest.starts_with(' '))
}
