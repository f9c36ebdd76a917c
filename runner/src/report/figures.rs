//! What a fault cost, as names and numbers.

use std::time::Duration;

use super::results::Invariant;
use crate::cost::Cost;

/// The figures of a workload that are known, in seconds and numbers of writes.
pub fn figures(cost: &Cost) -> Vec<(&'static str, String)> {
    let lasting = cost.outages.iter().rfind(|it| !it.over);
    let times = [
        ("rto_seconds", cost.rto),
        ("rto_noticed_seconds", cost.phases.detect),
        ("rto_promoted_seconds", cost.phases.promote),
        ("rto_address_moved_seconds", cost.phases.relocate),
        ("rto_clients_back_seconds", cost.phases.reconnect),
        ("not_back_after_seconds", lasting.map(|it| it.lasted)),
        ("longest_silence_seconds", cost.gap),
    ];
    let writes = [
        ("writes_acknowledged", cost.acked),
        ("writes_lost", cost.lost),
        ("writes_refused", cost.refused),
        ("writes_in_doubt_there", cost.in_doubt_present),
        ("writes_in_doubt_not_there", cost.in_doubt_absent),
        ("phantom_rows", cost.phantom),
    ];
    let times = times
        .into_iter()
        .filter_map(|(name, time)| Some((name, seconds(time?))));
    let writes = writes
        .into_iter()
        .map(|(name, count)| (name, count.to_string()));
    times.chain(writes).collect()
}

/// To the millisecond.
pub fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

impl Invariant {
    pub fn word(&self) -> &'static str {
        match (self.violated, self.definite) {
            (true, _) => "violated",
            (false, 0) => "not known",
            (false, _) => "held",
        }
    }
}
