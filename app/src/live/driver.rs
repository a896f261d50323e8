//! The socket's life in the browser: connect, register, listen, come back.
//!
//! This is the thin part. What frames mean stands in `position`, when to come back in `backoff`.

use std::{future::poll_fn, pin::Pin, sync::Arc};

use futures_channel::mpsc;
use futures_util::{
    FutureExt, Sink, SinkExt, StreamExt,
    future::{Either, select},
};
use gloo_net::websocket::{Message, State, WebSocketError, futures::WebSocket};
use gloo_timers::future::{IntervalStream, TimeoutFuture};
use leptos::{prelude::*, task::spawn_local};
use serde::Deserialize;

use super::{
    Connection, Live, News, Word,
    away::{Away, Summary},
    backoff::{Backoff, Verdict},
    channels::{self, Channels},
    position::{Step, Tracker},
    tabs::{self, Tabs},
};
use crate::{
    api::my_account,
    browser,
    event::{ClientFrame, ServerFrame},
    model::{Me, Position, UserId},
};

/// The server speaks every 30 s. After this long without a word the socket is dead.
const SILENCE_MS: u64 = 75_000;
/// A tab that is looked at again does not wait for that long.
const SILENCE_ON_RETURN_MS: u64 = 40_000;
/// How often silence is looked for.
const LOOK_EVERY_MS: u32 = 15_000;
/// How long a connection may take to come about.
const OPEN_WITHIN_MS: u32 = 20_000;
/// Things look better for everybody at once when a network comes back.
const HASTE_MS: f64 = 500.0;

enum Command {
    Send(ClientFrame),
    /// The network is back, or somebody looks at the tab again.
    LookAgain,
}

enum Input {
    Frame(Option<Result<Message, WebSocketError>>),
    Command(Command),
    Tick,
}

struct Driver {
    live: Live,
    user_id: UserId,
    tracker: Tracker,
    away: Away,
    tabs: Tabs,
    backoff: Backoff,
    commands: mpsc::Receiver<Command>,
    registered_before: bool,
}

/// How a socket ended.
#[derive(Default)]
struct Ending {
    code: Option<u16>,
    opened: bool,
}

/// Starts the one driver of this page.
pub(super) fn start(live: Live, me: Me) {
    let (sender, commands) = mpsc::channel(256);
    let for_frames = sender.clone();
    live.send.set_value(Some(Arc::new(move |frame| {
        // A full queue belongs to a socket that hangs; its successor subscribes everything anew.
        let _ = for_frames.clone().try_send(Command::Send(frame));
    })));
    for event in ["online", "offline", "visibilitychange", "pageshow"] {
        let sender = sender.clone();
        window_event_listener_untyped(event, move |_| {
            let _ = sender.clone().try_send(Command::LookAgain);
        });
    }
    let position = Position {
        epoch: me.epoch,
        seq: me.seq,
    };
    let user_id = me.person.user_id;
    let tabs = Tabs::join(live, &user_id);
    let others = tabs.clone();
    live.tell_tabs.set_value(Some(Arc::new(move |epoch, seqs| {
        others.say(tabs::Word::Told { epoch, seqs });
    })));
    let driver = Driver {
        live,
        away: Away::default(),
        tabs,
        tracker: Tracker::new(user_id.clone(), position),
        user_id,
        backoff: Backoff::default(),
        commands,
        registered_before: false,
    };
    spawn_local(driver.run());
}

impl Driver {
    async fn run(mut self) {
        loop {
            self.set(Connection::Connecting);
            let ending = self.one_socket().await;
            let verdict = self
                .backoff
                .ended(ending.code, browser::now(), browser::chance());
            let Verdict::Wait { ms, may_hasten } = verdict else {
                return self.set(match ending.code {
                    Some(4401) => Connection::LoggedOut,
                    _ => Connection::Stopped,
                });
            };
            // The browser does not tell a refused upgrade from a lost network.
            if !ending.opened && self.backoff.failures() > 1 && browser::online() {
                match my_account().await {
                    Ok(None) => return self.set(Connection::LoggedOut),
                    Ok(Some(me)) if me.person.user_id != self.user_id => {
                        return self.set(Connection::Stopped);
                    }
                    _ => {}
                }
            }
            self.wait(ms, may_hasten).await;
        }
    }

