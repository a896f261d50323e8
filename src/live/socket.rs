//! One socket's life: it says who it is, listens, and leaves.
//!
//! A person's socket begins as somebody with a session who has not registered; from then on it is
//! [`Socket`] that answers its frames. A program's socket needs not register.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use app::{
    event::{ClientFrame, CloseCode, Ref, ServerFrame},
    model::{NewMessage, Position, UserId},
};
use bytes::Bytes;
use futures_util::StreamExt;
use socket2::SockRef;
use tokio::{
    io,
    time::{Instant, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Message,
        protocol::{Role, WebSocketConfig},
    },
};

use super::{
    admission,
    catch_up::{self, Asked},
    frame::Frame,
    hub::{Connection, Owner},
    outline::NoFrame,
    reader::{Reader, TooFast},
    room,
    writer::Drained,
};
use crate::{meters::METERS, server::Shared, store::keys};

/// How long a person's socket may take to say who it is.
const REGISTER_WITHIN: Duration = Duration::from_secs(10);
/// The largest frame that is read.
const LARGEST: usize = 64 << 10;
/// Bytes read at a time: most frames of clients are short, and every socket keeps such a buffer.
const READ_BUFFER: usize = 512;
/// How often others are told that somebody is writing.
const TYPING_EVERY: Duration = Duration::from_secs(1);
/// How long a socket may take to say goodbye.
const GOODBYE_WITHIN: Duration = Duration::from_secs(2);
/// What is said of a frame that has its type, and not its fields.
pub(super) const WRONG_FIELD: &str =
    "A field of this frame is missing, or does not hold what it must.";

/// Why a socket ends: with a close frame of ours, or because the peer is gone.
pub(super) type End = Option<CloseCode>;

/// Serves a connection until it ends. `early` is what was read with the upgrade.
pub async fn run(shared: &Shared, connection: Arc<Connection>, early: Bytes) {
    METERS.sockets.increment(1.0);
    let reader = Reader::new(connection.clone(), early);
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_message_size(Some(LARGEST))
        .max_frame_size(Some(LARGEST));
    let mut frames = WebSocketStream::from_raw_socket(reader, Role::Server, Some(config)).await;
    let end = serve(shared, &connection, &mut frames).await;
    drop(frames);
    Box::pin(say_goodbye(&connection, end)).await;
    leave(shared, &connection).await;
    METERS.sockets.decrement(1.0);
}

/// Takes a connection that ended out of everything that it was part of.
pub(super) async fn leave(shared: &Shared, connection: &Connection) {
    shared.live.observers.end(connection.id).await;
    let listened = connection.topics();
    for topic in &listened {
        shared.live.expiries.forget(connection, topic);
    }
    shared.live.expiries.forget_end(connection);
    let unheard = shared.service.hub().disconnect(connection);
    let rooms = listened
        .iter()
        .filter_map(|topic| keys::room_of(topic.as_str()));
    rooms.for_each(|room| shared.service.attendance().touch(room));
    shared.live.broker.unsubscribe(unheard).await;
}

async fn serve(
    shared: &Shared,
    connection: &Arc<Connection>,
    frames: &mut WebSocketStream<Reader>,
) -> End {
    let mut incoming = Incoming { connection, frames };
    let mut socket = match &connection.owner {
        Owner::Token { .. } => {
            if let Err(end) = admission::check_token(shared, connection).await {
                return end;
            }
            Socket {
                shared,
                connection,
                user: None,
                typed: None,
            }
        }
        Owner::Session { user, .. } => {
            let unregistered = Unregistered {
                shared,
                connection,
                user,
            };
            // The time counts until they say who they are. How long it takes to catch up is up to
            // the store and to what they missed.
            let said = timeout(REGISTER_WITHIN, unregistered.introduction(&mut incoming));
            let resume = match said.await {
                Ok(Ok(resume)) => resume,
                Ok(Err(end)) => return end,
                Err(_) => return Some(CloseCode::NeverRegistered),
            };
            match unregistered.register(resume).await {
                Ok(socket) => socket,
                Err(end) => return end,
            }
        }
    };
    loop {
        let frame = match incoming.next().await {
            Ok(frame) => frame,
            Err(end) => return end,
        };
        // Boxed, so that a socket that only listens does not keep room for its answers.
        if let Err(end) = Box::pin(socket.answer(frame)).await {
            return end;
        }
    }
}

