//! How times stand in the record: a duration is a number of seconds (`1.5`), a moment is RFC 3339.

use std::time::{Duration, SystemTime};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The number whose shortest form is the decimal one: 1.578, where adding a fraction to a whole
/// number makes 1.5779999999999998.
#[expect(
    clippy::cast_precision_loss,
    reason = "a float holds a hundred days of nanoseconds"
)]
pub fn number(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1e9
}

/// To the nanosecond exact up to fifty days, which is what a float holds.
pub fn serialize<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(number(*time))
}

pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let seconds = f64::deserialize(from)?;
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| D::Error::custom(format!("{seconds:?} is no number of seconds")))
}

/// A duration that may be missing.
pub mod maybe {
    use super::{Deserialize, Deserializer, Duration, Serialize, Serializer};

    pub fn serialize<S: Serializer>(time: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
        time.map(super::number).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        #[derive(Deserialize)]
        struct Seconds(#[serde(with = "super")] Duration);
        Ok(Option::<Seconds>::deserialize(from)?.map(|it| it.0))
    }
}

/// A moment, to the millisecond, in UTC.
pub mod moment {
    use super::{Deserialize, Deserializer, Duration, Serializer, SystemTime};
    use serde::de::Error as _;

    pub fn serialize<S: Serializer>(moment: &SystemTime, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&humantime::format_rfc3339_millis(*moment))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SystemTime, D::Error> {
        let text = String::deserialize(from)?;
        humantime::parse_rfc3339(&text)
            .map_err(|_| D::Error::custom(format!("`{text}` is no time (RFC 3339)")))
    }

    /// Now, as exact as it is written.
    pub fn now() -> SystemTime {
        let since = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        SystemTime::UNIX_EPOCH
            + Duration::from_millis(u64::try_from(since.as_millis()).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Times {
        #[serde(with = "super")]
        took: Duration,
        #[serde(with = "super::maybe")]
        rto: Option<Duration>,
        #[serde(with = "super::moment")]
        started: SystemTime,
    }

    fn read(text: &str) -> String {
        serde_json::from_str::<Times>(text)
            .expect_err("it is wrong")
            .to_string()
    }

    #[test]
    fn times_are_written_as_people_say_them() {
        let times = Times {
            took: Duration::from_millis(1578),
            rto: None,
            started: SystemTime::UNIX_EPOCH + Duration::from_millis(1_767_225_600_250),
        };
        let text = serde_json::to_string(&times).expect("it is plain data");
        insta::assert_snapshot!(text, @r#"{"took":1.578,"rto":null,"started":"2026-01-01T00:00:00.250Z"}"#);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        let times = |took: &str, started: &str| {
            read(&format!(
                r#"{{"took":{took},"rto":1,"started":"{started}"}}"#
            ))
        };
        let now = "2026-01-01T00:00:00Z";
        insta::assert_snapshot!(times("-1", now), @"-1.0 is no number of seconds at line 1 column 10");
        insta::assert_snapshot!(times("1e300", now), @"1e300 is no number of seconds at line 1 column 13");
        insta::assert_snapshot!(times("1", "yesterday"), @"`yesterday` is no time (RFC 3339) at line 1 column 40");
    }

    proptest! {
        #[test]
        fn a_duration_survives(nanos in 0_u64..4_000_000_000_000_000) {
            let took = Duration::from_nanos(nanos);
            let times = Times { took, rto: Some(took), started: moment::now() };
            let text = serde_json::to_string(&times).expect("it is plain data");
            prop_assert_eq!(serde_json::from_str::<Times>(&text).expect("it was just written"), times);
        }
    }
}
