//! Rooms: where people talk with each other.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{Epoch, Person};
use crate::error::QuadError;

/// The longest name of a room, in characters.
const LONGEST: usize = 40;

/// What a room is called in addresses and channels, `[a-z0-9][a-z0-9_-]{0,39}`, folded to lower
/// case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RoomName(Arc<str>);

impl RoomName {
    /// The folded name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The channel that carries what is said there.
    pub fn channel(&self) -> String {
        format!("room:{}", self.0)
    }
}

impl FromStr for RoomName {
    type Err = QuadError;

    fn from_str(text: &str) -> Result<Self, QuadError> {
        let folded = text.to_ascii_lowercase();
        let plain = |b: u8| b.is_ascii_digit() || b.is_ascii_lowercase();
        let begins = folded.bytes().next().is_some_and(plain);
        let rest = folded.bytes().all(|b| plain(b) || b == b'_' || b == b'-');
        if begins && rest && folded.len() <= LONGEST {
            Ok(Self(folded.into()))
        } else {
            Err(QuadError::wrong("name", "format"))
        }
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for RoomName {
    type Error = QuadError;

    fn try_from(text: String) -> Result<Self, QuadError> {
        text.parse()
    }
}

impl From<RoomName> for String {
    fn from(name: RoomName) -> Self {
        name.0.as_ref().to_owned()
    }
}

/// What a member may do. The order is that of their rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads and writes.
    Member,
    /// Also removes messages and members, and invites into private rooms.
    Moderator,
    /// Also names moderators, and can hand over or end the room.
    Owner,
}

/// A room as one person sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Room {
    /// Unique.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub name: RoomName,
    /// What it is about; the name where nothing was given.
    pub title: String,
    /// Whether one needs an invitation.
    pub private: bool,
    /// When it was made; milliseconds since 1970, UTC.
    pub created_at: u64,
    /// How many people are in it.
    pub members: u64,
    /// What the person who asks is in it; missing for somebody who is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Whether the person who asks is invited and has not joined.
    pub invited: bool,
    /// The history that `seq` counts in.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub epoch: Epoch,
    /// The newest message.
    pub seq: u64,
    /// Up to where the person who asks has read.
    pub read: u64,
    /// How many messages they have not read; 0 for somebody who is not in it.
    pub unread: u64,
}

/// What it takes to make a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NewRoom {
    /// 1 to 40 of `[a-z0-9_-]`, beginning with a letter or a digit; upper case is folded.
    #[cfg_attr(feature = "ssr", schema(pattern = "^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$"))]
    pub name: String,
    /// At most 50 characters as people see them; the name where it is missing or empty.
    #[cfg_attr(feature = "ssr", schema(max_length = 1600))]
    #[serde(default)]
    pub title: Option<String>,
    /// Whether one needs an invitation to join and to find it.
    #[serde(default)]
    pub private: bool,
}

/// What an owner may change about a room. A field that is missing stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct RoomChange {
    /// 1 to 50 characters as people see them.
    #[serde(default)]
    pub title: Option<String>,
    /// Whether one needs an invitation. Whoever is in the room stays in it.
    #[serde(default)]
    pub private: Option<bool>,
}

/// A page of rooms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct RoomPage {
    /// By name; at most `limit`. Rooms that one may not see are passed over, so a page may hold fewer,
    /// or none, before the last one.
    pub rooms: Vec<Room>,
    /// `after` for the next page, a cursor; null on the last.
    pub next: Option<String>,
}

/// Somebody in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Member {
    /// Who.
    #[serde(flatten)]
    pub person: Person,
    /// What they may do.
    pub role: Role,
    /// Since when; milliseconds since 1970, UTC.
    pub since: u64,
    /// Up to where they have read.
    pub read: u64,
    /// Whether they are looking at the room just now.
    pub here: bool,
}

/// A page of members, in the order in which they came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct MemberPage {
    /// The members of this page.
    pub members: Vec<Member>,
    /// `after` for the next page, a cursor; null on the last.
    pub next: Option<String>,
}

/// Something to be said in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ssr", schema(as = NewRoomMessage))]
pub struct NewMessage {
    /// Made by the client, with at least 64 random bits: 1 to 64 of `[A-Za-z0-9_.:-]`. A repeat
    /// within a day is answered and not stored. One is made where it is missing.
    #[cfg_attr(feature = "ssr", schema(pattern = "^[A-Za-z0-9_.:-]{1,64}$"))]
    #[serde(default)]
    pub id: Option<String>,
    /// 1 to 2,000 characters as people see them (grapheme clusters), in at most 64,000 bytes.
    #[cfg_attr(feature = "ssr", schema(min_length = 1, max_length = 64000))]
    pub text: String,
}

/// A message was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Said {
    /// The history that `seq` counts in.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub epoch: Epoch,
    /// Its place, the first one's for a repeat.
    pub seq: u64,
    /// As the client made it.
    pub id: String,
    /// When; milliseconds since 1970, UTC.
    pub at: u64,
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Message {
    /// Its place.
    pub seq: u64,
    /// As its client made it.
    pub id: String,
    /// Who said it; missing for somebody who is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Person>,
    /// What was said.
    pub text: String,
    /// When; milliseconds since 1970, UTC.
    pub at: u64,
}

/// A page of what was said, the oldest of the page first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct MessagePage {
    /// The history that `seq` counts in.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub epoch: Epoch,
    /// The newest entry when the page was read.
    pub seq: u64,
    /// The messages of this page.
    pub messages: Vec<Message>,
    /// `before` for the page before this one; null where nothing is left.
    pub next: Option<u64>,
}

/// What is to become of somebody's membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberChange {
    /// They may join, even where they were removed before.
    Invite,
    /// They are out, and may not come back without an invitation.
    Remove,
    /// They may do this from now on.
    Role(Role),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_folded_and_safe_in_keys_and_addresses() {
        assert_eq!(
            "Chess-Club_9".parse::<RoomName>().unwrap().as_str(),
            "chess-club_9"
        );
        assert_eq!("0".parse::<RoomName>().unwrap().channel(), "room:0");
        for bad in [
            "",
            "-a",
            "_a",
            "a b",
            "a:b",
            "a}b",
            "ä",
            "*",
            &"x".repeat(41),
        ] {
            assert!(bad.parse::<RoomName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn rights_are_ordered() {
        assert!(Role::Owner > Role::Moderator && Role::Moderator > Role::Member);
    }
}
