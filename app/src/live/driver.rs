//! The connection's life in the browser: connect, register, listen, come back.
//!
//! This is the thin part. What frames mean stands in `position`, when to come back in `backoff`,
//! which way in `route`.

use std::{pin::pin, sync::Arc, time::Duration};

use futures_channel::mpsc;
use futures_util::{
    FutureExt, StreamExt,
    future::{Either, select},
};
use gloo_timers::future::{IntervalStream, TimeoutFuture};
use leptos::{prelude::*, task::spawn_local};
use serde::Deserialize;

use super::{
    Connection, Live, News, Word,
    away::{Away, Summary},
    backoff::{Backoff, Verdict},
    channels::{self, Channels, OWN_LIKES},
    line::{Heard, Line},
    position::{Step, Tracker},
    route::{Route, Way},
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
/// Things look better for everybody at once when a network comes back.
const HASTE_MS: f64 = 500.0;

enum Command {
    Send(ClientFrame),
    /// The network is back, or somebody looks at the tab again.
    LookAgain,
}

enum Input {
    Heard(Heard),
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
    route: Route,
    /// Whether the present connection takes the slower way.
    slow: bool,
    commands: mpsc::Receiver<Command>,
    registered_before: bool,
}

/// How a connection ended.
#[derive(Default)]
struct Ending {
    code: Option<u16>,
    /// The way on which it never came about.
    failed: Option<Way>,
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
        route: Route::default(),
        slow: false,
        commands,
        registered_before: false,
    };
    spawn_local(driver.run());
}

impl Driver {
    async fn run(mut self) {
        loop {
            self.set(Connection::Connecting);
            let ending = self.one_connection().await;
            let verdict = self
                .backoff
                .ended(ending.code, browser::elapsed(), browser::chance());
            let Verdict::Wait { ms, may_hasten } = verdict else {
                return self.set(match ending.code {
                    Some(4401) => Connection::LoggedOut,
                    _ => Connection::Stopped,
                });
            };
            // The browser does not tell a refused upgrade from a lost network.
            if let Some(way) = ending.failed
                && browser::online()
            {
                match my_account().await {
                    Ok(None) => return self.set(Connection::LoggedOut),
                    Ok(Some(me)) if me.person.user_id != self.user_id => {
                        return self.set(Connection::Stopped);
                    }
                    Ok(Some(_)) => self.route.blocked(way, browser::elapsed()),
                    Err(_) => {}
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

    async fn one_connection(&mut self) -> Ending {
        let way = self.route.way();
        match Line::open(way, || self.tracker.connected()).await {
            Ok(line) => Ending {
                code: self.listen(line).await,
                failed: None,
            },
            Err(code) => Ending {
                code,
                failed: Some(way),
            },
        }
    }

    /// Listens until the line ends or falls silent, and tells the server's code for that.
    async fn listen(&mut self, mut line: Line) -> Option<u16> {
        self.takes(line.way());
        let (mut heard, mut heard_by_clock) = (browser::elapsed(), browser::now());
        let mut ticks = IntervalStream::new(LOOK_EVERY_MS);
        loop {
            let mut slept = 0;
            let limit = match next(&mut line, &mut self.commands, &mut ticks).await {
                Input::Heard(Heard::Ended(code)) => return code,
                Input::Heard(said) => {
                    (heard, heard_by_clock) = (browser::elapsed(), browser::now());
                    if let Heard::Text(text) = said {
                        for frame in self.take(&text)? {
                            line.send(&frame).await;
                        }
                    }
                    continue;
                }
                Input::Command(Command::Send(frame)) => {
                    if self.live.connection.get_untracked() == Connection::Open {
                        line.send(&frame).await;
                    }
                    continue;
                }
                Input::Command(Command::LookAgain) => {
                    // While a laptop sleeps only its clock goes on. Should that have jumped instead,
                    // one connection too many is made.
                    slept = browser::now().saturating_sub(heard_by_clock);
                    SILENCE_ON_RETURN_MS
                }
                Input::Tick => SILENCE_MS,
            };
            if self.route.try_again(browser::elapsed()) {
                // What comes meanwhile waits in the line. The position makes the change whole.
                let faster = Line::open(Way::Socket, || self.tracker.connected());
                if let Ok(faster) = faster.await {
                    line = faster;
                    (heard, heard_by_clock) = (browser::elapsed(), browser::now());
                    self.set(Connection::Connecting);
                    self.takes(Way::Socket);
                }
            } else if browser::elapsed().saturating_sub(heard).max(slept) > limit {
                return None;
            }
        }
    }

    fn takes(&mut self, way: Way) {
        self.route.opened(way);
        self.slow = way == Way::Events;
    }

    /// Takes a frame in, and answers what has to be sent; nothing at all to start over.
    fn take(&mut self, text: &str) -> Option<Vec<ClientFrame>> {
        let frame = serde_json::from_str::<ServerFrame>(text);
        if let Some(at) = frame.as_ref().ok().and_then(ServerFrame::said_at) {
            self.live.clock.heard(at);
        }
        let steps = match frame {
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
            Ok(ServerFrame::Liked { post_id, liked }) => {
                // In a moment of its own: a card hears one thing at a time.
                let live = self.live;
                let tell = move || live.tell(&post_id, News::Liked(liked));
                set_timeout(tell, Duration::ZERO);
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
            let _ = listener.try_run(Word::Frame(Box::new(frame.clone())));
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

    /// The server knows this connection. A repeated `register` ends here too, and subscribes nothing.
    fn ready(&mut self) -> Vec<ClientFrame> {
        if self.live.connection.get_untracked() == Connection::Open {
            return Vec::new();
        }
        self.backoff.registered(browser::elapsed());
        self.live.slow.set(self.slow);
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
        frames.push(channels::subscribe(OWN_LIKES));
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

async fn next(
    line: &mut Line,
    commands: &mut mpsc::Receiver<Command>,
    ticks: &mut IntervalStream,
) -> Input {
    let heard = pin!(line.next().map(Input::Heard));
    let command = commands
        .next()
        .map(|command| command.map_or(Input::Tick, Input::Command));
    let tick = ticks.next().map(|_| Input::Tick);
    match select(heard, select(command, tick)).await {
        Either::Left((input, _)) => input,
        Either::Right((Either::Left((input, _)) | Either::Right((input, _)), _)) => input,
    }
}
