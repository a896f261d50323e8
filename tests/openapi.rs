//! The OpenAPI document says what there is, and what it says is there.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::app::App;
use serde_json::Value;

#[tokio::test]
async fn every_call_of_the_contract_is_in_the_document() {
    let app = App::start();
    let document = document(&app).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    for (path, methods) in [
        ("/api/v1/accounts", &["post"][..]),
        ("/api/v1/sessions", &["post", "delete"]),
        ("/api/v1/sessions/current", &["delete"]),
        ("/api/v1/me", &["get", "patch"]),
        ("/api/v1/posts", &["get", "post"]),
        ("/api/v1/posts/{post_id}", &["get", "delete"]),
        ("/api/v1/posts/{post_id}/like", &["put", "delete"]),
        ("/api/v1/posts/{post_id}/likes", &["get"]),
        ("/api/v1/notifications", &["get"]),
        ("/api/v1/notifications/read", &["post"]),
        ("/api/v1/push/key", &["get"]),
        ("/api/v1/push/subscriptions", &["post", "delete"]),
        ("/broadcast/{channel}", &["post"]),
        ("/stats/channel/{channel}", &["get"]),
        ("/events", &["get"]),
        ("/events/{stream}", &["post"]),
        ("/healthz", &["get"]),
        ("/readyz", &["get"]),
        ("/metrics", &["get"]),
        ("/api/v1/openapi.json", &["get"]),
    ] {
        for method in methods {
            assert!(
                document["paths"][path][method].is_object(),
                "{method} {path} is missing"
            );
        }
    }
}

#[tokio::test]
async fn every_call_of_the_document_exists_and_answers_as_it_says() {
    let app = App::start();
    let document = document(&app).await;
    for (path, calls) in document["paths"].as_object().unwrap() {
        for (method, call) in calls.as_object().unwrap() {
            let real = path
                .replace("{post_id}", "0abcdefg.1")
                .replace("{handle}", "nobody_here")
                .replace("{channel}", "news");
            let answer = app
                .server()
                .http
                .ask(&method.to_uppercase(), &real)
                .send()
                .await;
            assert!(
                ![405, 500].contains(&answer.status),
                "{method} {path}: {}",
                answer.status
            );
            let said = call["responses"].as_object().unwrap();
            let listed = said.get(&answer.status.to_string()).or(said.get("default"));
            let listed = listed
                .unwrap_or_else(|| panic!("{method} {path} answers {}: not said", answer.status));
            let media = answer
                .header("content-type")
                .split(';')
                .next()
                .unwrap_or_default()
                .to_owned();
            if answer.status == 404 {
                // Not there in the router would look the same but for its code.
                assert_ne!(answer.json()["code"], "not_found", "{method} {path}");
            }
            assert!(
                listed["content"]
                    .as_object()
                    .is_some_and(|content| content.contains_key(&media)),
                "{method} {path} answers {} as {media}, the document says {listed}",
                answer.status
            );
        }
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    let app = App::start();
    let document = document(&app).await;
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("within the document");
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

async fn document(app: &App) -> Value {
    app.server().http.get("/api/v1/openapi.json").await.ok(200)
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            references.extend(
                fields
                    .get("$ref")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
            );
            fields.values().for_each(|value| collect(value, references));
        }
        Value::Array(items) => items.iter().for_each(|value| collect(value, references)),
        _ => {}
    }
}
