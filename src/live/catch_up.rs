//! How a socket catches up, so that nothing is missed and nothing comes twice.
//!
//! First the subscription is confirmed, then position and history are read in one script, then
//! they are sent, then the pushes that came meanwhile and are above. History is sent in pages, no
//! faster than the socket takes them.

use std::sync::Arc;

use app::{
    backend::Answer,
    error::QuadError,
    event::{CloseCode, Ref, ServerFrame},
    model::{Epoch, Position, PostId, RoomName, UserId},
};

use super::{
    Topic,
    hub::{Connection, Owner},
    listeners::Carries,
    observe, room,
    socket::{End, refuse, send},
};
use crate::{
    audit,
    server::Shared,
    service::channels::{Channel, ChannelFrames},
    store::keys,
};

/// Entries read at a time.
pub(super) const PAGE: usize = 100;
/// A client that is further behind reloads.
const MOST_BEHIND: u64 = 500;
/// Messages that a channel keeps.
pub(super) const CHANNEL_KEEPS: u64 = 100;
/// Channels one socket may listen to.
pub(super) const MOST_CHANNELS: usize = 200;

/// What a client asks for when it subscribes.
pub(super) struct Asked {
    /// Pairs the answer with the question.
    pub r#ref: Ref,
    /// The channel as the client wrote it.
    pub channel: String,
    /// Catch up from here.
    pub resume: Option<Position>,
    /// Or begin with this many of the newest.
    pub last: Option<u64>,
    /// What lets one listen to a private channel.
    pub token: Option<String>,
    /// Whether whoever listens to a room is there, for others to see.
    pub presence: bool,
}

/// Begins to listen, and answers once the store has confirmed it: from then on nothing is missed.
/// What comes is held back until the history has been read and sent.
pub(super) async fn begin(
    shared: &Shared,
    connection: &Arc<Connection>,
    topic: &Topic,
    carries: Carries,
) -> Result<(), End> {
    shared.service.hub().listen(topic, connection, carries);
    let subscribed = shared.live.broker.subscribe(topic.clone());
    subscribed.await.map_err(|_| away())
}

/// Whether everything after `resume` can be sent: it is of this history, which begins at `first` and
/// has got to `seq`, and not too far behind.
pub(super) fn recovers(resume: &Position, epoch: &Epoch, seq: u64, first: u64) -> bool {
    resume.epoch == *epoch
        && resume.seq <= seq
        && resume.seq + 1 >= first
        && seq - resume.seq <= MOST_BEHIND
}

/// A history that is read in pages.
pub(super) enum History<'h> {
    /// Of somebody's inbox.
    Inbox(&'h UserId),
    /// Of a room, for one who is in it, or for a program that observes.
    Room(&'h RoomName, Option<&'h UserId>),
}

impl History<'_> {
    async fn after(&self, shared: &Shared, seq: u64) -> Answer<Vec<ServerFrame>> {
        let service = &shared.service;
        match self {
            Self::Inbox(user) => {
                let read = service.inbox_after(user, Some(seq), PAGE).await;
                read.map(|(_, frames)| frames)
            }
            Self::Room(room, reader) => match service.room_after(room, *reader, seq, PAGE).await {
                // The room ended meanwhile, or the reader was removed from it: what says so has ended
                // the subscription, or is about to.
                Err(QuadError::NoSuchRoom | QuadError::Forbidden) => Ok(Vec::new()),
                read => read.map(|read| read.frames),
            },
        }
    }
}

/// Sends what follows `sent` up to `end`, page by page, no faster than the socket takes it: first
/// `frames`, then what follows the last one. Nothing after `end` is sent, though it may have been
/// read: the hub holds it back, together with what has no number and came in between (a mark, who is
/// there), and hands it out in the order in which it happened.
pub(super) async fn send_history(
    shared: &Shared,
    connection: &Connection,
    history: History<'_>,
    mut frames: Vec<ServerFrame>,
    mut sent: u64,
    end: u64,
) -> Result<(), End> {
    while sent < end {
        frames.retain(|frame| seq_of(frame).is_some_and(|seq| seq <= end));
        let Some(last) = frames.last().and_then(seq_of) else {
            break;
        };
        for frame in &frames {
            send(connection, frame);
        }
        connection.writer.settle().await;
        sent = last;
        if sent < end {
            frames = history.after(shared, sent).await.map_err(|_| away())?;
        }
    }
    Ok(())
}

