//! Time zones: their names, how far the clocks of a zone are ahead of UTC, now and when they change,
//! and when it is eight o'clock there.

use app::{backend::Answer, error::QuadError};
use jiff::{
    Timestamp,
    tz::{self, Offset, TimeZone},
};

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
        let found = find(zone);
        let name = found.as_ref().and_then(|found| found.iana_name());
        let moment = i64::try_from(now).ok().map(Timestamp::from_millisecond);
        let (Some(found), Some(name), Some(Ok(moment))) = (&found, name, moment) else {
            return Err(QuadError::wrong("quiet_hours.zone", "format"));
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

/// The areas whose zones are offered: all others are old names of these, or no places.
const AREAS: [&str; 10] = [
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
];

/// The names of the zones of all places, in their order, and UTC.
pub fn names() -> Vec<String> {
    let of_an_area = |name: &str| {
        let area = name.split_once('/');
        name == "UTC" || area.is_some_and(|(area, _)| AREAS.contains(&area))
    };
    let all = tz::db().available();
    let mut names: Vec<_> = all
        .map(|name| name.as_str().to_owned())
        .filter(|name| of_an_area(name))
        .collect();
    names.sort_unstable();
    names
}

/// Eight o'clock of the day after `now`, both in milliseconds since 1970. It is read off the clocks of
/// the first of `zones` that there is, and without one off clocks that are `offset` minutes ahead of
/// UTC.
pub fn tomorrow_at_eight(zones: &[Option<&str>], offset: i16, now: u64) -> Answer<u64> {
    let named = zones.iter().flatten().find_map(|zone| find(zone));
    let fixed = || Offset::from_seconds(i32::from(offset) * 60).map(TimeZone::fixed);
    let zone = named.map_or_else(fixed, Ok);
    let eight = || -> Result<Timestamp, jiff::Error> {
        let now = Timestamp::from_millisecond(i64::try_from(now).unwrap_or(i64::MAX))?;
        let zone = zone?;
        let tomorrow = zone.to_datetime(now).date().tomorrow()?;
        zone.to_timestamp(tomorrow.at(8, 0, 0, 0))
    };
    let eight = eight().ok().map(Timestamp::as_millisecond);
    eight
        .and_then(|eight| u64::try_from(eight).ok())
        .ok_or(QuadError::Internal)
}

/// The zone of this name.
fn find(name: &str) -> Option<TimeZone> {
    // No name is longer, and nobody has a long one searched for.
    (name.len() <= 64)
        .then(|| TimeZone::get(name).ok())
        .flatten()
}

fn minutes(offset: Offset) -> i16 {
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
    fn tomorrow_at_eight_is_right_on_the_days_on_which_clocks_change() {
        for (zone, now, eight) in [
            // Clocks go forward in the night, and back.
            (
                "Europe/Berlin",
                "2027-03-27T21:00:00Z",
                "2027-03-28T06:00:00Z",
            ),
            (
                "Europe/Berlin",
                "2027-03-28T00:30:00Z",
                "2027-03-29T06:00:00Z",
            ),
            (
                "Europe/Berlin",
                "2027-10-30T20:00:00Z",
                "2027-10-31T07:00:00Z",
            ),
            (
                "Europe/Berlin",
                "2027-10-31T00:30:00Z",
                "2027-11-01T07:00:00Z",
            ),
            (
                "America/New_York",
                "2027-03-14T02:00:00Z",
                "2027-03-14T12:00:00Z",
            ),
            (
                "America/New_York",
                "2027-11-07T02:00:00Z",
                "2027-11-07T13:00:00Z",
            ),
            // On the southern half of the globe, where spring is in October.
            (
                "Pacific/Auckland",
                "2027-04-03T09:00:00Z",
                "2027-04-03T20:00:00Z",
            ),
            (
                "Pacific/Auckland",
                "2027-09-25T09:00:00Z",
                "2027-09-25T19:00:00Z",
            ),
            (
                "America/Santiago",
                "2027-04-03T20:00:00Z",
                "2027-04-04T12:00:00Z",
            ),
            (
                "America/Santiago",
                "2027-09-04T20:00:00Z",
                "2027-09-05T11:00:00Z",
            ),
            // By half an hour.
            (
                "Australia/Lord_Howe",
                "2027-04-03T10:00:00Z",
                "2027-04-03T21:30:00Z",
            ),
            (
                "Australia/Lord_Howe",
                "2027-10-02T10:00:00Z",
                "2027-10-02T21:00:00Z",
            ),
            // On other days.
            (
                "Asia/Kathmandu",
                "2027-06-01T18:14:00Z",
                "2027-06-02T02:15:00Z",
            ),
            (
                "Asia/Kathmandu",
                "2027-06-01T18:15:00Z",
                "2027-06-03T02:15:00Z",
            ),
            ("UTC", "2027-12-31T23:59:59Z", "2028-01-01T08:00:00Z"),
        ] {
            let found = tomorrow_at_eight(&[Some(zone), Some("Asia/Tokyo")], 60, at(now));
            assert_eq!(found, Ok(at(eight)), "{zone}, {now}");
        }
    }

    #[test]
    fn without_a_zone_the_offset_counts() {
        let now = at("2027-06-01T22:00:00Z");
        let eight = |zones: &[Option<&str>], offset| tomorrow_at_eight(zones, offset, now);
        assert_eq!(eight(&[], 0), Ok(at("2027-06-02T08:00:00Z")));
        // At half past three in Kolkata it is the next day already.
        assert_eq!(eight(&[None, None], 330), Ok(at("2027-06-03T02:30:00Z")));
        assert_eq!(
            eight(&[Some("Mars/Olympus"), Some("")], -480),
            Ok(at("2027-06-02T16:00:00Z"))
        );
        assert_eq!(
            eight(&[Some("Mars/Olympus"), Some("Asia/Tokyo")], -480),
            Ok(at("2027-06-02T23:00:00Z"))
        );
    }

    #[test]
    fn all_names_that_are_offered_are_zones() {
        let names = names();
        assert!(names.len() > 300, "{}", names.len());
        assert!(names.is_sorted());
        for name in &names {
            assert!(Clocks::of(name, 0).is_ok(), "{name}");
            let plain = |c: char| c.is_ascii_alphanumeric() || "/_+-".contains(c);
            assert!(name.chars().all(plain), "{name}");
        }
        for name in [
            "Europe/Berlin",
            "Australia/Lord_Howe",
            "America/Argentina/Ushuaia",
            "UTC",
        ] {
            assert!(names.iter().any(|known| known == name), "{name}");
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
