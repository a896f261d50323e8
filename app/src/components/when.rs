//! Times: absolute in the server's HTML, "5 min ago" once the browser's clock is known.

use leptos::prelude::*;

use crate::{browser, clock::Clock};

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A moment, in milliseconds since 1970.
#[component]
pub(crate) fn When(at: u64) -> impl IntoView {
    let clock = use_context::<Clock>();
    let moment = Moment::of(at);
    let awake = move || clock.and_then(Clock::now);
    let text = move || match awake() {
        Some(now) => moment.relative(now, Moment::of_reader(at)),
        None => moment.absolute(),
    };
    // In the reader's own zone, once it is known; else the zone is named.
    let title = move || match awake() {
        Some(_) => Moment::of_reader(at).clock(),
        None => moment.absolute(),
    };
    view! { <time datetime=moment.iso() title=title>{text}</time> }
}

/// A moment that is to come: in UTC, until the reader's zone is known.
#[component]
pub(crate) fn Until(at: u64) -> impl IntoView {
    let awake = RwSignal::new(false);
    Effect::new(move || awake.set(true));
    let moment = Moment::of(at);
    let text = move || match awake.get() {
        true => Moment::of_reader(at).clock(),
        false => moment.absolute(),
    };
    view! { <time datetime=moment.iso()>{text}</time> }
}

/// A moment on the calendar, in UTC or in the reader's zone.
#[derive(Debug, Clone, Copy)]
struct Moment {
    at: u64,
    year: u64,
    month: usize,
    day: u64,
}

impl Moment {
    /// Counts years from March, so that a leap day is the last of its year; the arithmetic is
    /// explained at <https://howardhinnant.github.io/date_algorithms.html>.
    fn of(at: u64) -> Self {
        let days = at / 86_400_000 + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let march_month = (5 * of_year + 2) / 153;
        let month = (march_month + 2) % 12;
        Self {
            at,
            year: era * 400 + year + u64::from(month < 2),
            month: usize::try_from(month).unwrap_or_default(),
            day: of_year - (153 * march_month + 2) / 5 + 1,
        }
    }

    /// The same on the reader's own clock, as it stood then. Only where there is a browser.
    fn of_reader(at: u64) -> Self {
        let ahead = i64::from(browser::utc_offset_at(at)) * 60_000;
        Self::of(at.saturating_add_signed(ahead))
    }

    fn hour_and_minute(self) -> (u64, u64) {
        let minutes = self.at / 60_000;
        (minutes / 60 % 24, minutes % 60)
    }

    fn iso(self) -> String {
        let (hour, minute) = self.hour_and_minute();
        let second = self.at / 1_000 % 60;
        let Self {
            year, month, day, ..
        } = self;
        let month = month + 1;
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }

    fn date(self) -> String {
        let Self {
            year, month, day, ..
        } = self;
        format!("{day} {} {year}", MONTHS.get(month).unwrap_or(&""))
    }

    fn clock(self) -> String {
        let (hour, minute) = self.hour_and_minute();
        format!("{}, {hour:02}:{minute:02}", self.date())
    }

    fn absolute(self) -> String {
        format!("{} UTC", self.clock())
    }

    /// What is far away is said by its date, as it was on the calendar of whoever reads.
    fn relative(self, now: u64, read: Self) -> String {
        // Two servers' clocks differ a little: what is not quite past yet is now.
        let minutes = now.saturating_sub(self.at) / 60_000;
        match (minutes, minutes / 60, minutes / 1_440) {
            (0, ..) => "just now".into(),
            (minutes, 0, _) => format!("{minutes} min ago"),
            (_, hours, 0) => format!("{hours} h ago"),
            (.., 1) => "yesterday".into(),
            (.., days) if days < 7 => format!("{days} days ago"),
            _ => read.date(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_is_right() {
        for (at, iso) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399_000, "2000-02-28T23:59:59Z"),
            (951_868_800_000, "2000-03-01T00:00:00Z"),
            (1_709_208_000_000, "2024-02-29T12:00:00Z"),
            (1_767_225_599_999, "2025-12-31T23:59:59Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(Moment::of(at).iso(), iso);
        }
        assert_eq!(
            Moment::of(951_782_399_000).absolute(),
            "28 Feb 2000, 23:59 UTC"
        );
    }

    #[test]
    fn what_is_near_is_said_relative_to_now() {
        let moment = Moment::of(1_709_208_000_000);
        let after = |ms: u64| moment.relative(1_709_208_000_000 + ms, moment);
        assert_eq!(moment.relative(0, moment), "just now");
        assert_eq!(after(59_000), "just now");
        assert_eq!(after(61_000), "1 min ago");
        assert_eq!(after(7_200_000), "2 h ago");
        assert_eq!(after(86_400_000), "yesterday");
        assert_eq!(after(3 * 86_400_000), "3 days ago");
        assert_eq!(after(9 * 86_400_000), "29 Feb 2024");
    }
}
