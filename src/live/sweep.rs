//! The position check: every 30 seconds each socket is told where its streams stand, so that a
//! lost push is noticed; its session or token is looked up again, so that a lost revocation does not
//! leave anybody connected; and it is pinged.
//!
//! Sockets take turns, a thirtieth of them a second, and each turn asks the store in one go.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use app::{
    event::{CloseCode, ServerFrame},
    model::{Epoch, PostId, UserId},
};
use tokio::{
    sync::Notify,
    time::{MissedTickBehavior, interval, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{
    frame::Frame,
    hub::{Connection, Owner},
    listeners::Version,
};
use crate::{
    pulse::Pulse,
    service::Service,
    store::{StoreError, keys, now},
};

/// Turns in a round: every socket is checked once in so many seconds.
const TURNS: u64 = 30;
/// Sockets checked in one go when all are.
const BATCH: usize = 500;

/// How long after a check of all that failed they are checked again.
const AGAIN: Duration = Duration::from_millis(200);

/// Checks sockets until `stop`; all of them at once whenever `all` says so.
pub async fn run(service: Arc<Service>, all: Arc<Notify>, stop: CancellationToken, pulse: Pulse) {
    let mut ticks = interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut turn = 0;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = all.notified() => {
                for batch in service.hub().connections().chunks(BATCH) {
                    if !pulse.during(check(&service, batch)).await {
                        // Messages were lost, so this does not wait for the next round.
                        all.notify_one();
                        let _ = stop.run_until_cancelled(sleep(AGAIN)).await;
                        break;
                    }
                }
            }
            _ = ticks.tick() => {
                turn = (turn + 1) % TURNS;
                let mut due = service.hub().connections();
                due.retain(|connection| connection.id.turn(TURNS) == turn);
                due.iter().for_each(|connection| ping(connection));
                for batch in due.chunks(BATCH) {
                    pulse.during(check(&service, batch)).await;
                }
            }
        }
    }
}

/// Pings a socket, or closes it if it has been silent since the last ping.
fn ping(connection: &Connection) {
    if connection.heard.swap(false, Ordering::Relaxed) {
        connection.writer.ping();
    } else {
        connection.writer.close(CloseCode::NoPong);
    }
}

/// False if the store did not answer all of it.
async fn check(service: &Service, connections: &[Arc<Connection>]) -> bool {
    let checked = async {
        end_dead_sessions(service, connections).await?;
        end_dead_tokens(service, connections).await?;
        end_dead_memberships(service, connections).await?;
        tell_inbox_positions(service, connections).await?;
        tell_channel_positions(service, connections).await?;
        correct_values(service, connections).await
    };
    let checked = checked.await;
    if let Err(error) = &checked {
        tracing::debug!(%error, "positions are checked later");
    }
    checked.is_ok()
}

async fn end_dead_sessions(
    service: &Service,
    connections: &[Arc<Connection>],
) -> Result<(), StoreError> {
    let sessions: Vec<(&Arc<Connection>, (UserId, &str))> = connections
        .iter()
        .filter_map(|connection| match &connection.owner {
            Owner::Session { user, session } => Some((connection, (user.clone(), &**session))),
            Owner::Token { .. } => None,
        })
        .collect();
    let ids: Vec<(UserId, &str)> = sessions.iter().map(|(_, id)| id.clone()).collect();
    let live = service.store().sessions_live(&ids).await?;
    for ((connection, _), live) in sessions.iter().zip(live) {
        if !live {
            connection.writer.close(CloseCode::SessionEnded);
        }
    }
    Ok(())
}

/// Closes the connections of programs whose tokens ended or were revoked, should the message that
/// said so have been lost.
async fn end_dead_tokens(
    service: &Service,
    connections: &[Arc<Connection>],
) -> Result<(), StoreError> {
    let mut by_token: HashMap<&str, Vec<&Arc<Connection>>> = HashMap::new();
    for connection in connections {
        if let Owner::Token { token, .. } = &connection.owner {
            by_token.entry(token).or_default().push(connection);
        }
    }
    let (hashes, theirs): (Vec<&str>, Vec<_>) = by_token.into_iter().unzip();
    let tokens = service.store().use_tokens(&hashes).await?;
    for ((hash, theirs), token) in hashes.into_iter().zip(theirs).zip(tokens) {
        if !token.is_some_and(|token| token.lives(now())) {
            service.forget_token(hash);
            theirs
                .iter()
                .for_each(|connection| connection.writer.close(CloseCode::SessionEnded));
        }
    }
    Ok(())
}