/// Somebody with a session who has not said that they are there.
struct Unregistered<'s> {
    shared: &'s Shared,
    connection: &'s Arc<Connection>,
    user: &'s UserId,
}

impl<'s> Unregistered<'s> {
    /// Waits until they say that they are there, and answers how far they got before.
    async fn introduction(&self, incoming: &mut Incoming<'_>) -> Result<Option<Position>, End> {
        loop {
            match incoming.next().await? {
                ClientFrame::Register { user_id, resume } if user_id == *self.user => {
                    return Ok(resume);
                }
                ClientFrame::Register { .. } => return Err(Some(CloseCode::Forbidden)),
                ClientFrame::Subscribe { r#ref, .. }
                | ClientFrame::Unsubscribe { r#ref, .. }
                | ClientFrame::Publish { r#ref, .. } => {
                    refuse(self.connection, r#ref, "not_registered", "Register first.");
                }
                ClientFrame::Seen { .. }
                | ClientFrame::Told { .. }
                | ClientFrame::Typing { .. }
                | ClientFrame::Read { .. } => {}
            }
        }
    }

    async fn register(self, resume: Option<Position>) -> Result<Socket<'s>, End> {
        let Self {
            shared,
            connection,
            user,
        } = self;
        Box::pin(catch_up::inbox(shared, connection, user, resume)).await?;
        Ok(Socket {
            shared,
            connection,
            user: Some(user),
            typed: None,
        })
    }
}

/// A socket, or a stream of events, that is known.
pub(super) struct Socket<'s> {
    pub(super) shared: &'s Shared,
    pub(super) connection: &'s Arc<Connection>,
    /// Nobody for a program.
    pub(super) user: Option<&'s UserId>,
    /// When others were last told that this one is writing.
    pub(super) typed: Option<Instant>,
}

impl Socket<'_> {
    pub(super) async fn answer(&mut self, frame: ClientFrame) -> Result<(), End> {
        let Self {
            shared,
            connection,
            user,
            typed,
        } = self;
        match frame {
            ClientFrame::Register { user_id, resume } => match user {
                Some(user) if user_id == **user => {
                    catch_up::inbox(shared, connection, user, resume).await
                }
                _ => Err(Some(CloseCode::Forbidden)),
            },
            ClientFrame::Subscribe {
                r#ref,
                channel,
                resume,
                last,
                token,
                presence,
            } => {
                let asked = Asked {
                    r#ref,
                    channel,
                    resume,
                    last,
                    token,
                    presence: presence.unwrap_or(true),
                };
                catch_up::channel(shared, connection, asked).await
            }
            ClientFrame::Unsubscribe { r#ref, channel } => {
                catch_up::leave(shared, connection, r#ref, channel).await;
                Ok(())
            }
            ClientFrame::Publish {
                r#ref,
                channel,
                id,
                text,
            } => {
                let message = NewMessage { id: Some(id), text };
                room::publish(shared, connection, *user, r#ref, channel, message).await;
                Ok(())
            }
            ClientFrame::Typing { channel } => {
                let Some(user) = user else { return Ok(()) };
                if typed.is_none_or(|at| at.elapsed() >= TYPING_EVERY) {
                    *typed = Some(Instant::now());
                    room::typing(shared, connection, user, &channel).await;
                }
                Ok(())
            }
            ClientFrame::Read { channel, seq } => {
                let Some(user) = user else { return Ok(()) };
                room::read(shared, connection, user, &channel, seq).await;
                Ok(())
            }
            ClientFrame::Seen { epoch, seq } => {
                let Some(user) = user else { return Ok(()) };
                // Not answered: a mark that is stale or too high changes nothing.
                if let Err(error) = shared.service.seen(user, &epoch, seq).await {
                    tracing::debug!(%error, "a seen mark was refused");
                }
                Ok(())
            }
            ClientFrame::Told {
                epoch,
                outcome,
                seqs,
            } => {
                let Some(user) = user else { return Ok(()) };
                // Not answered: what was not noted stays pending.
                if let Err(error) = shared.service.told(user, &epoch, outcome, &seqs).await {
                    tracing::debug!(%error, "what was told could not be noted");
                }
                Ok(())
            }
        }
    }
}

/// Tells a client that one of its frames was refused.
pub(super) fn refuse(
    connection: &Connection,
    r#ref: impl Into<Option<Ref>>,
    code: &str,
    detail: &str,
) {
    let error = ServerFrame::Error {
        r#ref: r#ref.into(),
        channel: None,
        code: code.to_owned(),
        detail: detail.to_owned(),
    };
    send(connection, &error);
}

/// Sends one frame to one connection.
pub(super) fn send(connection: &Connection, frame: &ServerFrame) {
    if let Some(frame) = Frame::of(frame) {
        connection.writer.send(&frame);
    }
}

/// What comes in, frame by frame, while what waits goes out.
struct Incoming<'s> {
    connection: &'s Arc<Connection>,
    frames: &'s mut WebSocketStream<Reader>,
}

impl Incoming<'_> {
    async fn next(&mut self) -> Result<ClientFrame, End> {
        loop {
            let message = tokio::select! {
                message = self.frames.next() => message,
                drained = self.connection.writer.drain() => {
                    // Whoever closed it has said why.
                    let (Drained::Closed | Drained::Broken) = drained;
                    return Err(None);
                }
            };
            let message = match message {
                Some(Ok(message)) => message,
                Some(Err(error)) => return Err(end_of(&error)),
                None => return Err(None),
            };
            self.connection.heard.store(true, Ordering::Relaxed);
            match message {
                Message::Text(_) | Message::Binary(_) => {
                    match self.connection.writer.encoding().decode(&message) {
                        Ok(frame) => return Ok(frame),
                        Err(NoFrame::Alien) => return Err(Some(CloseCode::Malformed)),
                        Err(NoFrame::Wrong(r#ref)) => {
                            refuse(self.connection, r#ref, "malformed", WRONG_FIELD);
                        }
                    }
                }
                Message::Close(_) => {
                    // Reading on sends the answer that closing asks for.
                    drop(self.frames.next().await);
                    return Err(None);
                }
                // Pings are answered while reading.
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }
}

fn end_of(error: &tungstenite::Error) -> End {
    match error {
        tungstenite::Error::Capacity(_) => Some(CloseCode::TooLarge),
        tungstenite::Error::Utf8(_) => Some(CloseCode::BadUtf8),
        tungstenite::Error::Protocol(_) => Some(CloseCode::Malformed),
        tungstenite::Error::Io(error) if error.get_ref().is_some_and(|e| e.is::<TooFast>()) => {
            Some(CloseCode::TooFast)
        }
        _ => None,
    }
}

/// Sends the close frame and waits a little for the peer's. What it still sends is thrown away:
/// closing with unread bytes would reset the connection, and the peer might never read the code.
pub(super) async fn say_goodbye(connection: &Connection, end: End) {
    let writer = &connection.writer;
    if let Some(code) = end {
        writer.close(code);
    }
    let goodbye = async {
        writer.last_words().await;
        let Some(tcp) = writer.tcp() else { return };
        if SockRef::from(tcp)
            .shutdown(std::net::Shutdown::Write)
            .is_err()
        {
            return;
        }
        let mut waste = vec![0; 16 << 10];
        while tcp.readable().await.is_ok() {
            match tcp.try_read(&mut waste) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    };
    // A peer that does not even read its goodbye is cut off.
    let _ = timeout(GOODBYE_WITHIN, goodbye).await;
}
