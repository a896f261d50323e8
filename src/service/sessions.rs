//! Sessions as this server remembers them: for at most 30 seconds, and no longer than the message
//! that says that they ended.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use app::{
    backend::{Answer, Session},
    model::UserId,
};
use moka::sync::Cache;

use super::Service;
use crate::security::token::SessionToken;

/// After this long a session is read again, whatever was said or lost.
const LIFETIME: Duration = Duration::from_secs(30);
/// Sessions remembered.
const MOST: u64 = 100_000;

/// The cache.
pub struct Sessions {
    known: Cache<Arc<str>, Arc<Session>>,
    /// How often something was forgotten. Whoever read the store before that and is about to
    /// remember what it said would remember too much.
    forgotten: AtomicU64,
}

impl Default for Sessions {
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

impl Sessions {
    /// Forgets every session.
    pub fn forget_all(&self) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.known.invalidate_all();
    }

    /// Forgets one session of a person, or all but one.
    pub fn forget(&self, user: &UserId, session: Option<&str>, except: Option<&str>) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        if let Some(session) = session {
            self.known.invalidate(session);
            return;
        }
        for (id, session) in &self.known {
            if session.person.user_id == *user && except != Some(&**id) {
                self.known.invalidate(&*id);
            }
        }
    }
}

impl Service {
    /// The session that a token opens; `None` if it ended or never was.
    pub async fn session(&self, token: &SessionToken) -> Answer<Option<Arc<Session>>> {
        let id = token.hash();
        if let Some(session) = self.sessions.known.get(&id) {
            return Ok((session.person.user_id == token.user).then_some(session));
        }
        let before = self.sessions.forgotten.load(Ordering::SeqCst);
        let Some(person) = self.store.session(&token.user, &id).await? else {
            return Ok(None);
        };
        let session = Arc::new(Session {
            person,
            id: id.clone(),
        });
        if self.sessions.forgotten.load(Ordering::SeqCst) == before {
            self.sessions.known.insert(id, session.clone());
        }
        Ok(Some(session))
    }
}