async fn tell_inbox_positions(
    service: &Service,
    connections: &[Arc<Connection>],
) -> Result<(), StoreError> {
    let mut by_user: HashMap<UserId, Vec<&Arc<Connection>>> = HashMap::new();
    for connection in connections {
        if let Some(user) = connection.owner.user()
            && connection.listens_to(&keys::user_topic(user))
        {
            by_user.entry(user.clone()).or_default().push(connection);
        }
    }
    let users: Vec<UserId> = by_user.keys().cloned().collect();
    let positions = service.store().inbox_positions(&users).await?;
    for (user, (epoch, seq)) in users.iter().zip(positions) {
        tell(by_user.get(user).into_iter().flatten(), None, epoch, seq);
    }
    Ok(())
}

async fn tell_channel_positions(
    service: &Service,
    connections: &[Arc<Connection>],
) -> Result<(), StoreError> {
    let mut by_channel: HashMap<String, Vec<&Arc<Connection>>> = HashMap::new();
    for connection in connections {
        for channel in connection.topics().iter().filter_map(keys::channel_of) {
            by_channel.entry(channel).or_default().push(connection);
        }
    }
    let channels: Vec<String> = by_channel.keys().cloned().collect();
    let positions = service.store().channel_positions(&channels).await?;
    for (channel, position) in channels.iter().zip(positions) {
        if let Some((epoch, seq)) = position {
            let listeners = by_channel.get(channel).into_iter().flatten();
            tell(listeners, Some(channel.clone()), epoch, seq);
        }
    }
    Ok(())
}

/// Compares the values that are listened to with the store's. A value has no number by which a lost
/// push could be noticed.
async fn correct_values(
    service: &Service,
    connections: &[Arc<Connection>],
) -> Result<(), StoreError> {
    let hub = service.hub();
    let topics = connections
        .iter()
        .flat_map(|connection| connection.topics());
    let values: HashMap<PostId, Version> = topics
        .filter_map(|topic| Some((keys::post_of(&topic)?, hub.version(&topic)?)))
        .collect();
    let posts: Vec<PostId> = values.keys().cloned().collect();
    let likes = service.store().like_counts(&posts).await?;
    for ((post_id, version), likes) in values.into_iter().zip(likes) {
        let topic = keys::post_topic(&post_id);
        let value = ServerFrame::Post {
            post_id,
            likes,
            deleted: likes.is_none(),
        };
        if let Some(frame) = Frame::of(&value) {
            hub.correct(&topic, version, &frame);
        }
    }
    Ok(())
}

/// Puts out whoever is not in a room any more, should the message that said so have been lost.
async fn end_dead_memberships(
    service: &Service,
    connections: &[Arc<Connection>],
) -> Result<(), StoreError> {
    let mut looks = Vec::new();
    for connection in connections {
        if let Some(user) = connection.owner.user() {
            let topics = connection.topics();
            let rooms = topics
                .iter()
                .filter_map(|topic| keys::room_of(topic.as_str()));
            looks.extend(rooms.map(|room| (room, user.clone())));
        }
    }
    let members = service.store().are_members(&looks).await?;
    for ((room, user), member) in looks.into_iter().zip(members) {
        if !member {
            service.hub().evict(&keys::room_topic(&room), Some(&user));
            service.attendance().touch(room);
        }
    }
    Ok(())
}

fn tell<'c>(
    connections: impl Iterator<Item = &'c &'c Arc<Connection>>,
    channel: Option<String>,
    epoch: Epoch,
    seq: u64,
) {
    let Some(frame) = Frame::of(&ServerFrame::Position {
        channel,
        epoch,
        seq,
        at: Some(now()),
    }) else {
        return;
    };
    for connection in connections {
        connection.writer.send(&frame);
    }
}
