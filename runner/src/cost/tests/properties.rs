//! What holds for all histories.

use proptest::prelude::*;

use super::*;

fn histories() -> impl Strategy<Value = (History, BTreeSet<Row>)> {
    let time = || (0u64..200).prop_map(Duration::from_millis);
    let answer = prop_oneof![
        4 => (0u64..50).prop_map(|it| Some(Some(it))),
        1 => Just(Some(None)),
        1 => Just(None),
    ];
    let write = (0u32..3, time(), answer, any::<bool>());
    let mark = prop_oneof![
        Just("fault"),
        Just("stop"),
        Just("promote"),
        Just("writable"),
        Just("move"),
        Just("moved"),
    ];
    let writes = prop::collection::vec(write, 0..40);
    let marks = prop::collection::vec((time(), mark), 0..8);
    (writes, marks, 0u64..4).prop_map(|(writes, marks, strangers)| {
        let mut history = History {
            until: Duration::from_millis(300),
            ..History::default()
        };
        let mut left = BTreeSet::new();
        for (sequence, (writer, sent, answer, there)) in (0u64..).zip(writes) {
            let row = Row { writer, sequence };
            let answer = match answer {
                Some(Some(after)) => Answer::Acked(sent + Duration::from_millis(after)),
                Some(None) => Answer::Refused,
                None => Answer::InDoubt,
            };
            history.writes.push(Write { row, sent, answer });
            left.extend(there.then_some(row));
        }
        left.extend((0..strangers).map(|sequence| Row {
            writer: 99,
            sequence,
        }));
        history.marks = (marks.into_iter())
            .map(|(at, word)| Marked {
                at,
                mark: super::mark(&[word, "it"]),
            })
            .collect();
        (history, left)
    })
}

proptest! {
    #[test]
    fn each_write_and_each_row_is_counted_once((history, left) in histories()) {
        let cost = cost(&history, &left);
        let in_doubt = cost.in_doubt_present + cost.in_doubt_absent;
        prop_assert_eq!(cost.acked + cost.refused + in_doubt, history.writes.len());
        prop_assert!(cost.lost <= cost.acked);
        let there = cost.acked - cost.lost + cost.in_doubt_present + cost.phantom;
        prop_assert_eq!(there, left.len());
    }

    #[test]
    fn phases_add_up_to_the_longest_outage((history, left) in histories()) {
        let Cost { rto, phases, outages, .. } = cost(&history, &left);
        let parts = [phases.detect, phases.promote, phases.relocate, phases.reconnect];
        if parts.iter().any(Option::is_some) {
            prop_assert_eq!(rto, Some(parts.into_iter().flatten().sum()));
        }
        if let Some(rto) = rto {
            prop_assert!(outages.iter().all(|it| it.over && it.lasted <= rto));
        } else {
            prop_assert!(outages.is_empty() || outages.iter().any(|it| !it.over));
        }
    }

    #[test]
    fn the_order_in_which_writes_are_told_is_of_no_account((history, left) in histories()) {
        let mut backwards = history.clone();
        backwards.writes.reverse();
        let (one, other) = (cost(&history, &left), cost(&backwards, &left));
        prop_assert_eq!(one, other);
    }

    #[test]
    fn the_clocks_zero_is_of_no_account((history, left) in histories()) {
        let later = |it: Duration| it + Duration::from_secs(1000);
        let mut shifted = history.clone();
        shifted.until = later(shifted.until);
        for mark in &mut shifted.marks {
            mark.at = later(mark.at);
        }
        for write in &mut shifted.writes {
            write.sent = later(write.sent);
            if let Answer::Acked(heard) = &mut write.answer {
                *heard = later(*heard);
            }
        }
        let mut expected = cost(&history, &left);
        for outage in &mut expected.outages {
            outage.from = later(outage.from);
        }
        prop_assert_eq!(expected, cost(&shifted, &left));
    }

    #[test]
    fn a_row_that_goes_makes_nothing_better((history, left) in histories()) {
        let whole = cost(&history, &left);
        for row in &left {
            let mut fewer = left.clone();
            fewer.remove(row);
            let less = cost(&history, &fewer);
            prop_assert!(less.lost >= whole.lost);
            prop_assert!(less.in_doubt_absent >= whole.in_doubt_absent);
            prop_assert_eq!(&less.outages, &whole.outages);
        }
    }

    #[test]
    fn an_acknowledgement_that_is_missing_after_the_faults_makes_no_outage_shorter((history, left) in histories()) {
        let whole = cost(&history, &left);
        let faults = history.marks.iter().filter(|it| matches!(it.mark, Mark::Fault { .. }));
        let last = faults.map(|it| it.at).max().unwrap_or_default();
        for at in 0..history.writes.len() {
            if history.writes[at].sent <= last {
                continue;
            }
            let mut deaf = history.clone();
            deaf.writes[at].answer = Answer::InDoubt;
            let less = cost(&deaf, &left);
            for (less, whole) in less.outages.iter().zip(&whole.outages) {
                prop_assert!(less.lasted >= whole.lasted);
            }
        }
    }
}
