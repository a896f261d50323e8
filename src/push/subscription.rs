//! A browser's subscription: as it is asked for, and as it is stored.

use app::{
    backend::{Answer, Session},
    error::QuadError,
    model::UserId,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::{
    Push,
    encrypt::{Receiver, encrypt},
    endpoint::Endpoint,
};
use crate::{
    service::Service,
    store::{now, push::StoredSubscription},
};

/// What `PushSubscription.toJSON()` gives in a browser.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewSubscription {
    /// Where to send pushes: an https URL of a public push service, at most 1,024 characters.
    #[schema(min_length = 1, max_length = 1024)]
    endpoint: String,
    /// How to encrypt them.
    keys: SubscriptionKeys,
}

/// How to encrypt what is sent to one browser.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SubscriptionKeys {
    /// The browser's public key: an uncompressed point of P-256, base64url.
    p256dh: String,
    /// 16 bytes that the browser and the server share, base64url.
    auth: String,
}

/// Which subscription.
#[derive(Debug, Deserialize, ToSchema)]
pub struct PushEndpoint {
    /// As it was subscribed.
    endpoint: String,
}

/// What a page gives to the browser when it subscribes.
#[derive(Debug, Serialize, ToSchema)]
pub struct PushKey {
    /// The instance's public key: an uncompressed point of P-256, base64url.
    key: String,
}

/// A subscription that can be sent to.
pub struct Target {
    /// Its name in the store.
    pub id: String,
    /// Where to.
    pub endpoint: Endpoint,
    /// For whom.
    pub receiver: Receiver,
}

impl Service {
    /// The key that browsers bind their subscriptions to.
    pub async fn push_key(&self) -> Answer<PushKey> {
        let key = self.push.vapid.public_key(self.store()).await?.to_owned();
        Ok(PushKey { key })
    }

    /// Sends this session's notifications there too, from now on.
    pub async fn subscribe_to_pushes(&self, session: &Session, new: NewSubscription) -> Answer<()> {
        let subscription = StoredSubscription {
            endpoint: new.endpoint,
            p256dh: new.keys.p256dh,
            auth: new.keys.auth,
            session: session.id.to_string(),
            at: now(),
        };
        self.push.checked(&subscription)?;
        let user = &session.person.user_id;
        let id = id(&subscription.endpoint);
        Ok(self.store().add_push(user, &id, &subscription).await?)
    }

    /// No longer sends there. Where nothing was sent, nothing changes.
    pub async fn unsubscribe_from_pushes(
        &self,
        session: &Session,
        old: PushEndpoint,
    ) -> Answer<()> {
        let user: &UserId = &session.person.user_id;
        Ok(self.store().remove_push(user, &id(&old.endpoint)).await?)
    }
}

impl Push {
    /// Reads a subscription, as it was asked for or stored. Errors: `invalid` for `endpoint` and
    /// `keys`.
    pub fn checked(&self, stored: &StoredSubscription) -> Answer<Target> {
        let endpoint = Endpoint::parse(&stored.endpoint, self.test_service.as_ref())
            .map_err(|error| QuadError::invalid("endpoint", error.code(), &error.to_string()))?;
        let receiver = receiver(&stored.p256dh, &stored.auth).ok_or_else(|| {
            let detail = "These are not the keys of a subscription.";
            QuadError::invalid("keys", "format", detail)
        })?;
        Ok(Target {
            id: id(&stored.endpoint),
            endpoint,
            receiver,
        })
    }
}

/// Reads keys, and finds out whether they can be used.
fn receiver(public: &str, auth: &str) -> Option<Receiver> {
    let decode = |text: &str| {
        let bare = text.trim_end_matches('=');
        BASE64_URL_SAFE_NO_PAD.decode(bare).ok()
    };
    let receiver = Receiver {
        public: decode(public)?.try_into().ok()?,
        auth: decode(auth)?.try_into().ok()?,
    };
    encrypt(&receiver, b"").ok()?;
    Some(receiver)
}

/// What a subscription is called in the store.
fn id(endpoint: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(endpoint)[..18])
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINT: &str =
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

    #[test]
    fn keys_are_a_point_and_a_secret() {
        assert!(receiver(POINT, AUTH).is_some());
        assert!(receiver(&format!("{POINT}="), &format!("{AUTH}==")).is_some());
        let elsewhere = POINT.replace("Riw4", "Riw8").replace("BCVx", "BCVy");
        let compressed = BASE64_URL_SAFE_NO_PAD.encode([2; 33]);
        for (public, auth) in [
            ("", ""),
            (POINT, ""),
            ("", AUTH),
            (POINT, POINT),
            (AUTH, AUTH),
            (POINT, "not base64 at all!"),
            (&elsewhere, AUTH),
            (&compressed, AUTH),
        ] {
            assert!(receiver(public, auth).is_none(), "{public} {auth}");
        }
    }

    #[test]
    fn a_subscription_is_called_by_its_endpoint() {
        assert_eq!(id("https://push.example/1").len(), 24);
        assert_ne!(id("https://push.example/1"), id("https://push.example/2"));
    }
}
