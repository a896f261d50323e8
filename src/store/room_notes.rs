//! What a person's own list of rooms is made of: notes of the rooms that they are in, and of those that
//! they are invited to. They are hints: the room knows, and a note that is wrong is passed over.
//!
//! Memberships and invitations are noted apart. The former only grows by what somebody does
//! themselves, so nobody else can push a room out of their list.

use std::sync::LazyLock;

use app::model::{RoomName, UserId};

use super::{BEYOND, Store, StoreError, keys, script::Script};

static FORGET: LazyLock<Script> = LazyLock::new(|| Script::new(&[include_str!("forget_room.lua")]));
static INVITE: LazyLock<Script> =
    LazyLock::new(|| Script::new(&[include_str!("note_invitation.lua")]));

/// Invitations that are noted with a person.
pub const MOST_INVITATIONS: usize = 100;

/// What becomes of a note that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noted {
    /// It stays as it is.
    Keep,
    /// It says from now on when they came this time.
    Renew,
}

impl Store {
    /// Notes that somebody came into a room. A note that is there already is renewed, or kept.
    pub(super) async fn note_room(
        &self,
        user: &UserId,
        name: &RoomName,
        now: u64,
        there_already: Noted,
    ) -> Result<(), StoreError> {
        let mut note = redis::cmd("ZADD");
        note.arg(keys::rooms_of(user));
        if there_already == Noted::Keep {
            note.arg("NX");
        }
        note.arg(now).arg(name.as_str());
        self.link().query::<u64>(&note).await.map(drop)
    }

    /// Notes that somebody is invited. To be called for an inviter who may invite.
    pub async fn note_invitation(
        &self,
        user: &UserId,
        name: &RoomName,
        by: &UserId,
        now: u64,
    ) -> Result<(), StoreError> {
        self.link()
            .script(&INVITE, &keys::invitations(user), |command| {
                command.arg(name.as_str()).arg(now).arg(by.as_str());
                command.arg(MOST_INVITATIONS);
            })
            .await
    }

    /// Takes an invitation back that was followed.
    pub(super) async fn forget_invitation(
        &self,
        user: &UserId,
        name: &RoomName,
    ) -> Result<(), StoreError> {
        let mut note = redis::cmd("HDEL");
        note.arg(keys::invitations(user)).arg(name.as_str());
        self.link().query::<u64>(&note).await.map(drop)
    }

    /// Takes the notes of a room back.
    pub async fn forget_room(&self, user: &UserId, name: &RoomName) -> Result<(), StoreError> {
        let users = std::slice::from_ref(user);
        self.forget_ended_room(users, name, BEYOND).await
    }

    /// Takes back what many people noted of a room until it `ended`.
    pub(super) async fn forget_ended_room(
        &self,
        users: &[UserId],
        name: &RoomName,
        ended: u64,
    ) -> Result<(), StoreError> {
        let keys = users.iter().map(keys::rooms_of);
        self.link()
            .scripts::<()>(&FORGET, keys, |_, command| {
                command.arg(name.as_str()).arg(ended);
            })
            .await
            .map(drop)
    }

    /// The rooms that somebody may be in: at most `limit` after the first `offset`, the newest first.
    pub async fn rooms_of(
        &self,
        user: &UserId,
        offset: usize,
        limit: usize,
    ) -> Result<Vec<RoomName>, StoreError> {
        let mut command = redis::cmd("ZREVRANGE");
        command.arg(keys::rooms_of(user)).arg(offset);
        command.arg(offset + limit - 1);
        let names: Vec<String> = self.link().query(&command).await?;
        Ok(names.into_iter().filter_map(|n| n.parse().ok()).collect())
    }

    /// The rooms that somebody may be invited to, the newest invitation first.
    pub async fn invitations_of(&self, user: &UserId) -> Result<Vec<RoomName>, StoreError> {
        let mut command = redis::cmd("HGETALL");
        command.arg(keys::invitations(user));
        let noted: Vec<(String, String)> = self.link().query(&command).await?;
        let at = |noted: &str| noted.split(' ').next()?.parse::<u64>().ok();
        let mut noted: Vec<(u64, RoomName)> = noted
            .into_iter()
            .filter_map(|(name, noted)| Some((at(&noted)?, name.parse().ok()?)))
            .collect();
        noted.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        Ok(noted.into_iter().map(|(_, name)| name).collect())
    }
}
