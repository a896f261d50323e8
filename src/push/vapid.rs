//! Who sends: a key pair of this instance, and the tokens that it signs for push services
//! (VAPID, RFC 8292).
//!
//! The pair is made when it is first needed and kept in the store, so that all servers of an
//! instance have the same. Browsers bind a subscription to it: another pair would end them all.

use std::sync::Arc;

use app::error::QuadError;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use moka::sync::Cache;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde::Serialize;
use tokio::sync::OnceCell;

use crate::store::{Store, now};

/// How long a token is good for, in seconds. Push services take no more than a day.
const LIFETIME: u64 = 12 * 60 * 60;
/// A token with less than this left is made anew, in seconds.
const SPARE: u64 = 6 * 60 * 60;
/// Push services whose tokens are remembered.
const MOST: u64 = 1_000;

/// Signs for this instance.
pub struct Vapid {
    keys: OnceCell<Keys>,
    /// Whom a push service may write to: `mailto:` or `https:`.
    contact: Option<String>,
    /// The `Authorization` by the push service's origin, and until when it is good.
    known: Cache<String, (Arc<str>, u64)>,
}

struct Keys {
    pair: EcdsaKeyPair,
    /// Unpadded base64url of the uncompressed point.
    public: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
}

impl Vapid {
    /// Keys are read from the store when they are first needed.
    pub fn new(contact: Option<String>) -> Self {
        Self {
            keys: OnceCell::new(),
            contact,
            known: Cache::builder().max_capacity(MOST).build(),
        }
    }

    /// What a page gives to the browser when it subscribes.
    pub async fn public_key(&self, store: &Store) -> Result<&str, QuadError> {
        Ok(&self.keys(store).await?.public)
    }

    /// The `Authorization` of a push to the service at `origin`.
    pub async fn authorization(&self, store: &Store, origin: &str) -> Result<Arc<str>, QuadError> {
        let now = now() / 1000;
        if let Some((header, until)) = self.known.get(origin)
            && until > now + SPARE
        {
            return Ok(header);
        }
        let until = now + LIFETIME;
        let keys = self.keys(store).await?;
        let header: Arc<str> = keys.sign(origin, until, self.contact.as_deref())?.into();
        self.known
            .insert(origin.to_owned(), (header.clone(), until));
        Ok(header)
    }

    async fn keys(&self, store: &Store) -> Result<&Keys, QuadError> {
        self.keys
            .get_or_try_init(|| async {
                // Whoever comes first is heeded by all.
                let fresh = BASE64_URL_SAFE_NO_PAD.encode(Keys::generate()?);
                let kept = store.vapid_key(&fresh).await?;
                let document = BASE64_URL_SAFE_NO_PAD.decode(kept);
                Keys::read(&document.unwrap_or_default())
            })
            .await
    }
}

impl Keys {
    /// A new pair, as PKCS#8.
    fn generate() -> Result<Vec<u8>, QuadError> {
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .map(|document| document.as_ref().to_vec())
            .map_err(|_| QuadError::Internal)
    }

    fn read(pkcs8: &[u8]) -> Result<Self, QuadError> {
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &random)
            .map_err(|error| {
                tracing::error!(%error, "the key for pushes in the store is none");
                QuadError::Internal
            })?;
        let public = BASE64_URL_SAFE_NO_PAD.encode(pair.public_key());
        Ok(Self { pair, public })
    }

    fn sign(&self, aud: &str, exp: u64, sub: Option<&str>) -> Result<String, QuadError> {
        let claims = serde_json::to_vec(&Claims { aud, exp, sub });
        let head = BASE64_URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"ES256"}"#);
        let claims = BASE64_URL_SAFE_NO_PAD.encode(claims.map_err(|_| QuadError::Internal)?);
        let signed = format!("{head}.{claims}");
        let signature = self
            .pair
            .sign(&SystemRandom::new(), signed.as_bytes())
            .map_err(|_| QuadError::Internal)?;
        let signature = BASE64_URL_SAFE_NO_PAD.encode(signature);
        Ok(format!("vapid t={signed}.{signature}, k={}", self.public))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    #[test]
    fn a_token_is_signed_by_the_key_that_stands_beside_it() {
        let keys = Keys::read(&Keys::generate().unwrap()).unwrap();
        let contact = Some("mailto:ops@quad.example");
        let header = keys.sign("https://push.example", 1_790_000_000, contact);
        let header = header.unwrap();
        let (token, key) = header
            .strip_prefix("vapid t=")
            .and_then(|rest| rest.split_once(", k="))
            .unwrap();
        assert_eq!((key, key.len()), (keys.public.as_str(), 87));
        let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, decode(key))
            .verify(signed.as_bytes(), &decode(signature))
            .unwrap();
        let (_, claims) = signed.split_once('.').unwrap();
        assert_eq!(
            String::from_utf8(decode(claims)).unwrap(),
            r#"{"aud":"https://push.example","exp":1790000000,"sub":"mailto:ops@quad.example"}"#
        );
    }

    #[test]
    fn what_is_no_key_is_not_taken_for_one() {
        assert!(Keys::read(b"").is_err());
        assert!(Keys::read(&[7; 138]).is_err());
    }
}
