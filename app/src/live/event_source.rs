//! The slower way: an `EventSource` for what the server says, and a request for what is said here.

use futures_channel::mpsc;
use futures_util::{
    StreamExt,
    future::{Either, select},
};
use gloo_timers::future::TimeoutFuture;
use js_sys::{Object, Promise};
use leptos::{
    prelude::window,
    task::spawn_local,
    wasm_bindgen::{JsCast, JsValue, closure::Closure},
};
use serde::Deserialize;

use super::line::{Heard, OPEN_WITHIN_MS};
use crate::{
    browser::{call, get, make, set},
    event::ClientFrame,
};

/// Events that may wait here. A page that is further behind starts over.
const MOST_HEARD: usize = 1_024;
/// Frames that may wait to be sent.
const MOST_SAID: usize = 256;

enum Event {
    /// How the stream is called.
    Named(String),
    Heard(Heard),
}

/// An open stream. It ends when it is dropped, and never comes back by itself.
pub(super) struct EventSource {
    source: JsValue,
    events: mpsc::Receiver<Event>,
    /// Its own task sends what is said, for as long as this end is open.
    said: mpsc::Sender<ClientFrame>,
    _hears: Closure<dyn FnMut(JsValue)>,
}

#[derive(Deserialize)]
struct Hello {
    stream: String,
}

#[derive(Deserialize)]
struct Goodbye {
    code: u16,
}

impl EventSource {
    /// Opens a stream that goes on from where `register` says.
    pub(super) async fn open(register: &ClientFrame) -> Result<Self, Option<u16>> {
        let mut url = "/events".to_owned();
        if let ClientFrame::Register {
            resume: Some(resume),
            ..
        } = register
        {
            // An epoch has only signs that a URL may have.
            url += &format!("?epoch={}&seq={}", resume.epoch, resume.seq);
        }
        let source = make("EventSource", &[url.into()]).ok_or(None)?;
        let (hears, events) = mpsc::channel(MOST_HEARD);
        let (said, to_send) = mpsc::channel(MOST_SAID);
        let mut stream = Self {
            _hears: hear(&source, hears.clone()),
            source,
            events,
            said,
        };
        let named = select(stream.events.next(), TimeoutFuture::new(OPEN_WITHIN_MS)).await;
        match named {
            Either::Left((Some(Event::Named(name)), _)) => {
                spawn_local(send(format!("/events/{name}"), to_send, hears));
                Ok(stream)
            }
            Either::Left((Some(Event::Heard(Heard::Ended(code))), _)) => Err(code),
            _ => Err(None),
        }
    }

    /// The next that comes.
    pub(super) async fn next(&mut self) -> Heard {
        match self.events.next().await {
            Some(Event::Heard(heard)) => heard,
            Some(Event::Named(_)) => Heard::Other,
            None => Heard::Ended(None),
        }
    }

    /// Says something.
    pub(super) fn say(&mut self, frame: &ClientFrame) {
        // A full queue belongs to a line that hangs; its successor says everything anew.
        let _ = self.said.try_send(frame.clone());
    }
}

impl Drop for EventSource {
    fn drop(&mut self) {
        call(&self.source, "close", &[]);
    }
}

fn hear(source: &JsValue, mut hears: mpsc::Sender<Event>) -> Closure<dyn FnMut(JsValue)> {
    let closes = source.clone();
    let ear = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
        let text = |name| get(&event, name).and_then(|value| value.as_string());
        let data = text("data").unwrap_or_default();
        let heard = match text("type").as_deref() {
            Some("message") => Event::Heard(Heard::Text(data)),
            Some("stream") => match serde_json::from_str::<Hello>(&data) {
                Ok(hello) => Event::Named(hello.stream),
                Err(_) => Event::Heard(Heard::Ended(None)),
            },
            Some("close") => {
                let goodbye = serde_json::from_str::<Goodbye>(&data).ok();
                Event::Heard(Heard::Ended(goodbye.map(|goodbye| goodbye.code)))
            }
            _ => Event::Heard(Heard::Ended(None)),
        };
        let ended = matches!(heard, Event::Heard(Heard::Ended(_)));
        // What does not fit would be missing, so nothing may follow it.
        if hears.try_send(heard).is_err() || ended {
            call(&closes, "close", &[]);
            hears.close_channel();
        }
    });
    for kind in ["message", "stream", "close", "error"] {
        call(
            source,
            "addEventListener",
            &[kind.into(), ear.as_ref().clone()],
        );
    }
    ear
}

/// Sends what is said, in its order, until the stream is dropped. What waits goes together.
async fn send(path: String, mut said: mpsc::Receiver<ClientFrame>, mut hears: mpsc::Sender<Event>) {
    let mut ready = said.by_ref().ready_chunks(MOST_SAID);
    while let Some(frames) = ready.next().await {
        let sent = match serde_json::to_string(&frames) {
            Ok(body) => post(&path, &body).await,
            Err(_) => false,
        };
        if !sent {
            let _ = hears.try_send(Event::Heard(Heard::Ended(None)));
            return;
        }
    }
}

async fn post(path: &str, body: &str) -> bool {
    let (options, headers) = (Object::new(), Object::new());
    set(&headers, "content-type", &"application/json".into());
    set(&options, "method", &"POST".into());
    set(&options, "headers", &headers);
    set(&options, "body", &body.into());
    let asked = call(&window(), "fetch", &[path.into(), options.into()]);
    let Some(asked) = asked.and_then(|asked| asked.dyn_into::<Promise>().ok()) else {
        return false;
    };
    let Ok(answer) = asked.await else {
        return false;
    };
    // Unread, even an empty answer counts as broken off once it is thrown away.
    let read = call(&answer, "text", &[]).and_then(|read| read.dyn_into::<Promise>().ok());
    if let Some(read) = read {
        let _ = read.await;
    }
    get(&answer, "ok").and_then(|ok| ok.as_bool()) == Some(true)
}
