//! One's own sessions: which there are, and how they end.

use app::model::Sessions;
use axum::{extract::State, http::StatusCode};

use super::{
    auth::{From, SignedIn},
    extract::{Json, Path},
    problem::{Answer, ProblemDetails},
};
use crate::server::Shared;

/// One's own sessions: where one is logged in.
#[utoipa::path(get, path = "/api/v1/sessions", tag = "accounts", operation_id = "list_sessions", security(("session" = [])),
    responses((status = 200, body = Sessions), (status = 401, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn list(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
) -> Answer<Json<Sessions>> {
    Ok(Json(shared.service.list_sessions(&session).await?))
}

/// Ends one of one's own sessions, by its id in the list; its sockets close on every server.
#[utoipa::path(delete, path = "/api/v1/sessions/{id}", tag = "accounts", operation_id = "end_session", params(("id" = String, Path)),
    security(("session" = [])),
    responses((status = 204), (status = 401, body = ProblemDetails), (status = 404, body = ProblemDetails),
        (status = "default", body = ProblemDetails)))]
pub async fn end(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    From(caller): From,
    Path(id): Path<String>,
) -> Answer<StatusCode> {
    shared.service.end_session(caller, &session, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends this session; its sockets close on every server.
#[utoipa::path(delete, path = "/api/v1/sessions/current", tag = "accounts", operation_id = "log_out", security(("session" = [])),
    responses((status = 204), (status = 401, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn end_current(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    From(caller): From,
) -> Answer<StatusCode> {
    shared.service.log_out(caller, &session).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all sessions of this person.
#[utoipa::path(delete, path = "/api/v1/sessions", tag = "accounts", operation_id = "log_out_everywhere", security(("session" = [])),
    responses((status = 204), (status = 401, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn end_all(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    From(caller): From,
) -> Answer<StatusCode> {
    shared.service.log_out_everywhere(caller, &session).await?;
    Ok(StatusCode::NO_CONTENT)
}
