//! Scripts that are typed: what a line does, what is kept of it, what follows from a mistake.

use super::{LONG, played_typed, verdict};
use crate::event::Line;
use crate::session::Typing;

/// Types these lines after a playbook.
fn typed_after(source: &str, until: Option<usize>, lines: &[&str]) -> String {
    let (typing, keys) = Typing::new(until);
    for line in lines {
        keys.line((*line).to_owned());
    }
    // Nothing more will come.
    drop(keys);
    played_typed(source, LONG, typing)
}

/// What became of a line.
pub fn became(line: &Line) -> String {
    let value = line.value.iter().map(|it| format!("=> {it}\n"));
    let problem = line.problem.iter().map(|it| format!("{}\n", verdict(it)));
    let kept = line.kept.lines().map(|it| format!("   kept: {it}\n"));
    value
        .chain(problem)
        .chain(kept)
        .collect::<String>()
        .trim_end()
        .to_owned()
}

fn typed(lines: &[&str]) -> String {
    typed_after("", None, lines)
}

#[test]
fn variables_functions_and_imports_live_on() {
    insta::assert_snapshot!(typed(&[
        "let a = 1",
        "fn twice(x) { x * 2 }",
        "import \"lib/ha\" as ha;",
        "a += 1;",
        "twice(a)",
        "// Told.\nprint(a)",
        "let more = || twice(a + 1); more.call()",
        "ha::start_pair(1)",
    ]), @r#"
    > let a = 1
       kept: let a = 1;
    > fn twice(x) { x * 2 }
       kept: fn twice(x) { x * 2 }
    > import "lib/ha" as ha;
       kept: import "lib/ha" as ha;
    > a += 1;
       kept: a += 1;
    > twice(a)
    => 4
       kept: twice(a);
    > // Told.
    print(a)
    prose: Told.
    says: 2
       kept: // Told.
       kept: print(a);
    > let more = || twice(a + 1); more.call()
    => 6
       kept: let more = || twice(a + 1); more.call();
    > ha::start_pair(1)
    Playbook: 110:24 `keys` does not take (a number)
       = called by `chosen` at scenarios/lib/ha.rhai:13:18
       = called by `start_pair` at a.rhai:9:5
"#);
}

#[test]
fn a_mistake_is_found_before_anything_runs_and_the_session_goes_on() {
    insta::assert_snapshot!(typed(&[
        "let a = 1;",
        "print(\"not run\"); prnt(a)",
        "let b = (",
        "b",
        "step(\"One\"); step(\"One\")",
        "a",
    ]), @r#"
    > let a = 1;
       kept: let a = 1;
    > print("not run"); prnt(a)
    Playbook: 2:19 `prnt` is not a function, did you mean `print`?
       = `pgdrill api` lists all functions
    > let b = (
    Playbook: 2:9 the playbook ends in the middle of something
       = a `}`, a `)` or a `]` is missing
    > b
    Playbook: 2:1 `b` is not defined, did you mean `a`?
    > step("One"); step("One")
    Playbook: 2:14 the step "One" is there already
       = the first is at a.rhai:2:1
    > a
    => 1
       kept: a;
"#);
}

#[test]
fn of_a_line_that_fails_what_has_succeeded_is_kept() {
    insta::assert_snapshot!(typed(&[
        "let a = 1; let b = 2; throw \"oh\"; let c = 3;",
        "let d = fails(|| throw \"it\").message",
        "a + b",
        "c",
        "loop { throw \"no\" }",
        "d",
    ]), @r#"
    > let a = 1; let b = 2; throw "oh"; let c = 3;
    System: 1:23 oh
       kept: let a = 1; let b = 2;
    > let d = fails(|| throw "it").message
       kept: let d = fails(|| throw "it").message;
    > a + b
    => 3
       kept: a + b;
    > c
    Playbook: 4:1 `c` is not defined, did you mean `a`?
    > loop { throw "no" }
    System: 4:8 no
    > d
    => it
       kept: d;
"#);
}

#[test]
fn nodes_live_until_the_session_ends() {
    insta::assert_snapshot!(typed(&[
        "step(\"One\");",
        "let a = start_node(\"a\", #{ image: \"postgres:17\", server: false });",
        "finally(|| print(\"the end\"))",
        "let again = start_node(\"a\");",
        "a.name",
    ]), @r#"
    > step("One");
    step: One
       kept: step("One");
    > let a = start_node("a", #{ image: "postgres:17", server: false });
    $ docker run -d --name a postgres:17 sleep infinity
       kept: let a = start_node("a", #{ image: "postgres:17", server: false });
    > finally(|| print("the end"))
       kept: finally(|| print("the end"));
    > let again = start_node("a");
    Playbook: 4:13 the node "a" is there already
       = the first is at a.rhai:2:9
    > a.name
    => a
       kept: a.name;
    says: the end
    engine: create a from postgres:17
    at the end: remove a
"#);
}

#[test]
fn a_session_begins_before_a_step_of_a_playbook_with_its_variables() {
    let source = "\
//! # A drill

// Prose.
step(\"One\");
let a = twice(2); // of it

step(\"Two\");
let b = 2;

fn twice(x) { x * 2 }
";
    insta::assert_snapshot!(typed_after(source, Some(7), &["twice(a)", "b"]), @r#"
    prose: Prose.
    step: One
       kept: //! # A drill
       kept: 
       kept: // Prose.
       kept: step("One");
       kept: let a = twice(2); // of it
       kept: 
       kept: fn twice(x) { x * 2 }
       kept:
    > twice(a)
    => 8
       kept: twice(a);
    > b
    Playbook: 10:1 `b` is not defined, did you mean `a`?
"#);
    insta::assert_snapshot!(typed_after(source, None, &["a + b"]), @r#"
    prose: Prose.
    step: One
    step: Two
       kept: //! # A drill
       kept: 
       kept: // Prose.
       kept: step("One");
       kept: let a = twice(2); // of it
       kept: 
       kept: step("Two");
       kept: let b = 2;
       kept: 
       kept: fn twice(x) { x * 2 }
    > a + b
    => 6
       kept: a + b;
"#);
}

#[test]
fn a_beginning_that_fails_leaves_what_there_is() {
    insta::assert_snapshot!(typed_after("let a = 1;\nthrow \"oh\";\n", None, &["a"]), @"
    System: 2:1 oh
       kept: let a = 1;
    > a
    => 1
       kept: a;
");
}
