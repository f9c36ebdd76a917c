//! Texts that would break a format if it did not see to them.

use serde_json::Value;

use super::*;

const BAD: &str = "\"it's\" </script> ]]> $(reboot) `id` a|b \\ #1 %0A ::error::x\x1b[31m\0\x1b]0;t\r\n\t--- ...\u{9b}\u{7f}\u{ffff}\u{2028}, :é\u{fffd}";

/// A run in which every text is the same.
fn full_of(text: &str) -> Vec<Event> {
    let mut story = Story::default();
    story.run().scenario(text, text);
    story.then(
        1,
        What::LabStarted {
            title: text.to_owned(),
        },
    );
    story.step(text, 1).then(
        1,
        What::Prose {
            text: text.to_owned(),
        },
    );
    story.shows(text, text).ends(10, changed(text, text), false);
    story.then(
        1,
        What::Marked(Mark::Fault {
            name: text.to_owned(),
        }),
    );
    story.then(
        1,
        What::InvariantEnded {
            invariant: text.to_owned(),
            definite: 1,
            unknown: 0,
            violated: false,
        },
    );
    story.step(text, 2).ends(10, vec![], true);
    let mut problem = Problem::new(Blame::Playbook, text).note(text);
    problem = problem.at(Place {
        file: text.to_owned(),
        line: 2,
        column: 1,
    });
    story.finishes(Verdict::Errored, vec![problem], SnapshotState::NotCompared);
    story.scenario = Some(text.to_owned());
    let (path, why) = (text.to_owned(), text.to_owned());
    story.then(1, What::ScenarioSkipped { path, why });
    story.ended()
}

#[test]
fn xml_holds_them() {
    let xml = Format::Junit.render(&full_of(BAD));
    let read = quick_junit::Report::deserialize_from_str(&xml).expect("it is JUnit's XML");
    let case = &read.test_suites[0].test_cases[1];
    assert_eq!(case.name.as_str(), line(&format!("{BAD}: {BAD}")));
    let allowed = |it: char| it >= ' ' || "\n\t".contains(it);
    assert!(xml.chars().all(allowed), "{xml:?}");
}

