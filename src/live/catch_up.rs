//! How a socket catches up, so that nothing is missed and nothing comes twice.
//!
//! First the subscription is confirmed, then position and history are read in one script, then
//! they are sent, then the pushes that came meanwhile and are above. History is sent in pages, no
//! faster than the socket takes them.

use std::sync::Arc;

use app::{
    error::QuadError,
    event::{CloseCode, ServerFrame},
    model::{Position, UserId},
};

use super::{
    Topic,
    hub::{Connection, Owner},
    listeners::Carries,
    socket::{End, refuse, send},
};
use crate::{
    server::Shared,
    service::channels::{Channel, ChannelFrames},
    store::keys,
};

/// Entries read at a time.
const PAGE: usize = 100;
/// A client that is further behind reloads.
const MOST_BEHIND: u64 = 500;
/// Messages that a channel keeps.
pub(super) const CHANNEL_KEEPS: u64 = 100;
/// Channels one socket may listen to.
const MOST_CHANNELS: usize = 200;

/// Begins to listen, and answers once the store has confirmed it: from then on nothing is missed.
/// What comes is held back until the history has been read and sent.
async fn begin(
    shared: &Shared,
    connection: &Arc<Connection>,
    topic: &Topic,
    carries: Carries,
) -> Result<(), End> {
    shared.service.hub().listen(topic, connection, carries);
    let subscribed = shared.live.broker.subscribe(topic.clone());
    subscribed.await.map_err(|_| away())
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
    if hub.count(topic.as_str()) > shared.live.max_sockets_per_user {
        return Err(Some(CloseCode::TooManySockets));
    }

    let after = resume.as_ref().map(|resume| resume.seq);
    let (standing, mut frames) = shared
        .service
        .inbox_after(user, after, PAGE)
        .await
        .map_err(|_| away())?;
    let recovered = resume.as_ref().is_none_or(|resume| {
        resume.epoch == standing.epoch
            && resume.seq <= standing.seq
            && resume.seq + 1 >= standing.first
            && standing.seq - resume.seq <= MOST_BEHIND
    });
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
    let mut position = standing.seq;
    if let (Some(mut sent), true) = (after, recovered) {
        // What is stored while this goes on is either read here or held back by the hub; the
        // position tells which.
        while sent < standing.seq {
            let Some(last) = frames.last().and_then(seq_of) else {
                break;
            };
            for frame in &frames {
                send(connection, frame);
            }
            connection.writer.settle().await;
            sent = last;
            if sent < standing.seq {
                (_, frames) = shared
                    .service
                    .inbox_after(user, Some(sent), PAGE)
                    .await
                    .map_err(|_| away())?;
            }
        }
        position = sent;
    }
    hub.release(&topic, connection, position);
    Ok(())
}

/// Subscribes a socket to a channel.
pub async fn channel(
    shared: &Shared,
    connection: &Arc<Connection>,
    r#ref: String,
    name: String,
    resume: Option<Position>,
    last: Option<u64>,
) -> Result<(), End> {
    let channel = match name.parse::<Channel>() {
        Ok(Channel::Reserved) => {
            refuse(
                connection,
                r#ref,
                "forbidden",
                "You may not listen to this channel.",
            );
            return Ok(());
        }
        Ok(channel) => channel,
        Err(error) => {
            refuse(connection, r#ref, "invalid_channel", &error.to_string());
            return Ok(());
        }
    };
    if !may_listen(connection, &channel) {
        refuse(
            connection,
            r#ref,
            "too_many_channels",
            "Leave a channel first.",
        );
        return Ok(());
    }
    match channel {
        Channel::Post(_) => post(shared, connection, r#ref, name, &channel).await,
        _ => broadcast(shared, connection, r#ref, name, &channel, resume, last).await,
    }
}

/// Whether there is room for this channel, or it is listened to already. One's own inbox is none.
fn may_listen(connection: &Connection, channel: &Channel) -> bool {
    let mut topics = connection.topics();
    if let Owner::Session { user, .. } = &connection.owner {
        let inbox = keys::user_topic(user);
        topics.retain(|topic| *topic != inbox);
    }
    topics.len() < MOST_CHANNELS || channel.topic().is_some_and(|topic| topics.contains(&topic))
}

/// A post has no history: the subscriber is told how it stands, and from then on what changes.
async fn post(
    shared: &Shared,
    connection: &Arc<Connection>,
    r#ref: String,
    name: String,
    channel: &Channel,
) -> Result<(), End> {
    let (Channel::Post(post_id), Some(topic)) = (channel, channel.topic()) else {
        return Ok(());
    };
    begin(shared, connection, &topic, Carries::Value).await?;
    let (likes, deleted) = match shared.service.post(None, post_id).await {
        Ok(post) => (Some(post.likes), false),
        Err(QuadError::NoSuchPost) => (None, true),
        Err(_) => return Err(away()),
    };
    send(
        connection,
        &ServerFrame::Ack {
            r#ref,
            channel: name,
            epoch: None,
            seq: None,
            recovered: None,
        },
    );
    send(
        connection,
        &ServerFrame::Post {
            post_id: post_id.clone(),
            likes,
            deleted,
        },
    );
    shared.service.hub().release(&topic, connection, 0);
    Ok(())
}

async fn broadcast(
    shared: &Shared,
    connection: &Arc<Connection>,
    r#ref: String,
    name: String,
    channel: &Channel,
    resume: Option<Position>,
    last: Option<u64>,
) -> Result<(), End> {
    let Some(topic) = channel.topic() else {
        return Ok(());
    };
    begin(shared, connection, &topic, Carries::History).await?;

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
        .map(|resume| resume.epoch == epoch && resume.seq <= seq && resume.seq + 1 >= oldest);
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
    shared.service.hub().release(&topic, connection, seq);
    Ok(())
}

/// Ends a subscription. Leaving a channel that one is not on is no error.
pub async fn leave(shared: &Shared, connection: &Arc<Connection>, r#ref: String, name: String) {
    let Some(topic) = name
        .parse::<Channel>()
        .ok()
        .and_then(|channel| channel.topic())
    else {
        refuse(
            connection,
            r#ref,
            "invalid_channel",
            "There is no such channel to leave.",
        );
        return;
    };
    if shared.service.hub().ignore(&topic, connection) {
        shared.live.broker.unsubscribe(vec![topic]).await;
    }
    let ack = ServerFrame::Ack {
        r#ref,
        channel: name,
        epoch: None,
        seq: None,
        recovered: None,
    };
    send(connection, &ack);
}

/// The store is away: the client comes back and catches up.
fn away() -> End {
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