    fn set(&self, connection: Connection) {
        if self.live.connection.get_untracked() != connection {
            self.live.connection.set(connection);
            self.tabs.connected(connection == Connection::Open);
        }
    }

    /// Waits for the next try, or for good news.
    async fn wait(&mut self, ms: u32, may_hasten: bool) {
        let mut timer = TimeoutFuture::new(ms);
        loop {
            self.set(if browser::online() {
                Connection::Connecting
            } else {
                Connection::Offline
            });
            let command = match select(&mut timer, self.commands.next()).await {
                Either::Left(_) => return,
                Either::Right((command, _)) => command,
            };
            let good_news = matches!(command, Some(Command::LookAgain))
                && browser::online()
                && !browser::hidden();
            if may_hasten && good_news {
                TimeoutFuture::new((browser::chance() * HASTE_MS) as u32).await;
                return;
            }
        }
    }

    async fn one_socket(&mut self) -> Ending {
        let mut ending = Ending::default();
        let Some(mut socket) = browser::socket_url().and_then(|url| WebSocket::open(&url).ok())
        else {
            return ending;
        };
        let opened = poll_fn(|context| Pin::new(&mut socket).poll_ready(context));
        select(opened, TimeoutFuture::new(OPEN_WITHIN_MS)).await;
        ending.opened = matches!(socket.state(), State::Open);
        if ending.opened {
            let register = self.tracker.connected();
            send(&mut socket, &register).await;
        } else if matches!(socket.state(), State::Connecting) {
            return ending;
        }
        ending.code = self.listen(&mut socket).await;
        ending
    }

    /// Listens until the socket ends or falls silent, and tells the code of the close frame.
    async fn listen(&mut self, socket: &mut WebSocket) -> Option<u16> {
        let mut heard = browser::now();
        let mut ticks = IntervalStream::new(LOOK_EVERY_MS);
        loop {
            let limit = match next(socket, &mut self.commands, &mut ticks).await {
                Input::Frame(Some(Ok(message))) => {
                    heard = browser::now();
                    if let Message::Text(text) = message {
                        for frame in self.take(&text)? {
                            send(socket, &frame).await;
                        }
                    }
                    continue;
                }
                Input::Frame(Some(Err(WebSocketError::ConnectionClose(close)))) => {
                    return Some(close.code);
                }
                Input::Frame(Some(Err(_))) => continue,
                Input::Frame(None) => return None,
                Input::Command(Command::Send(frame)) => {
                    if self.live.connection.get_untracked() == Connection::Open {
                        send(socket, &frame).await;
                    }
                    continue;
                }
                Input::Command(Command::LookAgain) => SILENCE_ON_RETURN_MS,
                Input::Tick => SILENCE_MS,
            };
            if browser::now().saturating_sub(heard) > limit {
                return None;
            }
        }
    }

