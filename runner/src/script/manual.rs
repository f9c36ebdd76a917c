//! The manual: what the comments of the host functions say. `pgdrill api`, `scenarios/REFERENCE.md`
//! and the suggestions for misspelt names come from it.
