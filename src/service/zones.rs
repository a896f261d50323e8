//! Time zones: how far the clocks of a zone are ahead of UTC, now and when they change.

use app::{backend::Answer, error::QuadError};
use jiff::{Timestamp, tz::TimeZone};

/// Changes of a zone's clocks that are looked ahead: ten years of two each. After them the last one
/// holds, until the person saves what they want again.
const CHANGES: usize = 20;

/// How the clocks of a zone go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clocks {
    /// The zone's name, written as the database writes it.
    pub zone: String,
    /// How far ahead of UTC they are now, in minutes.
    pub offset: i16,
    /// From when on, in seconds since 1970, they are how far ahead; in their order.
    pub changes: Vec<(i64, i16)>,
}

impl Clocks {
    /// The clocks of the zone of this name, from `now` on, in milliseconds since 1970. Errors:
    /// `invalid`.
    pub fn of(zone: &str, now: u64) -> Answer<Self> {
        let found = (zone.len() <= 64)
            .then(|| TimeZone::get(zone).ok())
            .flatten();
        let name = found.as_ref().and_then(|found| found.iana_name());
        let moment = i64::try_from(now).ok().map(Timestamp::from_millisecond);
        let (Some(found), Some(name), Some(Ok(moment))) = (&found, name, moment) else {
            return Err(QuadError::invalid(
                "quiet_hours.zone",
                "format",
                "There is no such time zone. Write it such as Europe/Berlin.",
            ));
        };
        let changes = found
            .following(moment)
            .take(CHANGES)
            .map(|change| (change.timestamp().as_second(), minutes(change.offset())));
        Ok(Self {
            zone: name.to_owned(),
            offset: minutes(found.to_offset(moment)),
            changes: changes.collect(),
        })
    }
}

fn minutes(offset: jiff::tz::Offset) -> i16 {
    i16::try_from(offset.seconds() / 60).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Milliseconds since 1970 of a moment as it is written.
    fn at(moment: &str) -> u64 {
        let moment: Timestamp = moment.parse().unwrap();
        moment.as_millisecond() as u64
    }

    /// What the store's scripts do with it.
    fn offset_at(clocks: &Clocks, moment: u64) -> i16 {
        let past = clocks.changes.iter().rev();
        let mut past = past.filter(|(since, _)| *since * 1_000 <= moment as i64);
        past.next().map_or(clocks.offset, |(_, offset)| *offset)
    }

    #[test]
    fn clocks_change_on_their_days_and_not_before() {
        for (zone, before, first, then, second, back) in [
            (
                "Europe/Berlin",
                60,
                "2027-03-28T01:00:00Z",
                120,
                "2027-10-31T01:00:00Z",
                60,
            ),
            (
                "America/New_York",
                -300,
                "2027-03-14T07:00:00Z",
                -240,
                "2027-11-07T06:00:00Z",
                -300,
            ),
            // Half an hour, on the other half of the globe.
            (
                "Australia/Lord_Howe",
                660,
                "2027-04-03T15:00:00Z",
                630,
                "2027-10-02T15:30:00Z",
                660,
            ),
        ] {
            let clocks = Clocks::of(zone, at("2027-01-15T12:00:00Z")).unwrap();
            assert_eq!((clocks.zone.as_str(), clocks.offset), (zone, before));
            for (moment, offset_before, offset_after) in
                [(first, before, then), (second, then, back)]
            {
                let moment = at(moment);
                assert_eq!(offset_at(&clocks, moment - 1), offset_before, "{zone}");
                assert_eq!(offset_at(&clocks, moment), offset_after, "{zone}");
            }
            // Years later it is still right.
            assert_eq!(offset_at(&clocks, at("2034-01-15T12:00:00Z")), before);
            assert_eq!(offset_at(&clocks, at("2034-07-15T12:00:00Z")), then);
        }
    }

    #[test]
    fn a_zone_may_have_clocks_that_never_change() {
        for (zone, offset) in [
            ("Asia/Kathmandu", 345),
            ("Asia/Tokyo", 540),
            ("Etc/GMT+5", -300),
            ("UTC", 0),
        ] {
            let clocks = Clocks::of(zone, at("2027-06-01T00:00:00Z")).unwrap();
            assert_eq!((clocks.offset, clocks.changes), (offset, vec![]), "{zone}");
        }
    }

    #[test]
    fn what_is_no_zone_is_refused() {
        for zone in ["", "Mars/Olympus", "Europe/Berlin 60", "../etc/passwd"] {
            assert!(Clocks::of(zone, 0).is_err(), "{zone}");
        }
        assert!(Clocks::of(&"x".repeat(100_000), 0).is_err());
        let berlin = Clocks::of("europe/berlin", at("2027-06-01T00:00:00Z")).unwrap();
        assert_eq!(berlin.zone, "Europe/Berlin");
    }
}
