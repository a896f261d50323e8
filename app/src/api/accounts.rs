//! Who is there: accounts and sessions.

#[cfg(feature = "ssr")]
use futures_util::future::join;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use super::{answer, land};
#[cfg(feature = "ssr")]
use crate::{
    backend::RequestContext,
    model::{AccountChange, Credentials, NewAccount, SignedIn},
};
use crate::{
    error::QuadError,
    model::{Handle, Me, Person, Preferences},
};

/// What every page needs to know before anything else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// Oneself; `None` for somebody without a session, an error where the store could not say.
    pub me: Result<Option<Me>, QuadError>,
    /// What one wants to be told of; `None` for somebody without a session.
    pub preferences: Option<Preferences>,
    /// Whether the demo's people are about.
    pub demo: bool,
}

/// Who is there, and what kind of house it is.
#[server(prefix = "/fn", endpoint = "read_visit")]
pub async fn read_visit() -> Result<Visit, QuadError> {
    answer(|context| async move {
        let (me, preferences) = join(account(&context), preferences(&context)).await;
        Ok(Visit {
            me,
            preferences,
            demo: context.demo,
        })
    })
    .await
}

/// One's own account; `None` for somebody without a session.
#[server(prefix = "/fn", endpoint = "my_account")]
pub async fn my_account() -> Result<Option<Me>, QuadError> {
    answer(|context| async move { account(&context).await }).await
}

/// Makes an account and begins a session. Answers where to go first, and from there to the feed.
#[server(prefix = "/fn", endpoint = "sign_up")]
pub async fn sign_up(handle: String, password: String, name: String) -> Result<String, QuadError> {
    answer(|context| async move {
        let name = Some(name).filter(|name| !name.trim().is_empty());
        let account = NewAccount {
            handle,
            password,
            name,
        };
        let signed_in = context.backend.sign_up(context.caller, account).await?;
        begin_session(&context, &signed_in, None)
    })
    .await
}

/// Begins a session. Answers where to go first, and from there to `next`, if that is a page of
/// ours, else to the feed.
#[server(prefix = "/fn", endpoint = "log_in")]
pub async fn log_in(
    handle: String,
    password: String,
    next: Option<String>,
) -> Result<String, QuadError> {
    answer(|context| async move {
        let credentials = Credentials { handle, password };
        let signed_in = context.backend.log_in(context.caller, credentials).await?;
        begin_session(&context, &signed_in, next)
    })
    .await
}

/// Ends this session.
#[server(prefix = "/fn", endpoint = "log_out")]
pub async fn log_out() -> Result<(), QuadError> {
    answer(|context| async move {
        context.backend.log_out(context.session()?).await?;
        end_session(&context)
    })
    .await
}

/// Ends every session of this person.
#[server(prefix = "/fn", endpoint = "log_out_everywhere")]
pub async fn log_out_everywhere() -> Result<(), QuadError> {
    answer(|context| async move {
        context
            .backend
            .log_out_everywhere(context.session()?)
            .await?;
        end_session(&context)
    })
    .await
}

/// Changes what one is called.
#[server(prefix = "/fn", endpoint = "change_name")]
pub async fn change_name(name: String) -> Result<Me, QuadError> {
    answer(|context| async move {
        let change = AccountChange {
            name: Some(name),
            ..AccountChange::default()
        };
        let me = context
            .backend
            .change_account(context.session()?, change)
            .await?;
        land("/settings?saved=name");
        Ok(me)
    })
    .await
}

/// Changes the password and ends all other sessions.
#[server(prefix = "/fn", endpoint = "change_password")]
pub async fn change_password(current_password: String, password: String) -> Result<Me, QuadError> {
    answer(|context| async move {
        let change = AccountChange {
            password: Some(password),
            current_password: Some(current_password),
            ..AccountChange::default()
        };
        let me = context
            .backend
            .change_account(context.session()?, change)
            .await?;
        land("/settings?saved=password");
        Ok(me)
    })
    .await
}

