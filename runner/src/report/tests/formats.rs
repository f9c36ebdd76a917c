//! What each format makes of the same run.

use super::*;

#[test]
fn junit_tells_failures_from_errors_and_has_the_figures() {
    assert_snapshot!(Format::Junit.render(&story()), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="pgdrill" tests="6" skipped="1" failures="3" errors="1" timestamp="2026-01-01T00:00:00.000+00:00" time="3.601">
        <testsuite name="pitr (PostgreSQL 17)" tests="2" skipped="0" errors="0" failures="1" time="1.565">
            <properties>
                <property name="verdict" value="failed"/>
                <property name="postgresql" value="17.12"/>
            </properties>
            <testcase name="A server" classname="pitr" time="1.290"/>
            <testcase name="The accident" classname="pitr" time="0.220">
                <failure message="what it printed differs from snapshots/pitr.snap" type="snapshot">   4 - 1
         + 2
    </failure>
            </testcase>
        </testsuite>
        <testsuite name="ha (PostgreSQL 17)" tests="2" skipped="0" errors="1" failures="1" time="3.578">
            <properties>
                <property name="verdict" value="errored"/>
                <property name="postgresql" value="17.12"/>
                <property name="Asynchronous: rto_seconds" value="0.890"/>
                <property name="Asynchronous: rto_noticed_seconds" value="0.540"/>
                <property name="Asynchronous: rto_promoted_seconds" value="0.060"/>
                <property name="Asynchronous: rto_address_moved_seconds" value="0.120"/>
                <property name="Asynchronous: rto_clients_back_seconds" value="0.170"/>
                <property name="Asynchronous: longest_silence_seconds" value="0.890"/>
                <property name="Asynchronous: writes_acknowledged" value="43"/>
                <property name="Asynchronous: writes_lost" value="3"/>
                <property name="Asynchronous: writes_refused" value="0"/>
                <property name="Asynchronous: writes_in_doubt_there" value="0"/>
                <property name="Asynchronous: writes_in_doubt_not_there" value="4"/>
                <property name="Asynchronous: phantom_rows" value="0"/>
                <property name="Asynchronous: one primary" value="violated"/>
            </properties>
            <testcase name="Asynchronous: Power is lost" classname="ha" time="1.000">
                <failure message="3 acknowledged writes are lost, expected at most 0" type="system">error: 3 acknowledged writes are lost, expected at most 0
     --&gt; scenarios/ha.rhai:2:1
      |
    2 | psql(p1, &quot;select 1&quot;);
      | ^^^^</failure>
            </testcase>
            <testcase name="(end)" classname="ha" time="0.000">
                <error message="removal of container `p2` failed" type="environment">error: removal of container `p2` failed
       = it is busy</error>
            </testcase>
        </testsuite>
        <testsuite name="new (PostgreSQL 17)" tests="1" skipped="0" errors="0" failures="1" time="3.590">
            <properties>
                <property name="verdict" value="failed"/>
                <property name="postgresql" value="17.12"/>
            </properties>
            <testcase name="(snapshot)" classname="new" time="0.000">
                <failure message="there is no snapshot snapshots/new.snap" type="snapshot">there is no snapshot snapshots/new.snap yet, so nothing has been compared
    make it:  run it where snapshots are written (no CI, no --update no), then pgdrill review new</failure>
            </testcase>
        </testsuite>
        <testsuite name="old" tests="1" skipped="1" errors="0" failures="0" time="0.000">
            <properties>
                <property name="verdict" value="skipped"/>
            </properties>
            <testcase name="old" classname="old" time="0.000">
                <skipped message="it is for PostgreSQL &lt;13, not 17"/>
            </testcase>
        </testsuite>
    </testsuites>
    "#);
}

#[test]
fn tap_has_a_subtest_for_each_scenario() {
    assert_snapshot!(Format::Tap.render(&story()), @r#"
    TAP version 14
    1..4
    # Subtest: pitr (PostgreSQL 17.12)
        1..2
        ok 1 - A server
          ---
          seconds: 1.29
          ...
        not ok 2 - The accident
          ---
          seconds: 0.22
          severity: "fail"
          kind: "snapshot"
          message: "what it printed differs from snapshots/pitr.snap"
          at: "scenarios/pitr.rhai:2:1"
          details: "   4 - 1\n     + 2\n"
          ...
    not ok 1 - pitr (PostgreSQL 17.12)
      ---
      verdict: "failed"
      seconds: 1.565
      ...
    # Subtest: ha (PostgreSQL 17.12)
        1..2
        not ok 1 - Asynchronous: Power is lost
          ---
          seconds: 1.0
          severity: "fail"
          kind: "system"
          message: "3 acknowledged writes are lost, expected at most 0"
          at: "scenarios/ha.rhai:2:1"
          details: "error: 3 acknowledged writes are lost, expected at most 0\n --> scenarios/ha.rhai:2:1\n  |\n2 | psql(p1, \"select 1\");\n  | ^^^^"
          ...
        not ok 2 - (end)
          ---
          seconds: 0.0
          severity: "error"
          kind: "environment"
          message: "removal of container `p2` failed"
          at: "scenarios/ha.rhai"
          details: "error: removal of container `p2` failed\n   = it is busy"
          ...
    not ok 2 - ha (PostgreSQL 17.12)
      ---
      verdict: "errored"
      seconds: 3.578
      "Asynchronous": {"longest_silence_seconds":0.89,"phantom_rows":0,"rto_address_moved_seconds":0.12,"rto_clients_back_seconds":0.17,"rto_noticed_seconds":0.54,"rto_promoted_seconds":0.06,"rto_seconds":0.89,"writes_acknowledged":43,"writes_in_doubt_not_there":4,"writes_in_doubt_there":0,"writes_lost":3,"writes_refused":0}
      "Asynchronous: one primary": "violated"
      ...
    # Subtest: new (PostgreSQL 17.12)
        1..1
        not ok 1 - (snapshot)
          ---
          seconds: 0.0
          severity: "fail"
          kind: "snapshot"
          message: "there is no snapshot snapshots/new.snap"
          at: "scenarios/new.rhai"
          details: "there is no snapshot snapshots/new.snap yet, so nothing has been compared\nmake it:  run it where snapshots are written (no CI, no --update no), then pgdrill review new"
          ...
    not ok 3 - new (PostgreSQL 17.12)
      ---
      verdict: "failed"
      seconds: 3.59
      ...
    ok 4 - old # SKIP it is for PostgreSQL <13, not 17
    "#);
}

#[test]
fn json_has_a_line_for_each_verdict_and_figure() {
    assert_snapshot!(Format::Json.render(&story()), @r#"
    {"kind":"run","run":"abc234","verdict":"errored","started":"2026-01-01T00:00:00.000Z","took":3.601,"pgdrill":"0.1.0","engine":"Docker 28"}
    {"kind":"scenario","scenario":"pitr","title":"Point-in-time recovery","path":"scenarios/pitr.rhai","major":17,"version":"17.12","verdict":"failed","skipped":null,"from":0.001,"took":1.565}
    {"kind":"step","scenario":"pitr","lab":null,"step":"A server","verdict":"passed","from":0.003,"took":1.29,"place":{"file":"scenarios/pitr.rhai","line":1,"column":1},"blame":null,"message":null,"details":null}
    {"kind":"step","scenario":"pitr","lab":null,"step":"The accident","verdict":"failed","from":1.32,"took":0.22,"place":{"file":"scenarios/pitr.rhai","line":2,"column":1},"blame":"snapshot","message":"what it printed differs from snapshots/pitr.snap","details":"   4 - 1\n     + 2\n"}
    {"kind":"scenario","scenario":"ha","title":"Failover","path":"scenarios/ha.rhai","major":17,"version":"17.12","verdict":"errored","skipped":null,"from":1.576,"took":3.578}
    {"kind":"step","scenario":"ha","lab":"Asynchronous","step":"Power is lost","verdict":"failed","from":1.578,"took":1.0,"place":{"file":"scenarios/ha.rhai","line":2,"column":1},"blame":"system","message":"3 acknowledged writes are lost, expected at most 0","details":"error: 3 acknowledged writes are lost, expected at most 0\n --> scenarios/ha.rhai:2:1\n  |\n2 | psql(p1, \"select 1\");\n  | ^^^^"}
    {"kind":"step","scenario":"ha","lab":null,"step":"(end)","verdict":"errored","from":null,"took":0.0,"place":null,"blame":"environment","message":"removal of container `p2` failed","details":"error: removal of container `p2` failed\n   = it is busy"}
    {"kind":"workload","scenario":"ha","lab":"Asynchronous","target":"10.0.0.1","connect_timeout":1.0,"answer_timeout":2.0,"cost":{"acked":43,"lost":3,"refused":0,"in_doubt_present":0,"in_doubt_absent":4,"phantom":0,"outages":[{"fault":"power off p1","from":1.7,"lasted":0.89,"over":true}],"rto":0.89,"phases":{"detect":0.54,"promote":0.06,"relocate":0.12,"reconnect":0.17},"gap":0.89}}
    {"kind":"invariant","scenario":"ha","lab":"Asynchronous","invariant":"one primary","verdict":"violated","definite":40,"unknown":3}
    {"kind":"scenario","scenario":"new","title":"","path":"scenarios/new.rhai","major":17,"version":"17.12","verdict":"failed","skipped":null,"from":3.589,"took":3.59}
    {"kind":"step","scenario":"new","lab":null,"step":"(snapshot)","verdict":"failed","from":null,"took":0.0,"place":null,"blame":"snapshot","message":"there is no snapshot snapshots/new.snap","details":"there is no snapshot snapshots/new.snap yet, so nothing has been compared\nmake it:  run it where snapshots are written (no CI, no --update no), then pgdrill review new"}
    {"kind":"scenario","scenario":"old","title":"","path":"scenarios/old.rhai","major":null,"version":null,"verdict":"skipped","skipped":"it is for PostgreSQL <13, not 17","from":3.601,"took":0.0}
    "#);
}

#[test]
fn a_cast_shows_commands_and_outputs_when_they_were() {
    assert_snapshot!(Format::Cast.render(&story()), @r#"
    {"env":{"TERM":"xterm-256color"},"height":30,"idle_time_limit":2.0,"timestamp":1767225600,"title":"pgdrill: pitr, ha, new, old","version":2,"width":100}
    [0.001,"o","\u001b[1;4mpitr  Point-in-time recovery\u001b[0m\r\n"]
    [0.003,"m","A server"]
    [0.003,"o","\r\n\u001b[1mA server\u001b[0m\r\n"]
    [0.004,"o","\r\n\u001b[2mA server\u001b[0m\r\n\u001b[2mthat archives.\u001b[0m\r\n"]
    [0.009,"o","\r\n\u001b[36mp1=# \u001b[0mcreate table t as\r\n\u001b[36mp1-# \u001b[0mselect 1 as i\r\n"]
    [0.029,"o","SELECT 1\r\n"]
    [1.32,"m","The accident"]
    [1.32,"o","\r\n\u001b[1mThe accident\u001b[0m\r\n"]
    [1.325,"o","\r\n\u001b[36mp1=# \u001b[0mselect i from t\r\n"]
    [1.345,"o"," i\r\n---\r\n 1\r\n(1 row)\r\n"]
    [1.576,"o","\r\n\u001b[1;4mha  Failover\u001b[0m\r\n"]
    [1.577,"o","\r\n\u001b[1;4mAsynchronous\u001b[0m\r\n"]
    [1.578,"m","Power is lost"]
    [1.578,"o","\r\n\u001b[1mPower is lost\u001b[0m\r\n"]
    [3.588,"o","\r\n\u001b[31merror: 3 acknowledged writes are lost, expected at most 0\u001b[0m\r\n"]
    [3.588,"o","\r\n\u001b[31merror: removal of container `p2` failed\u001b[0m\r\n"]
    [3.589,"o","\r\n\u001b[1;4mnew\u001b[0m\r\n"]
    [3.601,"o","\r\n\u001b[1;4mold  skipped: it is for PostgreSQL <13, not 17\u001b[0m\r\n"]
    "#);
}

#[test]
fn github_gets_annotations_at_the_lines_of_the_playbook() {
    assert_snapshot!(annotations(&story(), Path::new("drills")), @r#"
    ::error file=drills/scenarios/pitr.rhai,line=2,col=1,title=pitr (PostgreSQL 17.12)%3A The accident::what it printed differs from snapshots/pitr.snap%0A   4 - 1%0A     + 2
    ::error file=drills/scenarios/ha.rhai,line=2,col=1,title=ha (PostgreSQL 17.12)%3A Asynchronous%3A Power is lost::error: 3 acknowledged writes are lost, expected at most 0%0A --> scenarios/ha.rhai:2:1%0A  |%0A2 | psql(p1, "select 1");%0A  | ^^^^
    ::error file=drills/scenarios/ha.rhai,title=ha (PostgreSQL 17.12)%3A (end)::error: removal of container `p2` failed%0A   = it is busy
    ::error file=drills/scenarios/new.rhai,title=new (PostgreSQL 17.12)%3A (snapshot)::there is no snapshot snapshots/new.snap yet, so nothing has been compared%0Amake it:  run it where snapshots are written (no CI, no --update no), then pgdrill review new
    "#);
    let problem = Problem::new(Blame::Playbook, "`promot` is not a function")
        .at(place(3))
        .note("did you mean `promote`?");
    assert_snapshot!(annotation(&problem, Path::new("")), @"::error file=scenarios/ha.rhai,line=3,col=1,title=pgdrill::`promot` is not a function%0Adid you mean `promote`?");
}

#[test]
fn github_gets_a_summary_with_a_timeline() {
    assert_snapshot!(summary(&story()), @r#"
    ### pitr (PostgreSQL 17.12): failed

    Point-in-time recovery

    | | step | verdict | time |
    |--:|---|---|--:|
    | 1 | A server | passed | 1.29 s |
    | 2 | The accident | failed: what it printed differs from snapshots/pitr.snap | 0.22 s |

    ```mermaid
    gantt
        dateFormat x
        axisFormat %M:%S
        todayMarker off
        section steps
        1 A server :2, 1290ms
        2 The accident :crit, 1319, 220ms
    ```

    ### ha (PostgreSQL 17.12): errored

    Failover

    | | step | verdict | time |
    |--:|---|---|--:|
    | 1 | Asynchronous: Power is lost | failed: 3 acknowledged writes are lost, expected at most 0 | 1.00 s |
    | 2 | (end) | errored: removal of container \`p2\` failed |  |

    <pre>
    what it cost                 Asynchronous
    out of service               0.89 s
      noticed                      0.54
      promoted, writable           0.06
      address moved                0.12
      clients back                 0.17
    acknowledged writes lost     3 of 43
    in doubt                     4 (not there)
    clients give up after        1.00 s, 2.00 s
    one primary                  violated
    </pre>

    ```mermaid
    gantt
        dateFormat x
        axisFormat %M:%S
        todayMarker off
        section Asynchronous
        1 Power is lost :crit, 2, 1000ms
        section marks
        fault power off p1 :milestone, crit, 102, 0ms
    ```

    ### new (PostgreSQL 17.12): failed

    | | step | verdict | time |
    |--:|---|---|--:|
    | 1 | (snapshot) | failed: there is no snapshot snapshots/new.snap |  |

    ### old: skipped

    | | step | verdict | time |
    |--:|---|---|--:|
    | 1 | old | skipped: it is for PostgreSQL \<13, not 17 |  |
    "#);
}

#[test]
fn a_run_that_was_killed_has_an_error_where_it_stopped() {
    let mut killed = story();
    let at = killed
        .iter()
        .position(|it| matches!(it.what, What::WorkloadStopped { .. }));
    killed.truncate(at.expect("it is there"));
    assert_snapshot!(annotations(&killed, Path::new("")), @"
    ::error file=scenarios/pitr.rhai,line=2,col=1,title=pitr (PostgreSQL 17.12)%3A The accident::what it printed differs from snapshots/pitr.snap%0A   4 - 1%0A     + 2
    ::error file=scenarios/ha.rhai,line=1,col=1,title=ha (PostgreSQL 17.12)%3A Asynchronous%3A Power is lost::the record ends before the scenario does: the run was killed, or still goes on
    ");
    let word = |events: &[Event]| Results::of(events).word();
    assert_eq!(
        (word(&killed[..3]), word(&killed), word(&story())),
        ("unfinished", "failed", "errored")
    );
}

#[test]
fn a_scenario_without_steps_is_a_case_of_its_own() {
    let mut story = Story::default();
    story.run().scenario("plain", "No steps").finishes(
        Verdict::Passed,
        vec![],
        SnapshotState::Matches,
    );
    assert_snapshot!(Format::Tap.render(&story.ended()), @r#"
    TAP version 14
    1..1
    # Subtest: plain (PostgreSQL 17.12)
        1..1
        ok 1 - plain
          ---
          seconds: 0.002
          ...
    ok 1 - plain (PostgreSQL 17.12)
      ---
      verdict: "passed"
      seconds: 0.002
      ...
    "#);
}

#[test]
fn times_in_a_cast_never_go_back() {
    let mut story = Story::default();
    story.run().scenario("late", "Late").then(
        5,
        What::CallStarted {
            call: 1,
            what: "check".to_owned(),
            place: place(1),
        },
    );
    let text = "said meanwhile".to_owned();
    story
        .then(1, What::Prose { text })
        .prints(1, "select 1", "");
    let cast = Format::Cast.render(&story.ended());
    let times = cast.lines().skip(1).map(|line| {
        let record: serde_json::Value = serde_json::from_str(line).expect("it is JSON");
        record[0].as_f64().expect("a time")
    });
    assert!(times.is_sorted(), "{cast}");
}

#[test]
fn what_is_measured_twice_has_two_names() {
    let mut story = Story::default();
    story.run().scenario("twice", "Twice");
    for violated in [false, true] {
        story.then(
            1,
            What::InvariantEnded {
                invariant: "one primary".to_owned(),
                definite: 1,
                unknown: 0,
                violated,
            },
        );
    }
    story.finishes(Verdict::Passed, vec![], SnapshotState::Matches);
    let tap = Format::Tap.render(&story.ended());
    let named: Vec<_> = tap.lines().filter(|it| it.contains("primary")).collect();
    assert_snapshot!(named.join("\n"), @r#"
    "one primary": "held"
    "one primary (2)": "violated"
    "#);
}