/// Registers a socket: it hears its owner's inbox from `resume` on.
pub async fn inbox(
    shared: &Shared,
    connection: &Arc<Connection>,
    user: &UserId,
    resume: Option<Position>,
) -> Result<(), End> {
    let hub = shared.service.hub();
    let topic = keys::user_topic(user);
    begin(shared, connection, &topic, Carries::History).await?;

    let after = resume.as_ref().map(|resume| resume.seq);
    let (standing, frames) = shared
        .service
        .inbox_after(user, after, PAGE)
        .await
        .map_err(|_| away())?;
    let recovered = resume
        .as_ref()
        .is_none_or(|resume| recovers(resume, &standing.epoch, standing.seq, standing.first));
    send(
        connection,
        &ServerFrame::Registered {
            user_id: user.clone(),
            epoch: standing.epoch.clone(),
            seq: standing.seq,
            unread: standing.unread,
            recovered,
        },
    );
    if let (Some(after), true) = (after, recovered) {
        let history = History::Inbox(user);
        send_history(shared, connection, history, frames, after, standing.seq).await?;
    }
    hub.release(&topic, connection, standing.seq);
    Ok(())
}

/// Subscribes a socket to a channel.
pub(super) async fn channel(
    shared: &Shared,
    connection: &Arc<Connection>,
    asked: Asked,
) -> Result<(), End> {
    let channel = match asked.channel.parse::<Channel>() {
        Ok(channel) => channel,
        Err(error) => {
            let detail = error.to_string();
            refuse(connection, asked.r#ref, "invalid_channel", &detail);
            return Ok(());
        }
    };
    if !may_listen(connection, &channel) {
        refuse(
            connection,
            asked.r#ref,
            "too_many_channels",
            "Leave a channel first.",
        );
        return Ok(());
    }
    let topic = channel.topic_for(connection.owner.user());
    match (channel, topic) {
        (Channel::Post(id), Some(topic)) => post(shared, connection, asked, &topic, id).await,
        (Channel::Feed, Some(topic)) => {
            from_now_on(shared, connection, asked, &topic, Carries::Value).await
        }
        (Channel::OwnLikes | Channel::OwnRooms, Some(topic)) => {
            from_now_on(shared, connection, asked, &topic, Carries::History).await
        }
        (Channel::Room(room), Some(topic)) => {
            room::subscribe(shared, connection, asked, &topic, &room).await
        }
        (Channel::AllRooms, _) => observe::subscribe(shared, connection, asked),
        (Channel::Private(_), Some(topic)) => private(shared, connection, asked, &topic).await,
        (Channel::Broadcast(_) | Channel::Announcements, Some(topic)) => {
            broadcast(shared, connection, asked, &topic).await
        }
        // One's own inbox comes by registering, and programs have nothing of their own.
        (_, None) | (Channel::Inbox, _) => {
            forbid(connection, asked);
            Ok(())
        }
    }
}

/// Refuses a subscription that is not theirs to have.
pub(super) fn forbid(connection: &Connection, asked: Asked) {
    audit::access_refused(Some(&asked.channel));
    let detail = "You may not listen to this channel.";
    refuse(connection, asked.r#ref, "forbidden", detail);
}

/// Whether there is room for this channel, or it is listened to already. One's own inbox takes no
/// room, and neither do the rooms of a program that may observe all of them.
fn may_listen(connection: &Connection, channel: &Channel) -> bool {
    let is_counted = |topic: &Topic| match &connection.owner {
        Owner::Session { user, .. } => *topic != keys::user_topic(user),
        Owner::Token { observes: true, .. } => keys::room_of(topic.as_str()).is_none(),
        Owner::Token { .. } => true,
    };
    let known = channel.topic_for(connection.owner.user());
    known.is_some_and(|topic| connection.listens_to(&topic))
        || connection.topic_count() < MOST_CHANNELS
        || connection.count_topics(is_counted) < MOST_CHANNELS
}

/// A post has no history: the subscriber is told how it stands, and from then on what changes.
async fn post(
    shared: &Shared,
    connection: &Arc<Connection>,
    asked: Asked,
    topic: &Topic,
    post_id: PostId,
) -> Result<(), End> {
    begin(shared, connection, topic, Carries::Value).await?;
    let (likes, deleted) = match shared.service.post(None, &post_id).await {
        Ok(post) => (Some(post.likes), false),
        Err(QuadError::NoSuchPost) => (None, true),
        Err(_) => return Err(away()),
    };
    send(connection, &ServerFrame::ack(asked.r#ref, asked.channel));
    send(
        connection,
        &ServerFrame::Post {
            post_id,
            likes,
            deleted,
        },
    );
    shared.service.hub().release(topic, connection, 0);
    Ok(())
}

/// What has no history: from now on one is told.
async fn from_now_on(
    shared: &Shared,
    connection: &Arc<Connection>,
    asked: Asked,
    topic: &Topic,
    carries: Carries,
) -> Result<(), End> {
    begin(shared, connection, topic, carries).await?;
    send(connection, &ServerFrame::ack(asked.r#ref, asked.channel));
    shared.service.hub().release(topic, connection, 0);
    Ok(())
}

/// A private channel is a broadcast channel for those who may listen, as long as they may.
async fn private(
    shared: &Shared,
    connection: &Arc<Connection>,
    asked: Asked,
    topic: &Topic,
) -> Result<(), End> {
    let (owner, token) = (&connection.owner, asked.token.as_deref());
    let service = &shared.service;
    match service.may_listen(owner, &asked.channel, token).await {
        Ok(until) => {
            broadcast(shared, connection, asked, topic).await?;
            shared.live.expiries.set(connection, topic, until);
            Ok(())
        }
        Err(QuadError::Forbidden) => {
            forbid(connection, asked);
            Ok(())
        }
        Err(_) => Err(away()),
    }
}

async fn broadcast(
    shared: &Shared,
    connection: &Arc<Connection>,
    asked: Asked,
    topic: &Topic,
) -> Result<(), End> {
    let Asked {
        r#ref,
        channel: name,
        resume,
        last,
        ..
    } = asked;
    begin(shared, connection, topic, Carries::History).await?;

    // The history is short enough to be read whole.
    let read = shared
        .service
        .channel_after(&name, 0, CHANNEL_KEEPS as usize);
    let ChannelFrames {
        epoch,
        seq,
        mut frames,
    } = read.await.map_err(|_| away())?;
    let oldest = frames.first().and_then(seq_of).unwrap_or(seq + 1);
    let recovered = resume
        .as_ref()
        .map(|resume| recovers(resume, &epoch, seq, oldest));
    let after = match (&resume, recovered) {
        (Some(resume), Some(true)) => resume.seq,
        (Some(_), _) => seq,
        (None, _) => seq.saturating_sub(last.unwrap_or(0).min(CHANNEL_KEEPS)),
    };
    frames.retain(|frame| seq_of(frame).is_some_and(|seq| seq > after));
    send(
        connection,
        &ServerFrame::Ack {
            r#ref,
            channel: name,
            epoch: Some(epoch),
            seq: Some(seq),
            recovered,
        },
    );
    for frame in &frames {
        send(connection, frame);
        connection.writer.settle().await;
    }
    shared.service.hub().release(topic, connection, seq);
    Ok(())
}

/// Ends a subscription. Leaving a channel that one is not on is no error.
pub async fn leave(shared: &Shared, connection: &Arc<Connection>, r#ref: Ref, name: String) {
    let channel = name.parse::<Channel>().ok();
    if channel == Some(Channel::AllRooms) {
        observe::leave(shared, connection).await;
        send(connection, &ServerFrame::ack(r#ref, name));
        return;
    }
    let user = connection.owner.user();
    let topic = channel.as_ref().and_then(|known| known.topic_for(user));
    let Some(topic) = topic else {
        refuse(
            connection,
            r#ref,
            "invalid_channel",
            "There is no such channel to leave.",
        );
        return;
    };
    shared.live.expiries.forget(connection, &topic);
    ignore(shared, connection, topic).await;
    if let Some(Channel::Room(room)) = channel {
        shared.service.attendance().touch(room);
    }
    send(connection, &ServerFrame::ack(r#ref, name));
}

/// Listens no more.
pub(super) async fn ignore(shared: &Shared, connection: &Connection, topic: Topic) {
    if shared.service.hub().ignore(&topic, connection) {
        shared.live.broker.unsubscribe(vec![topic]).await;
    }
}

/// The store is away: the client comes back and catches up.
pub(super) fn away() -> End {
    tracing::debug!("a socket is sent away: the store does not answer");
    Some(CloseCode::Unavailable)
}

fn seq_of(frame: &ServerFrame) -> Option<u64> {
    match frame {
        ServerFrame::Notification(notification) => Some(notification.seq),
        ServerFrame::Retract { seq, .. } | ServerFrame::Message { seq, .. } => Some(*seq),
        _ => None,
    }
}
