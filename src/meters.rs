//! What `/metrics` counts, named and described once.

use std::sync::LazyLock;

use app::model::{Outcome, Withheld};
use metrics::{
    Counter, Gauge, Histogram, counter, describe_counter, describe_gauge, describe_histogram,
    gauge, histogram,
};

/// The meters of this process. First used after the recorder was installed, since nothing is
/// served before.
pub static METERS: LazyLock<Meters> = LazyLock::new(Meters::new);

/// Handles that are looked up once, because a look-up costs more than counting.
pub struct Meters {
    /// Open sockets.
    pub sockets: Gauge,
    /// Open streams of events.
    pub streams: Gauge,
    /// Likes and withdrawals that changed something.
    pub likes: Counter,
    /// Messages that were said in rooms.
    pub said: Counter,
    /// Messages that came from the store for sockets of this server.
    pub published: Counter,
    /// Frames that were handed to sockets because of them.
    pub delivered: Counter,
    /// Sockets that were closed because they did not keep up.
    pub too_slow: Counter,
    /// Passwords that were compared with a hash, were it nobody's.
    pub password_checks: Counter,
    /// Pushes that a push service took.
    pub push_sent: Counter,
    /// Pushes that were refused, or given up after repeats.
    pub push_failed: Counter,
    /// Subscriptions that a push service no longer knew.
    pub push_gone: Counter,
    /// Pushes that were never tried, because too many waited.
    pub push_dropped: Counter,
    /// How often the subscriber connection was made anew.
    pub resubscribed: Counter,
    /// Seconds from the request until it was checked and on its way to the store.
    pub accepted: Histogram,
    /// Until the store had it.
    pub stored: Histogram,
    /// Until a server with a socket of the owner's heard of it; clocks of servers may differ.
    pub fanned_out: Histogram,
    /// Until it was written to those sockets.
    pub written: Histogram,
    /// Until the server was told that a toast was painted.
    pub painted: Histogram,
    shown: Counter,
    grouped: Counter,
    caught_up: Counter,
    muted: Counter,
    quiet: Counter,
    preference: Counter,
}

/// Upper bounds of the buckets of [`LIKE_TO_PAINT`], in seconds.
pub const LIKE_TO_PAINT_BUCKETS: [f64; 14] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];
/// How long a like takes to each stage of its way.
pub const LIKE_TO_PAINT: &str = "quad_like_to_paint_seconds";

impl Meters {
    fn new() -> Self {
        describe_gauge!("quad_sockets", "Open sockets");
        describe_gauge!("quad_streams", "Open streams of Server-Sent Events");
        describe_counter!(
            "quad_likes_total",
            "Likes and withdrawals that changed something"
        );
        describe_counter!("quad_messages_total", "Messages that were said in rooms");
        describe_counter!("quad_published_total", "Messages that came from the store");
        describe_counter!("quad_delivered_total", "Frames that were handed to sockets");
        describe_counter!(
            "quad_too_slow_total",
            "Sockets closed because they did not keep up"
        );
        describe_counter!("quad_push_sent_total", "Pushes that a push service took");
        describe_counter!(
            "quad_push_failed_total",
            "Pushes that were refused, or given up after repeats"
        );
        describe_counter!(
            "quad_push_gone_total",
            "Subscriptions that a push service no longer knew"
        );
        describe_counter!(
            "quad_push_dropped_total",
            "Pushes never tried, because too many waited"
        );
        describe_counter!(
            "quad_password_checks_total",
            "Passwords that were compared with a hash"
        );
        describe_counter!(
            "quad_resubscribed_total",
            "Times the subscriber connection was made"
        );
        describe_histogram!(
            LIKE_TO_PAINT,
            "From a like's request to each stage of its way"
        );
        describe_counter!(
            "quad_told_total",
            "Notifications by what became of them here"
        );
        let stage = |name: &'static str| histogram!(LIKE_TO_PAINT, "stage" => name);
        describe_counter!(
            "quad_withheld_total",
            "Notifications that were stored here and make no toast, by the reason"
        );
        let withheld = |reason: &'static str| counter!("quad_withheld_total", "reason" => reason);
        let told = |outcome: &'static str| counter!("quad_told_total", "outcome" => outcome);
        Self {
            sockets: gauge!("quad_sockets"),
            streams: gauge!("quad_streams"),
            likes: counter!("quad_likes_total"),
            said: counter!("quad_messages_total"),
            published: counter!("quad_published_total"),
            delivered: counter!("quad_delivered_total"),
            too_slow: counter!("quad_too_slow_total"),
            password_checks: counter!("quad_password_checks_total"),
            push_sent: counter!("quad_push_sent_total"),
            push_failed: counter!("quad_push_failed_total"),
            push_gone: counter!("quad_push_gone_total"),
            push_dropped: counter!("quad_push_dropped_total"),
            resubscribed: counter!("quad_resubscribed_total"),
            accepted: stage("accepted"),
            stored: stage("stored"),
            fanned_out: stage("fanned_out"),
            written: stage("written"),
            painted: stage("painted"),
            shown: told("shown"),
            grouped: told("grouped"),
            caught_up: told("caught_up"),
            muted: withheld("muted"),
            quiet: withheld("quiet"),
            preference: withheld("preference"),
        }
    }

    /// Counts a notification that makes no toast.
    pub fn withheld(&self, reason: Option<Withheld>) {
        match reason {
            Some(Withheld::Muted) => self.muted.increment(1),
            Some(Withheld::Quiet) => self.quiet.increment(1),
            Some(Withheld::Preference) => self.preference.increment(1),
            None => {}
        }
    }

    /// Counts what became of notifications.
    pub fn told(&self, outcome: Outcome, count: u64) {
        match outcome {
            Outcome::Shown => self.shown.increment(count),
            Outcome::Grouped => self.grouped.increment(count),
            Outcome::CaughtUp => self.caught_up.increment(count),
        }
    }
}
