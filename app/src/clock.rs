//! What time it is by the server's clock. The device's own may be wrong, and may jump.
//!
//! The page says when it was rendered, and frames of the server say what its clock shows, every 30
//! seconds. What has passed since is counted by [`browser::elapsed`]. It may stand still while a
//! laptop sleeps; the next frame sets it right.

use std::{cell::Cell, time::Duration};

use leptos::prelude::*;

use crate::browser;

/// How often relative times are made anew.
const TICK: Duration = Duration::from_secs(30);
/// A correction that is larger than this is seen at once.
const LARGE_MS: u64 = 5_000;

thread_local! {
    /// What the server's clock showed, and what [`browser::elapsed`] said then.
    static SET: Cell<Option<(u64, u64)>> = const { Cell::new(None) };
}

/// Milliseconds since 1970, UTC, by the server's clock; by the device's own where the page does not
/// say what that is. Only where there is a browser.
pub(crate) fn server_now() -> u64 {
    let set = SET.get().or_else(rendered);
    SET.set(set);
    set.map_or_else(browser::now, |(server, since)| {
        server + browser::elapsed().saturating_sub(since)
    })
}

/// What the page says of itself.
fn rendered() -> Option<(u64, u64)> {
    let meta = document().query_selector("meta[name=now]").ok()??;
    let server = meta.get_attribute("content")?.parse().ok()?;
    let since = browser::answered().unwrap_or_else(browser::elapsed);
    Some((server, since))
}

/// The clock of all times on the page.
#[derive(Clone, Copy)]
pub(crate) struct Clock(RwSignal<Option<u64>>);

impl Clock {
    /// One for the whole page.
    pub(crate) fn provide() -> Self {
        let clock = Self(RwSignal::new(None));
        provide_context(clock);
        Effect::new(move || {
            clock.tick();
            // Without it times stay what they were when the page was loaded.
            let _ = set_interval_with_handle(move || clock.tick(), TICK);
        });
        clock
    }

    /// What time it is; unknown until the page is awake, so that server and browser render alike.
    pub(crate) fn now(self) -> Option<u64> {
        self.0.get()
    }

    /// The server's clock shows this.
    #[cfg_attr(not(feature = "hydrate"), allow(dead_code))]
    pub(crate) fn heard(self, server: u64) {
        let before = server_now();
        SET.set(Some((server, browser::elapsed())));
        if before.abs_diff(server) > LARGE_MS {
            self.tick();
        }
    }

    fn tick(self) {
        self.0.set(Some(server_now()));
    }
}
