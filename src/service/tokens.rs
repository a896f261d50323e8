//! API tokens as this server remembers them: for at most 30 seconds, and no longer than the message
//! that says that one was revoked.

use std::{sync::Arc, time::Duration};

use app::{backend::Answer, error::QuadError};

use super::{Service, memory::Memory, posts::digest};
use crate::{
    audit,
    live::control::Control,
    security::token::{ApiToken, Scope, public_id},
    store::{
        now,
        tokens::{MOST as MOST_STORED, StoredToken},
    },
};

/// Tokens remembered.
const MOST: u64 = 10_000;

/// What a token allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The hash of the token's secret, for limits and keys.
    pub id: Arc<str>,
    /// What it is good for.
    pub scopes: Vec<Scope>,
    /// When it ends; milliseconds since 1970.
    pub until: u64,
}

impl Grant {
    /// Whether it is good for `scope`. Errors: `forbidden`.
    pub fn allow(&self, scope: Scope) -> Answer<()> {
        self.scopes
            .contains(&scope)
            .then_some(())
            .ok_or(QuadError::Forbidden)
    }
}

impl Grant {
    /// An idempotency key as it is stored: the same key of another token is another one. Errors:
    /// `invalid`.
    pub(super) fn idempotency_key(&self, key: Option<&str>) -> Answer<Option<String>> {
        let key = key.map(crate::validate::idempotency_key).transpose()?;
        Ok(key.map(|key| digest(&format!("{}:{key}", self.id))))
    }
}

/// A token as its operator sees it. Nothing here opens anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenInfo {
    /// Names it.
    pub id: String,
    /// What is stored of it.
    pub token: StoredToken,
}

/// Why a token opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    /// There is none, or it ended so long ago that nobody remembers it.
    Unknown,
    /// Its time is over.
    Ended,
    /// It was revoked.
    Revoked,
}

/// The tokens that are known, by the hashes of their secrets.
pub struct Tokens(Memory<Arc<str>, Arc<Grant>>);

impl Default for Tokens {
    fn default() -> Self {
        Self(Memory::of(MOST))
    }
}

impl Tokens {
    /// Forgets every token.
    pub fn forget_all(&self) {
        self.0.forget_all();
    }

    /// Forgets one.
    pub fn forget(&self, hash: &str) {
        self.0.forget(hash);
    }
}

impl Service {
    /// What a token allows; `None` if it ended, was revoked or never was.
    pub async fn grant(&self, token: &ApiToken) -> Answer<Option<Arc<Grant>>> {
        let hash = token.hash();
        match self.standing(&hash).await? {
            Ok(grant) => Ok(Some(grant)),
            Err(Over::Unknown) => Ok(None),
            Err(Over::Ended) => {
                audit::token_refused(&public_id(&hash), "ended");
                Ok(None)
            }
            Err(Over::Revoked) => {
                audit::token_refused(&public_id(&hash), "revoked");
                Ok(None)
            }
        }
    }

    /// Whether a token is still good, by the hash of its secret.
    pub async fn grant_lives(&self, hash: &str) -> Answer<bool> {
        Ok(self.standing(hash).await?.is_ok())
    }

    /// Forgets a token that was found to have ended.
    pub fn forget_token(&self, hash: &str) {
        self.tokens.forget(hash);
    }

    async fn standing(&self, hash: &str) -> Answer<Result<Arc<Grant>, Over>> {
        if let Some(grant) = self.tokens.0.get(hash) {
            let lives = now() < grant.until;
            return Ok(lives.then_some(grant).ok_or(Over::Ended));
        }
        let before = self.tokens.0.moment();
        let stored = self.store.use_tokens(&[hash]).await?;
        let Some(stored) = stored.into_iter().flatten().next() else {
            return Ok(Err(Over::Unknown));
        };
        if stored.revoked.is_some() {
            return Ok(Err(Over::Revoked));
        }
        if !stored.lives(now()) {
            return Ok(Err(Over::Ended));
        }
        let hash: Arc<str> = hash.into();
        let scopes = stored.scopes.iter();
        let grant = Arc::new(Grant {
            id: hash.clone(),
            scopes: scopes.filter_map(|scope| scope.parse().ok()).collect(),
            until: stored.expires,
        });
        self.tokens.0.remember(before, hash, grant.clone());
        Ok(Ok(grant))
    }

    /// Makes a token that is good for `life`. Its secret is in the answer, and nowhere else. Errors:
    /// `invalid`.
    pub async fn create_token(
        &self,
        name: &str,
        scopes: &[Scope],
        life: Duration,
    ) -> Answer<(ApiToken, TokenInfo)> {
        let name = crate::validate::label("name", name)?;
        let token = ApiToken::generate()?;
        let life = life.as_millis() as u64;
        let scopes = scopes.iter().map(Scope::to_string).collect();
        let stored = StoredToken::new(name, scopes, now() + life);
        if !self.store.create_token(&token.hash(), &stored).await? {
            let detail = format!("There are {MOST_STORED} tokens. Revoke some first.");
            return Err(QuadError::invalid("name", "too_many", &detail));
        }
        let id = public_id(&token.hash());
        self.tell_operators_deed(&Control::TokenMade {
            id: id.clone(),
            name: stored.name.clone(),
            scopes: stored.scopes.clone(),
        })
        .await;
        Ok((token, TokenInfo { id, token: stored }))
    }

    /// All tokens that were not revoked, the oldest first.
    pub async fn list_tokens(&self) -> Answer<Vec<TokenInfo>> {
        let listed = self.store.tokens_listed().await?.into_iter();
        let listed = listed.filter(|(_, token)| token.revoked.is_none());
        let listed = listed.map(|(hash, token)| TokenInfo {
            id: public_id(&hash),
            token,
        });
        Ok(listed.collect())
    }

    /// Revokes the token of this id, and closes its connections on every server. Answers its name;
    /// `None` if there is no such token.
    pub async fn revoke_token(&self, id: &str) -> Answer<Option<String>> {
        let listed = self.store.tokens_listed().await?;
        let Some((hash, _)) = listed.iter().find(|(hash, _)| public_id(hash) == id) else {
            return Ok(None);
        };
        let Some(name) = self.store.revoke_token(hash).await? else {
            return Ok(None);
        };
        self.tell_operators_deed(&Control::TokenRevoked {
            token: hash.clone(),
            name: name.clone(),
        })
        .await;
        // Last, so that a repeat finds it if this one does not get so far.
        self.store.unlist_token(hash).await?;
        Ok(Some(name))
    }

    /// It is stored already; a server that misses the message finds out by its position check.
    pub(super) async fn tell_operators_deed(&self, control: &Control) {
        if let Err(error) = self.tell(control).await {
            tracing::warn!(%error, "the servers learn of a change later");
        }
    }
}
