//! Tokens: what a person or a program shows to be let in.
//!
//! A token is shown once and never stored. The store knows the SHA-256 of its secret, which is
//! enough: a secret of 256 random bits needs no slow hash, because nobody can guess at it.

use std::{
    fmt::{self, Write},
    str::FromStr,
    sync::Arc,
};

use app::{error::QuadError, model::UserId};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::random;

/// What stands before the dot in place of a user id. It begins with a letter, so it is no id.
const API_PREFIX: &str = "api";

/// 256 random bits. Neither `Debug` nor `Display` shows them.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl Secret {
    /// A new secret. Errors: `internal` where the operating system has no randomness.
    pub fn generate() -> Result<Self, QuadError> {
        random::bytes().map(Self)
    }

    /// The name under which the store knows it: its SHA-256 in base64url, 43 characters.
    pub fn hash(&self) -> Arc<str> {
        BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(self.0)).into()
    }

    fn reveal(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl FromStr for Secret {
    type Err = QuadError;

    /// Takes the one spelling that [`Secret::generate`] gives it. Errors: `no_session`.
    fn from_str(text: &str) -> Result<Self, QuadError> {
        // The length is looked at first, so that a long text costs nothing to refuse.
        if text.len() != 43 {
            return Err(QuadError::NoSession);
        }
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| QuadError::NoSession)?;
        bytes.try_into().map(Self).map_err(|_| QuadError::NoSession)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The token of a session, `<user id>.<secret>`. The id is part of it, so that the store knows
/// where to look without asking who it is first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionToken {
    /// Whose session it claims to be.
    pub user: UserId,
    /// What proves it.
    pub secret: Secret,
}

impl SessionToken {
    /// The token of a new session. Errors: `internal` where there is no randomness.
    pub fn generate(user: UserId) -> Result<Self, QuadError> {
        let secret = Secret::generate()?;
        Ok(Self { user, secret })
    }

    /// The token itself, for its owner only.
    pub fn reveal(&self) -> String {
        format!("{}.{}", self.user, self.secret.reveal())
    }

    /// The name under which the store knows the session; opens nothing.
    pub fn hash(&self) -> Arc<str> {
        self.secret.hash()
    }
}

impl FromStr for SessionToken {
    type Err = QuadError;

    /// Errors: `no_session`.
    fn from_str(text: &str) -> Result<Self, QuadError> {
        let (user, secret) = text.split_once('.').ok_or(QuadError::NoSession)?;
        Ok(Self {
            user: user.parse().map_err(|_| QuadError::NoSession)?,
            secret: secret.parse()?,
        })
    }
}

/// The token of another program, `api.<secret>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// What proves it.
    pub secret: Secret,
}

impl ApiToken {
    /// A new token. Errors: `internal` where there is no randomness.
    pub fn generate() -> Result<Self, QuadError> {
        let secret = Secret::generate()?;
        Ok(Self { secret })
    }

    /// The token itself, to be printed once.
    pub fn reveal(&self) -> String {
        format!("{API_PREFIX}.{}", self.secret.reveal())
    }

    /// The name under which the store knows it; opens nothing.
    pub fn hash(&self) -> Arc<str> {
        self.secret.hash()
    }
}

/// The id of an API token, for people and for the log: `0` and 15 hexadecimal digits. It is made
/// from the hash of the secret, so that tokens which were made before there were ids have one too.
pub fn public_id(hash: &str) -> String {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(hash).unwrap_or_default();
    let mut id = String::from("0");
    for byte in bytes.iter().take(8) {
        // Writing to a string cannot fail.
        let _ = write!(id, "{byte:02x}");
    }
    id.truncate(16);
    id
}

/// Either kind of token, as it stands in an `Authorization` header or a subprotocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// Of a person.
    Session(SessionToken),
    /// Of a program.
    Api(ApiToken),
}

impl FromStr for Token {
    type Err = QuadError;

