//! Accounts and sessions.

use app::model::{AccountChange, Credentials, Handle, Me, NewAccount, Person, SignedIn as Session};
use axum::{extract::State, http::StatusCode};

use super::{
    auth::{From, SignedIn},
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
    Json(account): Json<NewAccount>,
) -> Answer<(StatusCode, Json<Session>)> {
    let session = shared.service.sign_up(caller, account).await?;
    Ok((StatusCode::CREATED, Json(session)))
}

/// Begins a session.
#[utoipa::path(post, path = "/api/v1/sessions", tag = "accounts", request_body = Credentials,
    responses((status = 201, body = Session), (status = 401, body = ProblemDetails), (status = 429, body = ProblemDetails),
        (status = "default", body = ProblemDetails)))]
pub async fn log_in(
    State(shared): State<Shared>,
    From(caller): From,
    Json(credentials): Json<Credentials>,
) -> Answer<(StatusCode, Json<Session>)> {
    let session = shared.service.log_in(caller, credentials).await?;
    Ok((StatusCode::CREATED, Json(session)))
}

/// Ends this session; its sockets close on every server.
#[utoipa::path(delete, path = "/api/v1/sessions/current", tag = "accounts", security(("session" = [])),
    responses((status = 204), (status = 401, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn log_out(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
) -> Answer<StatusCode> {
    shared.service.log_out(&session).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all sessions of this person.
#[utoipa::path(delete, path = "/api/v1/sessions", tag = "accounts", security(("session" = [])),
    responses((status = 204), (status = 401, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn log_out_everywhere(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
) -> Answer<StatusCode> {
    shared.service.log_out_everywhere(&session).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One's own account, and where its inbox stands.
#[utoipa::path(get, path = "/api/v1/me", tag = "accounts", security(("session" = [])),
    responses((status = 200, body = Me), (status = 401, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn me(State(shared): State<Shared>, SignedIn(session): SignedIn) -> Answer<Json<Me>> {
    Ok(Json(shared.service.me(&session).await?))
}

/// Changes name or password. A new password ends all other sessions.
#[utoipa::path(patch, path = "/api/v1/me", tag = "accounts", security(("session" = [])), request_body = AccountChange,
    responses((status = 200, body = Me), (status = 401, body = ProblemDetails), (status = 422, body = ProblemDetails),
        (status = "default", body = ProblemDetails)))]
pub async fn change(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Json(change): Json<AccountChange>,
) -> Answer<Json<Me>> {
    Ok(Json(shared.service.change_account(&session, change).await?))
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
