//! Names of playbooks, wherever they are typed.

use super::typed;

#[test]
fn names_are_those_of_the_nearest_scenarios_above() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    std::fs::create_dir_all(root.join("drills/scenarios/sub")).expect("folders");
    std::fs::write(root.join("drills/scenarios/first.rhai"), "").expect("a file");
    let below = root.join("drills/scenarios/sub");
    insta::assert_snapshot!(typed(&below, &["list", "check first", "new second", "run frist.rhai"]), @"
    $ pgdrill list
    first
    [0]
    $ pgdrill check first
    ! ../first.rhai is fine
    [0]
    $ pgdrill new second
    ! ../second.rhai is there, and runs as it is:
    !
    !   pgdrill run second     play it; its transcript is left for review
    !   pgdrill review second  read the transcript, accept it as the snapshot
    !   pgdrill check second   find mistakes without running it
    !   pgdrill api            all that a playbook can say
    [0]
    $ pgdrill run frist.rhai
    ! error: there is no playbook `frist.rhai`
    !    = did you mean `../first.rhai`?
    !    = there are: first, second
    [3]
    ");
    insta::assert_snapshot!(typed(&root.join("drills"), &["run scenarios/frist.rhai", "run frist.rhai"]), @"
    $ pgdrill run scenarios/frist.rhai
    ! error: there is no playbook `scenarios/frist.rhai`
    !    = did you mean `scenarios/first.rhai`?
    !    = there are: first, second
    [3]
    $ pgdrill run frist.rhai
    ! error: there is no playbook `frist.rhai`
    !    = did you mean `scenarios/first.rhai`?
    !    = there are: first, second
    [3]
    ");
    insta::assert_snapshot!(typed(root, &["run pitr"]), @"
    $ pgdrill run pitr
    ! error: there is no playbook `pitr`
    !    = no such file, and no folder `scenarios` with `pitr` in it: not here, and not in a folder above
    !    = go to the folder of the scenarios, or make some here: `pgdrill new NAME`
    [3]
    ");
}
