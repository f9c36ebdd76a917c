//! Pauses: where a script waits for somebody at the keyboard, and what the answers do.

use std::time::Duration;

use super::{LONG, SHORT, played_with};
use crate::event::Place;
use crate::session::{Pauses, Until};

const STEPS: &str = r#"
step("One");
print("one");
step("Two");
print("two");
step("Three");
print("three");
"#;

/// Plays it with these answers, and those of a failure.
fn answered(source: &str, answers: &[Until]) -> String {
    let (pauses, answer) = Pauses::new(Until::Step, true);
    for it in answers {
        answer.send(it.clone()).expect("it will be asked for");
    }
    // Whoever asks again hears that nobody is there any more.
    drop(answer);
    played_with(source, LONG, None, Some(pauses))
}

fn at(line: usize) -> Until {
    Until::At(Place {
        file: "a.rhai".to_owned(),
        line,
        column: 1,
    })
}

#[test]
fn a_step_begins_when_it_is_answered() {
    insta::assert_snapshot!(answered(STEPS, &[Until::Step, Until::End]), @"
    pause before: One
    step: One
    says: one
    pause before: Two
    step: Two
    says: two
    step: Three
    says: three
");
}

#[test]
fn a_script_goes_on_to_the_step_that_is_wanted() {
    insta::assert_snapshot!(answered(STEPS, &[at(6), Until::Step]), @"
    pause before: One
    step: One
    says: one
    step: Two
    says: two
    pause before: Three
    step: Three
    says: three
");
}

#[test]
fn nobody_who_answers_is_the_end() {
    insta::assert_snapshot!(answered(STEPS, &[Until::Step]), @"
    pause before: One
    step: One
    says: one
    pause before: Two
    Cancelled: 4:1 the run was stopped
");
}

#[test]
fn a_failure_waits_before_anything_is_taken_down_and_only_once() {
    insta::assert_snapshot!(answered(r#"
        lab("One", || {
            let a = start_node("a", #{ image: "postgres:17", server: false });
            finally(|| print("finally"));
            throw "oh";
        });
    "#, &[Until::Step]), @"
    lab: One
    $ docker run -d --name a postgres:17 sleep infinity
    pause after: oh
    says: finally
    $ docker rm -fv a
    end of lab: One
    System: 5:13 oh
    engine: create a from postgres:17
    engine: remove a
");
}

#[test]
fn what_the_playbook_catches_does_not_pause() {
    insta::assert_snapshot!(answered(r#"
        let a = start_node("a", #{ image: "postgres:17", server: false });
        fails(|| throw "oh");
    "#, &[]), @"
    $ docker run -d --name a postgres:17 sleep infinity
    engine: create a from postgres:17
    at the end: remove a
");
}

/// The pause is longer than the scenario may take.
#[test]
fn the_clock_stands_still_meanwhile() {
    let (pauses, answer) = Pauses::new(Until::Step, false);
    let later = std::thread::spawn(move || {
        std::thread::sleep(SHORT * 4);
        answer.send(Until::End).expect("it waits");
    });
    let limit = SHORT + Duration::from_millis(50);
    insta::assert_snapshot!(played_with("step(\"One\"); print(\"in time\");", limit, None, Some(pauses)), @"
    pause before: One
    step: One
    says: in time
");
    later.join().expect("no panic");
}
