//! Images at the engine's door.
