//! Rooms: who makes, finds and leaves them, and what is said there.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use futures_util::future::{try_join, try_join3};

#[cfg(feature = "ssr")]
use super::{answer, land, land_back};
#[cfg(feature = "ssr")]
use crate::{
    backend::{RequestContext, Session},
    model::{MemberChange, NewMessage, NewRoom},
};
use crate::{
    error::QuadError,
    model::{Member, MemberPage, MessagePage, Role, Room, RoomName, RoomPage, Said},
};

/// Messages on a page.
#[cfg(feature = "ssr")]
const MESSAGES: u64 = 50;
/// Members on a page.
#[cfg(feature = "ssr")]
const MEMBERS: u64 = 100;

/// The rooms that one may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rooms {
    /// Those that one is in or invited to.
    pub own: Vec<Room>,
    /// A page of all of them.
    pub all: RoomPage,
}

/// A room as its page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hall {
    /// Which one.
    pub room: Room,
    /// What happens in it, for a member.
    pub inside: Option<Inside>,
}

/// What only members see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inside {
    /// A page of what was said.
    pub page: MessagePage,
    /// A page of the members.
    pub members: MemberPage,
    /// The id of the next message, so that a form that is sent twice says it once.
    pub next_id: String,
}

/// The rooms that one is in, and a page of all that one may see.
#[server(prefix = "/fn", endpoint = "read_rooms")]
pub async fn read_rooms(after: Option<String>) -> Result<Rooms, QuadError> {
    answer(|context| async move {
        let session = context.session()?;
        let backend = &context.backend;
        let (own, all) = try_join(
            backend.own_rooms(session),
            backend.rooms(session, after, Some(30)),
        )
        .await?;
        Ok(Rooms { own, all })
    })
    .await
}

/// Makes a room, with oneself as its owner.
#[server(prefix = "/fn", endpoint = "create_room")]
pub async fn create_room(
    name: String,
    title: String,
    private: Option<String>,
) -> Result<Room, QuadError> {
    answer(|context| async move {
        let room = NewRoom {
            name,
            title: Some(title),
            private: private.is_some(),
        };
        let room = context
            .backend
            .create_room(context.session()?, room)
            .await?;
        land(&format!("/rooms/{}", room.name));
        Ok(room)
    })
    .await
}

/// A room; its members see what was said `before`, or last, and who is in it, from `after` on.
#[server(prefix = "/fn", endpoint = "read_room")]
pub async fn read_room(
    name: RoomName,
    before: Option<u64>,
    after: Option<String>,
) -> Result<Hall, QuadError> {
    answer(|context| async move {
        let session = context.session()?;
        let room = context.backend.room(session, &name).await?;
        if room.role.is_none() {
            return Ok(Hall { room, inside: None });
        }
        let backend = &context.backend;
        let (page, members, next_id) = try_join3(
            backend.messages(session, &name, before, Some(MESSAGES)),
            backend.members(session, &name, after, Some(MEMBERS)),
            async { backend.fresh_id() },
        )
        .await?;
        let inside = Inside {
            page,
            members,
            next_id,
        };
        Ok(Hall {
            room,
            inside: Some(inside),
        })
    })
    .await
}

/// What was said last in a room.
#[server(prefix = "/fn", endpoint = "read_messages")]
pub async fn read_messages(name: RoomName) -> Result<MessagePage, QuadError> {
    answer(|context| async move {
        let session = context.session()?;
        let page = context
            .backend
            .messages(session, &name, None, Some(MESSAGES));
        page.await
    })
    .await
}

/// Who is in a room, from `after` on.
#[server(prefix = "/fn", endpoint = "read_members")]
pub async fn read_members(name: RoomName, after: Option<String>) -> Result<Vec<Member>, QuadError> {
    answer(|context| async move {
        let session = context.session()?;
        let page = context
            .backend
            .members(session, &name, after, Some(MEMBERS));
        Ok(page.await?.members)
    })
    .await
}

