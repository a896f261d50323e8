//! In which time zone a person's clocks are. The browser knows its own; without JavaScript one chooses.
//!
//! The names of all zones come from the server, as HTML: they are no part of the page's program.

use leptos::{html, prelude::*, task::spawn_local};

use crate::{api::read_zones, browser};

const HINT: &str = "Quiet hours follow the clocks of this zone, also when they change.";

/// The zone of this device; none until the page is awake.
pub(super) fn of_device() -> RwSignal<Option<String>> {
    let zone = RwSignal::new(None);
    Effect::new(move || zone.set(browser::time_zone()));
    zone
}

/// A choice of all zones. What is `stored` is chosen; without that, the zone of the device is, once the
/// page is awake. `offset` is what was stored before zones had names, in minutes ahead of UTC.
#[component]
pub(super) fn ZoneField(
    name: &'static str,
    stored: Option<String>,
    offset: Option<i16>,
    #[prop(into)] error: Signal<Option<String>>,
) -> impl IntoView {
    let select = NodeRef::<html::Select>::new();
    let device = of_device();
    let options = options(stored.clone(), offset);
    let chosen = stored.clone();
    Effect::new(move || {
        let (Some(select), Some(zone)) = (select.get(), device.get()) else {
            return;
        };
        let (chosen, first) = (chosen.clone(), first(offset));
        let choose = move |select: leptos::web_sys::HtmlSelectElement| {
            if select.value().is_empty() {
                browser::choose(&select, &zone);
            }
        };
        // A page that was shown without being loaded has no list yet.
        if select.length() > 0 {
            return choose(select);
        }
        spawn_local(async move {
            if let Ok(zones) = read_zones(chosen.clone()).await {
                let first = if chosen.is_none() {
                    first
                } else {
                    String::new()
                };
                select.set_inner_html(&(first + &zones));
            }
            choose(select);
        });
    });
    let elsewhere = move || {
        let zone = device.get()?;
        stored.as_ref().filter(|stored| **stored != zone)?;
        Some(format!(" This device is in {zone}."))
    };
    let described_by = move || match error.with(Option::is_some) {
        true => "zone-hint zone-error",
        false => "zone-hint",
    };
    view! {
        <div class="field">
            <label for="zone">"Your time zone"</label>
            <select
                id="zone"
                name=name
                node_ref=select
                translate="no"
                aria-describedby=described_by
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                inner_html=options
            ></select>
            <p class="hint" id="zone-hint">{HINT}<span>{elsewhere}</span></p>
            {move || error.get().map(|text| view! { <p class="field-error" id="zone-error">{text}</p> })}
        </div>
    }
    .into_any()
}

/// What stands where no zone is chosen yet.
fn first(offset: Option<i16>) -> String {
    let words = offset.map_or_else(|| "Choose…".to_owned(), as_before);
    format!("<option value=\"\">{words}</option>")
}

/// `UTC+05:30, as before`.
fn as_before(offset: i16) -> String {
    let sign = if offset < 0 { '−' } else { '+' };
    let minutes = offset.unsigned_abs();
    format!(
        "UTC{sign}{:02}:{:02}, as before",
        minutes / 60,
        minutes % 60
    )
}

#[cfg(feature = "ssr")]
fn options(stored: Option<String>, offset: Option<i16>) -> String {
    let zones = crate::backend::RequestContext::current()
        .map(|context| crate::api::zone_options(&context, stored.as_deref()))
        .unwrap_or_default();
    match stored {
        Some(_) => zones,
        None => first(offset) + &zones,
    }
}

/// The browser has what the server rendered, or asks for it.
#[cfg(not(feature = "ssr"))]
fn options(_: Option<String>, _: Option<i16>) -> String {
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_read_as_clocks_do() {
        assert_eq!(as_before(0), "UTC+00:00, as before");
        assert_eq!(as_before(345), "UTC+05:45, as before");
        assert_eq!(as_before(-210), "UTC−03:30, as before");
        assert!(first(None).contains("Choose"));
    }
}