    /// Takes a frame in, and answers what has to be sent; nothing at all to start over.
    fn take(&mut self, text: &str) -> Option<Vec<ClientFrame>> {
        let steps = match serde_json::from_str::<ServerFrame>(text) {
            Ok(ServerFrame::Post {
                post_id,
                likes,
                deleted,
            }) => {
                let news = if deleted {
                    Some(News::Gone)
                } else {
                    likes.map(News::Likes)
                };
                if let Some(news) = news {
                    self.live.tell(&post_id, news);
                }
                return Some(Vec::new());
            }
            Ok(frame) if channels::is_of_a_channel(&frame) => {
                self.hear(frame);
                return Some(Vec::new());
            }
            Ok(frame) => {
                self.count(&frame);
                self.tracker.frame(frame)
            }
            Err(_) => match serde_json::from_str::<Unknown>(text) {
                Ok(unknown) if unknown.moves() => self.tracker.unknown(unknown.place),
                _ => Vec::new(),
            },
        };
        let mut answers = Vec::new();
        for step in steps {
            match step {
                Step::Ask(frame) => answers.push(frame),
                Step::Reconnect => return None,
                Step::Ready => answers.extend(self.ready()),
                Step::Show(event) => self.live.show(event),
                Step::Missed(event) => self.away.missed(event),
                Step::CaughtUp => match self.away.sum_up() {
                    Some(Summary::One(event)) => self.live.show(event),
                    Some(Summary::Many(message)) => self.live.toasts.push(message),
                    None => {}
                },
                Step::Retract { seq } => {
                    self.away.retract(seq);
                    self.live.toasts.retract(seq);
                }
                Step::RetractGroup { group } => {
                    self.away.retract_group(&group);
                    self.live.toasts.retract_group(&group);
                }
                Step::InboxChanged => self.live.inbox_changes.update(|count| *count += 1),
                Step::Reread => {
                    self.away.forget();
                    self.live.rereads.update(|count| *count += 1);
                }
            }
        }
        Some(answers)
    }

    fn hear(&self, frame: ServerFrame) {
        let channels = self.live.channels;
        let listeners = channels.with_value(|channels| channels.of(&frame));
        for listener in listeners {
            // Its page may be gone before it could say so.
            let _ = listener.try_run(Word::Frame(frame.clone()));
        }
    }

    fn count(&self, frame: &ServerFrame) {
        self.live.unread.maybe_update(|unread| {
            let Some(unread) = unread else { return false };
            let before = unread.count();
            unread.frame(frame);
            unread.count() != before
        });
    }

    /// The server knows this socket. A repeated `register` ends here too, and subscribes nothing.
    fn ready(&mut self) -> Vec<ClientFrame> {
        if self.live.connection.get_untracked() == Connection::Open {
            return Vec::new();
        }
        self.backoff.registered(browser::now());
        self.set(Connection::Open);
        if std::mem::replace(&mut self.registered_before, true) {
            // Counts have no history to catch up from.
            self.live.rereads.update(|count| *count += 1);
        }
        for listener in self.live.channels.with_value(Channels::all) {
            let _ = listener.try_run(Word::Connected);
        }
        let subscriptions = self.live.watches.try_update_value(|watches| watches.all());
        let reports = self.live.reports.try_update_value(|reports| {
            reports.reconnected();
            reports.take()
        });
        let [mut frames, reports] = [subscriptions, reports].map(Option::unwrap_or_default);
        frames.extend(reports);
        frames
    }
}

/// An entry of a kind that was invented after this client was loaded.
#[derive(Deserialize)]
struct Unknown {
    r#type: String,
    #[serde(flatten)]
    place: Position,
}

impl Unknown {
    fn moves(&self) -> bool {
        matches!(self.r#type.as_str(), "notification" | "retract")
    }
}

async fn send(socket: &mut WebSocket, frame: &ClientFrame) {
    // A send that fails is followed by the close, which is what is acted on.
    if let (Ok(text), State::Open) = (serde_json::to_string(frame), socket.state()) {
        let _ = socket.send(Message::Text(text)).await;
    }
}

async fn next(
    socket: &mut WebSocket,
    commands: &mut mpsc::Receiver<Command>,
    ticks: &mut IntervalStream,
) -> Input {
    let frame = socket.next().map(Input::Frame);
    let command = commands
        .next()
        .map(|command| command.map_or(Input::Tick, Input::Command));
    let tick = ticks.next().map(|_| Input::Tick);
    match select(frame, select(command, tick)).await {
        Either::Left((input, _)) => input,
        Either::Right((Either::Left((input, _)) | Either::Right((input, _)), _)) => input,
    }
}
