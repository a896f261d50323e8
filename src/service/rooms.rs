//! Rooms: who makes, finds, joins and leaves them. The store's scripts decide who may.

use std::collections::HashSet;

use app::{
    backend::{Answer, Session},
    error::QuadError,
    event::ServerFrame,
    model::{
        Handle, Member, MemberChange, MemberPage, NewRoom, Room, RoomChange, RoomName, RoomPage,
        UserId,
    },
};

use futures_util::future::try_join_all;

use super::{Service, cursors::List, mentions::Occasion};
use crate::{
    audit,
    live::control::Control,
    security::random,
    store::{
        keys, now,
        rooms::{Outcome, role_word},
    },
    validate,
};

/// Rooms or members on a page, where nothing else is asked for.
const PAGE: u64 = 50;
/// Names of the directory that are looked at together, at least.
const BATCH: usize = 50;
/// Names of the directory that are looked at for one page. Rooms that one may not see are passed
/// over, and a house may have many: then a page is short, and the next one goes on.
const MOST_PASSED: usize = 300;
/// One's own rooms, and rooms that one is invited to, in the list of both.
const MOST_OWN: usize = 200;
/// Notes of one's own rooms that are looked at for it, in batches of [`MOST_OWN`]. Some may be wrong.
const MOST_NOTES: usize = 1_000;

impl Service {
    /// Makes a room. Errors: `invalid`, `room_taken`, 429.
    pub async fn create_room(&self, session: &Session, room: NewRoom) -> Answer<Room> {
        let owner = &session.person.user_id;
        self.limits.room(owner)?;
        let name: RoomName = room.name.trim().parse()?;
        let title = room
            .title
            .as_deref()
            .filter(|title| !title.trim().is_empty());
        let title = validate::label("title", title.unwrap_or(name.as_str()))?;
        let epoch = random::epoch()?;
        let now = now();
        let created =
            self.store
                .create_room(&name, owner, &title, room.private, epoch.as_str(), now);
        if !created.await? {
            return Err(QuadError::RoomTaken);
        }
        let news = Control::RoomMade { name: name.clone() };
        if let Err(error) = self.tell(&news).await {
            tracing::warn!(%error, "observers learn of a new room later");
        }
        self.tell_own_rooms(&name, std::slice::from_ref(owner))
            .await;
        self.room(session, &name).await
    }

    /// Tells the devices of these people that the list of their rooms changed. It is a hint: who does
    /// not get it reads the list later.
    pub(super) async fn tell_own_rooms(&self, room: &RoomName, people: &[UserId]) {
        let frame = ServerFrame::Rooms { room: room.clone() };
        let topics = people
            .iter()
            .map(|user| keys::own_topic(user, keys::OWN_ROOMS));
        let told = topics.map(async |topic| self.publish_frame(&topic, &frame).await);
        if let Err(error) = try_join_all(told).await {
            tracing::debug!(%error, "a list of rooms is read anew later");
        }
    }

    /// Changes one's own room; what is missing stays as it is. Errors: `no_such_room`, `forbidden` to
    /// others than its owner, `invalid`, 429.
    pub async fn change_room(
        &self,
        session: &Session,
        name: &RoomName,
        change: RoomChange,
    ) -> Answer<Room> {
        let actor = &session.person.user_id;
        self.limits.room(actor)?;
        let title = change
            .title
            .map(|title: String| validate::label("title", &title))
            .transpose()?;
        let changed = self
            .store
            .update_room(name, actor, title.as_deref(), change.private);
        match changed.await? {
            Outcome::Done => self.room(session, name).await,
            refused => Err(refusal(refused)),
        }
    }

    /// A room as somebody sees it. Errors: `no_such_room`.
    pub async fn room(&self, session: &Session, name: &RoomName) -> Answer<Room> {
        let viewer = &session.person.user_id;
        let rooms = self
            .store
            .describe_rooms(std::slice::from_ref(name), Some(viewer))
            .await?;
        let room = rooms.into_iter().flatten().find(is_visible);
        room.ok_or(QuadError::NoSuchRoom)
    }

