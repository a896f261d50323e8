//! A small HTTP client: one request, one answer, read whole.

use std::net::SocketAddr;

use http_body_util::{BodyExt, Full};
use hyper::{HeaderMap, Method, Request, body::Bytes};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::PATIENCE;

/// Talks to one server. Clones share the connections.
#[derive(Clone)]
pub struct Http {
    client: Client<HttpConnector, Full<Bytes>>,
    address: SocketAddr,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// A request as it is put together.
pub struct Asking {
    http: Http,
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Bytes,
}

impl Http {
    pub fn new(address: SocketAddr) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            address,
        }
    }

    pub fn ask(&self, method: &str, path: &str) -> Asking {
        Asking {
            http: self.clone(),
            method: method.parse().unwrap(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path).send().await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path).json(&body).send().await
    }

    /// What a program asks that publishes on a channel.
    pub fn broadcast(&self, token: &str, channel: &str, text: &str) -> Asking {
        self.ask("POST", &format!("/broadcast/{channel}"))
            .bearer(token)
            .json(&json!({"message": text}))
    }
}

/// The ids of a page of posts.
pub fn post_ids(page: &Value) -> Vec<String> {
    let posts = page["posts"].as_array().unwrap().iter();
    let id = |post: &Value| post["post_id"].as_str().unwrap().to_owned();
    posts.map(id).collect()
}

/// How many people the groups of an inbox count.
pub fn counted(inbox: &Value) -> u64 {
    let groups = inbox["items"].as_array().unwrap().iter();
    groups.map(|group| group["count"].as_u64().unwrap()).sum()
}

impl Asking {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json")
            .body(body.to_string())
    }

    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// The answer, where the connection lasts so long.
    pub async fn try_send(self) -> Option<Answer> {
        let url = format!("http://{}{}", self.http.address, self.path);
        let mut request = Request::builder().method(self.method).uri(url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(self.body)).unwrap();
        let exchange = async {
            let response = self.http.client.request(request).await.ok()?;
            let (head, body) = response.into_parts();
            let body = body.collect().await.ok()?.to_bytes();
            Some(Answer {
                status: head.status.as_u16(),
                headers: head.headers,
                body,
            })
        };
        timeout(PATIENCE, exchange)
            .await
            .expect("the server answers, or hangs up")
    }

    pub async fn send(self) -> Answer {
        let what = format!("{} {}", self.method, self.path);
        self.try_send()
            .await
            .unwrap_or_else(|| panic!("no answer to {what}"))
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The body of an answer that must have this status.
    #[track_caller]
    pub fn ok(&self, status: u16) -> Value {
        assert_eq!(
            self.status,
            status,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        if self.body.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }

    /// An error in the form of RFC 9457, with this status and code.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Value {
        let body = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, status, "{body}");
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{body}"
        );
        let problem = self.json();
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(problem["code"], code, "{problem}");
        assert!(
            problem["detail"]
                .as_str()
                .is_some_and(|detail| !detail.is_empty()),
            "{problem}"
        );
        problem
    }

    /// A 422 that names exactly these fields, each with its code.
    #[track_caller]
    pub fn invalid(&self, expected: &[(&str, &str)]) {
        let problem = self.refused(422, "invalid");
        let errors = problem["errors"].as_array().expect("errors");
        let named: Vec<(&str, &str)> = errors
            .iter()
            .map(|e| (e["field"].as_str().unwrap(), e["code"].as_str().unwrap()))
            .collect();
        assert_eq!(named, expected, "{problem}");
        assert!(
            errors
                .iter()
                .all(|error| error["detail"].as_str().is_some_and(|d| !d.is_empty())),
            "{problem}"
        );
    }
}