#[test]
fn tap_stays_in_its_lines() {
    let tap = Format::Tap.render(&full_of(BAD));
    let shape = regex::Regex::new(r#"^( {4})?((not )?ok \d+ - |1\.\.\d|# Subtest: |  (---|\.\.\.)$|  ("[^"\\]*(\\.[^"\\]*)*"|[a-z]+): (?<value>.+)$|TAP version 14$)"#).expect("a pattern");
    for line in tap.lines() {
        let parts = shape.captures(line).unwrap_or_else(|| panic!("{line}"));
        if let Some(value) = parts.name("value") {
            serde_json::from_str::<Value>(value.as_str()).expect("values are JSON");
        }
    }
    let points = tap
        .lines()
        .filter_map(|line| line.split_once("ok ")?.1.split_once(" - "));
    let directive = regex::Regex::new(r"[^\\]#").expect("a pattern");
    let directives = points.filter(|(_, description)| directive.is_match(description));
    assert_eq!(directives.count(), 1, "the scenario that is skipped: {tap}");
    assert_eq!(
        tap.lines().count(),
        Format::Tap.render(&full_of("good")).lines().count()
    );
}

#[test]
fn json_holds_them_as_they_are() {
    let json = Format::Json.render(&full_of(BAD));
    let lines: Vec<Value> = (json.lines())
        .map(|line| serde_json::from_str(line).expect("it is JSON"))
        .collect();
    assert_eq!(lines[1]["title"], BAD);
    assert_eq!(lines[3]["message"], BAD);
}

#[test]
fn a_cast_has_no_escapes_but_its_own() {
    let cast = Format::Cast.render(&full_of(BAD));
    let own = regex::Regex::new("\x1b\\[[0-9;]+m|\r\n").expect("a pattern");
    for line in cast.lines().skip(1) {
        let record: Value = serde_json::from_str(line).expect("it is JSON");
        let shown = record[2].as_str().expect("a text");
        let rest = own.replace_all(shown, "");
        assert!(
            !rest.chars().any(|it| it.is_control() && it != '\t'),
            "{rest:?}"
        );
    }
}

#[test]
fn annotations_and_the_summary_escape_them() {
    let events = full_of(BAD);
    assert_snapshot!(annotations(&events, Path::new("")), @r#"
    ::error file=scenarios/"it's" </script> ]]> $(reboot) `id` a|b \ #1 %250A %3A%3Aerror%3A%3Ax␛[31m␀␛]0;t%0A	--- ...�␡� %2C %3Aé�.rhai,line=1,col=1,title="it's" </script> ]]> $(reboot) `id` a|b \ #1 %250A %3A%3Aerror%3A%3Ax␛[31m␀␛]0;t  --- ...�␡� %2C %3Aé� (PostgreSQL 17.12)%3A "it's" </script> ]]> $(reboot) `id` a|b \ #1 %250A %3A%3Aerror%3A%3Ax␛[31m␀␛]0;t  --- ...�␡� %2C %3Aé�%3A "it's" </script> ]]> $(reboot) `id` a|b \ #1 %250A %3A%3Aerror%3A%3Ax␛[31m␀␛]0;t  --- ...�␡� %2C %3Aé�::what it printed differs from snapshots/"it's" </script> ]]> $(reboot) `id` a|b \ #1 %250A ::error::x␛[31m␀␛]0;t%0A	--- ...�␡� , :é�.snap%0A   4 -"it's" </script> ]]> $(reboot) `id` a|b \ #1 %250A ::error::x␛[31m␀␛]0;t%0A	--- ...�␡� , :é�%0A     +"it's" </script> ]]> $(reboot) `id` a|b \ #1 %250A ::error::x␛[31m␀␛]0;t%0A	--- ...�␡� , :é�
    ::error file="it's" </script> ]]> $(reboot) `id` a|b \ #1 %250A %3A%3Aerror%3A%3Ax␛[31m␀␛]0;t%0A	--- ...�␡� %2C %3Aé�,line=2,col=1,title="it's" </script> ]]> $(reboot) `id` a|b \ #1 %250A %3A%3Aerror%3A%3Ax␛[31m␀␛]0;t  --- ...�␡� %2C %3Aé� (PostgreSQL 17.12)%3A "it's" </script> ]]> $(reboot) `id` a|b \ #1 %250A %3A%3Aerror%3A%3Ax␛[31m␀␛]0;t  --- ...�␡� %2C %3Aé�%3A "it's" </script> ]]> $(reboot) `id` a|b \ #1 %250A %3A%3Aerror%3A%3Ax␛[31m␀␛]0;t  --- ...�␡� %2C %3Aé�::error: "it's" </script> ]]> $(reboot) `id` a|b \ #1 %250A ::error::x␛[31m␀␛]0;t␍%0A           --- ...�␡� , :é�%0A --> "it's" </script> ]]> $(reboot) `id` a|b \ #1 %250A ::error::x␛[31m␀␛]0;t%0A 	--- ...�␡� , :é�:2:1%0A  = "it's" </script> ]]> $(reboot) `id` a|b \ #1 %250A ::error::x␛[31m␀␛]0;t%0A    	--- ...�␡� , :é�
    "#);
    assert_snapshot!(summary(&events), @r#"
    ### "it's" \</script\> \]\]\> \$(reboot) \`id\` a\|b \\ \#1 %0A ::error::x␛\[31m␀␛\]0;t  --- ...�␡� , :é� (PostgreSQL 17.12): errored

    "it's" \</script\> \]\]\> \$(reboot) \`id\` a\|b \\ \#1 %0A ::error::x␛\[31m␀␛\]0;t  --- ...�␡� , :é�

    | | step | verdict | time |
    |--:|---|---|--:|
    | 1 | "it's" \</script\> \]\]\> \$(reboot) \`id\` a\|b \\ \#1 %0A ::error::x␛\[31m␀␛\]0;t  --- ...�␡� , :é�: "it's" \</script\> \]\]\> \$(reboot) \`id\` a\|b \\ \#1 %0A ::error::x␛\[31m␀␛\]0;t  --- ...�␡� , :é� | failed: what it printed differs from snapshots/"it's" \</script\> \]\]\> \$(reboot) \`id\` a\|b \\ \#1 %0A ::error::x␛\[31m␀␛\]0;t  --- ...�␡� , :é�.snap | 0.01 s |
    | 2 | "it's" \</script\> \]\]\> \$(reboot) \`id\` a\|b \\ \#1 %0A ::error::x␛\[31m␀␛\]0;t  --- ...�␡� , :é�: "it's" \</script\> \]\]\> \$(reboot) \`id\` a\|b \\ \#1 %0A ::error::x␛\[31m␀␛\]0;t  --- ...�␡� , :é� | errored: "it's" \</script\> \]\]\> \$(reboot) \`id\` a\|b \\ \#1 %0A ::error::x␛\[31m␀␛\]0;t  --- ...�␡� , :é� | 0.01 s |

    <pre>
    what held                                                                                  "it's" &lt;/script&gt; ]]&gt; $(reboot) `id` a|b \ #1 %0A ::error::x␛[31m␀␛]0;t
    	--- ...�␡� , :é�
    "it's" &lt;/script&gt; ]]&gt; $(reboot) `id` a|b \ #1 %0A ::error::x␛[31m␀␛]0;t
    	--- ...�␡� , :é�  held
    </pre>

    ```mermaid
    gantt
        dateFormat x
        axisFormat %M:%S
        todayMarker off
        section it s   /script       (reboot)  id  a b    1  0A   error  x  31m   0 t  --- ...  …
        1 it s   /script       (reboot)  id  a b    1  0A   error  x  31m   0 t  --- ...  … :crit, 3, 10ms
        2 it s   /script       (reboot)  id  a b    1  0A   error  x  31m   0 t  --- ...  … :crit, 42, 10ms
        section marks
        fault  it s   /script       (reboot)  id  a b    1  0A   error  x  31m   0 t  --… :milestone, crit, 40, 0ms
    ```

    ### "it's" \</script\> \]\]\> \$(reboot) \`id\` a\|b \\ \#1 %0A ::error::x␛\[31m␀␛\]0;t  --- ...�␡� , :é�: skipped

    | | step | verdict | time |
    |--:|---|---|--:|
    | 1 | "it's" \</script\> \]\]\> \$(reboot) \`id\` a\|b \\ \#1 %0A ::error::x␛\[31m␀␛\]0;t  --- ...�␡� , :é� | skipped: "it's" \</script\> \]\]\> \$(reboot) \`id\` a\|b \\ \#1 %0A ::error::x␛\[31m␀␛\]0;t  --- ...�␡� , :é� |  |
    "#);
}

#[test]
fn megabytes_are_held_or_cut() {
    let text = "ö, no! ".repeat(200_000);
    let mut story = Story::default();
    story.run().scenario("large", "Large").step("one", 1);
    story
        .shows("select 1", &text)
        .ends(10, changed(&text, "no"), false);
    let problem = Problem::new(Blame::System, text.as_str()).note(text.as_str());
    story.step("two", 2).ends(10, vec![], true);
    story.finishes(Verdict::Failed, vec![problem], SnapshotState::NotCompared);
    let events = story.ended();
    for format in [Format::Junit, Format::Tap, Format::Json, Format::Cast] {
        assert!(format.render(&events).contains(text.trim()), "{format:?}");
    }
    let lengths = [
        annotations(&events, Path::new("")).len(),
        summary(&events).len(),
    ];
    assert!(lengths.iter().all(|it| *it < 10_000), "{lengths:?}");
}

#[test]
fn a_report_of_the_record_is_the_one_that_the_run_wrote() {
    for events in [story(), full_of(BAD), full_of(&"long ".repeat(100))] {
        let lines: Vec<_> = (events.iter())
            .map(|it| serde_json::to_string(it).expect("plain data"))
            .collect();
        let read: Vec<Event> = (lines.iter())
            .map(|it| serde_json::from_str(it).expect("just written"))
            .collect();
        assert_eq!(read, events);
        for format in Format::all() {
            assert_eq!(format.render(&read), format.render(&events), "{format:?}");
        }
    }
}
