//! What a text may hold, wherever it is sent: one set of rules for every field.

mod common;

use common::{
    app::App,
    http::Answer,
    people::{PASSWORD, Person},
    server::Server,
    unique,
};
use serde_json::{Value, json};

/// Who may write everywhere: a member of a room, an administrator, a program.
struct Writer {
    app: App,
    ana: Person,
    room: String,
    token: String,
}

impl Writer {
    async fn arrive() -> Self {
        let app = App::builder().without_limits().start(1);
        let ana = app.sign_up("ana").await;
        app.command(&["user", "promote", &ana.handle]);
        let room = ana.make_room(false).await;
        let token = app.token("publish");
        Self {
            app,
            ana,
            room,
            token,
        }
    }

    /// Sends a text as each kind of it that has several lines; answers each field and answer.
    async fn write(&self, text: &str) -> Vec<(&'static str, Answer)> {
        let (ana, http) = (&self.ana, &self.app.server().http);
        let said = format!("/api/v1/rooms/{}/messages", self.room);
        let notify = format!("/notify/user/{}", ana.id);
        let program = |path: &str| http.ask("POST", path).bearer(&self.token);
        let message = json!({"message": text});
        vec![
            (
                "text",
                ana.post("/api/v1/posts", json!({"text": text})).await,
            ),
            ("text", ana.post(&said, json!({"text": text})).await),
            (
                "text",
                ana.post("/api/v1/announcements", json!({"text": text}))
                    .await,
            ),
            ("message", program(&notify).json(&message).send().await),
            (
                "message",
                program("/broadcast/news").json(&message).send().await,
            ),
        ]
    }

    /// Gives a name wherever there is one; answers each field and answer.
    async fn name(&self, name: &str) -> Vec<(&'static str, Answer)> {
        let ana = &self.ana;
        let account = json!({"handle": unique("bob"), "password": PASSWORD, "name": name});
        let room = json!({"name": unique("room").replace('_', "-"), "title": name});
        let change = format!("/api/v1/rooms/{}", self.room);
        let http = &self.app.server().http;
        vec![
            ("name", http.post("/api/v1/accounts", account).await),
            (
                "name",
                ana.ask("PATCH", "/api/v1/me")
                    .json(&json!({"name": name}))
                    .send()
                    .await,
            ),
            ("title", ana.post("/api/v1/rooms", room).await),
            (
                "title",
                ana.ask("PATCH", &change)
                    .json(&json!({"title": name}))
                    .send()
                    .await,
            ),
        ]
    }
}

#[tokio::test]
async fn every_field_takes_and_refuses_the_same_texts() {
    let writer = Writer::arrive().await;
    for text in [
        "👩‍👩‍👧‍👦".repeat(2_000),
        "e\u{323}\u{302}".repeat(2_000),
        "שלום\n\tعالم".to_owned(),
    ] {
        for (_, answer) in writer.write(&text).await {
            assert!(
                (200..300).contains(&answer.status),
                "{} {}",
                answer.status,
                answer.text()
            );
        }
    }
    for (text, code) in [
        ("👩‍👩‍👧‍👦".repeat(2_001), "too_long"),
        (format!("a{}", "\u{301}".repeat(32_500)), "too_long"),
        ("\u{2800}\u{E0041}\u{301}".to_owned(), "required"),
        (" \n\u{3164}".to_owned(), "required"),
        ("a\u{1b}b".to_owned(), "control_characters"),
    ] {
        // The body of the largest is smaller than the largest body.
        for (field, answer) in writer.write(&text).await {
            answer.invalid(&[(field, code)]);
        }
    }
}

#[tokio::test]
async fn every_name_and_title_follows_the_same_rules() {
    let writer = Writer::arrive().await;
    for name in ["👩‍👩‍👧‍👦".repeat(50), "می‌خواهم".to_owned(), "🏴󠁧󠁢󠁳󠁣󠁴󠁿".to_owned()]
    {
        for (_, answer) in writer.name(&name).await {
            assert!(
                (200..300).contains(&answer.status),
                "{} {}",
                answer.status,
                answer.text()
            );
        }
    }
    for (name, code) in [
        ("👩‍👩‍👧‍👦".repeat(51), "too_long"),
        ("\u{2800}".to_owned(), "required"),
        ("a\u{202E}b".to_owned(), "control_characters"),
        ("a\u{E0061}".to_owned(), "control_characters"),
        (format!("a{}", "\u{336}".repeat(9)), "too_many_marks"),
    ] {
        for (field, answer) in writer.name(&name).await {
            answer.invalid(&[(field, code)]);
        }
    }
}

