//! What a page says when it cannot be shown, with the HTTP status that goes with it.

use leptos::prelude::*;

use crate::{error::QuadError, pages::set_title};

/// The error in place of a page.
#[component]
pub(crate) fn Trouble(error: QuadError) -> impl IntoView {
    set_status(error.status());
    let heading = match error.status() {
        404 => "Not found",
        403 => "Not allowed",
        401 => "Please log in",
        429 => "Too fast",
        503 => "Back in a moment",
        _ => "That did not work",
    };
    set_title(heading);
    view! {
        <section class="trouble">
            <h1>{heading}</h1>
            <p>{error.to_string()}</p>
            <p><a class="button" href="/">"Go to the feed"</a></p>
        </section>
    }
}

/// In place of a page that needs a session: leads to where one begins, and from there back.
#[component]
pub(crate) fn ToLogin() -> impl IntoView {
    let here = leptos_router::hooks::use_location().pathname;
    let login = format!("/login?next={}", in_query(&here.get_untracked()));
    #[cfg(feature = "ssr")]
    if let (Some(response), Ok(login)) = (
        use_context::<leptos_axum::ResponseOptions>(),
        axum::http::HeaderValue::from_str(&login),
    ) {
        response.insert_header(axum::http::header::LOCATION, login);
        response.set_status(axum::http::StatusCode::FOUND);
    }
    #[cfg(not(feature = "ssr"))]
    leptos_router::hooks::use_navigate()(&login, Default::default());
    view! { <p class="empty"><a href=login>"Please log in first."</a></p> }
}

/// A path as the value of a parameter: nothing in it begins another one.
fn in_query(path: &str) -> String {
    let mut value = String::with_capacity(path.len());
    for c in path.chars() {
        match c {
            '%' => value.push_str("%25"),
            '&' => value.push_str("%26"),
            '+' => value.push_str("%2B"),
            '#' => value.push_str("%23"),
            other => value.push(other),
        }
    }
    value
}

#[cfg(feature = "ssr")]
fn set_status(status: u16) {
    let response = use_context::<leptos_axum::ResponseOptions>();
    let status = axum::http::StatusCode::from_u16(status);
    if let (Some(response), Ok(status)) = (response, status) {
        response.set_status(status);
    }
}

/// In the browser the status has been sent long ago.
#[cfg(not(feature = "ssr"))]
fn set_status(_: u16) {}

#[cfg(test)]
mod tests {
    use super::in_query;

    #[test]
    fn a_path_stays_one_parameter() {
        assert_eq!(in_query("/rooms/chess"), "/rooms/chess");
        assert_eq!(in_query("/rooms/a&b=c#d%20+"), "/rooms/a%26b=c%23d%2520%2B");
    }
}
