//! In which time zone a person's clock is: the browser knows its name, and without JavaScript one may
//! write it.

use leptos::prelude::*;

use crate::browser;

/// A hidden field once the browser has named its zone, and a field to write in before, or where it
/// knows none.
#[component]
pub(super) fn ZoneField(name: &'static str, stored: String) -> impl IntoView {
    let zone = RwSignal::new(None::<String>);
    Effect::new(move || zone.set(browser::time_zone()));
    move || match zone.get() {
        Some(zone) => view! { <input type="hidden" name=name value=zone/> }.into_any(),
        None => view! {
            <div class="field">
                <label for="zone">"Or your time zone"</label>
                <input
                    type="text"
                    id="zone"
                    name=name
                    value=stored.clone()
                    maxlength="64"
                    placeholder="Europe/Berlin"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    aria-describedby="zone-hint"
                />
                <p class="hint" id="zone-hint">"With it, quiet hours follow when clocks change."</p>
            </div>
        }
        .into_any(),
    }
}
