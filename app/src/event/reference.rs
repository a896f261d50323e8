//! What pairs an answer with its question.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, Visitor},
};

/// The `ref` of a frame: a short string or an integer, which comes back as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Ref {
    /// At most [`Ref::LONGEST`] characters.
    Text(String),
    /// An integer.
    Integer(i64),
    /// One that is larger than an [`Ref::Integer`] can be.
    Large(u64),
}

impl Ref {
    /// The longest text, in characters.
    pub const LONGEST: usize = 64;

    /// The text, where it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Integer(_) | Self::Large(_) => None,
        }
    }
}

impl From<String> for Ref {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Ref {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl<'de> Deserialize<'de> for Ref {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl Visitor<'_> for Either {
            type Value = Ref;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an integer, or a string of at most 64 characters")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Ref, E> {
                // Most are short enough whatever they are made of.
                if text.len() <= Ref::LONGEST || text.chars().count() <= Ref::LONGEST {
                    Ok(text.into())
                } else {
                    Err(E::invalid_length(Ref::LONGEST + 1, &self))
                }
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Ref, E> {
                Ok(Ref::Integer(number))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Ref, E> {
                Ok(i64::try_from(number).map_or(Ref::Large(number), Ref::Integer))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ref_comes_back_as_it_was() {
        let longest = format!("\"{}\"", "é🦊".repeat(32));
        for json in [
            "\"\"",
            "\"1\"",
            "\"a \\\"b\\\"\"",
            &longest,
            "0",
            "7",
            "-7",
            "9007199254740993",
            "9223372036854775807",
            "9223372036854775808",
            "18446744073709551615",
            "-9223372036854775808",
        ] {
            let read: Ref = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), json);
            let packed = rmp_serde::to_vec(&read).unwrap();
            assert_eq!(rmp_serde::from_slice::<Ref>(&packed).unwrap(), read);
        }
    }

    #[test]
    fn what_is_neither_short_text_nor_an_integer_is_none() {
        let long = format!("\"{}\"", "é".repeat(65));
        for json in [
            &long,
            "1.5",
            "1.0",
            "1e3",
            "18446744073709551616",
            "-9223372036854775809",
            "null",
            "true",
            "[]",
            "[1]",
            "{}",
        ] {
            assert!(serde_json::from_str::<Ref>(json).is_err(), "{json}");
        }
    }
}