/// Finds a person by handle.
#[server(prefix = "/fn", endpoint = "find_person")]
pub async fn find_person(handle: Handle) -> Result<Person, QuadError> {
    answer(|context| async move { context.backend.person(&handle).await }).await
}

#[cfg(feature = "ssr")]
async fn account(context: &RequestContext) -> Result<Option<Me>, QuadError> {
    match context.viewer()? {
        Some(session) => context.backend.me(session).await.map(Some),
        None => Ok(None),
    }
}

/// A page without them shows toasts as for a newcomer.
#[cfg(feature = "ssr")]
async fn preferences(context: &RequestContext) -> Option<Preferences> {
    let session = context.viewer().ok()??;
    context.backend.preferences(session).await.ok()
}

#[cfg(feature = "ssr")]
fn begin_session(
    context: &RequestContext,
    signed_in: &SignedIn,
    next: Option<String>,
) -> Result<String, QuadError> {
    set_cookie(context.cookies.begin(&signed_in.token))?;
    let first = format!("/entered?next={}", escaped(&page_of_ours(next)));
    land(&first);
    Ok(first)
}

/// Where somebody goes on after the log-in, once it is known whether the browser kept the cookie.
#[cfg(feature = "ssr")]
pub fn after_log_in(next: Option<String>, kept: bool) -> String {
    let next = page_of_ours(next);
    match kept {
        true => next,
        false => format!("/login?cookies=needed&next={}", escaped(&next)),
    }
}

/// The page that an address names, if it is one of this site; else the feed.
#[cfg(feature = "ssr")]
fn page_of_ours(next: Option<String>) -> String {
    let next = next.filter(|next| is_page_of_ours(next));
    next.unwrap_or_else(|| "/".to_owned())
}

/// A path as the value of a parameter.
#[cfg(feature = "ssr")]
fn escaped(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let escape = |byte: u8| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    path.bytes().map(escape).collect()
}

/// Whether an address leads nowhere but to a page of this site. Browsers read `//` and `/\` as the
/// beginning of another host, and drop what cannot be seen.
#[cfg(feature = "ssr")]
fn is_page_of_ours(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    path.len() <= 200 && path.starts_with('/') && !path.starts_with("//") && path.bytes().all(plain)
}

#[cfg(feature = "ssr")]
fn end_session(context: &RequestContext) -> Result<(), QuadError> {
    set_cookie(context.cookies.end())?;
    land("/");
    Ok(())
}

#[cfg(feature = "ssr")]
fn set_cookie(value: Option<axum::http::HeaderValue>) -> Result<(), QuadError> {
    let response = use_context::<leptos_axum::ResponseOptions>().ok_or(QuadError::Internal)?;
    response.append_header(
        axum::http::header::SET_COOKIE,
        value.ok_or(QuadError::Internal)?,
    );
    Ok(())
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::{after_log_in, is_page_of_ours};

    #[test]
    fn after_the_log_in_somebody_goes_on_or_hears_that_cookies_are_needed() {
        let next = Some("/people/ana?before=1&x#top".to_owned());
        assert_eq!(
            after_log_in(next.clone(), true),
            "/people/ana?before=1&x#top"
        );
        assert_eq!(
            after_log_in(next, false),
            "/login?cookies=needed&next=/people/ana%3Fbefore%3D1%26x%23top"
        );
        assert_eq!(after_log_in(Some("//evil.example".into()), true), "/");
        assert_eq!(after_log_in(None, false), "/login?cookies=needed&next=/");
    }

    #[test]
    fn nobody_is_led_to_another_site() {
        for page in ["/", "/notifications", "/people/ana?before=1.2"] {
            assert!(is_page_of_ours(page), "{page}");
        }
        for other in [
            "",
            "notifications",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/\t/evil.example",
            "/ä",
        ] {
            assert!(!is_page_of_ours(other), "{other}");
        }
    }
}
