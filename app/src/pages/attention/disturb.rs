//! A switch for a while in which nothing is to disturb.

use leptos::prelude::*;

use super::zone;
use crate::{
    api::SetDoNotDisturb,
    browser,
    components::{FormTrouble, Until, failure},
    model::{FOR_GOOD, Preferences},
};

/// The switch, and until when it is on. `pause` is when that ends; `zone` is that of quiet hours.
#[component]
pub(super) fn DoNotDisturb(
    pause: RwSignal<Option<u64>>,
    zone: Option<String>,
    changed: impl Fn(Preferences) + 'static,
) -> impl IntoView {
    let action = ServerAction::<SetDoNotDisturb>::new();
    Effect::new(move || {
        if let Some(Ok(preferences)) = action.value().get() {
            let off = preferences.do_not_disturb_until.is_none();
            changed(preferences);
            if off {
                // The button that was pressed is gone by then.
                request_animation_frame(|| {
                    browser::focus_first(None, ".choices button");
                });
            }
        }
    });
    let device = zone::of_device();
    let zone = Signal::derive(move || device.get().or_else(|| zone.clone()));
    // Without a zone it is said whose eight o'clock it is.
    let tomorrow = move || match zone.with(Option::is_some) {
        true => "Until tomorrow, 8:00",
        false => "Until tomorrow, 8:00 UTC",
    };
    let state = move || match pause.get() {
        None => "Off: toasts come as you asked for below.".into_any(),
        Some(FOR_GOOD..) => "On until you switch it off. Everything waits in your list.".into_any(),
        Some(at) => view! { "On until "<Until at/>". Everything waits in your list." }.into_any(),
    };
    let off =
        move || {
            pause.get().map(|_| view! {
            <button type="submit" class="button" name="pause" value="off">"Switch off"</button>
        })
        };
    view! {
        <section class="card" aria-labelledby="disturb-heading">
            <h2 id="disturb-heading">"Do not disturb"</h2>
            <p role="status" data-testid="disturb">{state}</p>
            <ActionForm action attr:class="choices">
                <input type="hidden" name="zone" value=move || zone.get().unwrap_or_default()/>
                {off}
                <button type="submit" class="quiet-button" name="pause" value="hour">"For 1 hour"</button>
                <button type="submit" class="quiet-button" name="pause" value="tomorrow">{tomorrow}</button>
                <button type="submit" class="quiet-button" name="pause" value="on">"Until I switch it off"</button>
                <FormTrouble error=failure(action.value()) fields=&[]/>
            </ActionForm>
        </section>
    }
    .into_any()
}
