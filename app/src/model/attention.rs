//! What a person wants to be told of, and what became of what they were sent.

use serde::{Deserialize, Serialize};

use super::{Handle, Kind, Level, Person, PostId, RoomName};

/// How much of one kind of thing a person wants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Attention {
    /// A toast, and the inbox.
    #[default]
    Toast,
    /// The inbox alone.
    Inbox,
    /// Neither.
    Off,
}

/// Hours in which nothing makes itself heard. Where `from` is later than `to`, they last over
/// midnight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(try_from = "WrittenHours")]
pub struct QuietHours {
    /// Minutes after the person's midnight, below 1,440.
    #[cfg_attr(feature = "ssr", schema(maximum = 1439))]
    pub from: u16,
    /// The same, and another one.
    #[cfg_attr(feature = "ssr", schema(maximum = 1439))]
    pub to: u16,
    /// How far the person's clock is ahead of UTC, in minutes: -720 to 840. Where a zone is named, it
    /// says so, and this need not be sent.
    #[cfg_attr(feature = "ssr", schema(minimum = -720, maximum = 840))]
    pub utc_offset: i16,
    /// The name of the person's time zone in the IANA database, such as `Europe/Berlin`: quiet hours
    /// follow its clocks when they change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

/// Quiet hours as a program may write them.
#[derive(Deserialize)]
struct WrittenHours {
    from: u16,
    to: u16,
    #[serde(default)]
    utc_offset: Option<i16>,
    #[serde(default)]
    zone: Option<String>,
}

impl TryFrom<WrittenHours> for QuietHours {
    type Error = &'static str;

    /// Errors: neither an offset nor a zone.
    fn try_from(written: WrittenHours) -> Result<Self, Self::Error> {
        let WrittenHours {
            from,
            to,
            utc_offset,
            zone,
        } = written;
        match (utc_offset, &zone) {
            // In the words of serde, as for every field that is missing.
            (None, None) => Err("missing field `utc_offset`"),
            _ => Ok(Self {
                from,
                to,
                utc_offset: utc_offset.unwrap_or(0),
                zone,
            }),
        }
    }
}

/// What a person wants. Whatever is missing is as it is for a newcomer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Preferences {
    /// Of likes.
    pub like: Attention,
    /// Of messages from other programs.
    pub message: Attention,
    /// Of being mentioned in rooms and invited into them.
    pub mention: Attention,
    /// Toasts, sounds and pushes wait for the end of these hours; the inbox does not.
    pub quiet_hours: Option<QuietHours>,
    /// The same until then; milliseconds since 1970, UTC.
    #[cfg_attr(feature = "ssr", schema(maximum = 9_007_199_254_740_991_f64))]
    pub do_not_disturb_until: Option<u64>,
    /// For how long a toast stays, 3 to 60; 0 until it is dismissed.
    #[cfg_attr(feature = "ssr", schema(maximum = 60))]
    pub toast_seconds: u16,
    /// Whether a toast is heard.
    pub sound: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            like: Attention::default(),
            message: Attention::default(),
            mention: Attention::default(),
            quiet_hours: None,
            do_not_disturb_until: None,
            toast_seconds: 6,
            sound: false,
        }
    }
}

/// For how long nothing is to disturb.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pause {
    /// An hour from now.
    Hour,
    /// Until eight o'clock of the next day, on the person's clock.
    Tomorrow,
    /// Until it is taken back.
    On,
    /// No more.
    Off,
}

/// When a [`Pause`] ends that is to last until it is taken back: at the end of the year 2199.
pub const FOR_GOOD: u64 = 7_258_118_399_999;

/// Something that a person wants to hear nothing of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MuteTarget {
    /// Whatever this person does.
    Person(Handle),
    /// Whatever happens on this post.
    Post(PostId),
}

/// A post that is muted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct MutedPost {
    /// Which one.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub post_id: PostId,
    /// How it begins.
    pub excerpt: String,
}

/// Everything that is muted, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Mutes {
    /// People.
    pub people: Vec<Person>,
    /// One's own posts.
    pub posts: Vec<MutedPost>,
}

/// Why something made no toast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Withheld {
    /// The person or the post is muted: it is in no list either.
    Muted,
    /// It came in quiet hours, or while nothing was to disturb.
    Quiet,
    /// This kind is wanted in the inbox alone, or not at all.
    Preference,
}

/// What became of an entry that was to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A toast of its own was painted.
    Shown,
    /// It was counted in a toast with others.
    Grouped,
    /// It was part of a summary, or on screen in the list.
    CaughtUp,
}

/// An entry that made no toast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Silenced {
    /// Its place in the inbox.
    pub seq: u64,
    /// What happened.
    pub kind: Kind,
    /// In which room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>))]
    pub room: Option<RoomName>,
    /// What that room is called, where one may know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room_title: Option<String>,
    /// On which post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>))]
    pub post_id: Option<PostId>,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Person>,
    /// How a program means it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// What a program said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// When; milliseconds since 1970, UTC.
    pub at: u64,
    /// Why.
    pub withheld: Withheld,
}

/// A page of what made no toast, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SilencedPage {
    /// The entries of this page.
    pub items: Vec<Silenced>,
    /// `before` for the next page, a cursor; null on the last.
    pub next: Option<String>,
}

/// What became of every entry of this epoch: the six counts add up to `entries`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Ledger {
    /// Everything that was to be told or withheld; what only takes back is not counted.
    pub entries: u64,
    /// Nobody has said yet that it was shown.
    pub pending: u64,
    /// A toast of its own was painted.
    pub shown: u64,
    /// Counted in a toast with others.
    pub grouped: u64,
    /// Part of a summary after an absence, or on screen in the list.
    pub caught_up: u64,
    /// Taken back, or trimmed, before anybody could see it.
    pub lapsed: u64,
    /// Made no toast, and why.
    pub withheld: WithheldCounts,
}

/// How often something made no toast, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct WithheldCounts {
    /// See [`Withheld::Muted`].
    pub muted: u64,
    /// See [`Withheld::Quiet`].
    pub quiet: u64,
    /// See [`Withheld::Preference`].
    pub preference: u64,
}
