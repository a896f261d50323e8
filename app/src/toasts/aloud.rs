//! What may be heard, and what the system shows while nobody can see the tab.

use js_sys::Object;
use leptos::{prelude::window, wasm_bindgen::closure::Closure};

use crate::browser::{call, get, leave_for, make, set, stored};

/// Where the settings page keeps whether this browser's system shows notifications: `on`, or not.
pub(crate) const SYSTEM_NOTIFICATIONS: &str = "quad-system-notifications";

/// A soft tone. Before somebody touched the page, a browser allows none, and none is tried.
pub(super) fn tone() {
    let _ = try_tone();
}

fn try_tone() -> Option<()> {
    const SECONDS: f64 = 0.25;
    let activation = get(&window().navigator(), "userActivation")?;
    if !get(&activation, "hasBeenActive")?.is_truthy() {
        return None;
    }
    let context = make("AudioContext", &[])?;
    let now = get(&context, "currentTime")?.as_f64()?;
    let [oscillator, gain] =
        ["createOscillator", "createGain"].map(|name| call(&context, name, &[]));
    let (oscillator, gain) = (oscillator?, gain?);
    set(&get(&oscillator, "frequency")?, "value", &660.into());
    let loudness = get(&gain, "gain")?;
    call(&loudness, "setValueAtTime", &[0.06.into(), now.into()])?;
    let end = now + SECONDS;
    let fade = [0.0001.into(), end.into()];
    call(&loudness, "exponentialRampToValueAtTime", &fade)?;
    call(&oscillator, "connect", std::slice::from_ref(&gain))?;
    call(&gain, "connect", &[get(&context, "destination")?])?;
    let close = Closure::once_into_js(move || {
        call(&context, "close", &[]);
    });
    set(&oscillator, "onended", &close);
    call(&oscillator, "start", &[])?;
    call(&oscillator, "stop", &[end.into()]);
    Some(())
}

/// Whether the person wants the system to show notifications, and the browser allows it.
pub(super) fn system_may_show() -> bool {
    let class = get(&window(), "Notification");
    let permission = class.and_then(|class| get(&class, "permission")?.as_string());
    permission.as_deref() == Some("granted")
        && stored(SYSTEM_NOTIFICATIONS).as_deref() == Some("on")
}

/// Has the system show it. One of the same tag takes its place.
pub(super) fn show_by_system(tag: &str, text: &str, href: Option<String>) -> bool {
    let options = Object::new();
    set(&options, "tag", &tag.into());
    set(&options, "body", &text.into());
    let Some(shown) = make("Notification", &["Quad".into(), options.into()]) else {
        return false;
    };
    let notification = shown.clone();
    let follow = Closure::once_into_js(move || {
        let _ = window().focus();
        call(&notification, "close", &[]);
        if let Some(href) = href {
            leave_for(&href);
        }
    });
    set(&shown, "onclick", &follow);
    true
}
