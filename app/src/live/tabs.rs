//! The tabs of one person in one browser: which one speaks, and what it told the others.
//!
//! This is the thin part over Web Locks and BroadcastChannel; who speaks is decided in `speaker`.
//! Where the browser has no locks, as on a plain-HTTP address of a network, every tab speaks.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use futures_channel::mpsc;
use futures_util::StreamExt;
use js_sys::{Function, Object, Promise};
use leptos::{
    prelude::*,
    task::spawn_local,
    wasm_bindgen::{JsCast, JsValue, closure::Closure},
};
use serde::{Deserialize, Serialize};

use super::{
    Connection, Live,
    speaker::{Act, Event, Speaker},
};
use crate::{
    browser::{self, call, get, make, set},
    model::{Epoch, UserId},
};

/// What tabs say to each other.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Word {
    /// These were on screen.
    Told { epoch: Epoch, seqs: Vec<u64> },
    /// The tab that speaks cannot be seen.
    Offer,
}

enum Input {
    Event(Event),
    /// The lock that was asked for in this round is ours.
    Granted(u32),
    /// That lock, or the question for it, is gone.
    Ended(u32),
    Heard(Word),
    Say(Word),
}

/// Where the others are told something, and the state of the socket.
#[derive(Clone)]
pub(super) struct Tabs(mpsc::Sender<Input>);

impl Tabs {
    /// Takes part from now on.
    pub(super) fn join(live: Live, user_id: &UserId) -> Self {
        let (sender, inputs) = mpsc::channel(256);
        let tabs = Self(sender);
        let locks = get(&window().navigator(), "locks");
        let channel = make("BroadcastChannel", &[format!("quad:{user_id}").into()]);
        let (Some(locks), Some(channel)) = (locks, channel) else {
            live.toasts.speak(true);
            return tabs;
        };
        for event in ["visibilitychange", "pageshow", "pagehide"] {
            let tabs = tabs.clone();
            window_event_listener_untyped(event, move |_| {
                let open = live.connection.get_untracked() == Connection::Open;
                tabs.input(Input::Event(match event {
                    // A page that is kept in memory must not keep the word.
                    "pagehide" => Event::Connected(false),
                    "pageshow" => Event::Connected(open),
                    _ => Event::Visible(!browser::hidden()),
                }));
            });
        }
        tabs.hear(&channel);
        let member = Member {
            live,
            speaker: Speaker::new(!browser::hidden()),
            lock: Lock::new(locks, user_id, tabs.clone()),
            channel,
            granted: 0,
        };
        spawn_local(member.run(inputs));
        tabs
    }

    /// The socket came or went.
    pub(super) fn connected(&self, open: bool) {
        self.input(Input::Event(Event::Connected(open)));
    }

    /// Tells the other tabs.
    pub(super) fn say(&self, word: Word) {
        self.input(Input::Say(word));
    }

    fn input(&self, input: Input) {
        // Where every tab speaks for itself, nobody listens.
        let _ = self.0.clone().try_send(input);
    }

    fn hear(&self, channel: &JsValue) {
        let tabs = self.clone();
        let hear = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            let text = get(&event, "data").and_then(|data| data.as_string());
            // A tab of another version may say what this one does not know.
            let word = text.and_then(|text| serde_json::from_str(&text).ok());
            if let Some(word) = word {
                tabs.input(Input::Heard(word));
            }
        });
        // It listens for as long as the page lives.
        set(channel, "onmessage", &hear.into_js_value());
    }
}

/// This tab among the others.
struct Member {
    live: Live,
    speaker: Speaker,
    lock: Lock,
    channel: JsValue,
    /// The round in which the lock was granted last.
    granted: u32,
}

impl Member {
    async fn run(mut self, mut inputs: mpsc::Receiver<Input>) {
        while let Some(input) = inputs.next().await {
            match input {
                Input::Event(event) => self.take(event),
                Input::Granted(round) if round == self.lock.round.get() => {
                    self.granted = round;
                    self.take(Event::Granted);
                }
                Input::Ended(round) if round == self.lock.round.get() => {
                    if self.granted != round {
                        // The browser gives no locks to this page.
                        self.live.toasts.speak(true);
                        return;
                    }
                    self.take(Event::Lost);
                }
                Input::Granted(_) | Input::Ended(_) => {}
                Input::Heard(Word::Told { epoch, seqs }) => {
                    self.live.toasts.told_elsewhere(&epoch, &seqs);
                }
                Input::Heard(Word::Offer) => self.take(Event::Offered),
                Input::Say(word) => self.say(&word),
            }
        }
    }

    fn take(&mut self, event: Event) {
        let spoke = self.speaker.speaks();
        let act = self.speaker.take(event);
        let speaks = self.speaker.speaks();
        if speaks != spoke {
            browser::mark_document("data-speaks", if speaks { "yes" } else { "no" });
            self.live.toasts.speak(speaks);
        }
        match act {
            Some(Act::Queue) => self.lock.ask(false),
            Some(Act::Steal) => self.lock.ask(true),
            Some(Act::Leave) => self.lock.leave(),
            Some(Act::Offer) => self.say(&Word::Offer),
            None => {}
        }
    }

    fn say(&self, word: &Word) {
        if let Ok(text) = serde_json::to_string(word) {
            call(&self.channel, "postMessage", &[text.into()]);
        }
    }
}

/// The browser's lock. Each question for it is a round; what belongs to an earlier one is stale.
struct Lock {
    locks: JsValue,
    name: String,
    tabs: Tabs,
    round: Rc<Cell<u32>>,
    /// Hands the lock back.
    release: Rc<RefCell<Option<Function>>>,
    /// Leaves the queue.
    abort: Option<JsValue>,
}

impl Lock {
    fn new(locks: JsValue, user_id: &UserId, tabs: Tabs) -> Self {
        Self {
            locks,
            name: format!("quad-speaker:{user_id}"),
            tabs,
            round: Rc::default(),
            release: Rc::default(),
            abort: None,
        }
    }

    fn leave(&mut self) {
        self.round.set(self.round.get() + 1);
        if let Some(release) = self.release.take() {
            let _ = release.call0(&JsValue::NULL);
        }
        if let Some(abort) = self.abort.take() {
            call(&abort, "abort", &[]);
        }
    }

    fn ask(&mut self, steal: bool) {
        self.leave();
        let round = self.round.get();
        let options = Object::new();
        if steal {
            set(&options, "steal", &true.into());
        } else if let Some(abort) = make("AbortController", &[]) {
            if let Some(signal) = get(&abort, "signal") {
                set(&options, "signal", &signal);
            }
            self.abort = Some(abort);
        }
        // The lock is held for as long as the promise is open that this answers.
        let (tabs, release) = (self.tabs.clone(), self.release.clone());
        let present = self.round.clone();
        let granted = Closure::once_into_js(move |_: JsValue| -> JsValue {
            if present.get() != round {
                return JsValue::UNDEFINED;
            }
            tabs.input(Input::Granted(round));
            Promise::new(&mut |resolve, _| {
                release.replace(Some(resolve));
            })
            .into()
        });
        let arguments = [self.name.as_str().into(), options.into(), granted];
        let held = call(&self.locks, "request", &arguments);
        let tabs = self.tabs.clone();
        spawn_local(async move {
            let ended = match held.and_then(|held| held.dyn_into::<Promise>().ok()) {
                Some(held) => held.await.is_err(),
                None => true,
            };
            if ended {
                tabs.input(Input::Ended(round));
            }
        });
    }
}
