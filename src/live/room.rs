//! How a socket takes part in a room: it catches up, speaks, writes and reads.

use std::sync::Arc;

use app::{
    error::QuadError,
    event::{Ref, ServerFrame},
    model::{NewMessage, RoomName, UserId},
};

use super::{
    Topic,
    catch_up::{
        Asked, CHANNEL_KEEPS, History, PAGE, away, begin, forbid, ignore, recovers, send_history,
    },
    hub::{Connection, Owner},
    listeners::Carries,
    socket::{End, refuse, send},
};
use crate::{
    server::Shared,
    service::{channels::Channel, talk::Spoken},
    store::{BEYOND, keys},
};

/// Subscribes a socket to a room: a member's, or that of a program that observes. The right to it
/// is looked up with the history, after the subscription is confirmed: whoever is removed later is
/// put out by what the removal publishes.
pub(super) async fn subscribe(
    shared: &Shared,
    connection: &Arc<Connection>,
    asked: Asked,
    topic: &Topic,
    room: &RoomName,
) -> Result<(), End> {
    let reader = match &connection.owner {
        Owner::Session { user, .. } => Some(user),
        Owner::Token { observes: true, .. } => None,
        Owner::Token { .. } => {
            forbid(connection, asked);
            return Ok(());
        }
    };
    let carries = match asked.presence {
        true => Carries::History,
        false => Carries::Quietly,
    };
    begin(shared, connection, topic, carries).await?;
    let service = &shared.service;
    let from = asked
        .resume
        .as_ref()
        .map_or(BEYOND, |resume| resume.seq.min(BEYOND));
    let read = match service.room_after(room, reader, from, PAGE).await {
        Ok(read) => read,
        Err(QuadError::NoSuchRoom | QuadError::Forbidden) => {
            ignore(shared, connection, topic.clone()).await;
            forbid(connection, asked);
            return Ok(());
        }
        Err(_) => return Err(away()),
    };
    let (epoch, seq) = (read.epoch, read.seq);
    let recovered = asked
        .resume
        .as_ref()
        .map(|resume| recovers(resume, &epoch, seq, read.first));
    send(
        connection,
        &ServerFrame::Ack {
            r#ref: asked.r#ref,
            channel: asked.channel,
            epoch: Some(epoch),
            seq: Some(seq),
            recovered,
        },
    );
    let begins = match (&asked.resume, recovered) {
        (Some(resume), Some(true)) => resume.seq,
        (Some(_), _) => seq,
        (None, _) => seq - asked.last.unwrap_or(0).min(CHANNEL_KEEPS).min(seq),
    };
    let frames = if begins < seq && from == BEYOND {
        match service.room_after(room, reader, begins, PAGE).await {
            Ok(read) => read.frames,
            Err(error) => return unless_removed(&error),
        }
    } else {
        read.frames
    };
    let history = History::Room(room, reader);
    send_history(shared, connection, history, frames, begins, seq).await?;
    // What changes from now on is held back until this is sent, and follows.
    if carries == Carries::Quietly {
        if let Some(user) = reader
            && let Some(seq) = service.read_mark(room, user).await.map_err(|_| away())?
        {
            let (channel, user_id) = (room.channel(), user.clone());
            let mark = ServerFrame::Read {
                channel,
                user_id,
                seq,
            };
            send(connection, &mark);
        }
    } else {
        match service.presence(room).await {
            Ok(Some(presence)) => connection.writer.send(&presence),
            Ok(None) => {}
            Err(error) => return unless_removed(&error),
        }
    }
    service.hub().release(topic, connection, seq);
    service.attendance().touch(room.clone());
    Ok(())
}

/// Somebody may be removed from a room while they catch up. Then what the removal published ends the
/// subscription, which hears nothing until then, and the socket goes on.
fn unless_removed(error: &QuadError) -> Result<(), End> {
    match error {
        QuadError::NoSuchRoom | QuadError::Forbidden => Ok(()),
        _ => Err(away()),
    }
}

/// Stores what somebody says, answers, and then tells whom it mentions.
pub(super) async fn publish(
    shared: &Shared,
    connection: &Connection,
    user: Option<&UserId>,
    r#ref: Ref,
    channel: String,
    message: NewMessage,
) {
    let service = &shared.service;
    let said = async {
        let room = match channel.parse()? {
            Channel::Room(room) => room,
            _ => return Err(QuadError::Forbidden),
        };
        let from = service
            .person_by_id(user.ok_or(QuadError::Forbidden)?)
            .await?;
        let spoken = service.say(&from, &room, message).await?;
        Ok((room, from, spoken))
    };
    match said.await {
        Ok((room, from, Spoken { said, owed, text })) => {
            send(
                connection,
                &ServerFrame::Ack {
                    r#ref,
                    channel,
                    epoch: Some(said.epoch.clone()),
                    seq: Some(said.seq),
                    recovered: None,
                },
            );
            let told = service.tell_mentioned(&room, &from, &said, &text, &owed);
            if let Err(error) = told.await {
                tracing::warn!(%error, "a mention is told later");
            }
        }
        Err(error) => {
            let code = match &error {
                // Whether there is such a room is only said to its members.
                QuadError::NoSuchRoom => QuadError::Forbidden.code(),
                QuadError::Invalid { errors } if errors.iter().any(|e| e.field == "channel") => {
                    "invalid_channel"
                }
                other => other.code(),
            };
            refuse(connection, r#ref, code, &error.to_string());
        }
    }
}

/// Tells the others in a room that somebody is writing, if they are there themselves.
pub(super) async fn typing(shared: &Shared, connection: &Connection, user: &UserId, channel: &str) {
    let Some(room) = listened(connection, channel) else {
        return;
    };
    let topic = keys::room_topic(&room);
    if !shared.service.hub().is_there(topic.as_str(), connection) {
        return;
    }
    if let Err(error) = shared.service.typing(&room, user).await {
        tracing::debug!(%error, "nobody is told who is writing");
    }
}

/// Notes how far somebody has read.
pub(super) async fn read(
    shared: &Shared,
    connection: &Connection,
    user: &UserId,
    channel: &str,
    seq: u64,
) {
    let Some(room) = listened(connection, channel) else {
        return;
    };
    if let Err(error) = shared.service.read_room(&room, user, seq).await {
        tracing::debug!(%error, "a read mark is not noted");
    }
}

/// The room that a channel is of, where this socket listens to it: then it is a member's.
fn listened(connection: &Connection, channel: &str) -> Option<RoomName> {
    let Ok(Channel::Room(room)) = channel.parse() else {
        return None;
    };
    connection
        .listens_to(&keys::room_topic(&room))
        .then_some(room)
}
