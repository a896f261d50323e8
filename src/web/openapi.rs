//! The OpenAPI document, made from the handlers.

use app::model::Order;
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        RefOr,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::live::events;

use super::{accounts, attention, health, notifications, posts, publish, push};

/// Everything that outside programs can call.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Quad",
        description = "A social feed whose likes arrive. WebSocket frames are described in docs/protocol.md.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    paths(
        accounts::sign_up,
        accounts::log_in,
        accounts::log_out,
        accounts::log_out_everywhere,
        accounts::me,
        accounts::change,
        accounts::person,
        posts::create,
        posts::list,
        posts::read,
        posts::delete,
        posts::like,
        posts::unlike,
        posts::likers,
        notifications::list,
        notifications::mark,
        attention::ledger,
        attention::silenced,
        attention::preferences,
        attention::set_preferences,
        attention::mutes,
        attention::mute_person,
        attention::unmute_person,
        attention::mute_post,
        attention::unmute_post,
        publish::notify_user,
        push::key,
        push::subscribe,
        push::unsubscribe,
        publish::broadcast,
        publish::channel_stats,
        publish::channels,
        publish::batch,
        events::open,
        events::say,
        health::alive,
        health::ready,
        health::metrics,
        document,
    ),
    components(schemas(Order)),
    modifiers(&Credentials, &Problems),
    tags(
        (name = "accounts", description = "People and their sessions"),
        (name = "posts", description = "Posts, the feed and likes"),
        (name = "inbox", description = "What one missed"),
        (name = "attention", description = "What one wants to be told of, and what became of it"),
        (name = "pushes", description = "Web Push, for browsers without an open page"),
        (name = "programs", description = "Publishing, with an API token"),
        (name = "live", description = "What happens, as it happens"),
        (name = "operations", description = "Health and metrics"),
    )
)]
struct Document;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        for (name, what) in [
            (
                "session",
                "A session token, also taken from the session cookie.",
            ),
            ("token", "An API token, made by `quad token create`."),
        ] {
            let bearer = HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .description(Some(what));
            components.add_security_scheme(name, SecurityScheme::Http(bearer.build()));
        }
    }
}

/// Errors are `application/problem+json`, where the handlers only name their schema.
struct Problems;

impl Modify for Problems {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for item in document.paths.paths.values_mut() {
            let calls = [
                &mut item.get,
                &mut item.put,
                &mut item.post,
                &mut item.delete,
                &mut item.patch,
            ];
            for call in calls.into_iter().flatten() {
                for (status, answer) in &mut call.responses.responses {
                    let success = status.starts_with('2');
                    if let RefOr::T(answer) = answer
                        && !success
                        && let Some(content) = answer.content.swap_remove("application/json")
                    {
                        answer
                            .content
                            .insert("application/problem+json".to_owned(), content);
                    }
                }
            }
        }
    }
}

/// This document.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "operations",
    responses((status = 200, body = Object)))]
pub async fn document() -> Response {
    Json(Document::openapi()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_of_version_3_1_and_knows_every_path() {
        let document = serde_json::to_value(Document::openapi()).unwrap();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        let paths = document["paths"].as_object().unwrap();
        for path in [
            "/api/v1/posts/{post_id}/like",
            "/api/v1/notifications/read",
            "/broadcast/{channel}",
        ] {
            assert!(paths.contains_key(path), "{path}");
        }
        assert_eq!(
            document["components"]["securitySchemes"]["token"]["scheme"],
            "bearer"
        );
    }
}
