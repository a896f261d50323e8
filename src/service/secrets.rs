//! The secrets of an instance: made once, kept in the store, the same for all its servers.

use std::time::Duration;

use app::{backend::Answer, error::QuadError};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::Service;
use crate::security::random;

/// After how long the store is asked again that did not answer.
const AGAIN: Duration = Duration::from_secs(1);

impl Service {
    /// The secret under this key: 32 bytes, made now if there is none.
    pub(super) async fn secret(&self, key: &str) -> Answer<Vec<u8>> {
        // Whoever comes first is heeded by all.
        let fresh = BASE64_URL_SAFE_NO_PAD.encode(random::bytes::<32>()?);
        let kept = self.store.first_of(key, &fresh).await?;
        let secret = BASE64_URL_SAFE_NO_PAD.decode(kept);
        secret.map_err(|_| QuadError::Internal)
    }

    /// Makes all secrets that the store does not have yet, so that no reader has to write one.
    pub async fn make_secrets(&self, stop: CancellationToken) {
        while let Err(error) = self.read_secrets().await {
            tracing::debug!(%error, "secrets are made later");
            if stop.run_until_cancelled(sleep(AGAIN)).await.is_none() {
                return;
            }
        }
    }

    async fn read_secrets(&self) -> Answer<()> {
        self.cursors().await?;
        self.signer().await?;
        self.push_key().await?;
        Ok(())
    }
}