    /// Errors: `no_session`.
    fn from_str(text: &str) -> Result<Self, QuadError> {
        match text.split_once('.') {
            Some((API_PREFIX, secret)) => Ok(Self::Api(ApiToken {
                secret: secret.parse()?,
            })),
            _ => text.parse().map(Self::Session),
        }
    }
}

/// What an API token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Notify people and broadcast to channels.
    Publish,
    /// Read how many listen where.
    Stats,
    /// Listen to rooms.
    Observe,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Publish, Self::Stats, Self::Observe];

    /// The name in commands and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Stats => "stats",
            Self::Observe => "observe",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Not the name of a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a scope is one of publish, stats, observe")]
pub struct NoSuchScope;

impl FromStr for Scope {
    type Err = NoSuchScope;

    fn from_str(text: &str) -> Result<Self, NoSuchScope> {
        let found = Self::ALL.into_iter().find(|scope| scope.as_str() == text);
        found.ok_or(NoSuchScope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_token_is_read_as_it_was_written() {
        let user: UserId = "0abcdefg".parse().unwrap();
        let token = SessionToken::generate(user.clone()).unwrap();
        let text = token.reveal();
        assert_eq!(text.len(), 8 + 1 + 43);
        assert_eq!(text.parse::<SessionToken>().unwrap(), token);
        assert_eq!(
            text.parse::<Token>().unwrap(),
            Token::Session(token.clone())
        );
        assert_ne!(SessionToken::generate(user).unwrap(), token);
    }

    #[test]
    fn an_api_token_is_read_as_it_was_written() {
        let token = ApiToken::generate().unwrap();
        assert!(token.reveal().starts_with("api."));
        assert_eq!(
            token.reveal().parse::<Token>().unwrap(),
            Token::Api(token.clone())
        );
        assert!(token.reveal().parse::<SessionToken>().is_err());
    }

    #[test]
    fn what_is_stored_and_logged_does_not_open_anything() {
        let token = ApiToken::generate().unwrap();
        let secret = token.secret.reveal();
        assert_ne!(*token.hash(), *secret);
        assert_eq!(token.hash().len(), 43);
        assert!(!format!("{token:?}").contains(&secret));
    }

    #[test]
    fn the_id_of_a_token_names_it_and_is_no_part_of_the_secret() {
        let (token, other) = (ApiToken::generate().unwrap(), ApiToken::generate().unwrap());
        let id = public_id(&token.hash());
        assert_eq!(id, public_id(&token.hash()));
        assert_ne!(id, public_id(&other.hash()));
        // Of the form of all ids.
        assert!(id.parse::<UserId>().is_ok() && id.len() == 16, "{id}");
        let hex: String = token.secret.0.iter().map(|b| format!("{b:02x}")).collect();
        assert!(!hex.contains(&id[1..]));
    }

    #[test]
    fn a_secret_has_one_spelling() {
        let good = "A".repeat(43);
        assert!(good.parse::<Secret>().is_ok());
        let dangling_bits = format!("{}B", "A".repeat(42));
        let padded = format!("{good}=");
        for bad in [
            "",
            "A",
            "+++",
            &"A".repeat(42),
            &"A".repeat(44),
            &"A".repeat(9999),
            &dangling_bits,
            &padded,
        ] {
            assert!(bad.parse::<Secret>().is_err(), "{bad}");
        }
        for bad in [
            "",
            ".",
            "0abcdefg",
            "0abcdefg.",
            &format!("ana.{good}"),
            &format!("0abcdefg.{good}.x"),
        ] {
            assert!(bad.parse::<Token>().is_err(), "{bad}");
        }
    }

    #[test]
    fn scopes_by_name() {
        for scope in Scope::ALL {
            assert_eq!(scope.to_string().parse(), Ok(scope));
        }
        assert_eq!("admin".parse::<Scope>(), Err(NoSuchScope));
    }
}
