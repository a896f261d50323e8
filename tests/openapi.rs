//! The OpenAPI document says what there is, and what it says is there.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::collections::HashSet;

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
            // What names an address of its own is not at this one.
            let elsewhere = !call["servers"].is_null();
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
            if elsewhere {
                answer.refused(404, "not_found");
            } else if answer.status == 404 {
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

/// Types of the same name would take each other's place in the document.
#[tokio::test]
async fn every_body_is_described_as_the_one_that_it_is() {
    let app = App::start();
    let document = document(&app).await;
    for (path, fields) in [
        ("/notify/user/{user_id}", &["message", "type"][..]),
        ("/broadcast/{channel}", &["message"]),
        ("/api/v1/rooms/{name}/messages", &["id", "text"]),
        ("/api/v1/posts", &["text"]),
    ] {
        let body = &document["paths"][path]["post"]["requestBody"]["content"]["application/json"];
        let name = body["schema"]["$ref"].as_str().unwrap();
        let schema = document.pointer(name.strip_prefix('#').unwrap()).unwrap();
        let known: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        assert_eq!(known, fields, "{path}");
    }
    let pointer = "/paths/~1api~1v1~1rooms~1{name}~1messages/post/responses/201";
    let said = document.pointer(pointer).unwrap();
    let name = said["content"]["application/json"]["schema"]["$ref"].as_str();
    let schema = document.pointer(&name.unwrap()[1..]).unwrap();
    assert!(schema["properties"]["seq"].is_object(), "{schema}");
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

#[tokio::test]
async fn every_call_has_a_name_of_its_own_and_says_how_it_fails() {
    let app = App::start();
    let document = document(&app).await;
    let mut names = HashSet::new();
    for (path, calls) in document["paths"].as_object().unwrap() {
        for (method, call) in calls.as_object().unwrap() {
            let name = call["operationId"].as_str().expect("a name");
            assert!(names.insert(name), "{method} {path}: {name} is taken");
            assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            let problem = &call["responses"]["default"]["content"]["application/problem+json"];
            assert!(problem["schema"].is_object(), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn the_document_has_a_page_that_loads_only_what_is_ours() {
    let app = App::start();
    let http = &app.server().http;
    for path in ["/api/docs", "/api/docs/"] {
        let page = http.get(path).await;
        assert_eq!(page.status, 200);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        let policy = page.header("content-security-policy");
        assert_eq!(
            policy,
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
             connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
        );
        let html = page.text();
        assert!(!html.contains("//"), "another host: {html}");
        for inline in ["<style", "style=", "<script>", " onload=", "javascript:"] {
            assert!(!html.contains(inline), "{inline} in {html}");
        }
        let parts = html.split(['"', '\'']).filter(|part| {
            let own = part.starts_with("/api/docs/");
            own && !part.contains(char::is_whitespace)
        });
        let mut count = 0;
        for part in parts {
            let file = http.get(part).await;
            assert_eq!(file.status, 200, "{part}");
            let kind = match part.rsplit_once('.').unwrap().1 {
                "css" => "text/css",
                "js" => "text/javascript",
                other => panic!("{other}"),
            };
            assert!(file.header("content-type").starts_with(kind), "{part}");
            assert_eq!(file.header("x-content-type-options"), "nosniff");
            if file.header("content-encoding").is_empty() {
                assert!(!file.text().contains("://"), "{part} names another host");
            } else {
                assert_eq!(file.header("content-encoding"), "gzip", "{part}");
                assert!(file.body.starts_with(&[0x1f, 0x8b]), "{part}");
            }
            count += 1;
        }
        assert_eq!(count, 4);
    }
    for nothing in ["index.html", "swagger-ui.js", "oauth2-redirect.html", "x"] {
        let answer = http.get(&format!("/api/docs/{nothing}")).await;
        answer.refused(404, "not_found");
    }
    // Other pages are none the laxer for it.
    let feed = http.get("/").await;
    let policy = feed.header("content-security-policy");
    assert!(policy.contains("'nonce-") && !policy.contains("unsafe-inline"));
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
