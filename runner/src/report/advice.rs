//! What to do about snapshots, in words.

use crate::event::{SnapshotOutcome, SnapshotState};

/// Paragraphs about the snapshots of a scenario that came to its end, or did not (`broken`) and had
/// differences until then (`differed`).
pub fn advice(
    name: &str,
    path: &str,
    outcome: &SnapshotOutcome,
    broken: bool,
    differed: bool,
) -> Vec<String> {
    let file = &outcome.file;
    let review = if outcome.pending.is_empty() {
        format!(
            "intended?    run it where snapshots are written (no CI, no --update no), then pgdrill review {name}"
        )
    } else {
        format!("intended?    pgdrill review {name}")
    };
    let mut paragraphs = Vec::new();
    match outcome.state {
        SnapshotState::Differs => paragraphs.push(format!(
            "the transcript differs from {file}\n{review}\nlook inside: pgdrill run {path} --keep always"
        )),
        SnapshotState::Missing if outcome.pending.is_empty() => paragraphs.push(format!(
            "there is no snapshot {file} yet, so nothing has been compared\n\
             make it:  run it where snapshots are written (no CI, no --update no), then pgdrill review {name}"
        )),
        SnapshotState::Missing => paragraphs.push(format!(
            "there is no snapshot {file} yet, so nothing has been compared\n\
             look at what it printed and accept it:  pgdrill review {name}"
        )),
        SnapshotState::NotCompared if broken && differed => paragraphs.push(
            "what differs is not left for review: the scenario did not come to its end".to_owned(),
        ),
        SnapshotState::NotCompared
        | SnapshotState::Matches
        | SnapshotState::Renewed
        | SnapshotState::Accepted => {}
    }
    for file in &outcome.differing_sides {
        paragraphs.push(format!(
            "the snapshot {file} differs or is missing\n{review}"
        ));
    }
    paragraphs
}
