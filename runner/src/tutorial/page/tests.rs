//! Bodies of transcripts and their parts.

use std::path::Path;

use super::*;

fn stored(folder: &str) -> Vec<Stored> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut all = Vec::new();
    for entry in std::fs::read_dir(root.join("snapshots")).expect("it is there") {
        let name = entry.expect("readable").file_name();
        let file = format!("snapshots/{}", name.to_string_lossy());
        // Two underscores: a text beside a transcript.
        let is_whole = Path::new(&file).extension().is_some_and(|it| it == "snap");
        if is_whole && !file.contains("__") {
            all.push(Stored::read(&root, &file).expect("whole").expect("there"));
        }
    }
    assert!(all.len() > 5, "there are snapshots in {folder}");
    all
}

#[test]
fn each_line_of_a_stored_transcript_is_accounted_for() {
    for stored in [stored(""), stored("runner/tests/docker")].concat() {
        assert_eq!(Page::of(&stored).body(), stored.body, "{}", stored.file);
    }
}

#[test]
fn the_parts_of_a_page_are_what_a_reader_sees() {
    let page = Page::of(&Stored {
        file: String::new(),
        source: "scenarios/x.rhai".to_owned(),
        title: Some("X".to_owned()),
        body: "It begins.\n\n```\n    $ no command\n\n## no heading\n```\n\n## Part\n\n    \
               $ docker run -d --name p1 pg\n    p1$ cat >> x <<'EOF'\n    $ no command\n    \
               EOF\n    p1$ for i in 1 2; do\n    > echo $i\n    > done\n    1\n\n    2\n    \
               p1=# select 1,\n    p1-# 2;\n     1 | 2\n    # p1[a] answers\n    INSERT 0 1"
            .to_owned(),
    });
    insta::assert_snapshot!(listed(&page), @r#"
    "It begins.\n\n```\n    $ no command\n\n## no heading\n```"
    2 "Part"
    Host: "docker run -d --name p1 pg" -> ""
    Node { node: "p1", user: None }: "cat >> x <<'EOF'\n$ no command\nEOF" -> ""
    Node { node: "p1", user: None }: "for i in 1 2; do\necho $i\ndone" -> "1\n\n2"
    Sql(Client { at: "p1", user: None, db: None, session: None, superuser: true }): "select 1,\n2;" -> " 1 | 2"
    # "p1[a] answers" -> "INSERT 0 1"
    "#);
}

#[test]
fn a_comment_with_a_block_in_it_is_hidden_and_others_are_prose() {
    let body =
        "    $ a\n\n<!-- hidden\n    $ b\n\n    c\n-->\n\n<!-- hidden\nx\n-->\n\n<!-- hidden";
    let page = Page::of(&Stored {
        file: String::new(),
        source: String::new(),
        title: None,
        body: body.to_owned(),
    });
    assert_eq!(page.body(), body);
    insta::assert_snapshot!(listed(&page), @r#"
    Host: "a" -> ""
    Host: "b" -> "\nc"
    "<!-- hidden\nx\n-->\n\n<!-- hidden"
    "#);
}

fn listed(page: &Page) -> String {
    let mut listed = Vec::new();
    for part in &page.parts {
        match part {
            Part::Heading { level, title } => listed.push(format!("{level} {title:?}")),
            Part::Prose(text) => listed.push(format!("{text:?}")),
            Part::Block(lines) | Part::Hidden(lines) => {
                listed.extend(lines.iter().map(|line| match line {
                    Line::Command(it) => {
                        format!("{:?}: {:?} -> {:?}", it.prompt, it.input, it.output)
                    }
                    Line::Remark(it) => format!("# {:?} -> {:?}", it.text, it.output),
                    Line::Text(text) => format!("{text:?}"),
                }));
            }
        }
    }
    listed.join("\n")
}
