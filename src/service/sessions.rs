//! Sessions as this server remembers them: for at most 30 seconds, and no longer than the message
//! that says that they ended.

use std::sync::Arc;

use app::{
    backend::{Answer, Session},
    model::UserId,
};

use super::{Service, memory::Memory};
use crate::security::token::SessionToken;

/// Sessions remembered.
const MOST: u64 = 100_000;

/// The sessions that are known, by their ids.
pub struct Sessions(Memory<Arc<str>, Arc<Session>>);

impl Default for Sessions {
    fn default() -> Self {
        Self(Memory::of(MOST))
    }
}

impl Sessions {
    /// Forgets every session.
    pub fn forget_all(&self) {
        self.0.forget_all();
    }

    /// Forgets one session of a person, or all but one.
    pub fn forget(&self, user: &UserId, session: Option<&str>, except: Option<&str>) {
        match session {
            Some(session) => self.0.forget(session),
            None => self.0.forget_those(|id, session| {
                session.person.user_id == *user && except != Some(&**id)
            }),
        }
    }
}

impl Service {
    /// The session that a token opens; `None` if it ended or never was.
    pub async fn session(&self, token: &SessionToken) -> Answer<Option<Arc<Session>>> {
        let id = token.hash();
        if let Some(session) = self.sessions.0.get(&id) {
            return Ok((session.person.user_id == token.user).then_some(session));
        }
        let before = self.sessions.0.moment();
        let Some(person) = self.store.session(&token.user, &id).await? else {
            return Ok(None);
        };
        let session = Arc::new(Session {
            person,
            id: id.clone(),
        });
        self.sessions.0.remember(before, id, session.clone());
        Ok(Some(session))
    }
}
