//! What somebody wrote and has not sent yet: it survives leaving the page, and an ended session.
//!
//! A draft is kept for each person and place in the browser's `localStorage`, what is on its way
//! in the tab's `sessionStorage`. Where a browser refuses storage, nothing is kept. It is forgotten
//! when its writer logs out, and when somebody else logs in.

use leptos::{prelude::window, wasm_bindgen::JsValue};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    browser::{call, get},
    clock,
    model::UserId,
};

const DRAFT: &str = "quad-draft:";
const UNSENT: &str = "quad-unsent:";
/// More drafts than these are not kept; the oldest goes.
const MOST: usize = 20;
/// The server takes no longer text.
const LONGEST: usize = 64 << 10;
/// For how long the server knows an id, less an hour.
const ID_LASTS_MS: u64 = 23 * 60 * 60 * 1_000;

/// A text that was not sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Draft {
    /// What was written.
    pub(crate) text: String,
    /// Under which it is sent, so that it is said once; empty where it has none yet.
    pub(crate) id: String,
    /// When that was, by the server's clock; milliseconds since 1970.
    pub(crate) at: u64,
}

impl Draft {
    /// Whether the server may have forgotten the id, so that the same text would be said twice.
    pub(crate) fn is_stale(&self) -> bool {
        clock::server_now().saturating_sub(self.at) > ID_LASTS_MS
    }
}

/// Where a person writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Desk {
    person: UserId,
    place: String,
}

impl Desk {
    /// `place` is unique among all places: `feed`, or the channel of a room.
    pub(crate) fn new(person: &UserId, place: impl Into<String>) -> Self {
        Self {
            person: person.clone(),
            place: place.into(),
        }
    }

    /// What was written here last.
    pub(crate) fn draft(&self) -> Option<Draft> {
        read(&local()?, &self.key(DRAFT))
    }

    /// Keeps what is written now. An empty text is none.
    pub(crate) fn keep(&self, text: &str, id: &str) {
        let Some(storage) = local() else { return };
        let key = self.key(DRAFT);
        if text.trim().is_empty() {
            remove(&storage, &key);
        } else if text.len() <= LONGEST {
            let draft = Draft {
                text: text.to_owned(),
                id: id.to_owned(),
                at: clock::server_now(),
            };
            write(&storage, &key, &draft);
            drop_oldest(&storage);
        }
    }

    /// It was sent.
    pub(crate) fn clear(&self) {
        if let Some(storage) = local() {
            remove(&storage, &self.key(DRAFT));
        }
    }

    /// What was sent from this tab and not answered.
    pub(crate) fn unsent(&self) -> Vec<Draft> {
        let found = session().and_then(|storage| read(&storage, &self.key(UNSENT)));
        found.unwrap_or_default()
    }

    /// Keeps that; its length is bounded by whoever sends.
    pub(crate) fn keep_unsent(&self, unsent: &[Draft]) {
        let Some(storage) = session() else { return };
        let key = self.key(UNSENT);
        if unsent.is_empty() {
            remove(&storage, &key);
        } else {
            write(&storage, &key, &unsent);
        }
    }

    fn key(&self, kind: &str) -> String {
        format!("{kind}{}:{}", self.person, self.place)
    }
}

/// This person is there now: what others wrote in this browser is forgotten. Whoever logs out forgets
/// all of it by the page's own script, `wake.js`, which runs where the program does not.
pub(crate) fn belong_to(person: &UserId) {
    for (storage, kind) in [(local(), DRAFT), (session(), UNSENT)] {
        let Some(storage) = storage else { continue };
        let own = format!("{kind}{person}:");
        for key in keys(&storage, kind) {
            if !key.starts_with(&own) {
                remove(&storage, &key);
            }
        }
    }
}

fn drop_oldest(storage: &JsValue) {
    let mut all = keys(storage, DRAFT);
    if all.len() > MOST {
        let written = |key: &String| read::<Draft>(storage, key).map_or(0, |draft| draft.at);
        all.sort_by_cached_key(written);
        for key in &all[..all.len() - MOST] {
            remove(storage, key);
        }
    }
}

fn local() -> Option<JsValue> {
    get(&window(), "localStorage")
}

fn session() -> Option<JsValue> {
    get(&window(), "sessionStorage")
}

fn keys(storage: &JsValue, beginning: &str) -> Vec<String> {
    let count = get(storage, "length").and_then(|count| count.as_f64());
    let all = (0..count.unwrap_or_default() as u32).filter_map(|index| {
        let key = call(storage, "key", &[index.into()])?;
        key.as_string()
    });
    all.filter(|key| key.starts_with(beginning)).collect()
}

fn read<T: DeserializeOwned>(storage: &JsValue, key: &str) -> Option<T> {
    let text = call(storage, "getItem", &[key.into()])?.as_string()?;
    serde_json::from_str(&text).ok()
}

/// A full storage keeps what it had.
fn write<T: Serialize>(storage: &JsValue, key: &str, value: &T) {
    if let Ok(text) = serde_json::to_string(value) {
        call(storage, "setItem", &[key.into(), text.into()]);
    }
}

fn remove(storage: &JsValue, key: &str) {
    call(storage, "removeItem", &[key.into()]);
}
