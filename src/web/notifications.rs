//! The inbox.

use app::model::{Inbox, InboxMark};
use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    auth::SignedIn,
    extract::{Json, Query},
    problem::{Answer, ProblemDetails},
};
use crate::{server::Shared, validate};

/// Which part of the inbox to read.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InboxQuery {
    /// `next` of the page before: the number of an entry.
    #[param(maximum = 9_007_199_254_740_991_f64)]
    before: Option<u64>,
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u64>,
}

/// A page of one's inbox, the newest group first.
#[utoipa::path(get, path = "/api/v1/notifications", tag = "inbox", security(("session" = [])), params(InboxQuery),
    responses((status = 200, body = Inbox), (status = 401, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn list(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Query(query): Query<InboxQuery>,
) -> Answer<Json<Inbox>> {
    let before = validate::place("before", query.before)?;
    let inbox = shared.service.inbox(&session, before, query.limit);
    Ok(Json(inbox.await?))
}

/// Marks the inbox, or one group, as read up to an entry, or as unread.
#[utoipa::path(post, path = "/api/v1/notifications/read", tag = "inbox", security(("session" = [])), request_body = InboxMark,
    responses((status = 204), (status = 401, body = ProblemDetails), (status = 409, body = ProblemDetails),
        (status = 422, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn mark(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Json(mark): Json<InboxMark>,
) -> Answer<StatusCode> {
    shared.service.mark_inbox(&session, mark).await?;
    Ok(StatusCode::NO_CONTENT)
}
