//! API tokens: what other programs show. Stored by the hash of their secret.

use super::{Store, StoreError, keys, now};

/// What a token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredToken {
    /// What its maker called it.
    pub name: String,
    /// `publish`, `stats`, `observe`.
    pub scopes: Vec<String>,
}

impl Store {
    /// Stores a token under the hash of its secret.
    pub async fn create_token(&self, id: &str, token: &StoredToken) -> Result<(), StoreError> {
        self.link()
            .query(
                redis::cmd("HSET")
                    .arg(keys::api_token(id))
                    .arg("name")
                    .arg(&token.name)
                    .arg("scopes")
                    .arg(token.scopes.join(","))
                    .arg("created")
                    .arg(now()),
            )
            .await
    }

    /// Finds a token by the hash of its secret.
    pub async fn token(&self, id: &str) -> Result<Option<StoredToken>, StoreError> {
        let (name, scopes): (Option<String>, Option<String>) = self
            .link()
            .query(
                redis::cmd("HMGET")
                    .arg(keys::api_token(id))
                    .arg("name")
                    .arg("scopes"),
            )
            .await?;
        Ok(name.zip(scopes).map(|(name, scopes)| StoredToken {
            name,
            scopes: scopes.split(',').map(str::to_owned).collect(),
        }))
    }
}
