//! Where one is logged in. All that can be done here is plain forms, so that each page that follows
//! shows what is true then.

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_query_map;

use super::{Loading, set_title, use_visit, with_viewer};
use crate::{
    api::{EndOtherSessions, EndSession, read_sessions},
    components::{ToLogin, Trouble, When},
    error::QuadError,
    model::{SessionEntry, Sessions},
};

#[component]
pub(super) fn SessionsPage() -> impl IntoView {
    set_title("Your sessions");
    let visit = use_visit();
    let sessions = Resource::new(|| (), |()| read_sessions());
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                match with_viewer(visit.await, sessions.await) {
                    Ok((Some(_), sessions)) => view! { <List sessions/> }.into_any(),
                    Ok((None, _)) | Err(QuadError::NoSession) => view! { <ToLogin/> }.into_any(),
                    Err(error) => view! { <Trouble error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn List(sessions: Sessions) -> impl IntoView {
    let ended = use_query_map().with_untracked(|query| match query.get("ended").as_deref() {
        Some("one") => Some("The session has ended."),
        Some("others") => Some("All other sessions have ended."),
        _ => None,
    });
    let others = sessions.sessions.iter().any(|entry| !entry.current);
    view! {
        <div class="narrow wide">
            <div>
                <h1>"Your sessions"</h1>
                <p class="quiet"><a href="/settings">"All settings"</a></p>
            </div>
            <section class="card" aria-labelledby="sessions-heading">
                <h2 id="sessions-heading">"Where you are logged in"</h2>
                <p class="quiet">
                    "If you do not recognise a session, end it and change your password."
                </p>
                <p class="saved" role="status">{ended}</p>
                <ul class="session-list">
                    {sessions.sessions.into_iter().map(|entry| view! { <Entry entry/> }).collect_view()}
                </ul>
                {others.then(|| view! {
                    <form method="post" action=EndOtherSessions::url()>
                        <button type="submit" class="danger-button">"End all other sessions"</button>
                    </form>
                })}
            </section>
        </div>
    }
    .into_any()
}

#[component]
fn Entry(entry: SessionEntry) -> impl IntoView {
    let SessionEntry {
        id,
        used_at,
        created_at,
        device,
        address,
        current,
    } = entry;
    let label = format!("End the session: {device}");
    view! {
        <li class="session" data-testid="session">
            <div>
                <p>
                    <strong>{device}</strong>
                    {current.then(|| view! { " "<span class="this-one">"This one"</span> })}
                </p>
                <p class="quiet">
                    {address.map(|address| view! { "From "<bdi>{address}</bdi>" · " })}
                    "Last used "<When at=used_at/>" · Began "<When at=created_at/>
                </p>
            </div>
            {(!current).then(|| view! {
                <form method="post" action=EndSession::url()>
                    <input type="hidden" name="id" value=id/>
                    <button type="submit" class="quiet-button small" aria-label=label>"End"</button>
                </form>
            })}
        </li>
    }
    .into_any()
}
