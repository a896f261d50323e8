//! What one wants to be told of, in which hours, and what became of the rest.

mod disturb;
mod form;
mod ledger;
mod muted;
mod zone;

use futures_util::future::join3;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{Loading, set_title, use_visit, with_viewer};
use crate::{
    api::{Visit, read_ledger, read_mutes, read_preferences},
    browser,
    components::{ToLogin, Trouble},
    error::QuadError,
    live::Live,
    model::{Ledger, Me, Mutes, Preferences},
};

use disturb::DoNotDisturb;
use form::PreferencesForm;
use ledger::LedgerCard;
use muted::MutedCard;

#[component]
pub(super) fn AttentionPage() -> impl IntoView {
    set_title("Notification settings");
    let visit = use_visit();
    let data = Resource::new(|| (), |()| read());
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                match with_viewer(visit.await, data.await) {
                    Ok((Some(me), found)) => view! { <Settings me found visit/> }.into_any(),
                    Ok((None, _)) | Err(QuadError::NoSession) => view! { <ToLogin/> }.into_any(),
                    Err(error) => view! { <Trouble error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

type Found = (Preferences, Mutes, Ledger);

async fn read() -> Result<Found, QuadError> {
    let (preferences, mutes, ledger) = join3(read_preferences(), read_mutes(), read_ledger()).await;
    Ok((preferences?, mutes?, ledger?))
}

#[component]
fn Settings(me: Me, found: Found, visit: Resource<Visit>) -> impl IntoView {
    let (preferences, mutes, ledger) = found;
    // Without JavaScript the address says what was saved.
    let saved = use_query_map().with_untracked(|query| query.get("saved").is_some());
    let pause = RwSignal::new(preferences.do_not_disturb_until);
    let live = Live::current();
    let changed = move |preferences: Preferences| {
        pause.set(preferences.do_not_disturb_until);
        live.preferences.set(preferences.clone());
        // Other pages find it there; this one stays as it is.
        visit.update_untracked(|visit| {
            if let Some(visit) = visit {
                visit.preferences = Some(preferences);
            }
        });
    };
    let hours = preferences.quiet_hours.as_ref();
    let zone = hours.and_then(|hours| hours.zone.clone());
    // What only the browser knows and can change, its own script shows.
    Effect::new(|| browser::run_script("/this-browser.js"));
    view! {
        <div class="narrow wide">
            <div>
                <h1>"Notification settings"</h1>
                <p class="quiet">
                    <a href="/settings">"All settings"</a>" · "<a href="/notifications">"Notifications"</a>
                </p>
            </div>
            <DoNotDisturb pause zone changed/>
            <PreferencesForm preferences saved changed/>
            <this-browser data-person=me.person.user_id.to_string()></this-browser>
            <MutedCard mutes/>
            <LedgerCard ledger/>
        </div>
    }
    .into_any()
}
