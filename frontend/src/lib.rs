//! The browser's entry point.

use std::sync::atomic::{AtomicBool, Ordering};

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// A function of the page's own script, which gives the page back to the browser.
    #[wasm_bindgen(js_name = quadDied)]
    fn died();
}

static DEAD: AtomicBool = AtomicBool::new(false);

/// Wakes up the page that the server rendered.
#[wasm_bindgen]
pub fn hydrate() {
    // What still runs after a panic may panic again, and that is of no interest to anybody.
    std::panic::set_hook(Box::new(|info| {
        if !DEAD.swap(true, Ordering::Relaxed) {
            console_error_panic_hook::hook(info);
            died();
        }
    }));
    leptos::mount::hydrate_body(app::App);
}
