//! Whether a page is older than its playbook.

use std::collections::BTreeSet;

use super::page::{Page, Part};

/// The steps in which a page and its playbook differ, a line each: titles that must be there, and those
/// that can be (none: that is not known).
pub fn stale(page: &Page, certain: &[String], all: Option<&BTreeSet<String>>) -> Vec<String> {
    let headings = page.parts.iter().filter_map(|it| match it {
        Part::Heading { title, .. } => Some(title.trim()),
        _ => None,
    });
    let headings: Vec<_> = headings.collect();
    let missing = certain.iter().filter(|it| !headings.contains(&it.as_str()));
    let missing =
        missing.map(|it| format!("the playbook has a step \"{it}\", the snapshot has none"));
    // What follows a lab gets a heading that no step gave it.
    let known = |title: &str, all: &BTreeSet<String>| {
        let after = title
            .strip_prefix("After ")
            .or_else(|| Some(title.split_once(", after ")?.0));
        all.contains(title) || after.is_some_and(|lab| all.contains(lab))
    };
    let gone = all.map(|all| {
        let gone = headings.iter().filter(|it| !known(it, all));
        let gone =
            gone.map(|it| format!("the snapshot has a step \"{it}\", the playbook has none"));
        gone.collect::<Vec<_>>()
    });
    missing.chain(gone.unwrap_or_default()).collect()
}
