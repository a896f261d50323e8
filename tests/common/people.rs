//! Somebody with a session, on one server.

use std::path::Path;

use serde_json::{Value, json};

use super::{
    app::App,
    eventually,
    http::{Answer, Asking, Http},
    server::Server,
    unique,
    ws::Socket,
};

/// What everybody's password is.
pub const PASSWORD: &str = "correct horse";

/// A person with a session.
#[derive(Clone)]
pub struct Person {
    pub http: Http,
    pub id: String,
    pub handle: String,
    pub name: String,
    pub token: String,
}

impl Person {
    /// Signs up under a name that nobody has.
    pub async fn sign_up(server: &Server, handle: &str) -> Self {
        let handle = unique(handle);
        let account =
            json!({"handle": handle, "password": PASSWORD, "name": format!("The {handle}")});
        let signed_in = server.http.post("/api/v1/accounts", account).await.ok(201);
        Self::from(&server.http, &signed_in)
    }

    /// Another session of the same person.
    pub async fn log_in(&self, server: &Server) -> Self {
        let credentials = json!({"handle": self.handle, "password": PASSWORD});
        let signed_in = server
            .http
            .post("/api/v1/sessions", credentials)
            .await
            .ok(201);
        Self::from(&server.http, &signed_in)
    }

    /// Many people at once. They have a post each and no password.
    pub fn seed(app: &App, count: u32, file: &Path) -> Vec<Self> {
        let name = file.display().to_string();
        app.command(&[
            "seed",
            "--users",
            &count.to_string(),
            "--credentials",
            &name,
        ]);
        Self::from_file(app.server(), file)
    }

    /// The people of a file that `quad seed --users` wrote.
    pub fn from_file(server: &Server, file: &Path) -> Vec<Self> {
        let lines = std::fs::read_to_string(file).unwrap();
        let person = |line: &str| {
            let [id, token, _post] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("{line}")
            };
            let (handle, name) = (String::new(), String::new());
            Self {
                http: server.http.clone(),
                id: id.into(),
                token: token.into(),
                handle,
                name,
            }
        };
        lines.lines().map(person).collect()
    }

    fn from(http: &Http, signed_in: &Value) -> Self {
        let text = |field: &str| {
            signed_in[field]
                .as_str()
                .unwrap_or_else(|| panic!("{signed_in}"))
                .to_owned()
        };
        Self {
            http: http.clone(),
            id: text("user_id"),
            handle: text("handle"),
            name: text("name"),
            token: text("token"),
        }
    }

    /// The same session, used at another server.
    pub fn at(&self, server: &Server) -> Self {
        Self {
            http: server.http.clone(),
            ..self.clone()
        }
    }

    /// Another session of this person's.
    pub fn with(&self, token: &str) -> Self {
        Self {
            token: token.to_owned(),
            ..self.clone()
        }
    }

    /// Waits until this session has ended.
    pub async fn is_out(&self) {
        eventually("the session has ended", async || {
            (self.get("/api/v1/me").await.status == 401).then_some(())
        })
        .await;
    }

    /// As whom others see this person.
    pub fn public(&self) -> Value {
        json!({"user_id": self.id, "handle": self.handle, "name": self.name})
    }

    pub fn ask(&self, method: &str, path: &str) -> Asking {
        self.http.ask(method, path).bearer(&self.token)
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path).send().await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path).json(&body).send().await
    }

    pub async fn put(&self, path: &str) -> Answer {
        self.ask("PUT", path).send().await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path).send().await
    }

    /// Takes another name.
    pub async fn rename(&self, name: &str) {
        let change = self.ask("PATCH", "/api/v1/me").json(&json!({"name": name}));
        assert_eq!(change.send().await.ok(200)["name"], name);
    }

    /// Publishes a post and answers its id.
    pub async fn publish(&self, text: &str) -> String {
        let post = self
            .post("/api/v1/posts", json!({"text": text}))
            .await
            .ok(201);
        post["post_id"].as_str().unwrap().to_owned()
    }

    pub async fn like(&self, post: &str) -> Value {
        self.put(&format!("/api/v1/posts/{post}/like"))
            .await
            .ok(200)
    }

    pub async fn unlike(&self, post: &str) -> Value {
        self.delete(&format!("/api/v1/posts/{post}/like"))
            .await
            .ok(200)
    }

    /// Makes a room that nobody else has, and answers its name.
    pub async fn make_room(&self, private: bool) -> String {
        let name = unique("room").replace('_', "-");
        let room = json!({"name": name, "private": private});
        self.post("/api/v1/rooms", room).await.ok(201);
        name
    }

    /// Joins a room.
    pub async fn join(&self, room: &str) -> Value {
        let path = format!("/api/v1/rooms/{room}/members");
        self.post(&path, json!({})).await.ok(200)
    }

    /// Says something in a room, over HTTP, and answers its seq.
    pub async fn say(&self, room: &str, text: &str) -> u64 {
        let path = format!("/api/v1/rooms/{room}/messages");
        let said = self.post(&path, json!({"text": text})).await.ok(201);
        said["seq"].as_u64().unwrap()
    }

    pub async fn inbox(&self) -> Value {
        self.get("/api/v1/notifications").await.ok(200)
    }

    /// The frame that says who is there.
    pub fn register(&self) -> Value {
        json!({"type": "register", "user_id": self.id})
    }

    /// A socket that has registered, and the answer to that.
    pub async fn listen(&self, server: &Server) -> (Socket, Value) {
        let mut socket = Socket::bearer(server, &self.token).await;
        socket.send(self.register()).await;
        let registered = socket.expect("registered").await;
        assert_eq!(registered["user_id"], self.id.as_str());
        assert_eq!(registered["recovered"], true);
        (socket, registered)
    }

    /// A socket that has come back from where it stood, and the answer to that.
    pub async fn resume(&self, server: &Server, epoch: &Value, seq: u64) -> (Socket, Value) {
        let mut socket = Socket::bearer(server, &self.token).await;
        let resume = json!({"epoch": epoch, "seq": seq});
        socket
            .send(json!({"type": "register", "user_id": self.id, "resume": resume}))
            .await;
        let registered = socket.expect("registered").await;
        (socket, registered)
    }
}
