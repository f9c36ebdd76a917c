//! What a Dockerfile says: which images it stands on, and which arguments it takes.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Where a Dockerfile names an image, or a stage of its own.
static IMAGE: LazyLock<Regex> = LazyLock::new(|| {
    let from = r"FROM[ \t]+(?:--platform=\S+[ \t]+)?";
    let copy = r"COPY[ \t]+(?:--\S+[ \t]+)*?--from=";
    let pattern = format!(r"(?im)^([ \t]*(?:{from}|{copy}))(\S+)(?:[ \t]+AS[ \t]+(\S+))?");
    Regex::new(&pattern).expect("a fixed expression")
});

/// The images that it names; its own stages are left out.
pub(super) fn parents(text: &str) -> Vec<String> {
    let mut stages: Vec<&str> = Vec::new();
    let mut parents = Vec::new();
    for named in IMAGE.captures_iter(text) {
        let parent = named.get(2).map_or("", |it| it.as_str());
        if !stages.contains(&parent) {
            parents.push(parent.to_owned());
        }
        stages.extend(named.get(3).map(|it| it.as_str()));
    }
    parents
}

/// The text with the images' tags in the place of their names.
pub(super) fn on_tags(dockerfile: &str, tags: &BTreeMap<String, String>) -> String {
    let mut stages = Vec::new();
    let replaced = IMAGE.replace_all(dockerfile, |named: &Captures<'_>| {
        let whole = &named[0];
        let tag = tags.get(&named[2]);
        let tag = tag.filter(|_| !stages.contains(&named[2].to_owned()));
        stages.extend(named.get(3).map(|it| it.as_str().to_owned()));
        let Some(tag) = tag else {
            return whole.to_owned();
        };
        let rest = &whole[named[1].len() + named[2].len()..];
        format!("{}{tag}{rest}", &named[1])
    });
    replaced.into_owned()
}

/// Whether it declares the build argument.
pub(super) fn takes(text: &str, argument: &str) -> bool {
    text.lines().any(|line| {
        let mut words = line.split([' ', '\t', '=']).filter(|word| !word.is_empty());
        words
            .next()
            .is_some_and(|word| word.eq_ignore_ascii_case("ARG"))
            && words.next() == Some(argument)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_are_replaced_by_their_tags_and_nothing_else_is() {
        let tags = BTreeMap::from([
            ("pg".to_owned(), "pgdrill/pg:17-aa".to_owned()),
            ("pg-base".to_owned(), "pgdrill/pg-base:17-bb".to_owned()),
        ]);
        let text = "FROM pg-base AS tools\nRUN echo FROM pg\nfrom  --platform=linux/amd64 pg as x\n\
                    FROM tools\nFROM pgx\n# FROM pg\nCOPY --from=tools /a /b\n\
                    copy --chown=1 --from=pg /a /b\nFROM pgx AS pg\nCOPY --from=pg pg-base /";
        insta::assert_snapshot!(on_tags(text, &tags), @r"
        FROM pgdrill/pg-base:17-bb AS tools
        RUN echo FROM pg
        from  --platform=linux/amd64 pgdrill/pg:17-aa as x
        FROM tools
        FROM pgx
        # FROM pg
        COPY --from=tools /a /b
        copy --chown=1 --from=pgdrill/pg:17-aa /a /b
        FROM pgx AS pg
        COPY --from=pg pg-base /
        ");
        let parents = parents(text);
        assert_eq!(parents, ["pg-base", "pg", "pgx", "pg", "pgx"]);
    }

    #[test]
    fn declared_arguments_are_known() {
        let text = "ARG BASE_IMAGE=x\nFROM ${BASE_IMAGE}\n  arg  PG_MAJOR\n# ARG PGDG";
        let declared = ["BASE_IMAGE", "PG_MAJOR", "PGDG"].map(|name| takes(text, name));
        assert_eq!(declared, [true, true, false]);
    }
}
