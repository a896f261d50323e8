//! What `/metrics` counts, named and described once.

use std::sync::LazyLock;

use metrics::{Counter, Gauge, counter, describe_counter, describe_gauge, gauge};

/// The meters of this process. First used after the recorder was installed, since nothing is
/// served before.
pub static METERS: LazyLock<Meters> = LazyLock::new(Meters::new);

/// Handles that are looked up once, because a look-up costs more than counting.
pub struct Meters {
    /// Open sockets.
    pub sockets: Gauge,
    /// Likes and withdrawals that changed something.
    pub likes: Counter,
    /// Messages that came from the store for sockets of this server.
    pub published: Counter,
    /// Frames that were handed to sockets because of them.
    pub delivered: Counter,
    /// Sockets that were closed because they did not keep up.
    pub too_slow: Counter,
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
}

impl Meters {
    fn new() -> Self {
        describe_gauge!("quad_sockets", "Open sockets");
        describe_counter!(
            "quad_likes_total",
            "Likes and withdrawals that changed something"
        );
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
            "quad_resubscribed_total",
            "Times the subscriber connection was made"
        );
        Self {
            sockets: gauge!("quad_sockets"),
            likes: counter!("quad_likes_total"),
            published: counter!("quad_published_total"),
            delivered: counter!("quad_delivered_total"),
            too_slow: counter!("quad_too_slow_total"),
            push_sent: counter!("quad_push_sent_total"),
            push_failed: counter!("quad_push_failed_total"),
            push_gone: counter!("quad_push_gone_total"),
            push_dropped: counter!("quad_push_dropped_total"),
            resubscribed: counter!("quad_resubscribed_total"),
        }
    }
}
