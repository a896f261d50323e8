//! The inbox: one numbered stream of entries a person, seen as groups.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{Person, PostId, RoomName, Withheld};

/// Which history a seq counts in. Opaque: it is only ever compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Epoch(Arc<str>);

impl Epoch {
    /// The epoch as it stands in frames.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Epoch {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<Epoch> for String {
    fn from(epoch: Epoch) -> Self {
        epoch.0.as_ref().to_owned()
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How far somebody has read a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Position {
    /// The history that `seq` counts in.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    #[serde(deserialize_with = "super::lenient::epoch")]
    pub epoch: Epoch,
    /// The last entry that is known; 0 for none.
    #[serde(deserialize_with = "super::lenient::whole")]
    pub seq: u64,
}

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Somebody likes one's post.
    Like,
    /// Another program says something.
    Message,
    /// Somebody names one in a room.
    Mention,
    /// Somebody invites one into a room.
    Invitation,
    /// The people who run this house tell everybody something.
    Announcement,
}

impl Kind {
    /// What happened, as a sentence. `who` names those who did it, `many` says that they are more
    /// than one, and `text` is what was said.
    pub fn sentence(self, who: &str, many: bool, room: Option<&str>, text: Option<&str>) -> String {
        let room = room.unwrap_or("a room");
        let s = if many { "" } else { "s" };
        match self {
            Self::Like => format!("{who} like{s} your post"),
            Self::Mention => format!("{who} mentioned you in {room}"),
            Self::Invitation => format!("{who} invite{s} you into {room}"),
            Self::Message | Self::Announcement => text.unwrap_or_default().to_owned(),
        }
    }
}

/// How a program means what it says; it colours the toast.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Good to know.
    #[default]
    Info,
    /// Something worked.
    Success,
    /// Something may need attention.
    Warning,
    /// Something failed.
    Error,
}

/// One line of the inbox: one kind of thing on one post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Group {
    /// Stable while anything in it lives.
    pub group: String,
    /// What happened.
    pub kind: Kind,
    /// On which post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>))]
    pub post_id: Option<PostId>,
    /// The beginning of the post, so that the reader knows which one is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<String>,
    /// In which room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>))]
    pub room: Option<RoomName>,
    /// What that room is called, where one may know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room_title: Option<String>,
    /// How a program means it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// What was said, by a program or in a room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The newest people in it, at most three.
    pub people: Vec<Person>,
    /// How many distinct people are in it; 1 for what a program said.
    pub count: u64,
    /// The newest live entry.
    pub seq: u64,
    /// When that entry was made; milliseconds since 1970, UTC.
    pub at: u64,
    /// Whether the newest entry was on screen.
    pub seen: bool,
    /// Whether the newest entry was opened.
    pub read: bool,
    /// Why the newest entry made no toast.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withheld: Option<Withheld>,
}

/// A page of the inbox, the newest group first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Inbox {
    /// The history that `seq` counts in.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub epoch: Epoch,
    /// The newest entry when the page was read.
    pub seq: u64,
    /// Groups with something unread, on all pages.
    pub unread: u64,
    /// The groups of this page.
    pub items: Vec<Group>,
    /// `before` for the next page; null on the last.
    pub next: Option<u64>,
}

/// Marks the inbox, or one group of it, as read up to an entry, or as unread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct InboxMark {
    /// The history that `through` counts in; another one is answered `stale`.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub epoch: Epoch,
    /// The last entry that the mark covers.
    pub through: u64,
    /// One group; all of them where it is missing.
    #[serde(default)]
    pub group: Option<String>,
    /// Take the mark back instead.
    #[serde(default)]
    pub unread: Option<bool>,
}
