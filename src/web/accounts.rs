//! Accounts, and how sessions begin. [`super::sessions`] lists and ends them.

use app::model::{
    AccountChange, AccountChanged, Credentials, Handle, Me, NewAccount, Person, SignedIn as Session,
};
use axum::{
    extract::State,
    http::{
        HeaderMap, StatusCode,
        header::{AUTHORIZATION, SET_COOKIE},
    },
};

use super::{
    auth::{Before, From, SignedIn},
    extract::{Json, Path},
    problem::{Answer, ProblemDetails},
};
use crate::server::Shared;

/// Makes an account and begins a session.
#[utoipa::path(post, path = "/api/v1/accounts", tag = "accounts", request_body = NewAccount,
    responses((status = 201, body = Session), (status = 409, body = ProblemDetails), (status = 422, body = ProblemDetails),
        (status = "default", body = ProblemDetails)))]
pub async fn sign_up(
    State(shared): State<Shared>,
    From(caller): From,
    Before(before): Before,
    Json(account): Json<NewAccount>,
) -> Answer<(StatusCode, Json<Session>)> {
    let session = shared.service.sign_up(caller, account).await?;
    if let Some(before) = before {
        shared.service.replace_session(caller, &before).await;
    }
    Ok((StatusCode::CREATED, Json(session)))
}

/// Begins a session. That of the cookie, where one was sent, ends.
#[utoipa::path(post, path = "/api/v1/sessions", tag = "accounts", request_body = Credentials,
    responses((status = 201, body = Session), (status = 401, body = ProblemDetails), (status = 429, body = ProblemDetails),
        (status = "default", body = ProblemDetails)))]
pub async fn log_in(
    State(shared): State<Shared>,
    From(caller): From,
    Before(before): Before,
    Json(credentials): Json<Credentials>,
) -> Answer<(StatusCode, Json<Session>)> {
    let session = shared.service.log_in(caller, credentials).await?;
    if let Some(before) = before {
        shared.service.replace_session(caller, &before).await;
    }
    Ok((StatusCode::CREATED, Json(session)))
}

/// One's own account, and where its inbox stands.
#[utoipa::path(get, path = "/api/v1/me", tag = "accounts", security(("session" = [])),
    responses((status = 200, body = Me), (status = 401, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn me(State(shared): State<Shared>, SignedIn(session): SignedIn) -> Answer<Json<Me>> {
    Ok(Json(shared.service.me(&session).await?))
}

/// Changes name or password. A new password ends all sessions of before, this one too, and answers
/// the token of a new one.
#[utoipa::path(patch, path = "/api/v1/me", tag = "accounts", security(("session" = [])), request_body = AccountChange,
    responses((status = 200, body = AccountChanged), (status = 401, body = ProblemDetails), (status = 422, body = ProblemDetails),
        (status = "default", body = ProblemDetails)))]
pub async fn change(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    From(caller): From,
    headers: HeaderMap,
    Json(change): Json<AccountChange>,
) -> Answer<(HeaderMap, Json<AccountChanged>)> {
    let service = &shared.service;
    let changed = service.change_account(caller, &session, change).await?;
    let mut answer = HeaderMap::new();
    // A page that came with the cookie goes on with it.
    if let (Some(token), false) = (&changed.token, headers.contains_key(AUTHORIZATION)) {
        let seconds = service.store().session_age() / 1_000;
        answer.extend(
            shared
                .cookies
                .begin(token, seconds)
                .map(|cookie| (SET_COOKIE, cookie)),
        );
    }
    Ok((answer, Json(changed)))
}

/// Finds a person by handle.
#[utoipa::path(get, path = "/api/v1/people/{handle}", tag = "accounts", params(("handle" = String, Path)),
    responses((status = 200, body = Person), (status = 404, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn person(
    State(shared): State<Shared>,
    Path(handle): Path<Handle>,
) -> Answer<Json<Person>> {
    Ok(Json(shared.service.find(&handle).await?))
}
