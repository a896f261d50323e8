//! Signing up and logging in.

use leptos::{html, prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_query_map;

use super::set_title;
use crate::{
    api::{LogIn, SignUp},
    browser,
    components::{Field, FormTrouble, failure, focus_trouble, of_field},
    error::QuadError,
    text::NAME_MAX,
};

#[component]
pub(super) fn SignUpPage() -> impl IntoView {
    set_title("Sign up");
    let action = ServerAction::<SignUp>::new();
    let form = NodeRef::<html::Form>::new();
    let error = failure(action.value());
    enter(action, form);
    view! {
        <section class="narrow">
            <h1>"Sign up"</h1>
            <CookieNote/>
            <ActionForm action node_ref=form attr:class="form">
                <FormTrouble error fields=&["handle", "name", "password"]/>
                <Field
                    id="handle"
                    name="handle"
                    label="Handle"
                    autocomplete="username"
                    hint="3 to 30 letters, digits or underscores, beginning with a letter."
                    error=of_field(error, "handle")
                />
                <Field id="name" name="name" label="Name" autocomplete="name" optional=true most=NAME_MAX error=of_field(error, "name")/>
                <Field
                    id="password"
                    name="password"
                    label="Password"
                    kind="password"
                    autocomplete="new-password"
                    hint="At least 8 characters, for example several words."
                    error=of_field(error, "password")
                />
                <button type="submit" class="button" disabled=action.pending()>"Sign up"</button>
            </ActionForm>
            <p class="otherwise">"Been here before? "<a href="/login">"Log in"</a></p>
        </section>
    }
    .into_any()
}

#[component]
pub(super) fn LogInPage() -> impl IntoView {
    set_title("Log in");
    let action = ServerAction::<LogIn>::new();
    let form = NodeRef::<html::Form>::new();
    let error = failure(action.value());
    enter(action, form);
    // Whoever was led here from a page of their own goes back to it.
    let next = use_query_map().with_untracked(|query| query.get("next"));
    view! {
        <section class="narrow">
            <h1>"Log in"</h1>
            <CookieNote/>
            <ActionForm action node_ref=form attr:class="form">
                <FormTrouble error fields=&["handle", "password"]/>
                <input type="hidden" name="next" value=next.unwrap_or_default()/>
                <Field id="handle" name="handle" label="Handle" autocomplete="username" error=of_field(error, "handle")/>
                <Field
                    id="password"
                    name="password"
                    label="Password"
                    kind="password"
                    autocomplete="current-password"
                    error=of_field(error, "password")
                />
                <button type="submit" class="button" disabled=action.pending()>"Log in"</button>
            </ActionForm>
            <p class="otherwise">"New here? "<a href="/signup">"Sign up"</a></p>
        </section>
    }
    .into_any()
}

/// Says that cookies are needed, where the last log-in left none or the browser says that it keeps
/// none.
#[component]
fn CookieNote() -> impl IntoView {
    let left_none =
        use_query_map().with_untracked(|query| query.get("cookies").as_deref() == Some("needed"));
    let needed = RwSignal::new(left_none);
    Effect::new(move || {
        if browser::refuses_cookies() {
            needed.set(true);
        }
    });
    move || {
        needed.get().then(|| {
            view! {
                <p class="form-error" role="alert" data-testid="cookies">
                    "Your browser keeps no cookie from this site. Quad needs one to know that you are logged in: please allow it, and log in again."
                </p>
            }
        })
    }
}

/// A session has begun: the next page is loaded as a new document, with nothing of before in memory.
fn enter<S>(action: ServerAction<S>, form: NodeRef<html::Form>)
where
    S: ServerFn<Output = String, Error = QuadError> + Clone + Send + Sync + 'static,
{
    Effect::new(move || match action.value().get() {
        Some(Ok(next)) => browser::leave_for(&next),
        Some(Err(_)) => focus_trouble(form),
        None => {}
    });
}
