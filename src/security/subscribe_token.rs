//! Tokens that let somebody listen to a private channel until they expire: what the channel's owner
//! asked for, signed by this instance (HMAC-SHA-256), so that nothing has to be stored or looked up.

use app::model::UserId;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::hmac::{HMAC_SHA256, Key, sign, verify};
use serde::{Deserialize, Serialize};

/// What stands at the beginning: these tokens open nothing but channels.
const PREFIX: &str = "sub.";
/// Longer ones are not looked at.
const LONGEST: usize = 512;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// To which channel it lets its bearer listen.
    #[serde(rename = "c")]
    pub channel: String,
    /// Only this person may bear it; anybody where it is missing.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// Until when; milliseconds since 1970, UTC.
    #[serde(rename = "e")]
    pub until: u64,
}

/// Signs and verifies for this instance.
pub struct Signer(Key);

impl Signer {
    /// A signer with the instance's secret.
    pub fn new(secret: &[u8]) -> Self {
        Self(Key::new(HMAC_SHA256, secret))
    }

    /// A token that says this.
    pub fn sign(&self, claims: &Claims) -> Result<String, serde_json::Error> {
        let claims = BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims)?);
        let signed = format!("{PREFIX}{claims}");
        let signature = BASE64_URL_SAFE_NO_PAD.encode(sign(&self.0, signed.as_bytes()));
        Ok(format!("{signed}.{signature}"))
    }

    /// What a token says, if this instance signed it and it has not expired at `now`.
    pub fn read(&self, token: &str, now: u64) -> Option<Claims> {
        if token.len() > LONGEST {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        verify(&self.0, signed.as_bytes(), &signature).ok()?;
        let claims = BASE64_URL_SAFE_NO_PAD
            .decode(signed.strip_prefix(PREFIX)?)
            .ok()?;
        let claims: Claims = serde_json::from_slice(&claims).ok()?;
        (claims.until > now).then_some(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_signed_here_is_believed_and_only_in_time() {
        let signer = Signer::new(&[7; 32]);
        let claims = Claims {
            channel: "private:scores".into(),
            user: Some("0abcdefg".parse().unwrap()),
            until: 1_000,
        };
        let token = signer.sign(&claims).unwrap();
        assert_eq!(signer.read(&token, 999), Some(claims.clone()));
        assert_eq!(signer.read(&token, 1_000), None);
        assert_eq!(Signer::new(&[8; 32]).read(&token, 0), None);
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            // The last character of a signature carries two bits that mean nothing.
            if at + 1 < token.len() {
                assert_eq!(signer.read(&changed, 0), None, "{changed}");
            }
        }
        for wrong in ["", "sub.", "sub..", "a.b.c", &"x".repeat(10_000)] {
            assert_eq!(signer.read(wrong, 0), None);
        }
    }
}
