//! Who is there, and their accounts.

#[cfg(feature = "ssr")]
use futures_util::future::join;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use super::{
    answer, land,
    sessions::{enter, keep},
};
#[cfg(feature = "ssr")]
use crate::{
    address,
    backend::RequestContext,
    model::{AccountChange, Credentials, NewAccount},
};
use crate::{
    error::QuadError,
    model::{Handle, Me, Person, Preferences},
};

/// The longest address to which somebody is led back after logging in.
#[cfg(feature = "ssr")]
const LONGEST_NEXT: usize = 200;

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
        enter(&context, &signed_in).await?;
        Ok(go_on(None))
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
        enter(&context, &signed_in).await?;
        Ok(go_on(next))
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
        let changed = context
            .backend
            .change_account(context.caller, context.session()?, change)
            .await?;
        land("/settings?saved=name");
        Ok(changed.me)
    })
    .await
}

/// Changes the password and ends all sessions of before; the browser gets a new one. Answers where
/// to go: to a new document, because the sockets of this one are closed.
#[server(prefix = "/fn", endpoint = "change_password")]
pub async fn change_password(
    current_password: String,
    password: String,
) -> Result<String, QuadError> {
    answer(|context| async move {
        let change = AccountChange {
            password: Some(password),
            current_password: Some(current_password),
            ..AccountChange::default()
        };
        let changed = context
            .backend
            .change_account(context.caller, context.session()?, change)
            .await?;
        if let Some(token) = changed.token {
            keep(&context, &token)?;
        }
        let saved = "/settings?saved=password".to_owned();
        land(&saved);
        Ok(saved)
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
fn go_on(next: Option<String>) -> String {
    let first = format!("/entered?next={}", escaped(&page_of_ours(next)));
    land(&first);
    first
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
    let next = next.filter(|next| next.len() <= LONGEST_NEXT && address::is_ours(next));
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

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::after_log_in;

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
}
