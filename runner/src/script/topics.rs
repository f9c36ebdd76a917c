//! What the manual says of a playbook beside its functions.

/// Names by which it is asked for, and what is said.
pub const TOPICS: &[(&[&str], &str)] = &[
    (
        &["SCENARIO", "//!", "//", "const"],
        "\
`const SCENARIO = #{ tags: [\"pitr\"], pg: \">=13\", timeout: \"5m\" };` says what a playbook is for. It is
read without running the playbook; each key may be left out:

- `tags`: words that `pgdrill run --tag` chooses by.
- `pg`: the majors that it is for, `\">=13\"`, `\">=13 <17\"` or `\"15\"`. On another one it is skipped.
- `timeout` (`\"10m\"`): how long it may take; `pgdrill run --timeout` goes before it.

Lines that begin with `//!`, at the top, are title and introduction, `//` lines are prose of the page.",
    ),
    (
        &["import", "export", "lib"],
        "\
`import \"lib/name\" as name;` brings the functions of `scenarios/lib/name.rhai`, called as `name::function(…)`;
another path is looked for beside the importing file. Nothing outside the playbook's root is found.
`lib/ha` is built in, with `start_pair`, `failover`, `failback` and `switchover`: `pgdrill api lib/ha`
prints it. A file of that name below `scenarios/` goes before it.",
    ),
];

/// The topic of that name.
pub fn topic(name: &str) -> Option<&'static str> {
    let found = TOPICS.iter().find(|(names, _)| names.contains(&name));
    found.map(|(_, text)| *text)
}
