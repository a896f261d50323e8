//! Messages of other programs to one person.

use std::collections::HashMap;

use app::{
    backend::Answer,
    error::QuadError,
    model::{Handle, Level, UserId},
};

use futures_util::future::join_all;

use super::{Service, channels::Published, posts::digest, tokens::Grant};
use crate::{
    meters::METERS,
    security::{random, token::Scope},
    store::{
        keys,
        messages::{NewNotice, Sent},
        now,
        posts::Idempotency,
    },
    validate,
};

/// Messages in one batch.
pub const MOST_IN_A_BATCH: usize = 100;

/// Whom a message of a batch is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A person, by id or handle.
    Person(String, Level),
    /// Everybody who listens to a channel.
    Channel(String),
}

/// A message of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchItem {
    /// Whom it is for.
    pub to: Target,
    /// What it says.
    pub message: String,
}

impl Service {
    /// Puts a message into a person's inbox, with a toast. `to` is an id or a handle. Answers
    /// whom it went to, too.
    pub async fn notify_user(
        &self,
        grant: &Grant,
        to: &str,
        message: &str,
        level: Level,
        key: Option<&str>,
    ) -> Answer<(UserId, Published)> {
        let (to, id) = self.tell_user(grant, to, message, level, key).await?;
        // Counting comes after, so that delivery never waits for it.
        let (listeners, partial) = self.count_listeners(&keys::user_topic(&to)).await;
        let published = Published {
            id,
            listeners,
            partial,
        };
        Ok((to, published))
    }

    /// Publishes many messages, each as if it came alone, without counting who listens. Those for
    /// one target arrive in their order. With a key, a repeat of the batch publishes only what
    /// the first try did not. Answers each message's id, or why it was refused.
    pub async fn publish_batch(
        &self,
        grant: &Grant,
        items: &[BatchItem],
        key: Option<&str>,
    ) -> Answer<Vec<Answer<String>>> {
        grant.allow(Scope::Publish)?;
        let key = key.map(validate::idempotency_key).transpose()?;
        if !(1..=MOST_IN_A_BATCH).contains(&items.len()) {
            return Err(QuadError::invalid(
                "items",
                "out_of_range",
                "A batch has 1 to 100 messages.",
            ));
        }
        let mut by_target: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, item) in items.iter().enumerate() {
            let (Target::Person(name, _) | Target::Channel(name)) = &item.to;
            by_target.entry(name).or_default().push(at);
        }
        // Targets at once, and what is for one of them one after another.
        let sent = by_target.into_values().map(async |places| {
            let mut answers = Vec::with_capacity(places.len());
            for at in places {
                let key = key.map(|key| digest(&format!("{key}:{at}")));
                answers.push((
                    at,
                    self.publish_one(grant, &items[at], key.as_deref()).await,
                ));
            }
            answers
        });
        let mut answers: Vec<_> = join_all(sent).await.into_iter().flatten().collect();
        answers.sort_unstable_by_key(|(at, _)| *at);
        Ok(answers.into_iter().map(|(_, answer)| answer).collect())
    }

    async fn publish_one(
        &self,
        grant: &Grant,
        item: &BatchItem,
        key: Option<&str>,
    ) -> Answer<String> {
        match &item.to {
            Target::Person(to, level) => {
                let told = self.tell_user(grant, to, &item.message, *level, key);
                told.await.map(|(_, id)| id)
            }
            Target::Channel(channel) => {
                let published = self.publish(grant, channel, &item.message, key);
                published.await.map(|(_, id)| id)
            }
        }
    }

    async fn tell_user(
        &self,
        grant: &Grant,
        to: &str,
        message: &str,
        level: Level,
        key: Option<&str>,
    ) -> Answer<(UserId, String)> {
        grant.allow(Scope::Publish)?;
        self.limits.publish(&grant.id)?;
        let text = validate::text("message", message)?;
        let key = grant.idempotency_key(key)?;
        // No id is a handle, and no handle an id.
        let to = match to.parse::<UserId>() {
            Ok(id) => id,
            Err(_) => {
                let handle: Handle = to.parse().map_err(|_| QuadError::NoSuchUser)?;
                let found = self.store.find_handle(&handle).await?;
                found.ok_or(QuadError::NoSuchUser)?
            }
        };
        self.limits.publish_on(to.as_str())?;
        let body = digest(&format!("{level:?}:{text}"));
        let id = random::id()?;
        let notice = NewNotice {
            to: &to,
            from: &grant.id,
            text: &text,
            level,
            id: &id,
            now: now(),
        };
        let idempotency = key.as_deref().map(|key| Idempotency { key, body: &body });
        let id = match self.store.notify(&notice, idempotency).await? {
            Sent::Stored(id, withheld) => {
                METERS.withheld(withheld);
                id
            }
            Sent::KeyReused => return Err(QuadError::KeyReused),
            Sent::NoSuchUser => return Err(QuadError::NoSuchUser),
        };
        self.push.told_later(&to);
        Ok((to, id))
    }
}
