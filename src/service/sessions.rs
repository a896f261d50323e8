//! Sessions as this server remembers them, for at most 30 seconds and no longer than the message
//! that says that they ended; the list of one's own, and how they end.

use std::{cmp::Reverse, net::IpAddr, sync::Arc};

use app::{
    backend::{Answer, Caller, Session},
    device::Device,
    error::QuadError,
    model::{Person, SessionEntry, Sessions as List, UserId},
};

use super::{Service, memory::Memory};
use crate::{
    audit,
    live::control::Control,
    security::{network, token::SessionToken},
    store::now,
};

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
    /// The session that a token opens; `None` if it ended or never was. Where the store is asked,
    /// which is at most every 30 s, it may be told that the session is used, and `from` where.
    pub async fn session(
        &self,
        token: &SessionToken,
        from: impl FnOnce() -> Option<IpAddr>,
    ) -> Answer<Option<Arc<Session>>> {
        let id = token.hash();
        if let Some(session) = self.sessions.0.get(&id) {
            return Ok((session.person.user_id == token.user).then_some(session));
        }
        let from = from().map(network::shown).unwrap_or_default();
        let before = self.sessions.0.moment();
        let Some(person) = self.store.session(&token.user, &id, now(), &from).await? else {
            return Ok(None);
        };
        let session = Arc::new(Session {
            person,
            id: id.clone(),
        });
        self.sessions.0.remember(before, id, session.clone());
        Ok(Some(session))
    }

    /// All sessions of a person, the one that was used last first.
    pub async fn list_sessions(&self, session: &Session) -> Answer<List> {
        let stored = self.store.sessions(&session.person.user_id, now()).await?;
        let known = |text: String| Some(text).filter(|text| !text.is_empty());
        let entries = stored.into_iter().map(|stored| SessionEntry {
            current: *stored.id == *session.id,
            id: stored.id,
            created_at: stored.created,
            used_at: stored.used,
            device: known(stored.device).unwrap_or_else(|| Device::UNKNOWN.to_owned()),
            address: known(stored.address),
        });
        let mut sessions: Vec<SessionEntry> = entries.collect();
        sessions.sort_by_key(|entry| Reverse((entry.current, entry.used_at)));
        Ok(List { sessions })
    }

    /// Ends one of one's own sessions. Errors: `not_found`.
    pub async fn end_session(&self, caller: Caller, session: &Session, id: &str) -> Answer<()> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-".contains(&b);
        let named = id.len() <= 64 && id.bytes().all(plain);
        if named
            && self
                .end_one(caller, &session.person, id, "ended_by_owner")
                .await?
        {
            Ok(())
        } else {
            Err(QuadError::NotFound)
        }
    }

    /// Ends all sessions of a person but this one.
    pub async fn end_other_sessions(&self, caller: Caller, session: &Session) -> Answer<()> {
        self.end_all(caller, &session.person, Some(&session.id), "ended_by_owner")
            .await
    }

    /// Ends a session and closes its sockets on every server.
    pub async fn log_out(&self, caller: Caller, session: &Session) -> Answer<()> {
        self.end_one(caller, &session.person, &session.id, "log_out")
            .await
            .map(drop)
    }

    /// Ends all sessions of a person.
    pub async fn log_out_everywhere(&self, caller: Caller, session: &Session) -> Answer<()> {
        self.end_all(caller, &session.person, None, "log_out").await
    }

    /// Another session has begun in the browser that had this one. Nobody is kept from logging in
    /// because the old one could not be ended: it lapses by itself.
    pub async fn replace_session(&self, caller: Caller, old: &Session) {
        let ended = self
            .end_one(caller, &old.person, &old.id, "new_log_in")
            .await;
        if let Err(error) = ended {
            tracing::warn!(%error, "the session of before a log-in could not be ended");
        }
    }

    async fn end_one(
        &self,
        caller: Caller,
        person: &Person,
        id: &str,
        reason: &'static str,
    ) -> Answer<bool> {
        let user = &person.user_id;
        if !self.store.end_session(user, id).await? {
            return Ok(false);
        }
        self.ended(Control::SessionsEnded {
            user: user.clone(),
            session: Some(id.to_owned()),
            except: None,
        })
        .await;
        audit::session_ended(person, caller.address, reason);
        Ok(true)
    }

    async fn end_all(
        &self,
        caller: Caller,
        person: &Person,
        except: Option<&str>,
        reason: &'static str,
    ) -> Answer<()> {
        let user = &person.user_id;
        self.store.end_sessions(user, except).await?;
        self.ended(Control::SessionsEnded {
            user: user.clone(),
            session: None,
            except: except.map(str::to_owned),
        })
        .await;
        audit::sessions_ended(person, Some(caller.address), reason);
        Ok(())
    }

    /// Tells all servers of a change. It is stored already; a server that misses the message finds
    /// out by its position check.
    pub(super) async fn ended(&self, control: Control) {
        if let Control::SessionsEnded { user, .. } = &control
            && let Err(error) = self.store.prune_push(user).await
        {
            tracing::warn!(%error, "push subscriptions of ended sessions go with the next push");
        }
        if let Err(error) = self.tell(&control).await {
            tracing::warn!(%error, "other servers learn of a change later");
        }
    }
}
