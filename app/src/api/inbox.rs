//! The inbox, and what became of everything in it.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::{answer, land_back};
#[cfg(feature = "ssr")]
use crate::model::InboxMark;
use crate::{
    error::QuadError,
    model::{Epoch, Inbox, Ledger, SilencedPage},
};

/// A page of the inbox.
#[server(prefix = "/fn", endpoint = "read_inbox")]
pub async fn read_inbox(before: Option<u64>) -> Result<Inbox, QuadError> {
    answer(|context| async move {
        context
            .backend
            .inbox(context.session()?, before, Some(30))
            .await
    })
    .await
}

/// Marks the inbox as read up to what was on the page.
#[server(prefix = "/fn", endpoint = "mark_inbox_read")]
pub async fn mark_inbox_read(
    epoch: Epoch,
    through: u64,
    group: Option<String>,
) -> Result<(), QuadError> {
    answer(|context| async move {
        let group = group.filter(|group| !group.is_empty());
        let mark = InboxMark {
            epoch,
            through,
            group,
            unread: None,
        };
        context.backend.mark_inbox(context.session()?, mark).await?;
        land_back("");
        Ok(())
    })
    .await
}

/// Marks a group of the inbox as unread again.
#[server(prefix = "/fn", endpoint = "mark_group_unread")]
pub async fn mark_group_unread(epoch: Epoch, through: u64, group: String) -> Result<(), QuadError> {
    answer(|context| async move {
        let mark = InboxMark {
            epoch,
            through,
            group: Some(group),
            unread: Some(true),
        };
        context.backend.mark_inbox(context.session()?, mark).await?;
        land_back("");
        Ok(())
    })
    .await
}

/// A page of what made no toast, and why.
#[server(prefix = "/fn", endpoint = "read_silenced")]
pub async fn read_silenced(before: Option<String>) -> Result<SilencedPage, QuadError> {
    answer(|context| async move {
        context
            .backend
            .silenced(context.session()?, before, Some(30))
            .await
    })
    .await
}

/// What became of everything in the inbox.
#[server(prefix = "/fn", endpoint = "read_ledger")]
pub async fn read_ledger() -> Result<Ledger, QuadError> {
    answer(|context| async move { context.backend.ledger(context.session()?).await }).await
}
