//! Announcements.

use app::model::{Announcement, AnnouncementPage, NewAnnouncement};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};

use super::{
    auth::SignedIn,
    extract::{Json, Query},
    paging::OlderQuery,
    posts::idempotency_key,
    problem::{Answer, ProblemDetails},
};
use crate::server::Shared;

/// Announces something to everybody: a toast for those who are connected, an entry in the inbox of
/// everybody else on their next visit. For administrators.
#[utoipa::path(post, path = "/api/v1/announcements", tag = "announcements", security(("session" = [])), request_body = NewAnnouncement,
    params(("Idempotency-Key" = Option<String>, Header, description = "Within a day, a repeat announces nothing again.")),
    responses((status = 201, body = Announcement), (status = 401, body = ProblemDetails), (status = 403, body = ProblemDetails),
        (status = 422, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn announce(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    headers: HeaderMap,
    Json(new): Json<NewAnnouncement>,
) -> Answer<(StatusCode, Json<Announcement>)> {
    let key = idempotency_key(&headers)?;
    let announced = shared
        .service
        .announce(&session, new, key.as_deref())
        .await?;
    Ok((StatusCode::CREATED, Json(announced)))
}

/// A page of what was announced, the newest first.
#[utoipa::path(get, path = "/api/v1/announcements", tag = "announcements", security(("session" = [])), params(OlderQuery),
    responses((status = 200, body = AnnouncementPage), (status = 401, body = ProblemDetails), (status = 422, body = ProblemDetails),
        (status = "default", body = ProblemDetails)))]
pub async fn list(
    State(shared): State<Shared>,
    SignedIn(_): SignedIn,
    Query(OlderQuery { before, limit }): Query<OlderQuery>,
) -> Answer<Json<AnnouncementPage>> {
    Ok(Json(shared.service.announcements(before, limit).await?))
}
