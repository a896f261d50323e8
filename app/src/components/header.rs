//! What stands at the top of every page.

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_location;

use crate::{
    api::{LogOut, Visit},
    browser, drafts,
    live::Live,
    model::Me,
};

/// The name of the house, and the way around it.
#[component]
pub(crate) fn Header(visit: Resource<Visit>) -> impl IntoView {
    let live = Live::current();
    view! {
        <div class="top-inner">
            <a class="brand" href="/" aria-label="Quad, to the feed">
                <svg viewBox="0 0 24 24" width="26" height="26" aria-hidden="true">
                    <path class="brand-square" d="M5 3h14a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2z"/>
                    <path class="brand-dot" d="M12 7.5a4.5 4.5 0 1 0 2.6 8.2l1.7 1.6 1.4-1.4-1.7-1.7A4.5 4.5 0 0 0 12 7.5z"/>
                </svg>
                <span>"Quad"</span>
            </a>
            <Suspense>
                {move || Suspend::new(async move {
                    let visit = visit.await;
                    if let Some(preferences) = visit.preferences {
                        live.preferences.set(preferences);
                    }
                    match visit.me {
                        Ok(Some(me)) => view! { <MemberNav me/> }.into_any(),
                        Ok(None) => view! { <GuestNav/> }.into_any(),
                        // Whether somebody is logged in cannot be known just now.
                        Err(_) => ().into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
}

#[component]
fn MemberNav(me: Me) -> impl IntoView {
    let live = Live::current();
    live.begin(&me);
    Effect::new({
        let me = me.clone();
        move || live.start(me.clone())
    });
    let person = me.person.user_id.clone();
    Effect::new(move || drafts::belong_to(&person));
    renew_pushes(me.person.user_id.to_string());
    let label = move || match live.unread() {
        0 => "Notifications".to_owned(),
        unread => format!("Notifications, {unread} unread"),
    };
    let badge = move || {
        let unread = live.unread();
        (unread > 0).then(
            || view! { <span class="badge" data-testid="badge" translate="no">{unread}</span> },
        )
    };
    let own_page = format!("/people/{}", me.person.handle);
    let own = own_page.clone();
    view! {
        <nav class="nav" aria-label="Main">
            <a href="/" aria-current=current(|path| path == "/")>"Feed"</a>
            <a href="/rooms" aria-current=current(|path| path == "/rooms" || path.starts_with("/rooms/"))>"Rooms"</a>
            <a
                class="nav-notifications"
                href="/notifications"
                aria-label=label
                aria-current=current(|path| path == "/notifications")
            >
                "Notifications"
                {badge}
            </a>
            <a href=own_page aria-current=current(move |path| path == own)>"You"</a>
            <a href="/settings" aria-current=current(|path| path == "/settings")>"Settings"</a>
            // A plain form: the next page begins with nothing of this person in memory.
            <form method="post" action=LogOut::url()>
                <button type="submit" class="quiet-button">"Log out"</button>
            </form>
        </nav>
    }
    .into_any()
}

/// A subscription to pushes that the server cannot use any more is renewed, if this person has one.
fn renew_pushes(person: String) {
    Effect::new(move || {
        browser::mark_document("data-person", &person);
        if browser::stored("quad-push").as_deref() == Some(person.as_str()) {
            browser::run_script("/push.js");
        }
    });
}

#[component]
fn GuestNav() -> impl IntoView {
    view! {
        <nav class="nav" aria-label="Main">
            <a href="/login" aria-current=current(|path| path == "/login")>"Log in"</a>
            <a class="button small" href="/signup" aria-current=current(|path| path == "/signup")>"Sign up"</a>
        </nav>
    }
}

fn current(is: impl Fn(&str) -> bool) -> impl Fn() -> Option<&'static str> {
    let path = use_location().pathname;
    move || path.with(|path| is(path)).then_some("page")
}

/// Says on every page of a demo that it is one.
#[component]
pub(crate) fn DemoBanner(visit: Resource<Visit>) -> impl IntoView {
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                visit.await.demo.then(|| view! {
                    <p class="demo" data-testid="demo">
                        "This is a demo: some of the people here are made up, and they like what you post."
                    </p>
                })
            })}
        </Suspense>
    }
}
