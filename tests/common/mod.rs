//! What the black-box tests share: a real `redis-server`, the real `quad`, people, and sockets.
//!
//! Tests wait for events and never for time to pass: whatever is awaited here gives up only after
//! [`PATIENCE`], which is far longer than a healthy server ever takes.

// Every test file uses a part of this.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

pub mod app;
pub mod clock;
pub mod dice;
pub mod events;
pub mod http;
pub mod malformed;
pub mod people;
pub mod push;
pub mod redis;
pub mod server;
pub mod ws;

use std::time::Duration;

/// After this long, what did not come does not come.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Something that no other test uses. It ends with more than digits: `admin_1` is reserved.
pub fn unique(prefix: &str) -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("{prefix}_n{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Asks again and again until the answer is there. For what the product promises to become true
/// without an event that tells when.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "never happened: {what}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
