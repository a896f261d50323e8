//! API tokens as this server remembers them.

use std::{sync::Arc, time::Duration};

use app::{backend::Answer, error::QuadError};
use moka::sync::Cache;

use super::{Service, posts::digest};
use crate::{
    security::token::{ApiToken, Scope},
    store::tokens::StoredToken,
};

/// After this long a token is read again.
const LIFETIME: Duration = Duration::from_secs(30);
/// Tokens remembered.
const MOST: u64 = 10_000;

/// What a token allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Names the token, for limits and keys.
    pub id: Arc<str>,
    /// What it is good for.
    pub scopes: Vec<Scope>,
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

/// The cache.
pub struct Tokens(Cache<Arc<str>, Arc<Grant>>);

impl Default for Tokens {
    fn default() -> Self {
        Self(
            Cache::builder()
                .max_capacity(MOST)
                .time_to_live(LIFETIME)
                .build(),
        )
    }
}

impl Service {
    /// What a token allows; `None` if there is no such token.
    pub async fn grant(&self, token: &ApiToken) -> Answer<Option<Arc<Grant>>> {
        let id = token.hash();
        if let Some(grant) = self.tokens.0.get(&id) {
            return Ok(Some(grant));
        }
        let Some(stored) = self.store.token(&id).await? else {
            return Ok(None);
        };
        let scopes = stored
            .scopes
            .iter()
            .filter_map(|scope| scope.parse().ok())
            .collect();
        let grant = Arc::new(Grant {
            id: id.clone(),
            scopes,
        });
        self.tokens.0.insert(id, grant.clone());
        Ok(Some(grant))
    }

    /// Makes a token. Its secret is in the answer, and nowhere else.
    pub async fn create_token(&self, name: &str, scopes: &[Scope]) -> Answer<ApiToken> {
        let name = crate::validate::label("name", name)?;
        let token = ApiToken::generate()?;
        let scopes = scopes.iter().map(Scope::to_string).collect();
        self.store
            .create_token(&token.hash(), &StoredToken { name, scopes })
            .await?;
        Ok(token)
    }
}
