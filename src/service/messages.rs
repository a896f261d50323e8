//! Messages of other programs to one person.

use app::{
    backend::Answer,
    error::QuadError,
    model::{Handle, Level, UserId},
};

use super::{Service, channels::Published, posts::digest, tokens::Grant};
use crate::{
    security::{random, token::Scope},
    store::{
        keys,
        messages::{NewNotice, Sent},
        now,
        posts::Idempotency,
    },
    validate,
};

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
        grant.allow(Scope::Publish)?;
        self.limits.publish(&grant.id)?;
        let text = validate::text("message", message)?;
        let key = key.map(validate::idempotency_key).transpose()?;
        let key = key.map(|key| digest(&format!("{}:{key}", grant.id)));
        // No id is a handle, and no handle an id.
        let to = match to.parse::<UserId>() {
            Ok(id) => id,
            Err(_) => {
                let handle: Handle = to.parse().map_err(|_| QuadError::NoSuchUser)?;
                let found = self.store.find_handle(&handle).await?;
                found.ok_or(QuadError::NoSuchUser)?
            }
        };
        let body = digest(&format!("{level:?}:{text}"));
        let id = random::id()?;
        let notice = NewNotice {
            to: &to,
            text: &text,
            level,
            id: &id,
            now: now(),
        };
        let idempotency = key.as_deref().map(|key| Idempotency { key, body: &body });
        let id = match self.store.notify(&notice, idempotency).await? {
            Sent::Stored(id) => id,
            Sent::KeyReused => return Err(QuadError::KeyReused),
            Sent::NoSuchUser => return Err(QuadError::NoSuchUser),
        };
        self.push.told_later(&to);
        // Counting comes after, so that delivery never waits for it.
        let (listeners, partial) = self.count_listeners(&keys::user_topic(&to)).await;
        let published = Published {
            id,
            listeners,
            partial,
        };
        Ok((to, published))
    }
}
