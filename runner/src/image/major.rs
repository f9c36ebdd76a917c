//! Which distribution release has which PostgreSQL major.

use super::{Error, Result};

pub const DEFAULT_MAJOR: u32 = 17;

/// The supported majors, each with the Debian release that has it.
pub const MAJORS: [(u32, &str); 4] = [
    (13, "bullseye"),
    (15, "bookworm"),
    (17, "trixie"),
    (18, "sid"),
];

/// PostgreSQL's own repository has every major for this release.
const PGDG_RELEASE: &str = "trixie";
const OLDEST: u32 = 13;

/// The release that an image of this major is based on.
pub(super) fn release(major: u32, pgdg: bool) -> Result<&'static str> {
    if pgdg && major >= OLDEST {
        return Ok(PGDG_RELEASE);
    }
    MAJORS
        .iter()
        .find(|(known, _)| *known == major)
        .map(|(_, release)| *release)
        .ok_or(Error::UnknownMajor { major })
}

/// A major that images can be made of here; the error says which those are.
pub fn major(text: &str, pgdg: bool) -> Result<u32, String> {
    let known = text
        .parse()
        .ok()
        .filter(|major| release(*major, pgdg).is_ok());
    known.ok_or_else(|| {
        format!(
            "there are images of {}; with PGDG=1 in the environment of any major from {OLDEST} on",
            supported()
        )
    })
}

pub(super) fn supported() -> String {
    let majors: Vec<_> = MAJORS.iter().map(|(major, _)| major.to_string()).collect();
    majors.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_majors_need_postgresqls_own_repository() {
        assert_eq!(release(15, false).expect("supported"), "bookworm");
        assert_eq!(release(16, true).expect("pgdg has it"), PGDG_RELEASE);
        assert!(release(16, false).is_err());
        assert!(release(12, true).is_err());
    }
}
