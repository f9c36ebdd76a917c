//! Events and the transcript that they make.

use std::time::Duration;

use super::*;
use crate::event::{Form, Place};

fn started(introduction: &str) -> What {
    What::ScenarioStarted {
        path: "scenarios/pitr.rhai".to_owned(),
        source: "step(\"A server\"); lsn 0/3000028".to_owned(),
        title: "Point-in-time recovery".to_owned(),
        introduction: introduction.to_owned(),
        major: 17,
    }
}

fn step(title: &str) -> What {
    What::SectionStarted {
        title: title.to_owned(),
        place: Place::default(),
    }
}

fn prose(text: &str) -> What {
    What::Prose {
        text: text.to_owned(),
    }
}

fn shown(form: Form, prompt: &str, input: &str, output: &str) -> What {
    What::Shown(Shown {
        node: Some("rec".to_owned()),
        form,
        prompt: prompt.to_owned(),
        continuation: prompt.replace('=', "-"),
        input: input.to_owned(),
        output: output.to_owned(),
        place: Place::default(),
    })
}

fn told(events: impl IntoIterator<Item = What>) -> Transcript {
    let mut transcript = Transcript::new();
    for what in events {
        transcript.push(&Event {
            at: Duration::ZERO,
            scenario: None,
            what,
        });
    }
    transcript
}

