//! Remarks and their texts.

use proptest::prelude::*;

use super::*;

fn remarks() -> impl Strategy<Value = Remark> {
    let name = || "[a-z][a-z0-9_.-]{0,8}".prop_map(|it| it);
    let word = "[!-~]{1,12}";
    let line = "[ -~äß€]{0,20}";
    prop_oneof![
        (name(), name()).prop_map(|(standby, upstream)| Remark::Streams { standby, upstream }),
        (name(), "(written|flushed|replayed)", name()).prop_map(|(standby, how, primary)| {
            Remark::CaughtUp {
                standby,
                how,
                primary,
            }
        }),
        (name(), "<wal:[0-9] timeline [0-9]>|[0-9A-F]{24}")
            .prop_map(|(node, segment)| Remark::Archived { node, segment }),
        (
            line,
            "[ -_a-~]{1,20}",
            name(),
            proptest::option::of("[a-z]{1,5}")
        )
            .prop_map(|(wanted, sql, node, db)| Remark::Answers {
                wanted,
                sql,
                node,
                db
            }),
        (name(), line).prop_map(|(node, regex)| Remark::LogSays { node, regex }),
        (name(), name()).prop_map(|(node, subscription)| Remark::Subscribed { node, subscription }),
        name().prop_map(|node| Remark::Writable { node }),
        name().prop_map(|node| Remark::Paused { node }),
        name().prop_map(|node| Remark::Ended { node }),
        ("[a-z]{1,4}@[a-z]{1,4}/[a-z]{1,4}\\[[a-z]{1,4}\\]", line)
            .prop_map(|(session, command)| Remark::Session { session, command }),
        "[a-z]{1,4}\\[[a-z]{1,4}\\]".prop_map(|session| Remark::SessionAnswers { session }),
        (any::<u32>(), any::<u32>(), word, name()).prop_map(|(writers, rate, table, at)| {
            Remark::Clients {
                writers,
                rate,
                table,
                at,
            }
        }),
        name().prop_map(|from| Remark::ClientsStop { from }),
        "[0-9]{1,3}(ms|s|m)".prop_map(|limit| Remark::ServedWithin { limit }),
        Just(Remark::NothingLost),
        any::<i64>().prop_map(|most| Remark::AtMostLost { most }),
        line.prop_map(|invariant| Remark::Watched { invariant }),
        line.prop_map(|invariant| Remark::Violated { invariant }),
        name().prop_map(|segment| Remark::PrivateLan { segment }),
        any::<i32>().prop_map(|code| Remark::ExitCode { code }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_remark_is_read_back_from_its_text(remark in remarks()) {
        prop_assert_eq!(Remark::read(&remark.to_string()), Some(remark));
    }
}

#[test]
fn other_texts_are_no_remarks() {
    for text in [
        "",
        "a comment",
        "until the end",
        "until p1 streams",
        "exit code x",
    ] {
        assert_eq!(Remark::read(text), None, "{text}");
    }
}
