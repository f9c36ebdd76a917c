//! Where a value begins and ends.

use std::ops::Range;

/// Whether the text at `range` is a whole token: not a part of a longer word, and not joined to one by
/// a `joiner` (`1` in `1.5` or `a/1`).
pub(super) fn is_whole(text: &str, range: &Range<usize>, joiners: &str) -> bool {
    let before = text[..range.start].chars().rev();
    let after = text[range.end..].chars();
    !is_joined(before, joiners) && !is_joined(after, joiners)
}

fn is_joined(mut letters: impl Iterator<Item = char>, joiners: &str) -> bool {
    let Some(next) = letters.next() else {
        return false;
    };
    is_word(next) || joiners.contains(next) && letters.next().is_some_and(is_word)
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Whether a value stands in a text as a whole token. A day that does is a value that psql prints with
/// midnight.
pub(super) fn stands_in(text: &str, value: &str) -> bool {
    let whole = |value: &str| {
        let mut places = text.match_indices(value);
        places.any(|(at, _)| is_whole(text, &(at..at + value.len()), "-/.:"))
    };
    whole(value) || value.strip_suffix(" 00:00:00").is_some_and(whole)
}