/// Joins a room.
#[server(prefix = "/fn", endpoint = "join_room")]
pub async fn join_room(name: RoomName) -> Result<Room, QuadError> {
    answer(|context| async move {
        let room = context.backend.join_room(context.session()?, &name).await?;
        land(&format!("/rooms/{name}"));
        Ok(room)
    })
    .await
}

/// Leaves a room, or declines an invitation.
#[server(prefix = "/fn", endpoint = "leave_room")]
pub async fn leave_room(name: RoomName) -> Result<(), QuadError> {
    answer(|context| async move {
        context
            .backend
            .leave_room(context.session()?, &name)
            .await?;
        land("/rooms");
        Ok(())
    })
    .await
}

/// Ends one's own room, with everything that was said there.
#[server(prefix = "/fn", endpoint = "end_room")]
pub async fn end_room(name: RoomName) -> Result<(), QuadError> {
    answer(|context| async move {
        context.backend.end_room(context.session()?, &name).await?;
        land("/rooms");
        Ok(())
    })
    .await
}

/// Invites somebody into a room, and answers whom.
#[server(prefix = "/fn", endpoint = "invite_member")]
pub async fn invite_member(name: RoomName, handle: String) -> Result<String, QuadError> {
    answer(|context| async move {
        let handle = handle.trim().trim_start_matches('@').to_owned();
        let session = context.session()?;
        let backend = &context.backend;
        let invite = backend.change_member(session, &name, &handle, MemberChange::Invite);
        invite.await?;
        land(&format!("/rooms/{name}?invited={handle}#people"));
        Ok(handle)
    })
    .await
}

/// Removes somebody from a room.
#[server(prefix = "/fn", endpoint = "remove_member")]
pub async fn remove_member(name: RoomName, who: String) -> Result<(), QuadError> {
    answer(|context| async move {
        let session = context.session()?;
        change(&context, session, &name, &who, MemberChange::Remove).await
    })
    .await
}

/// Says what somebody may do in a room. To name another owner hands it over.
#[server(prefix = "/fn", endpoint = "set_role")]
pub async fn set_role(name: RoomName, who: String, role: Role) -> Result<(), QuadError> {
    answer(|context| async move {
        let session = context.session()?;
        change(&context, session, &name, &who, MemberChange::Role(role)).await
    })
    .await
}

/// Says something in a room; the same id again says nothing new.
#[server(prefix = "/fn", endpoint = "say")]
pub async fn say(name: RoomName, id: String, text: String) -> Result<Said, QuadError> {
    answer(|context| async move {
        let message = NewMessage { id: Some(id), text };
        let said = context
            .backend
            .say(context.session()?, &name, message)
            .await?;
        land(&format!("/rooms/{name}"));
        Ok(said)
    })
    .await
}

/// Removes a message.
#[server(prefix = "/fn", endpoint = "remove_message")]
pub async fn remove_message(name: RoomName, seq: u64) -> Result<u64, QuadError> {
    answer(|context| async move {
        let session = context.session()?;
        context.backend.remove_message(session, &name, seq).await?;
        land_back("");
        Ok(seq)
    })
    .await
}

/// One has read a room up to `seq`.
#[server(prefix = "/fn", endpoint = "mark_room")]
pub async fn mark_room(name: RoomName, seq: u64) -> Result<(), QuadError> {
    answer(|context| async move {
        let session = context.session()?;
        context.backend.mark_room(session, &name, seq).await?;
        land_back("");
        Ok(())
    })
    .await
}

#[cfg(feature = "ssr")]
async fn change(
    context: &RequestContext,
    session: &Session,
    name: &RoomName,
    who: &str,
    change: MemberChange,
) -> Result<(), QuadError> {
    let backend = &context.backend;
    backend.change_member(session, name, who, change).await?;
    land_back("#people");
    Ok(())
}
