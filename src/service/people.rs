//! Names, as this server remembers them. A renamed person is forgotten at once.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use app::{
    backend::Answer,
    error::QuadError,
    model::{Handle, Person, UserId},
};
use moka::sync::Cache;

use super::Service;

/// After this long a name is read again, whatever was said or lost.
const LIFETIME: Duration = Duration::from_secs(30);
/// People remembered.
const MOST: u64 = 100_000;

/// The cache.
pub struct People {
    known: Cache<UserId, Person>,
    forgotten: AtomicU64,
}

impl Default for People {
    fn default() -> Self {
        Self {
            known: Cache::builder()
                .max_capacity(MOST)
                .time_to_live(LIFETIME)
                .build(),
            forgotten: AtomicU64::new(0),
        }
    }
}

impl People {
    /// Forgets everybody.
    pub fn forget_all(&self) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.known.invalidate_all();
    }

    /// Forgets somebody who changed.
    pub fn forget(&self, user: &UserId) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.known.invalidate(user);
    }
}

impl Service {
    /// The people behind ids; whoever is gone is missing.
    pub async fn people<'i>(
        &self,
        ids: impl IntoIterator<Item = &'i UserId>,
    ) -> Answer<HashMap<UserId, Person>> {
        let mut found = HashMap::new();
        let mut missing = Vec::new();
        for id in ids {
            if found.contains_key(id) || missing.contains(id) {
                continue;
            }
            match self.people.known.get(id) {
                Some(person) => drop(found.insert(id.clone(), person)),
                None => missing.push(id.clone()),
            }
        }
        let before = self.people.forgotten.load(Ordering::SeqCst);
        let read = self.store.people(&missing).await?;
        let fresh = self.people.forgotten.load(Ordering::SeqCst) == before;
        for person in read.into_iter().flatten() {
            if fresh {
                self.people
                    .known
                    .insert(person.user_id.clone(), person.clone());
            }
            found.insert(person.user_id.clone(), person);
        }
        Ok(found)
    }

    /// The person behind an id.
    pub async fn person_by_id(&self, id: &UserId) -> Answer<Person> {
        self.people([id])
            .await?
            .remove(id)
            .ok_or(QuadError::NoSuchUser)
    }

    /// The person behind a handle.
    pub async fn find(&self, handle: &Handle) -> Answer<Person> {
        let id = self
            .store
            .find_handle(handle)
            .await?
            .ok_or(QuadError::NoSuchUser)?;
        self.person_by_id(&id).await
    }
}
