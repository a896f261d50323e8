//! Values of clients that are read leniently, because a refusal would help nobody.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};

use super::Epoch;

/// The longest name of a history that is read, in bytes. Ours are shorter.
const LONGEST_EPOCH: usize = 64;

/// A whole number however it is written: for JSON, `1.0` is 1.
pub(crate) fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    struct Whole;

    impl Visitor<'_> for Whole {
        type Value = u64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number from 0 on")
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<u64, E> {
            Ok(number)
        }

        fn visit_i64<E: de::Error>(self, number: i64) -> Result<u64, E> {
            let whole = number.try_into();
            whole.map_err(|_| E::invalid_value(de::Unexpected::Signed(number), &self))
        }

        fn visit_f64<E: de::Error>(self, number: f64) -> Result<u64, E> {
            if number >= 0.0 && number.fract() == 0.0 {
                // What is too large becomes the largest, which no history reaches either.
                Ok(number as u64)
            } else {
                Err(E::invalid_value(de::Unexpected::Float(number), &self))
            }
        }
    }

    deserializer.deserialize_any(Whole)
}

/// The name of a history as a client remembers it. It may be none of ours, but stands in one line.
pub(crate) fn epoch<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Epoch, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.len() <= LONGEST_EPOCH && !text.chars().any(char::is_control) {
        Ok(text.into())
    } else {
        Err(de::Error::custom("this is the name of no history"))
    }
}

#[cfg(test)]
mod tests {
    use crate::model::Position;

    fn read(json: &str) -> Option<u64> {
        let position: Option<Position> = serde_json::from_str(json).ok();
        Some(position?.seq)
    }

    #[test]
    fn a_place_is_a_whole_number_however_it_is_written() {
        for (seq, read_as) in [
            ("0", Some(0)),
            ("7", Some(7)),
            ("7.0", Some(7)),
            ("0.7e1", Some(7)),
            ("-0.0", Some(0)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", Some(u64::MAX)),
            ("1e300", Some(u64::MAX)),
            ("7.5", None),
            ("-1", None),
            ("-1.0", None),
            ("\"7\"", None),
            ("null", None),
        ] {
            let json = format!(r#"{{"epoch":"1.e","seq":{seq}}}"#);
            assert_eq!(read(&json), read_as, "{seq}");
        }
    }

    #[test]
    fn the_name_of_a_history_stands_in_one_line() {
        let long = "e".repeat(65);
        for (epoch, is_one) in [
            ("", true),
            ("1.e", true),
            ("nobody's", true),
            ("a\\nid: b", false),
            ("a\\u0000", false),
            (&long, false),
        ] {
            let json = format!(r#"{{"epoch":"{epoch}","seq":1}}"#);
            assert_eq!(read(&json).is_some(), is_one, "{epoch}");
        }
    }
}
