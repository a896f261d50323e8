//! Ids are newtypes: a string that came from outside is one only after it was parsed.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::error::QuadError;

/// The id of a person, `[0-9][0-9a-z]{7,25}`.
///
/// It begins with a digit and a [`Handle`] with a letter, so neither is ever taken for the other.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserId(Arc<str>);

impl UserId {
    /// The id as it stands in URLs, frames and keys.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UserId {
    type Err = QuadError;

    fn from_str(text: &str) -> Result<Self, QuadError> {
        let mut bytes = text.bytes();
        let begins = bytes.next().is_some_and(|b| b.is_ascii_digit());
        let rest = bytes.all(|b| b.is_ascii_digit() || b.is_ascii_lowercase());
        if begins && rest && (8..=26).contains(&text.len()) {
            Ok(Self(text.into()))
        } else {
            Err(QuadError::NoSuchUser)
        }
    }
}

/// The id of a post, `<author id>.<n>`. The author is part of it, so that whoever reads a like
/// knows whose inbox it belongs to without asking the store.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PostId {
    author: UserId,
    n: u64,
}

impl PostId {
    /// The `n`th post of `author`; `n` counts from 1 and is never used again.
    pub fn new(author: UserId, n: u64) -> Self {
        Self { author, n }
    }

    /// Who wrote it.
    pub fn author(&self) -> &UserId {
        &self.author
    }

    /// Which of the author's posts it is.
    pub fn n(&self) -> u64 {
        self.n
    }
}

impl FromStr for PostId {
    type Err = QuadError;

    fn from_str(text: &str) -> Result<Self, QuadError> {
        let (author, n) = text.split_once('.').ok_or(QuadError::NoSuchPost)?;
        let canonical = (1..=15).contains(&n.len())
            && n.bytes().all(|b| b.is_ascii_digit())
            && !n.starts_with('0');
        if !canonical {
            return Err(QuadError::NoSuchPost);
        }
        Ok(Self {
            author: author.parse().map_err(|_| QuadError::NoSuchPost)?,
            n: n.parse().map_err(|_| QuadError::NoSuchPost)?,
        })
    }
}

/// The name by which people find each other, `[a-z][a-z0-9_]{2,29}`, folded to lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Handle(Arc<str>);

impl Handle {
    /// The folded handle, without an `@`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Handle {
    type Err = QuadError;

    fn from_str(text: &str) -> Result<Self, QuadError> {
        let folded = text.to_ascii_lowercase();
        let mut bytes = folded.bytes();
        let begins = bytes.next().is_some_and(|b| b.is_ascii_lowercase());
        let rest = bytes.all(|b| b.is_ascii_digit() || b.is_ascii_lowercase() || b == b'_');
        if begins && rest && (3..=30).contains(&folded.len()) {
            Ok(Self(folded.into()))
        } else {
            Err(QuadError::wrong("handle", "format"))
        }
    }
}

macro_rules! string_shaped {
    ($name:ident, |$id:ident, $f:ident| $write:expr) => {
        impl fmt::Display for $name {
            fn fmt(&self, $f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let $id = self;
                $write
            }
        }

        impl TryFrom<String> for $name {
            type Error = QuadError;

            fn try_from(text: String) -> Result<Self, QuadError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

string_shaped!(UserId, |id, f| f.write_str(&id.0));
string_shaped!(PostId, |id, f| write!(f, "{}.{}", id.author, id.n));
string_shaped!(Handle, |id, f| f.write_str(&id.0));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_id_begins_with_a_digit_and_has_8_to_26_characters() {
        for good in ["0abcdefg", "12345678", "9zzzzzzzzzzzzzzzzzzzzzzzzz"] {
            assert_eq!(good.parse::<UserId>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "abcdefgh",
            "0abcdef",
            "0Abcdefg",
            "0abcdef}",
            "9zzzzzzzzzzzzzzzzzzzzzzzzzz",
        ] {
            assert!(bad.parse::<UserId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_post_id_has_one_spelling() {
        let id: PostId = "0abcdefg.17".parse().unwrap();
        assert_eq!((id.author().as_str(), id.n()), ("0abcdefg", 17));
        assert_eq!(id.to_string(), "0abcdefg.17");
        for bad in [
            "0abcdefg",
            "0abcdefg.",
            "0abcdefg.0",
            "0abcdefg.017",
            "0abcdefg.+1",
            "0abcdefg.1.2",
            "x.1",
            "0abcdefg.9999999999999999",
        ] {
            assert!(bad.parse::<PostId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_handle_is_folded_and_never_looks_like_an_id() {
        assert_eq!("Ana_9".parse::<Handle>().unwrap().as_str(), "ana_9");
        for bad in [
            "",
            "ab",
            "9ana",
            "_ana",
            "an a",
            "anä",
            "abcdefghijabcdefghijabcdefghijk",
        ] {
            assert!(bad.parse::<Handle>().is_err(), "{bad}");
        }
    }
}
