//! Prose: a playbook's Markdown, of which HTML is no part. What a playbook notes may be a value from a
//! database, and an open comment in it would hide the rest of the page.

use pulldown_cmark::{Event, Parser};

use crate::markdown::{self, OPTIONS};
use crate::visible::visible;

/// Markdown in which all that would be HTML is text.
pub(super) fn inert(markdown: &str) -> String {
    let markdown = visible(&without_separator(markdown));
    let mut inert = String::with_capacity(markdown.len());
    let mut at = 0;
    for (event, range) in Parser::new_ext(&markdown, OPTIONS).into_offset_iter() {
        if let Event::Html(_) | Event::InlineHtml(_) = event
            && range.start >= at
        {
            inert.push_str(&markdown[at..range.start]);
            inert.push_str(&markdown[range.clone()].replace('<', "&lt;"));
            at = range.end;
        }
    }
    inert.push_str(&markdown[at..]);
    inert
}

/// The HTML of it.
pub(super) fn html(prose: &str) -> String {
    markdown::html(&without_separator(prose))
}

/// The HTML of a line: a heading's.
pub(super) fn line(markdown: &str) -> String {
    let text = html(&markdown.replace('\n', " "));
    let text = text.trim();
    let inner = text
        .strip_prefix("<p>")
        .and_then(|it| it.strip_suffix("</p>"));
    inner.unwrap_or(text).to_owned()
}

/// A comment parts a list from an indented block in the transcript; blocks are fenced here.
fn without_separator(markdown: &str) -> String {
    let text = markdown.trim_end();
    text.strip_suffix("<!-- -->")
        .unwrap_or(text)
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn html_in_prose_is_text() {
        let prose = "Lost: <!-- account 2\n\n</details><script>alert('1')</script> and `<b>` <https://a.example>";
        assert_snapshot!(inert(prose), @"
        Lost: <!-- account 2

        &lt;/details>&lt;script>alert('1')&lt;/script> and `&lt;b>` &lt;https://a.example>
        ");
    }

    #[test]
    fn control_characters_are_signs() {
        assert_snapshot!(line("a\u{1b}[31m\0b\rc"), @"a␛[31m␀b␍c");
    }
}
