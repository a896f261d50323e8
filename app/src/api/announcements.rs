//! What those who run this house tell everybody.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use super::{answer, land_back};
#[cfg(feature = "ssr")]
use crate::model::NewAnnouncement;
use crate::{
    error::QuadError,
    model::{Announcement, AnnouncementPage, Level},
};

/// A page of announcements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcements {
    /// The newest first.
    pub page: AnnouncementPage,
    /// Names the next announcement, so that a form that is sent twice announces once.
    pub next_key: String,
}

/// A page of what was announced.
#[server(prefix = "/fn", endpoint = "read_announcements")]
pub async fn read_announcements(before: Option<String>) -> Result<Announcements, QuadError> {
    answer(|context| async move {
        context.session()?;
        Ok(Announcements {
            page: context.backend.announcements(before, Some(20)).await?,
            next_key: context.backend.fresh_id()?,
        })
    })
    .await
}

/// Announces something to everybody.
#[server(prefix = "/fn", endpoint = "announce")]
pub async fn announce(text: String, level: Level, key: String) -> Result<Announcement, QuadError> {
    answer(|context| async move {
        let new = NewAnnouncement { text, level };
        let announced = context
            .backend
            .announce(context.session()?, new, Some(key))
            .await?;
        land_back("");
        Ok(announced)
    })
    .await
}
