//! Every route and every layer, on one screen.

use app::error::QuadError;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, header},
    middleware::{from_fn_with_state, map_response},
    response::{IntoResponse, Response},
    routing::{any, delete, get, patch, post, put},
};
use tower_http::{
    compression::{CompressionLayer, DefaultPredicate, Predicate, predicate::SizeAbove},
    services::ServeDir,
    set_header::SetResponseHeaderLayer,
};

use crate::{
    live::{events, upgrade::upgrade},
    server::Shared,
    web::{
        accounts, announcements, attention, docs, front::Front, health, notifications, openapi,
        pages, posts, problem::Problem, publish, push, rooms, sessions,
    },
};

/// The largest body that is taken: a post of 2,000 characters, escaped as JSON escapes at worst,
/// fits in twice.
pub const LARGEST_BODY: usize = 64 << 10;
/// The same as a form, which writes each byte of most scripts as three.
pub const LARGEST_FORM: usize = 3 * LARGEST_BODY;

/// The whole server as one service.
pub fn service(shared: Shared) -> Front<Router> {
    let (origin, headers) = (shared.origin.clone(), shared.headers.clone());
    Front::new(router(shared), origin, headers)
}

fn router(shared: Shared) -> Router {
    let programs = Router::new()
        .route("/api/v1/accounts", post(accounts::sign_up))
        .route(
            "/api/v1/sessions",
            post(accounts::log_in)
                .get(sessions::list)
                .delete(sessions::end_all),
        )
        .route("/api/v1/sessions/current", delete(sessions::end_current))
        .route("/api/v1/sessions/{id}", delete(sessions::end))
        .route(
            "/api/v1/me",
            get(accounts::me).merge(patch(accounts::change)),
        )
        .route("/api/v1/people/{handle}", get(accounts::person))
        .route(
            "/api/v1/posts",
            get(posts::list).layer(smaller()).post(posts::create),
        )
        .route(
            "/api/v1/posts/{post_id}",
            get(posts::read).delete(posts::delete),
        )
        .route(
            "/api/v1/posts/{post_id}/like",
            put(posts::like).delete(posts::unlike),
        )
        .route(
            "/api/v1/posts/{post_id}/likes",
            get(posts::likers).layer(smaller()),
        )
        .route(
            "/api/v1/notifications",
            get(notifications::list).layer(smaller()),
        )
        .route("/api/v1/notifications/read", post(notifications::mark))
        .route("/api/v1/notifications/ledger", get(attention::ledger))
        .route(
            "/api/v1/notifications/silenced",
            get(attention::silenced).layer(smaller()),
        )
        .route(
            "/api/v1/preferences",
            get(attention::preferences).put(attention::set_preferences),
        )
        .route("/api/v1/mutes", get(attention::mutes))
        .route(
            "/api/v1/mutes/people/{handle}",
            put(attention::mute_person).delete(attention::unmute_person),
        )
        .route(
            "/api/v1/mutes/posts/{post_id}",
            put(attention::mute_post).delete(attention::unmute_post),
        )
        .route(
            "/api/v1/announcements",
            get(announcements::list)
                .layer(smaller())
                .post(announcements::announce),
        )
        .route(
            "/api/v1/rooms",
            get(rooms::list).layer(smaller()).post(rooms::create),
        )
        .route(
            "/api/v1/rooms/{name}",
            get(rooms::read).patch(rooms::change).delete(rooms::end),
        )
        .route(
            "/api/v1/rooms/{name}/members",
            get(rooms::members).layer(smaller()).post(rooms::join),
        )
        .route(
            "/api/v1/rooms/{name}/members/{person}",
            put(rooms::set_member).delete(rooms::remove_member),
        )
        .route(
            "/api/v1/rooms/{name}/messages",
            get(rooms::messages).layer(smaller()).post(rooms::say),
        )
        .route(
            "/api/v1/rooms/{name}/messages/{seq}",
            delete(rooms::remove_message),
        )
        .route("/api/v1/rooms/{name}/read", post(rooms::mark))
        .route("/api/v1/push/key", get(push::key))
        .route(
            "/api/v1/push/subscriptions",
            post(push::subscribe).delete(push::unsubscribe),
        )
        .route("/sw.js", get(push::worker))
        .route("/entered", get(pages::entered))
        .route(
            "/api/v1/openapi.json",
            get(openapi::document).layer(smaller()),
        )
        .route("/api/docs", get(docs::page))
        .route("/api/docs/", get(docs::page))
        .route("/api/docs/{file}", get(docs::file))
        .route("/notify/user/{user_id}", post(publish::notify_user))
        .route("/broadcast/{channel}", post(publish::broadcast))
        .route("/stats/channel/{channel}", get(publish::channel_stats))
        .route("/subscribe/token", post(publish::subscribe_token))
        .route("/publish/batch", post(publish::batch))
        .route("/stats/channels", get(publish::channels).layer(smaller()))
        .route("/api/{*rest}", any(nothing_here))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        // They are at an address of their own.
        .route("/metrics", any(nothing_here))
        .route("/ws", get(upgrade))
        .route("/events", get(events::open))
        .route("/events/{stream}", post(events::say))
        .method_not_allowed_fallback(wrong_method);

    // A new build has new contents under the same names, so a browser asks whether they changed.
    let files = Router::new()
        .nest_service(
            "/pkg",
            ServeDir::new(shared.site_dir.join("pkg"))
                .precompressed_br()
                .precompressed_gzip(),
        )
        .layer(map_response(pages::no_such_file))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-cache"),
        ));

    let people = pages::routes(Router::new(), &shared)
        .fallback(pages::file_or_not_found)
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .layer(from_fn_with_state(shared.clone(), pages::with_context))
        .layer(CompressionLayer::new());

    Router::new()
        .merge(people)
        .merge(files)
        .merge(programs)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(shared)
}

/// For lists. Short answers gain nothing, and a like must not pay for it.
fn smaller() -> CompressionLayer<impl Predicate> {
    const WORTH_IT: u16 = 1 << 10;
    CompressionLayer::new().compress_when(SizeAbove::new(WORTH_IT).and(DefaultPredicate::new()))
}

async fn nothing_here() -> Response {
    Problem(QuadError::NotFound).into_response()
}

async fn wrong_method() -> Response {
    Problem(QuadError::MethodNotAllowed).into_response()
}
