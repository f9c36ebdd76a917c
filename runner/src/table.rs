//! Tables as psql prints them.
