//! What one may change about oneself.

use leptos::{html, prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_query_map;

use super::{Loading, set_title, use_visit};
use crate::{
    api::{ChangeName, ChangePassword, LogOutEverywhere, Visit},
    browser,
    components::{Field, FormTrouble, Saved, ToLogin, Trouble, failure, focus_trouble, of_field},
    model::Me,
    text::NAME_MAX,
};

#[component]
pub(super) fn SettingsPage() -> impl IntoView {
    set_title("Settings");
    let visit = use_visit();
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                match visit.await.me {
                    Ok(Some(me)) => view! { <Settings me visit/> }.into_any(),
                    Ok(None) => view! { <ToLogin/> }.into_any(),
                    Err(error) => view! { <Trouble error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn Settings(me: Me, visit: Resource<Visit>) -> impl IntoView {
    // Without JavaScript the address says what was saved.
    let saved = use_query_map()
        .with_untracked(|query| query.get("saved"))
        .unwrap_or_default();
    view! {
        <div class="narrow">
            <h1>"Settings"</h1>
            <p class="quiet">"You are "<bdi>"@"{me.person.handle.to_string()}</bdi>"."</p>
            <section class="card form" aria-labelledby="reach-heading">
                <h2 id="reach-heading">"What reaches you"</h2>
                <p>"What makes a toast, when it is quiet, and whom or what you muted."</p>
                <p><a class="button quiet-button" href="/settings/notifications">"Notification settings"</a></p>
            </section>
            <NameForm name=me.person.name visit saved=saved == "name"/>
            <PasswordForm handle=me.person.handle.to_string() saved=saved == "password"/>
            <section class="card form" aria-labelledby="sessions-heading">
                <h2 id="sessions-heading">"Sessions"</h2>
                <p>"See where you are logged in, and end what you do not recognise."</p>
                <p><a class="button quiet-button" href="/settings/sessions">"Your sessions"</a></p>
                <p>"Or end your session here and on all other devices."</p>
                <form method="post" action=LogOutEverywhere::url()>
                    <button type="submit" class="danger-button">"Log out everywhere"</button>
                </form>
            </section>
        </div>
    }
    .into_any()
}

#[component]
fn NameForm(name: String, visit: Resource<Visit>, saved: bool) -> impl IntoView {
    let action = ServerAction::<ChangeName>::new();
    let form = NodeRef::<html::Form>::new();
    let error = failure(action.value());
    Effect::new(move || match action.value().get() {
        // Other pages find it there. This one stays as it is, and says that it worked.
        Some(Ok(me)) => visit.update_untracked(|visit| {
            if let Some(visit) = visit {
                visit.me = Ok(Some(me));
            }
        }),
        Some(Err(_)) => focus_trouble(form),
        None => {}
    });
    view! {
        <section class="card" aria-labelledby="name-heading">
            <h2 id="name-heading">"Your name"</h2>
            <ActionForm action node_ref=form attr:class="form">
                <FormTrouble error fields=&["name"]/>
                <Field id="name" name="name" label="Name" autocomplete="name" value=name most=NAME_MAX error=of_field(error, "name")/>
                <div class="form-foot">
                    <button type="submit" class="button" disabled=action.pending()>"Save name"</button>
                    <Saved value=action.value() before=saved text="Saved."/>
                </div>
            </ActionForm>
        </section>
    }
    .into_any()
}

#[component]
fn PasswordForm(handle: String, saved: bool) -> impl IntoView {
    let action = ServerAction::<ChangePassword>::new();
    let form = NodeRef::<html::Form>::new();
    let error = failure(action.value());
    Effect::new(move || match action.value().get() {
        // The sockets of this page are closed with the session that it had.
        Some(Ok(saved)) => browser::leave_for(&saved),
        Some(Err(_)) => focus_trouble(form),
        None => {}
    });
    view! {
        <section class="card" aria-labelledby="password-heading">
            <h2 id="password-heading">"Your password"</h2>
            <ActionForm action node_ref=form attr:class="form">
                // Tells password managers whose password this is; without a name it is not sent.
                <input type="text" autocomplete="username" value=handle hidden/>
                <FormTrouble error fields=&["current_password", "password"]/>
                <Field
                    id="current-password"
                    name="current_password"
                    label="Current password"
                    kind="password"
                    autocomplete="current-password"
                    error=of_field(error, "current_password")
                />
                <Field
                    id="new-password"
                    name="password"
                    label="New password"
                    kind="password"
                    autocomplete="new-password"
                    hint="At least 8 characters, for example several words. Your other devices will have to log in again."
                    error=of_field(error, "password")
                />
                <div class="form-foot">
                    <button type="submit" class="button" disabled=action.pending()>"Change password"</button>
                    <Saved value=action.value() before=saved text="Your password is changed."/>
                </div>
            </ActionForm>
        </section>
    }
    .into_any()
}
