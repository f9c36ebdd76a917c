//! The transcript: what a reader of a scenario sees, folded from its events.
