//! A small WebSocket client.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message, client::IntoClientRequest, protocol::CloseFrame},
};

use super::{PATIENCE, server::Server};

/// What comes from the server.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    Frame(Value),
    /// The close code; 1005 for a close frame without one, 1006 where the connection just ended.
    Closed(u16),
}

/// An open socket.
pub struct Socket {
    pub stream: WebSocketStream<TcpStream>,
    /// What the server chose.
    pub protocol: Option<String>,
}

/// What was answered instead of opening a socket.
#[derive(Debug)]
pub struct Refused {
    pub status: u16,
    pub body: Value,
}

impl Socket {
    /// Opens a socket with these headers.
    pub async fn open(server: &Server, headers: &[(&str, &str)]) -> Result<Self, Refused> {
        let tcp = TcpStream::connect(server.address()).await.unwrap();
        Self::open_over(tcp, headers).await
    }

    pub async fn open_over(tcp: TcpStream, headers: &[(&str, &str)]) -> Result<Self, Refused> {
        tcp.set_nodelay(true).unwrap();
        let url = format!("ws://{}/ws", tcp.peer_addr().unwrap());
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            let name: hyper::header::HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        match timeout(PATIENCE, client_async(request, tcp))
            .await
            .expect("an answer to the upgrade")
        {
            Ok((stream, response)) => {
                let protocol = response.headers().get("sec-websocket-protocol");
                let protocol = protocol.map(|value| value.to_str().unwrap().to_owned());
                Ok(Self { stream, protocol })
            }
            Err(tungstenite::Error::Http(response)) => Err(Refused {
                status: response.status().as_u16(),
                body: serde_json::from_slice(response.body().as_deref().unwrap_or_default())
                    .unwrap_or_default(),
            }),
            Err(error) => panic!("the upgrade fails: {error}"),
        }
    }

    /// Opens a socket with a token in the `Authorization` header.
    pub async fn bearer(server: &Server, token: &str) -> Self {
        let header = format!("Bearer {token}");
        Self::open(server, &[("authorization", &header)])
            .await
            .expect("the socket opens")
    }

    /// Opens a socket that speaks MessagePack.
    pub async fn packed(server: &Server, token: &str) -> Self {
        let protocols = format!("quad.v1.msgpack, bearer.{token}");
        Self::open(server, &[("sec-websocket-protocol", &protocols)])
            .await
            .expect("the socket opens")
    }

    /// Sends a frame in whatever the socket speaks.
    pub async fn send(&mut self, frame: Value) {
        if self.protocol.as_deref() == Some("quad.v1.msgpack") {
            let packed = rmp_serde::to_vec_named(&frame).unwrap();
            let _ = self.stream.send(Message::binary(packed)).await;
        } else {
            self.send_text(frame.to_string()).await;
        }
    }

    pub async fn send_text(&mut self, text: String) {
        // Where it is closed already, the next event says so.
        let _ = self.stream.send(Message::text(text)).await;
    }

    /// The next thing that comes.
    pub async fn next(&mut self) -> Event {
        timeout(PATIENCE, self.next_unbounded())
            .await
            .expect("something comes from the server")
    }

    pub async fn next_unbounded(&mut self) -> Event {
        loop {
            return match self.stream.next().await {
                Some(Ok(Message::Text(text))) => {
                    Event::Frame(serde_json::from_str(&text).expect("a frame is JSON"))
                }
                Some(Ok(Message::Close(frame))) => {
                    Event::Closed(frame.map_or(1005, |CloseFrame { code, .. }| code.into()))
                }
                Some(Ok(Message::Binary(packed))) => {
                    assert_eq!(self.protocol.as_deref(), Some("quad.v1.msgpack"));
                    Event::Frame(rmp_serde::from_slice(&packed).expect("a frame is MessagePack"))
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(other)) => panic!("the server never sends {other:?}"),
                Some(Err(_)) | None => Event::Closed(1006),
            };
        }
    }

    /// The next frame to the letter, as it came; `position` is passed over.
    pub async fn next_text(&mut self) -> String {
        loop {
            let message = timeout(PATIENCE, self.stream.next()).await;
            match message.expect("something comes from the server") {
                Some(Ok(Message::Text(text))) if text.starts_with(r#"{"type":"position""#) => {}
                Some(Ok(Message::Text(text))) => return text.as_str().to_owned(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("expected a frame, got {other:?}"),
            }
        }
    }

    /// The next frame, which must be of this type. Only `position` may come between: the clock
    /// decides when.
    pub async fn expect(&mut self, kind: &str) -> Value {
        loop {
            match self.next().await {
                Event::Frame(frame) if frame["type"] == kind => return frame,
                Event::Frame(frame) if frame["type"] == "position" => {}
                other => panic!("expected {kind}, got {other:?}"),
            }
        }
    }

    /// Passes over everything until a frame of this type comes.
    pub async fn until(&mut self, kind: &str) -> Value {
        loop {
            match self.next().await {
                Event::Frame(frame) if frame["type"] == kind => return frame,
                Event::Frame(_) => {}
                Event::Closed(code) => panic!("expected {kind}, closed with {code}"),
            }
        }
    }

    /// Passes over everything until the server closes, and answers the code.
    pub async fn closed(&mut self) -> u16 {
        loop {
            if let Event::Closed(code) = self.next().await {
                return code;
            }
        }
    }

    /// Subscribes, and answers the `ack`.
    pub async fn subscribe(&mut self, channel: &str) -> Value {
        self.subscribe_with(channel, json!({})).await
    }

    /// Subscribes with `resume` or `last`, and answers the `ack`.
    pub async fn subscribe_with(&mut self, channel: &str, more: Value) -> Value {
        let mut frame = json!({"type": "subscribe", "ref": "s", "channel": channel});
        for (name, value) in more.as_object().unwrap() {
            frame[name] = value.clone();
        }
        self.send(frame).await;
        let ack = self.expect("ack").await;
        assert_eq!(ack["ref"], "s");
        assert_eq!(ack["channel"], channel);
        ack
    }

    /// Proves that nothing else is on its way: asks something, and the very next frame answers it.
    pub async fn nothing_else(&mut self) {
        self.send(json!({"type": "unsubscribe", "ref": "fence", "channel": "fence"}))
            .await;
        let ack = self.expect("ack").await;
        assert_eq!(ack["ref"], "fence");
    }

    /// Passes over everything until the server has read whatever was sent, which it survives.
    pub async fn until_fenced(&mut self) {
        self.send(json!({"type": "unsubscribe", "ref": "fence", "channel": "fence"}))
            .await;
        loop {
            match self.next().await {
                Event::Frame(frame) if frame["ref"] == "fence" => return,
                Event::Frame(_) => {}
                Event::Closed(code) => panic!("a bystander was closed with {code}"),
            }
        }
    }
}