    /// The rooms that one is in, those that one entered last first, and then those that one is invited
    /// to, the newest invitation first.
    pub async fn own_rooms(&self, session: &Session) -> Answer<Vec<Room>> {
        let viewer = &session.person.user_id;
        let mut rooms = Vec::new();
        for offset in (0..MOST_NOTES).step_by(MOST_OWN) {
            let names = self.store.rooms_of(viewer, offset, MOST_OWN).await?;
            let found = self.store.describe_rooms(&names, Some(viewer)).await?;
            let own = |room: &Room| room.role.is_some() || room.invited;
            rooms.extend(found.into_iter().flatten().filter(own));
            if names.len() < MOST_OWN || rooms.len() >= MOST_OWN {
                break;
            }
        }
        rooms.truncate(MOST_OWN);
        let names = self.store.invitations_of(viewer).await?;
        let found = self.store.describe_rooms(&names, Some(viewer)).await?;
        let known: HashSet<RoomName> = rooms.iter().map(|room| room.name.clone()).collect();
        let invited = |room: &Room| room.invited && !known.contains(&room.name);
        rooms.extend(found.into_iter().flatten().filter(invited));
        Ok(rooms)
    }

    /// A page of all rooms that one may see, by name, after the cursor `after`. Errors: `invalid`.
    pub async fn rooms(
        &self,
        session: &Session,
        after: Option<String>,
        limit: Option<u64>,
    ) -> Answer<RoomPage> {
        let limit = validate::limit(limit, PAGE)? as usize;
        let viewer = &session.person.user_id;
        let list = List::Rooms(viewer);
        let mut after = self.open_cursor("after", list, after.as_deref()).await?;
        let (mut rooms, mut passed) = (Vec::new(), 0);
        let batch = BATCH.max(limit + 1);
        let more = 'page: loop {
            let names = self.store.room_names(after.as_ref(), batch).await?;
            let all = names.len() < batch;
            passed += names.len();
            let found = self.store.describe_rooms(&names, Some(viewer)).await?;
            for (name, room) in names.into_iter().zip(found) {
                if rooms.len() == limit {
                    break 'page true;
                }
                rooms.extend(room.filter(is_visible));
                after = Some(name);
            }
            if all || passed >= MOST_PASSED {
                break !all;
            }
        };
        let next = self.seal_cursor(list, after.filter(|_| more)).await?;
        Ok(RoomPage { rooms, next })
    }

    /// Joins a room; a repeat changes nothing. Errors: `no_such_room`, `forbidden` to somebody who
    /// was removed, `room_full`, 429.
    pub async fn join_room(&self, session: &Session, name: &RoomName) -> Answer<Room> {
        let user = &session.person.user_id;
        self.limits.room(user)?;
        match self.store.enter_room(name, user, now()).await? {
            Outcome::Done => {
                self.uninvite(name, user).await;
                self.room(session, name).await
            }
            refused => Err(refusal(refused)),
        }
    }

    /// Leaves a room, or declines an invitation. The last one ends it. Errors: `no_such_room`.
    pub async fn leave_room(&self, session: &Session, name: &RoomName) -> Answer<()> {
        let user = &session.person.user_id;
        match self.store.leave_room(name, user).await? {
            Outcome::Done => {
                self.uninvite(name, user).await;
                Ok(())
            }
            Outcome::Empty => {
                self.store.end_room(name, None, now()).await?;
                self.tell_own_rooms(name, std::slice::from_ref(user)).await;
                self.deleted.notify_one();
                Ok(())
            }
            refused => Err(refusal(refused)),
        }
    }

    /// Ends a room with everything that was said there. Errors: `no_such_room`, `forbidden` to
    /// others than its owner.
    pub async fn end_room(&self, session: &Session, name: &RoomName) -> Answer<()> {
        match self
            .store
            .end_room(name, Some(&session.person.user_id), now())
            .await?
        {
            Outcome::Done => {
                self.deleted.notify_one();
                audit::room_ended(&session.person, name);
                let owner = &session.person.user_id;
                self.tell_own_rooms(name, std::slice::from_ref(owner)).await;
                Ok(())
            }
            refused => Err(refusal(refused)),
        }
    }

    /// Invites or removes somebody, or says what they may do. Errors: `no_such_room`,
    /// `no_such_user`, `forbidden`, `room_full` where too many are invited, 429.
    pub async fn change_member(
        &self,
        session: &Session,
        name: &RoomName,
        target: &UserId,
        change: MemberChange,
    ) -> Answer<()> {
        let actor = &session.person;
        self.limits.room(&actor.user_id)?;
        let what = match change {
            MemberChange::Invite => "invite",
            MemberChange::Remove => "remove",
            MemberChange::Role(role) => role_word(role),
        };
        let now = now();
        if change == MemberChange::Invite {
            // First the right, then the note with the other one, then the invitation: whoever may not
            // invite leaves nothing behind, and no invitation is without a note.
            let inviter = &actor.user_id;
            match self.store.may_invite(name, inviter, target).await? {
                Outcome::Done => {}
                Outcome::Same => return Ok(()),
                refused => return Err(refusal(refused)),
            }
            self.person_by_id(target).await?;
            let noted = self.store.note_invitation(target, name, inviter, now);
            noted.await?;
        }
        let changed = self
            .store
            .change_member(name, &actor.user_id, target, what, now)
            .await?;
        if changed == Outcome::Done && *target != actor.user_id {
            match change {
                MemberChange::Invite => {}
                MemberChange::Remove => audit::member_removed(actor, name, target),
                MemberChange::Role(_) => audit::member_changed(actor, name, target, what),
            }
        }
        match (changed, change) {
            (Outcome::Done, MemberChange::Invite) => {
                let occasion = Occasion::Invitation { at: now };
                self.tell_of_room(name, actor, target, occasion).await?;
                self.tell_own_rooms(name, std::slice::from_ref(target))
                    .await;
                Ok(())
            }
            (Outcome::Done, MemberChange::Remove) => {
                self.uninvite(name, target).await;
                Ok(self.store.forget_room(target, name).await?)
            }
            (Outcome::Done | Outcome::Same, _) => Ok(()),
            (refused, _) => Err(refusal(refused)),
        }
    }

    /// The person whom a path names: an id, a handle, or `me`.
    pub async fn named(&self, session: &Session, who: &str) -> Answer<UserId> {
        if who == "me" {
            return Ok(session.person.user_id.clone());
        }
        if let Ok(id) = who.parse::<UserId>() {
            return Ok(id);
        }
        let handle: Handle = who.parse().map_err(|_| QuadError::NoSuchUser)?;
        Ok(self.find(&handle).await?.user_id)
    }

    /// A page of members, in the order in which they came. Errors: `no_such_room`.
    pub async fn members(
        &self,
        session: &Session,
        name: &RoomName,
        after: Option<String>,
        limit: Option<u64>,
    ) -> Answer<MemberPage> {
        let limit = validate::limit(limit, PAGE)? as usize;
        let list = List::Members(name);
        let after: Option<u64> = self.open_cursor("after", list, after.as_deref()).await?;
        let viewer = &session.person.user_id;
        let stored = self
            .store
            .members(name, viewer, after.unwrap_or(0), limit + 1)
            .await?;
        let mut stored = stored.ok_or(QuadError::NoSuchRoom)?;
        let more = stored.len() > limit;
        stored.truncate(limit);
        let next = stored.last().filter(|_| more).map(|member| member.2);
        let mut people = self.people(stored.iter().map(|member| &member.0)).await?;
        let members = stored
            .into_iter()
            .filter_map(|(user, role, since, read, here)| {
                Some(Member {
                    person: people.remove(&user)?,
                    role,
                    since,
                    read,
                    here,
                })
            });
        Ok(MemberPage {
            members: members.collect(),
            next: self.seal_cursor(list, next).await?,
        })
    }
}

/// Whether somebody may know of a room.
pub(super) fn is_visible(room: &Room) -> bool {
    !room.private || room.role.is_some() || room.invited
}

/// Why a wish was not fulfilled.
pub(super) fn refusal(outcome: Outcome) -> QuadError {
    match outcome {
        Outcome::NoRoom => QuadError::NoSuchRoom,
        Outcome::Nobody => QuadError::NoSuchUser,
        Outcome::NoMessage => QuadError::NoSuchMessage,
        Outcome::Full => QuadError::RoomFull,
        Outcome::Forbidden => QuadError::Forbidden,
        // None of these is a refusal.
        Outcome::Done | Outcome::Same | Outcome::Empty => QuadError::Internal,
    }
}
