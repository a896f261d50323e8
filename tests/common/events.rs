//! A small client of Server-Sent Events.

use std::collections::VecDeque;

use http_body_util::{BodyExt, Empty};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    client::conn::http1,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};

use super::{
    PATIENCE,
    http::{Answer, Asking},
    people::Person,
    server::Server,
};

/// One event.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Event {
    /// `message` where none was written.
    pub kind: String,
    /// To the letter.
    pub data: String,
    /// The id that holds after this event.
    pub id: String,
}

/// An open stream.
pub struct Stream {
    pub name: String,
    /// What `retry:` said last.
    pub retry: u64,
    id: String,
    events: VecDeque<Event>,
    text: String,
    body: Incoming,
}

impl Event {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_else(|_| panic!("{self:?}"))
    }
}

/// Asks for a stream, whatever comes.
pub async fn ask(server: &Server, query: &str, headers: &[(&str, &str)]) -> Response<Incoming> {
    let tcp = TcpStream::connect(server.address()).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(tcp)).await.unwrap();
    tokio::spawn(connection);
    let mut request = Request::get(format!("/events{query}")).header("host", "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Empty::<Bytes>::new()).unwrap();
    let response = timeout(PATIENCE, sender.send_request(request)).await;
    response.expect("an answer").unwrap()
}

/// What was answered instead of a stream.
pub async fn refused(server: &Server, query: &str, headers: &[(&str, &str)]) -> (u16, Value) {
    let response = ask(server, query, headers).await;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let problem: Value = serde_json::from_slice(&body).unwrap();
    (status, problem["code"].clone())
}

impl Stream {
    /// Opens a stream and reads its first event.
    pub async fn open(server: &Server, token: &str, query: &str, last: Option<&str>) -> Self {
        let bearer = format!("Bearer {token}");
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend(last.map(|id| ("last-event-id", id)));
        let response = ask(server, query, &headers).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let mut stream = Self {
            name: String::new(),
            retry: 0,
            id: last.unwrap_or_default().to_owned(),
            events: VecDeque::new(),
            text: String::new(),
            body: response.into_body(),
        };
        let hello = stream.next().await.expect("the first event");
        assert_eq!(hello.kind, "stream");
        stream.name = hello.json()["stream"].as_str().unwrap().to_owned();
        assert!((1_000..6_000).contains(&stream.retry));
        stream
    }

    /// The next event; `None` once the answer has ended.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            let chunk = timeout(PATIENCE, self.body.frame()).await;
            let chunk = chunk.expect("something comes from the server")?.ok()?;
            let bytes = chunk.into_data().unwrap();
            self.text.push_str(std::str::from_utf8(&bytes).unwrap());
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.take(&block);
                self.text = rest;
            }
        }
    }

    fn take(&mut self, block: &str) {
        let mut event = Event {
            kind: "message".into(),
            ..Event::default()
        };
        for line in block.lines() {
            let (field, value) = line.split_once(':').unwrap();
            let value = value.strip_prefix(' ').unwrap_or(value).to_owned();
            match field {
                "event" => event.kind = value,
                "data" => event.data = value,
                "id" => self.id = value,
                "retry" => self.retry = value.parse().unwrap(),
                "" => {}
                other => panic!("nobody knows the field {other}"),
            }
        }
        event.id.clone_from(&self.id);
        if !event.data.is_empty() {
            self.events.push_back(event);
        }
    }

    /// The next frame, which must be of this type. Only `position` may come between.
    pub async fn expect(&mut self, kind: &str) -> Event {
        loop {
            let event = self.next().await.expect("a frame");
            assert_eq!(event.kind, "message", "{event:?}");
            match event.json()["type"].as_str().unwrap() {
                found if found == kind => return event,
                "position" => {}
                _ => panic!("expected {kind}, got {event:?}"),
            }
        }
    }

    /// Passes over everything until the server says goodbye, and answers the code. Nothing
    /// follows.
    pub async fn closed(&mut self) -> u64 {
        loop {
            let event = self.next().await.expect("an event `close`");
            if event.kind == "close" {
                assert_eq!(self.next().await, None);
                return event.json()["code"].as_u64().unwrap();
            }
        }
    }

    /// A request that says something here.
    pub fn saying(&self, person: &Person, said: &Value) -> Asking {
        let path = format!("/events/{}", self.name);
        person.ask("POST", &path).json(said)
    }

    /// Says something here.
    pub async fn say(&self, person: &Person, said: Value) -> Answer {
        self.saying(person, &said).send().await
    }

    /// Proves that nothing else is on its way: asks something, and the very next frame answers it.
    pub async fn nothing_else(&mut self, person: &Person) {
        let fence = json!({"type": "unsubscribe", "ref": "fence", "channel": "fence"});
        self.say(person, fence).await.ok(202);
        assert_eq!(self.expect("ack").await.json()["ref"], "fence");
    }
}
