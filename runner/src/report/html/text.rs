//! Texts of servers and programs in a page.

use std::time::Duration;

pub use crate::visible::visible;

/// Lines and bytes of a text that are worth looking at in a page; the record has all.
const LINES: usize = 300;
const BYTES: usize = 32 << 10;

/// The beginning of a text, and in words what of it is missing.
pub fn beginning(text: &str) -> (String, String) {
    let end = text.floor_char_boundary(BYTES);
    let lines: Vec<_> = text[..end].split('\n').take(LINES).collect();
    let shown = lines.join("\n");
    let left = text.len() - shown.len();
    let rest = if left == 0 {
        String::new()
    } else {
        let bytes = bytes(u64::try_from(left).unwrap_or(u64::MAX));
        format!("{bytes} more in the record of the run")
    };
    (visible(&shown), rest)
}

/// A duration as a person says it.
pub fn seconds(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 10.0 {
        format!("{seconds:.2} s")
    } else if seconds < 120.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{} min {} s", time.as_secs() / 60, time.as_secs() % 60)
    }
}

/// A number of bytes as PostgreSQL says it.
pub fn bytes(bytes: u64) -> String {
    match bytes {
        0..10_240 => format!("{bytes} bytes"),
        10_240..10_485_760 => format!("{} kB", bytes / 1024),
        _ => format!("{} MB", bytes / (1 << 20)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_megabytes_the_beginning_is_shown() {
        let (shown, rest) = beginning(&"ä".repeat(1 << 20));
        insta::assert_snapshot!(format!("{} bytes, {rest}", shown.len()), @"32768 bytes, 2016 kB more in the record of the run");
        let (shown, rest) = beginning(&"line\n".repeat(1000));
        insta::assert_snapshot!(format!("{} lines, {rest}", shown.lines().count()), @"300 lines, 3501 bytes more in the record of the run");
        assert_eq!(beginning("short"), ("short".to_owned(), String::new()));
    }
}
