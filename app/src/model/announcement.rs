//! What those who run this house tell everybody.

use serde::{Deserialize, Serialize};

use super::Level;

/// Something to be announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NewAnnouncement {
    /// 1 to 2,000 characters as people see them (grapheme clusters), in at most 64,000 bytes.
    #[cfg_attr(feature = "ssr", schema(min_length = 1, max_length = 64000))]
    pub text: String,
    /// How it is meant.
    #[serde(default)]
    pub level: Level,
}

/// Something that was announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Announcement {
    /// Unique.
    pub id: String,
    /// Its place among the announcements.
    pub seq: u64,
    /// How it is meant.
    pub level: Level,
    /// What is announced.
    pub text: String,
    /// When; milliseconds since 1970, UTC.
    pub at: u64,
}

/// A page of announcements, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AnnouncementPage {
    /// Those of this page.
    pub announcements: Vec<Announcement>,
    /// `before` for the next page, a cursor; null on the last.
    pub next: Option<String>,
}
