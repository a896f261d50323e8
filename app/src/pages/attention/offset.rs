//! How far a person's clock is ahead of UTC: the browser knows, and without JavaScript one says so.

use leptos::prelude::*;

use crate::browser;

/// All that any country's clocks show, in minutes.
const OFFSETS: [i16; 38] = [
    -720, -660, -600, -570, -540, -480, -420, -360, -300, -240, -210, -180, -120, -60, 0, 60, 120,
    180, 210, 240, 270, 300, 330, 345, 360, 390, 420, 480, 525, 540, 570, 600, 630, 660, 720, 765,
    780, 840,
];

/// The offset of this device; none until the page is awake.
pub(super) fn known() -> RwSignal<Option<i16>> {
    let offset = RwSignal::new(None);
    Effect::new(move || offset.set(Some(browser::utc_offset())));
    offset
}

/// A hidden field once the browser has said so, and a choice before.
#[component]
pub(super) fn OffsetField(
    name: &'static str,
    stored: i16,
    known: RwSignal<Option<i16>>,
) -> impl IntoView {
    move || {
        match known.get() {
        Some(offset) => view! { <input type="hidden" name=name value=offset.to_string()/> }.into_any(),
        None => view! {
            <div class="field">
                <label for="utc-offset">"Your clock"</label>
                <select id="utc-offset" name=name>
                    {OFFSETS.map(|offset| view! {
                        <option value=offset.to_string() selected=offset == stored>{words(offset)}</option>
                    })}
                </select>
            </div>
        }
        .into_any(),
    }
    }
}

/// `UTC+05:30`.
fn words(offset: i16) -> String {
    let sign = if offset < 0 { '−' } else { '+' };
    let minutes = offset.unsigned_abs();
    format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_read_as_clocks_do() {
        assert_eq!(words(0), "UTC+00:00");
        assert_eq!(words(345), "UTC+05:45");
        assert_eq!(words(-210), "UTC−03:30");
        assert!(OFFSETS.is_sorted());
    }
}
