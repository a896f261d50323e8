//! One's own sessions, and the cookie that holds one.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::{answer, land};
#[cfg(feature = "ssr")]
use crate::{backend::RequestContext, model::SignedIn};
use crate::{error::QuadError, model::Sessions};

/// All sessions of this person.
#[server(prefix = "/fn", endpoint = "read_sessions")]
pub async fn read_sessions() -> Result<Sessions, QuadError> {
    answer(|context| async move { context.backend.sessions(context.session()?).await }).await
}

/// Ends one of them. One that has ended meanwhile is no error.
#[server(prefix = "/fn", endpoint = "end_session")]
pub async fn end_session(id: String) -> Result<(), QuadError> {
    answer(|context| async move {
        let session = context.session()?;
        let ended = context.backend.end_session(context.caller, session, &id);
        match ended.await {
            Ok(()) | Err(QuadError::NotFound) if id == *session.id => forget(&context),
            Ok(()) | Err(QuadError::NotFound) => {
                land("/settings/sessions?ended=one");
                Ok(())
            }
            Err(error) => Err(error),
        }
    })
    .await
}

/// Ends all of them but this one.
#[server(prefix = "/fn", endpoint = "end_other_sessions")]
pub async fn end_other_sessions() -> Result<(), QuadError> {
    answer(|context| async move {
        context
            .backend
            .end_other_sessions(context.caller, context.session()?)
            .await?;
        land("/settings/sessions?ended=others");
        Ok(())
    })
    .await
}

/// Ends this session.
#[server(prefix = "/fn", endpoint = "log_out")]
pub async fn log_out() -> Result<(), QuadError> {
    answer(|context| async move {
        context
            .backend
            .log_out(context.caller, context.session()?)
            .await?;
        forget(&context)
    })
    .await
}

/// Ends every session of this person.
#[server(prefix = "/fn", endpoint = "log_out_everywhere")]
pub async fn log_out_everywhere() -> Result<(), QuadError> {
    answer(|context| async move {
        context
            .backend
            .log_out_everywhere(context.caller, context.session()?)
            .await?;
        forget(&context)
    })
    .await
}

/// Gives the browser a new session, and ends the one that it had.
#[cfg(feature = "ssr")]
pub(super) async fn enter(context: &RequestContext, new: &SignedIn) -> Result<(), QuadError> {
    if let Ok(Some(old)) = &context.session {
        context.backend.replace_session(context.caller, old).await;
    }
    keep(context, &new.token)
}

/// Gives the browser the token of a new session.
#[cfg(feature = "ssr")]
pub(super) fn keep(context: &RequestContext, token: &str) -> Result<(), QuadError> {
    let seconds = context.backend.session_seconds();
    set_cookie(context.cookies.begin(token, seconds))
}

/// The browser has no session any more.
#[cfg(feature = "ssr")]
fn forget(context: &RequestContext) -> Result<(), QuadError> {
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
