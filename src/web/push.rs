//! Push subscriptions, and the service worker that shows what is pushed.

use axum::{
    extract::State,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};

use super::{
    auth::SignedIn,
    extract::Json,
    problem::{Answer, ProblemDetails},
};
use crate::{
    push::subscription::{NewSubscription, PushEndpoint, PushKey},
    server::Shared,
};

/// Part of the program, so that it always fits what the server sends to it.
const WORKER: &str = include_str!("../../public/sw.js");

/// The key that browsers bind push subscriptions to.
#[utoipa::path(get, path = "/api/v1/push/key", tag = "pushes",
    responses((status = 200, body = PushKey), (status = "default", body = ProblemDetails)))]
pub async fn key(State(shared): State<Shared>) -> Answer<Json<PushKey>> {
    Ok(Json(shared.service.push_key().await?))
}

/// Sends notifications to a browser by Web Push for as long as this session lasts. A repeat takes
/// the place of the first; of more than 20, the oldest goes.
#[utoipa::path(post, path = "/api/v1/push/subscriptions", tag = "pushes", security(("session" = [])), request_body = NewSubscription,
    responses((status = 204), (status = 401, body = ProblemDetails), (status = 422, body = ProblemDetails),
        (status = "default", body = ProblemDetails)))]
pub async fn subscribe(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Json(new): Json<NewSubscription>,
) -> Answer<StatusCode> {
    shared.service.subscribe_to_pushes(&session, new).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends no more pushes to a browser.
#[utoipa::path(delete, path = "/api/v1/push/subscriptions", tag = "pushes", security(("session" = [])), request_body = PushEndpoint,
    responses((status = 204), (status = 401, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn unsubscribe(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Json(old): Json<PushEndpoint>,
) -> Answer<StatusCode> {
    shared
        .service
        .unsubscribe_from_pushes(&session, old)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The service worker. It may call us and nobody else, and load nothing.
pub async fn worker() -> Response {
    let headers = [
        (CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (CACHE_CONTROL, "no-cache"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; connect-src 'self'; frame-ancestors 'none'",
        ),
    ];
    (headers, WORKER).into_response()
}
