//! The calls that the pages make: each is a server function, works as a plain form without
//! JavaScript, and is a thin face of the server's `Backend`, which checks who may do what.

mod accounts;
mod announcements;
mod attention;
mod inbox;
mod posts;
mod rooms;
mod sessions;

pub use accounts::*;
pub use announcements::*;
pub use attention::*;
pub use inbox::*;
pub use posts::*;
pub use rooms::*;
pub use sessions::*;

#[cfg(feature = "ssr")]
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::{backend::RequestContext, error::QuadError};

/// Runs a call in the context of its request, and gives a refusal its HTTP status.
///
/// A plain form is redirected instead, and a page that is being rendered has a status of its own.
#[cfg(feature = "ssr")]
async fn answer<T, F>(call: impl FnOnce(RequestContext) -> F) -> Result<T, QuadError>
where
    F: Future<Output = Result<T, QuadError>>,
{
    let answer = match RequestContext::current() {
        Ok(context) => call(context).await,
        Err(error) => Err(error),
    };
    let parts = use_context::<axum::http::request::Parts>();
    let is_call = parts.is_some_and(|parts| parts.uri.path().starts_with("/fn/"));
    if let (Err(error), true, Some(response)) = (
        &answer,
        is_call && !is_plain_form(),
        use_context::<leptos_axum::ResponseOptions>(),
    ) && let Ok(status) = axum::http::StatusCode::from_u16(error.status())
    {
        response.set_status(status);
    }
    answer
}

/// Where a plain form leads to. A page that is awake decides for itself.
#[cfg(feature = "ssr")]
fn land(path: &str) {
    if is_plain_form() {
        leptos_axum::redirect(path);
    }
}

#[cfg(feature = "ssr")]
fn is_plain_form() -> bool {
    let parts = use_context::<axum::http::request::Parts>();
    let accept = parts
        .as_ref()
        .and_then(|parts| parts.headers.get(axum::http::header::ACCEPT));
    let accept = accept.and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// Leads a plain form back to a place on the page that it was on, without what an earlier form left
/// in its address.
#[cfg(feature = "ssr")]
fn land_back(place: &str) {
    use leptos::server_fn::error::ServerFnUrlError;

    let parts = use_context::<axum::http::request::Parts>();
    let referer = parts
        .as_ref()
        .and_then(|parts| parts.headers.get(axum::http::header::REFERER));
    if let Some(Ok(page)) = referer.map(|referer| referer.to_str()) {
        let mut page = page.to_owned();
        ServerFnUrlError::<QuadError>::strip_error_info(&mut page);
        // Without any other parameters, a lone `?` is left.
        land(&format!("{}{place}", page.trim_end_matches('?')));
    }
}