#[tokio::test]
async fn what_is_stored_is_normalised_and_turns_nothing_around_it() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let name = json!({"name": " Jose\u{301} "});
    let me = ana
        .ask("PATCH", "/api/v1/me")
        .json(&name)
        .send()
        .await
        .ok(200);
    assert_eq!(me["name"], "José");
    for (typed, kept) in [
        ("cafe\u{301}\r\n", "café"),
        ("\u{202E}never ends", "never ends"),
        ("\u{2067}שלום\u{2069}!", "\u{2067}שלום\u{2069}!"),
        ("hid\u{E0068}den", "hidden"),
    ] {
        let post = ana
            .post("/api/v1/posts", json!({"text": typed}))
            .await
            .ok(201);
        assert_eq!(post["text"], kept, "{typed:?}");
    }
}

#[tokio::test]
async fn handles_that_deceive_are_refused_and_those_that_are_there_stay() {
    let app = App::builder()
        .without_limits()
        .set("QUAD_RESERVED_HANDLES", "deans_office, @Janitor")
        .start(1);
    let http = &app.server().http;
    let sign_up = |handle: &str, password: &str| {
        http.post(
            "/api/v1/accounts",
            json!({"handle": handle, "password": password}),
        )
    };
    for handle in [
        "admin",
        "Adm1n",
        "supp0rt_",
        "a_p_i",
        "rooms",
        "quad",
        "dean5_off1ce",
        "janitor_1",
    ] {
        sign_up(handle, PASSWORD)
            .await
            .invalid(&[("handle", "reserved")]);
    }
    sign_up("root", "short")
        .await
        .invalid(&[("handle", "reserved"), ("password", "too_short")]);
    for handle in ["ana", "deans_dog", "ana_k3x9", "badminton"] {
        sign_up(handle, PASSWORD).await.ok(201);
    }
    // Somebody who had such a handle before it was reserved logs in, and changes their name.
    let old = json!({"handle": "caretaker", "password": PASSWORD});
    http.post("/api/v1/accounts", old.clone()).await.ok(201);
    let mut environment = app.environment().to_vec();
    environment.push(("QUAD_RESERVED_HANDLES".into(), "caretaker".into()));
    let new = Server::start(&environment);
    let signed_in = new.http.post("/api/v1/sessions", old).await.ok(201);
    let token = signed_in["token"].as_str().unwrap_or_default();
    let rename = new.http.ask("PATCH", "/api/v1/me").bearer(token);
    let name = json!({"name": "The caretaker"});
    rename.json(&name).send().await.ok(200);
    let again = json!({"handle": "care_taker", "password": PASSWORD});
    let again = new.http.post("/api/v1/accounts", again).await;
    again.invalid(&[("handle", "reserved")]);
}

#[tokio::test]
async fn only_a_mention_tells_anybody() {
    let app = App::builder().without_limits().start(1);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let room = ana.make_room(false).await;
    bob.join(&room).await;
    let said = format!("/api/v1/rooms/{room}/messages");
    let say = async |text: String| {
        ana.post(&said, json!({"text": text})).await.ok(201);
    };
    let handle = &bob.handle;
    for no in [
        format!("https://v.example/@{handle}"),
        format!("josé@{handle}.example"),
        format!("@{handle}@m.example"),
        format!("@{handle}é"),
        format!("`@{handle}`"),
        format!("```\n@{handle}\n```"),
        format!("@{handle}/pkg"),
        format!("ชื่@{handle}"),
    ] {
        say(no).await;
    }
    for yes in [format!("(@{handle})"), format!("谢谢。@{handle}、")] {
        say(yes).await;
    }
    let inbox: Value = bob.inbox().await;
    // An entry each; nothing else ever told bob anything.
    assert_eq!(inbox["seq"], 2, "{inbox}");
}