#[test]
fn the_body_is_a_tutorial() {
    let transcript = told([
        started("A `DELETE` without a `WHERE`\ntook rows."),
        step("A server"),
        prose("It archives."),
        shown(Form::Shell, "$ ", "docker run -d --name rec pg", ""),
        shown(
            Form::Sql,
            "rec=# ",
            "select *\nfrom foo;",
            "             t              \n----------------------------\n 2026-11-21 10:11:12.123456\n \n(2 rows)\n",
        ),
        shown(
            Form::Shell,
            "rec$ ",
            "cat x",
            "one\n\n  two at 0/3000028 and 0/3000148",
        ),
        prose("And then."),
        shown(Form::Remark, "", "# until s1 streams from p1", ""),
        step("Nothing yet"),
    ]);
    insta::assert_snapshot!(transcript.body(), @"
    A `DELETE` without a `WHERE`
    took rows.

    ## A server

    It archives.

        $ docker run -d --name rec pg
        rec=# select *
        rec-# from foo;
               t       
        ---------------
         <timestamp:1>

        (2 rows)
        rec$ cat x
        one

          two at 0/3000028 and <lsn:1>

    And then.

        # until s1 streams from p1

    ## Nothing yet
    ");
}

#[test]
fn what_is_hidden_stands_in_a_comment() {
    let command = |input| shown(Form::Shell, "$ ", input, "");
    let transcript = told([
        started(""),
        command("one"),
        What::HidingStarted,
        prose("Nobody reads this."),
        command("two"),
        command("three"),
        What::HidingFinished,
        command("four"),
        prose("- item"),
        What::HidingStarted,
        command("five"),
        What::HidingFinished,
    ]);
    insta::assert_snapshot!(transcript.body(), @r"
        $ one

    <!-- hidden
        $ two
        $ three
    -->

        $ four

    - item

    <!-- -->

    <!-- hidden
        $ five
    -->
    ");
}

#[test]
fn a_lab_has_steps_of_its_own() {
    let transcript = told([
        started(""),
        What::LabStarted {
            title: "Synchronous".to_owned(),
        },
        prose("Safe."),
        step("A pair"),
        shown(Form::Shell, "$ ", "true", ""),
        What::LabFinished {
            title: "Synchronous".to_owned(),
        },
        step("The end"),
    ]);
    let listed = transcript.sections().map(|section| {
        let Section {
            title,
            lab,
            line,
            finished,
            ..
        } = section;
        format!(
            "{line} {lab:?} {title:?} {}\n",
            if *finished { "finished" } else { "goes on" }
        )
    });
    let listed: String = listed.collect();
    insta::assert_snapshot!(format!("{listed}\n{}", transcript.body()), @r#"
    1 Some("Synchronous") None finished
    5 Some("Synchronous") Some("A pair") finished
    9 None Some("The end") goes on

    ## Synchronous

    Safe.

    ### A pair

        $ true

    ## The end
    "#);
}

#[test]
fn each_section_stands_in_the_body_where_it_says() {
    let transcript = told([
        started("Hello."),
        step("One"),
        shown(Form::Shell, "$ ", "a", "x\n\n"),
        step("Two"),
        prose("- item"),
        shown(Form::Shell, "$ ", "b", ""),
        step("Three"),
    ]);
    let body = transcript.body();
    for section in transcript.sections() {
        let there: Vec<_> = body.lines().skip(section.line - 1).collect();
        assert!(
            there.join("\n").starts_with(section.text.trim_end()),
            "{section:?}\n{body}"
        );
    }
}

#[test]
fn prose_is_never_mistaken_for_commands_or_headings() {
    let transcript = told([
        started(""),
        prose(
            "# Big\n\nSee:\n\n    $ rm -rf /\n\n    more\n\nA list:\n\n- one\n\n      deep\n- two",
        ),
        shown(Form::Shell, "$ ", "true", ""),
        prose("```sh\n    # ## inside\n## inside"),
        shown(Form::Shell, "$ ", "true", ""),
    ]);
    insta::assert_snapshot!(transcript.body(), @"
    **Big**

    See:

    ```text
    $ rm -rf /

    more
    ```

    A list:

    - one

    	  deep
    - two

    <!-- -->

        $ true

    ```sh
        # ## inside
    ## inside
    ```

        $ true
    ");
}

#[test]
fn redactions_hold_from_where_they_are_made() {
    let transcript = told([
        started(""),
        shown(Form::Shell, "$ ", "echo", "0/3000148 tmp-7"),
        What::RedactionAdded {
            regex: r"tmp-\d+".to_owned(),
            placeholder: "scratch".to_owned(),
        },
        What::RedactionDropped {
            kind: "lsn".to_owned(),
        },
        shown(Form::Shell, "$ ", "echo", "0/3000148 tmp-7"),
        What::SideSnapshot {
            name: "x".to_owned(),
            text: "tmp-8".to_owned(),
            place: Place::default(),
        },
    ]);
    insta::assert_snapshot!(format!("{}\n{:?}", transcript.body(), transcript.sides()), @r#"
        $ echo
        <lsn:1> tmp-7
        $ echo
        0/3000148 <scratch:1>
    [Side { name: "x", text: "<scratch:2>" }]
    "#);
}

#[test]
fn a_step_that_only_introduces_a_lab_leaves_no_empty_section() {
    let lab = |title: &str| What::LabStarted {
        title: title.to_owned(),
    };
    let transcript = told([
        started("Two modes."),
        step("The same twice"),
        lab("fast"),
        prose("At once."),
    ]);
    insta::assert_snapshot!(transcript.body(), @"
    Two modes.

    ## fast

    At once.
    ");
}

#[test]
fn what_follows_a_lab_without_a_step_is_no_part_of_it() {
    let transcript = told([
        started(""),
        What::LabStarted {
            title: "Synchronous".to_owned(),
        },
        shown(Form::Shell, "$ ", "true", ""),
        What::LabFinished {
            title: "Synchronous".to_owned(),
        },
        shown(Form::Shell, "$ ", "false", ""),
    ]);
    insta::assert_snapshot!(transcript.body(), @"
    ## Synchronous

        $ true

    ## After Synchronous

        $ false
    ");
}

#[test]
fn what_follows_a_lab_within_a_lab_belongs_to_the_outer_one() {
    let lab = |title: &str| What::LabStarted {
        title: title.to_owned(),
    };
    let over = |title: &str| What::LabFinished {
        title: title.to_owned(),
    };
    let transcript = told([
        lab("outer"),
        step("First"),
        prose("It begins."),
        lab("inner"),
        step("First"),
        over("inner"),
        step("Second"),
        over("outer"),
        prose("All of it is gone."),
    ]);
    insta::assert_snapshot!(transcript.body(), @r"
    ## outer

    ### First

    It begins.

    ## inner

    ### First

    ## outer, after inner

    ### Second

    ## After outer

    All of it is gone.
    ");
}
