//! The OpenAPI document, made from the handlers.

use std::iter;

use app::model::Order;
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use utoipa::{
    Modify, OpenApi, ToSchema,
    openapi::{
        ContentBuilder, PathItem, Ref, RefOr, ResponseBuilder,
        path::Operation,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::live::events;

use super::{
    accounts, announcements, attention, health, notifications, posts, problem::ProblemDetails,
    publish, push, rooms, sessions,
};

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
        sessions::list,
        sessions::end,
        sessions::end_current,
        sessions::end_all,
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
        announcements::announce,
        announcements::list,
        rooms::create,
        rooms::list,
        rooms::read,
        rooms::change,
        rooms::end,
        rooms::members,
        rooms::join,
        rooms::set_member,
        rooms::remove_member,
        rooms::messages,
        rooms::say,
        rooms::remove_message,
        rooms::mark,
        publish::notify_user,
        push::key,
        push::subscribe,
        push::unsubscribe,
        publish::broadcast,
        publish::channel_stats,
        publish::channels,
        publish::batch,
        publish::subscribe_token,
        events::open,
        events::say,
        health::alive,
        health::ready,
        health::metrics,
        document,
    ),
    components(schemas(Order)),
    modifiers(&Credentials, &Problems, &Names),
    tags(
        (name = "accounts", description = "People and their sessions"),
        (name = "posts", description = "Posts, the feed and likes"),
        (name = "inbox", description = "What one missed"),
        (name = "attention", description = "What one wants to be told of, and what became of it"),
        (name = "announcements", description = "What those who run this house tell everybody"),
        (name = "rooms", description = "Where people talk with each other"),
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

/// Errors are `application/problem+json`, where the handlers only name their schema. Every call may
/// meet one that it does not name: a page of another site, a store that is away.
struct Problems;

impl Modify for Problems {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for call in calls(document) {
            let answers = &mut call.responses.responses;
            answers.entry("default".to_owned()).or_insert_with(|| {
                let problem = Ref::from_schema_name(ProblemDetails::name());
                let content = ContentBuilder::new().schema(Some(problem)).build();
                let answer = ResponseBuilder::new().content("application/problem+json", content);
                RefOr::T(answer.build())
            });
            for (status, answer) in answers {
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

/// Handlers are named within their module, and calls within the whole document.
struct Names;

impl Modify for Names {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for call in calls(document) {
            let tag = call.tags.iter().flatten().next();
            if let (Some(tag), Some(name)) = (tag, &call.operation_id) {
                call.operation_id = Some(
                    iter::once(tag.clone())
                        .chain(name.split('_').map(capital))
                        .collect(),
                );
            }
        }
    }
}

/// Generators of clients make functions of the names, and the page for people makes addresses.
fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn calls(document: &mut utoipa::openapi::OpenApi) -> impl Iterator<Item = &mut Operation> {
    fn of(item: &mut PathItem) -> [Option<&mut Operation>; 5] {
        [
            item.get.as_mut(),
            item.put.as_mut(),
            item.post.as_mut(),
            item.delete.as_mut(),
            item.patch.as_mut(),
        ]
    }
    let items = document.paths.paths.values_mut();
    items.flat_map(of).flatten()
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
