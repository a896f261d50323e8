//! Announcements: to everybody who is connected at once, and to everybody else on their next visit,
//! without writing to every inbox.
//!
//! An announcement is a message on a channel. It becomes an entry of a person's inbox when they are
//! connected, when they register or when they read their list, whichever comes first; all three go
//! through one script, which enters it once. What is shown is that entry.

use std::{sync::Arc, time::Duration};

use app::{
    backend::{Answer, Session},
    error::QuadError,
    model::{Announcement, AnnouncementPage, Level, NewAnnouncement, UserId},
};
use tokio::{sync::Notify, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{Service, channels::ANNOUNCEMENTS, cursors::List, memory::Memory, posts::digest};
use crate::{
    audit,
    security::random,
    store::{
        announcements::up_to_date,
        channels::{ANNOUNCEMENTS as KEEP, ChannelLog, NewMessage},
        messages::level_word,
        now,
        posts::Idempotency,
    },
    validate,
};

/// Announcements on a page, where nothing else is asked for.
const PAGE: u64 = 20;
/// After how long a delivery that failed is tried again.
const AGAIN: Duration = Duration::from_secs(1);
/// Inboxes that an announcement is entered into in one go.
const BATCH: usize = 500;

/// The same, where all that are kept are entered: 100 of up to 2,000 characters each.
const FEW: usize = 10;

/// What this server knows of the announcements.
pub struct Announcements {
    kept: Memory<(), Arc<ChannelLog>>,
    news: Notify,
}

impl Default for Announcements {
    fn default() -> Self {
        Self {
            kept: Memory::of(1),
            news: Notify::new(),
        }
    }
}

impl Announcements {
    /// Something was announced, or may have been.
    pub fn heard(&self) {
        self.kept.forget_all();
        self.news.notify_one();
    }
}

impl Service {
    /// Announces something. Errors: `forbidden` to others than administrators, `invalid`,
    /// `key_reused`, 429.
    pub async fn announce(
        &self,
        session: &Session,
        new: NewAnnouncement,
        key: Option<&str>,
    ) -> Answer<Announcement> {
        let person = &session.person.user_id;
        if !self.store.is_admin(person).await? {
            return Err(QuadError::Forbidden);
        }
        self.limits.post(person)?;
        let text = validate::text("text", &new.text)?;
        let key = key.map(validate::idempotency_key).transpose()?;
        let key = key.map(|key| digest(&format!("{person}:{key}")));
        let body = digest(&format!("{:?}:{text}", new.level));
        let (id, at) = (random::id()?, now());
        let message = NewMessage {
            channel: ANNOUNCEMENTS,
            text: &text,
            id: &id,
            now: at,
            level: Some(new.level),
            keep: KEEP,
        };
        let idempotency = key.as_deref().map(|key| Idempotency { key, body: &body });
        let stored = self.store.broadcast(&message, idempotency).await?;
        let id = stored.ok_or(QuadError::KeyReused)?;
        audit::announced(&session.person, &id, level_word(new.level));
        let log = self.read_announcements().await?;
        let stored = log.messages.iter().find(|message| message.id == id);
        let (seq, at) = stored.map_or((log.seq, at), |message| (message.seq, message.at));
        Ok(Announcement {
            id,
            seq,
            level: new.level,
            text,
            at,
        })
    }

    /// A page of what was announced, the newest first, from below `before`.
    pub async fn announcements(
        &self,
        before: Option<String>,
        limit: Option<u64>,
    ) -> Answer<AnnouncementPage> {
        let limit = validate::limit(limit, PAGE)? as usize;
        let list = List::Announcements;
        let before: Option<u64> = self.open_cursor("before", list, before.as_deref()).await?;
        let log = self.kept_announcements().await?;
        let older = log.messages.iter().rev();
        let mut older = older.filter(|message| before.is_none_or(|before| message.seq < before));
        let items: Vec<Announcement> = older
            .by_ref()
            .take(limit)
            .map(|message| Announcement {
                id: message.id.clone(),
                seq: message.seq,
                level: message.level.unwrap_or(Level::Info),
                text: message.text.clone(),
                at: message.at,
            })
            .collect();
        let next = older.next().and(items.last()).map(|last| last.seq);
        Ok(AnnouncementPage {
            announcements: items,
            next: self.seal_cursor(list, next).await?,
        })
    }

    /// What this server knows of the announcements, and is told of.
    pub fn heard_announcements(&self) -> &Announcements {
        &self.announcements
    }

    /// Enters what somebody has not got yet. `entered` is how far their inbox says that they are.
    /// True if there may be something new.
    pub(super) async fn catch_up_announcements(
        &self,
        user: &UserId,
        entered: &str,
    ) -> Answer<bool> {
        let log = self.kept_announcements().await?;
        if log.seq == 0 || entered == up_to_date(&log) {
            return Ok(false);
        }
        let users = std::slice::from_ref(user);
        self.store.enter_announcements(users, &log, None).await?;
        Ok(true)
    }

    /// Enters what is announced into the inboxes of everybody who is connected here, until `stop`.
    pub async fn deliver_announcements(&self, stop: CancellationToken) {
        let mut delivered = None;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.announcements.news.notified() => {}
            }
            match self.deliver_news(delivered.as_ref()).await {
                Ok(log) => delivered = Some(log),
                // Whoever is connected reads their list, or comes back, and gets it then.
                Err(error) => {
                    tracing::warn!(%error, "an announcement is delivered later");
                    sleep(AGAIN).await;
                    self.announcements.news.notify_one();
                }
            }
        }
    }

    async fn deliver_news(&self, before: Option<&Arc<ChannelLog>>) -> Answer<Arc<ChannelLog>> {
        let log = self.kept_announcements().await?;
        // Of what went out before, nobody needs to be told again; who joined since is up to date.
        let from = before
            .filter(|before| before.epoch == log.epoch)
            .map(|before| before.seq + 1);
        let mut users: Vec<UserId> = self
            .hub
            .connections()
            .iter()
            .filter_map(|connection| connection.owner.user().cloned())
            .collect();
        users.sort();
        users.dedup();
        for batch in users.chunks(BATCH) {
            let behind = self.store.enter_announcements(batch, &log, from).await?;
            for few in behind.chunks(FEW) {
                self.store.enter_announcements(few, &log, None).await?;
            }
        }
        Ok(log)
    }

    async fn kept_announcements(&self) -> Answer<Arc<ChannelLog>> {
        match self.announcements.kept.get(&()) {
            Some(log) => Ok(log),
            None => self.read_announcements().await,
        }
    }

    async fn read_announcements(&self) -> Answer<Arc<ChannelLog>> {
        let before = self.announcements.kept.moment();
        let log = self
            .store
            .read_channel(ANNOUNCEMENTS, 0, KEEP.messages as usize);
        let log = Arc::new(log.await?);
        self.announcements.kept.remember(before, (), log.clone());
        Ok(log)
    }
}
