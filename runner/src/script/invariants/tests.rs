//! Invariants without servers.

use insta::assert_snapshot;

use crate::script::tests::played;

/// What was played, without the figures that vary.
fn told(source: &str) -> String {
    let varying =
        regex::Regex::new(r"[0-9]+\.[0-9]+ s|[1-9][0-9]*( told| did)").expect("it is one");
    varying.replace_all(&played(source), "…$1").into_owned()
}

#[test]
fn a_violation_fails_the_scenario_at_its_end() {
    assert_snapshot!(told(r#"
        step("One");
        always("it is true", || false);
        print("goes on");
    "#), @"
step: One
violated: it is true: [\"its closure returned false\"]
# from here on: it is true
says: goes on
System: 3:9 violated: it is true
   = first at … of the run, in the step `One`, during `first look whether it is true` (a.rhai:3:9)
   = seen: its closure returned false
   = looks: … told something, 0 did not
");
}

#[test]
fn a_violation_that_is_expected_is_what_should_happen() {
    assert_snapshot!(told(r#"
        let wrong = always("it is true", || false);
        expect_violated(wrong);
    "#), @"
violated: it is true: [\"its closure returned false\"]
# from here on: it is true
# violated, as expected: it is true
");
}

#[test]
fn what_nobody_knows_is_no_violation_and_still_a_failure() {
    assert_snapshot!(told(r#"always("who knows", || ());"#), @"
# from here on: who knows
System: 1:1 it was never known whether this held: who knows
   = looks: 0 told something, … did not
   = the last that did not: its closure returned nothing
");
    assert_snapshot!(told(r#"always("who knows", || { throw "no answer" });"#), @"
# from here on: who knows
System: 1:1 it was never known whether this held: who knows
   = looks: 0 told something, … did not
   = the last that did not: no answer
");
}

#[test]
fn a_closure_that_is_wrong_is_said_at_once() {
    assert_snapshot!(told(r#"always("one", || 1); print("goes on");"#), @"
Playbook: 1:1 an invariant is true or false, not 1
");
    assert_snapshot!(told(r#"always("one", || psq(1)); print("goes on");"#), @"
Playbook: 1:18 `psq` does not take (a number)
");
}

#[test]
fn an_invariant_of_a_lab_ends_with_it() {
    assert_snapshot!(told(r#"
        lab("one", || { always("it is true", || false); });
        print("goes on");
    "#), @"
lab: one
violated: it is true: [\"its closure returned false\"]
# from here on: it is true
end of lab: one
System: 2:25 violated: it is true
   = first at … of the run, during `first look whether it is true` (a.rhai:2:25)
   = seen: its closure returned false
   = looks: … told something, 0 did not
");
}

#[test]
fn a_closure_sees_its_variables_as_they_were_and_runs_beside_the_script() {
    assert_snapshot!(told(r#"
        let wanted = 1;
        let same = always("it stays", || wanted == 1, #{ every: "1ms" });
        for time in 0..1000 { wanted += 1; }
        same.stop();
        print(wanted);
    "#), @"
# from here on: it stays
says: 1001
");
}
