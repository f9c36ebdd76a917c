//! Texts of programs in documents: what a document can't hold, or a terminal would obey, is made
//! visible.

/// The text with each control character as its picture (`␛`), but for line ends and tabs.
pub fn visible(text: &str) -> String {
    text.replace("\r\n", "\n").chars().map(picture).collect()
}

/// The text in one line.
pub fn line(text: &str) -> String {
    let words = visible(text).replace(['\n', '\t', '\u{2028}', '\u{2029}'], " ");
    words.trim().to_owned()
}

/// At most so many bytes of the text.
pub fn cut(text: &str, at_most: usize) -> String {
    if text.len() <= at_most {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(at_most);
    format!("{}…", &text[..end])
}

fn picture(letter: char) -> char {
    match letter {
        '\n' | '\t' => letter,
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(letter)).unwrap_or('\u{fffd}'),
        '\x7f' => '␡',
        // Control characters too, what is no character in XML, and what turns the text around.
        '\u{80}'..='\u{9f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        | '\u{fffe}'
        | '\u{ffff}' => '\u{fffd}',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_seen_and_not_obeyed() {
        let text = "a\x1b[31mb\0c\r\nd\re\u{9b}\x7f\u{ffff}\tf";
        insta::assert_snapshot!(visible(text), @"
        a␛[31mb␀c
        d␍e�␡�	f
        ");
        insta::assert_snapshot!(line(text), @"a␛[31mb␀c d␍e�␡� f");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(
            (cut("äöü", 3).as_str(), cut("äöü", 6).as_str()),
            ("ä…", "äöü")
        );
    }
}
