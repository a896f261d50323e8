//! What one wants to be told of: preferences, mutes, and what became of the rest.

use app::model::{Handle, Ledger, MuteTarget, Mutes, PostId, Preferences, SilencedPage};
use axum::{extract::State, http::StatusCode};

use super::{
    auth::SignedIn,
    extract::{Json, Path, Query},
    paging::OlderQuery,
    problem::{Answer, ProblemDetails},
};
use crate::server::Shared;

/// What one wants to be told of.
#[utoipa::path(get, path = "/api/v1/preferences", tag = "attention", security(("session" = [])),
    responses((status = 200, body = Preferences), (status = 401, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn preferences(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
) -> Answer<Json<Preferences>> {
    Ok(Json(shared.service.preferences(&session).await?))
}

/// Changes that; what is missing becomes what it is for a newcomer.
#[utoipa::path(put, path = "/api/v1/preferences", tag = "attention", security(("session" = [])), request_body = Preferences,
    responses((status = 200, body = Preferences), (status = 401, body = ProblemDetails), (status = 422, body = ProblemDetails),
        (status = "default", body = ProblemDetails)))]
pub async fn set_preferences(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Json(preferences): Json<Preferences>,
) -> Answer<Json<Preferences>> {
    let stored = shared
        .service
        .set_preferences(&session, preferences)
        .await?;
    Ok(Json(stored))
}

/// Everything that one muted, the newest first.
#[utoipa::path(get, path = "/api/v1/mutes", tag = "attention", security(("session" = [])),
    responses((status = 200, body = Mutes), (status = 401, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn mutes(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
) -> Answer<Json<Mutes>> {
    Ok(Json(shared.service.mutes(&session).await?))
}

/// Mutes a person; a repeat changes nothing.
#[utoipa::path(put, path = "/api/v1/mutes/people/{handle}", tag = "attention", security(("session" = [])),
    params(("handle" = String, Path)),
    responses((status = 204), (status = 401, body = ProblemDetails), (status = 404, body = ProblemDetails),
        (status = "default", body = ProblemDetails)))]
pub async fn mute_person(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Path(handle): Path<Handle>,
) -> Answer<StatusCode> {
    let target = MuteTarget::Person(handle);
    shared.service.set_mute(&session, &target, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes that back; a repeat changes nothing.
#[utoipa::path(delete, path = "/api/v1/mutes/people/{handle}", tag = "attention", security(("session" = [])),
    params(("handle" = String, Path)),
    responses((status = 204), (status = 401, body = ProblemDetails), (status = 404, body = ProblemDetails),
        (status = "default", body = ProblemDetails)))]
pub async fn unmute_person(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Path(handle): Path<Handle>,
) -> Answer<StatusCode> {
    let target = MuteTarget::Person(handle);
    shared.service.set_mute(&session, &target, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Mutes one of one's own posts; a repeat changes nothing.
#[utoipa::path(put, path = "/api/v1/mutes/posts/{post_id}", tag = "attention", security(("session" = [])),
    params(("post_id" = String, Path)),
    responses((status = 204), (status = 401, body = ProblemDetails), (status = 403, body = ProblemDetails),
        (status = 404, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn mute_post(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Path(post): Path<PostId>,
) -> Answer<StatusCode> {
    let target = MuteTarget::Post(post);
    shared.service.set_mute(&session, &target, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes that back; a repeat changes nothing.
#[utoipa::path(delete, path = "/api/v1/mutes/posts/{post_id}", tag = "attention", security(("session" = [])),
    params(("post_id" = String, Path)),
    responses((status = 204), (status = 401, body = ProblemDetails), (status = 403, body = ProblemDetails),
        (status = 404, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn unmute_post(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Path(post): Path<PostId>,
) -> Answer<StatusCode> {
    let target = MuteTarget::Post(post);
    shared.service.set_mute(&session, &target, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What became of everything in one's inbox.
#[utoipa::path(get, path = "/api/v1/notifications/ledger", tag = "attention", security(("session" = [])),
    responses((status = 200, body = Ledger), (status = 401, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn ledger(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
) -> Answer<Json<Ledger>> {
    Ok(Json(shared.service.ledger(&session).await?))
}

/// A page of what made no toast, and why; the newest first.
#[utoipa::path(get, path = "/api/v1/notifications/silenced", tag = "attention", security(("session" = [])), params(OlderQuery),
    responses((status = 200, body = SilencedPage), (status = 401, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn silenced(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Query(OlderQuery { before, limit }): Query<OlderQuery>,
) -> Answer<Json<SilencedPage>> {
    Ok(Json(
        shared.service.silenced(&session, before, limit).await?,
    ))
}
