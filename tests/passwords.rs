//! What may be a password, and that it is the same password in every form of its letters.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use argon2::{Argon2, PasswordHash, PasswordHasher};
use common::{app::App, http::Answer, people::PASSWORD, unique};
use serde_json::json;

async fn sign_up(app: &App, handle: &str, name: &str, password: &str) -> Answer {
    let account = json!({"handle": handle, "name": name, "password": password});
    app.server().http.post("/api/v1/accounts", account).await
}

async fn log_in(app: &App, handle: &str, password: &str) -> Answer {
    let credentials = json!({"handle": handle, "password": password});
    app.server()
        .http
        .post("/api/v1/sessions", credentials)
        .await
}

#[tokio::test]
async fn common_passwords_are_refused_and_others_are_taken() {
    let app = App::builder().without_limits().start(1);
    for common in [
        "password1",
        "iloveyou1",
        "Sunshine1",
        "FOOTBALL1",
        "qwertyuiop",
        "1QAZ2wsx",
        "trustno1",
        "aaaaaaaa",
        "abcabcabc",
        "12345678",
        "abcdefgh",
        "87654321",
        "        ",
    ] {
        sign_up(&app, &unique("ana"), "Ana", common)
            .await
            .invalid(&[("password", "too_common")]);
    }
    for good in [
        "correct horse",
        "a-password-of-mine",
        "pw-12-blue-fish",
        "вчера было тепло",
        " spaces are kept ",
    ] {
        let handle = unique("ana");
        sign_up(&app, &handle, "Ana", good).await.ok(201);
        log_in(&app, &handle, good).await.ok(201);
        let trimmed = log_in(&app, &handle, good.trim()).await;
        assert_eq!(trimmed.status == 201, good == good.trim(), "{good}");
    }
}

#[tokio::test]
async fn ones_own_handle_and_name_are_no_password() {
    let app = App::builder().without_limits().start(1);
    for mine in [
        "heron_ana",
        "HERON_ANA",
        "ana_noreh",
        "heron_ana2026",
        "Ana María Ñúñez",
        "anamaríañúñez1",
        "zeñúñ aíram ana",
    ] {
        sign_up(&app, "heron_ana", "Ana María Ñúñez", mine)
            .await
            .invalid(&[("password", "too_common")]);
    }
    sign_up(&app, "heron_ana", "Ana María Ñúñez", "pw-of-heron_ana")
        .await
        .ok(201);
}

#[tokio::test]
async fn a_new_password_keeps_to_the_same_rules() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let change = async |password: &str, name: Option<&str>| {
        let mut change = json!({"password": password, "current_password": PASSWORD});
        if let Some(name) = name {
            change["name"] = name.into();
        }
        ana.ask("PATCH", "/api/v1/me").json(&change).send().await
    };
    let handle_and_more = format!("{}2026", ana.handle.to_uppercase());
    for (password, name) in [
        ("Password1", None),
        (&*handle_and_more, None),
        (&*ana.name, None),
        ("the blue heron", Some("The Blue Heron")),
    ] {
        change(password, name)
            .await
            .invalid(&[("password", "too_common")]);
    }
    assert_eq!(
        ana.get("/api/v1/me").await.ok(200)["name"],
        ana.name.as_str()
    );
    log_in(&app, &ana.handle, PASSWORD).await.ok(201);
    change("a whole new password", None).await.ok(200);
}

#[tokio::test]
async fn a_password_has_up_to_128_characters_of_any_script() {
    let app = App::builder().without_limits().start(1);
    let letters: String = ('一'..).take(128).filter(|c| c.is_alphabetic()).collect();
    let foxes = format!("{}{}", "🦊 и מ é ".repeat(15), "the end!");
    assert_eq!((letters.chars().count(), foxes.chars().count()), (128, 128));
    let scrambled: String = letters
        .chars()
        .zip(foxes.chars())
        .flat_map(|(a, b)| [a, b])
        .take(128)
        .collect();
    for long in [&foxes, &scrambled] {
        let handle = unique("ana");
        sign_up(&app, &handle, "Ana", long).await.ok(201);
        log_in(&app, &handle, long).await.ok(201);
        let almost: String = long.chars().take(127).collect();
        log_in(&app, &handle, &almost)
            .await
            .refused(401, "wrong_credentials");
        let longer = format!("{long}x");
        sign_up(&app, &unique("ana"), "Ana", &longer)
            .await
            .invalid(&[("password", "too_long")]);
    }
}

#[tokio::test]
async fn composed_and_decomposed_letters_are_the_same_password() {
    let app = App::start();
    let (composed, decomposed) = ("caf\u{e9} al sol", "cafe\u{301} al sol");
    let handle = unique("ana");
    sign_up(&app, &handle, "Ana", decomposed).await.ok(201);
    log_in(&app, &handle, composed).await.ok(201);
    log_in(&app, &handle, decomposed).await.ok(201);
    log_in(&app, &handle, "cafe al sol")
        .await
        .refused(401, "wrong_credentials");
}

#[tokio::test]
async fn a_password_that_was_stored_as_it_was_typed_keeps_working() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let (composed, decomposed) = ("caf\u{e9} al sol", "cafe\u{301} al sol");
    let key = format!("{{{}}}:user", ana.id);
    let stored = || app.redis.ask(&["HGET", &key, "password"]);
    let old: PasswordHash = Argon2::default()
        .hash_password(decomposed.as_bytes())
        .unwrap();
    let old = old.to_string();
    app.redis.ask(&["HSET", &key, "password", &old]);

    log_in(&app, &ana.handle, composed)
        .await
        .refused(401, "wrong_credentials");
    assert_eq!(stored(), old);
    log_in(&app, &ana.handle, decomposed).await.ok(201);
    let new = stored();
    assert_ne!(new, old, "it is hashed in the one form from now on");
    log_in(&app, &ana.handle, composed).await.ok(201);
    log_in(&app, &ana.handle, decomposed).await.ok(201);
    assert_eq!(stored(), new);
}
