//! The sessions of one person.

use serde::{Deserialize, Serialize};

/// One of one's own sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SessionEntry {
    /// Names the session. It opens nothing: the token cannot be found from it.
    pub id: String,
    /// When it began.
    pub created_at: u64,
    /// When it was last used, give or take some minutes.
    pub used_at: u64,
    /// Browser and system in a few words, such as `Firefox on Windows`.
    pub device: String,
    /// The address that it was last used from, or the network of an IPv6 address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// All of one's own sessions, the one that was used last first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Sessions {
    /// At most 100.
    pub sessions: Vec<SessionEntry>,
}
