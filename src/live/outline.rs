//! What can still be read of a frame whose fields are not what they must be: of which type it is,
//! so that the socket may stay open, and its `ref`, so that the answer finds its question.
//!
//! All but one field are passed over, whatever they hold: numbers that no type has room for, and
//! texts that are not Unicode.

use std::{fmt, marker::PhantomData};

use app::event::{ClientFrame, Ref};
use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, DeserializeSeed, IgnoredAny, MapAccess, Visitor},
};

use super::message_pack;

/// Why something is no frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoFrame {
    /// An object of a known type, with a field that is missing or wrong. It has this `ref`.
    Wrong(Option<Ref>),
    /// Anything else.
    Alien,
}

/// Looks at JSON that was no frame.
pub(super) fn of_json(text: &str) -> NoFrame {
    outline(
        |field| {
            let mut source = serde_json::Deserializer::from_str(text);
            let found = field.deserialize(&mut source).ok()?;
            source.end().ok()?;
            found
        },
        |field| {
            let mut source = serde_json::Deserializer::from_str(text);
            field.deserialize(&mut source).ok()?
        },
    )
}

/// Looks at MessagePack that was no frame.
pub(super) fn of_message_pack(bytes: &[u8]) -> NoFrame {
    let fields = message_pack::fields(bytes).unwrap_or_default();
    outline(
        |field| last(&fields, field.name),
        |field| last(&fields, field.name),
    )
}

/// The last field of this name, if each that has it is such a value. What is deeper than that is not
/// looked into.
fn last<T: DeserializeOwned>(fields: &[(&[u8], &[u8])], name: &str) -> Option<T> {
    let named = fields.iter().filter(|(known, _)| *known == name.as_bytes());
    let values = named.map(|(_, value)| rmp_serde::from_slice(value).ok());
    values.collect::<Option<Vec<T>>>()?.pop()
}

fn outline(
    kind: impl FnOnce(Field<String>) -> Option<String>,
    r#ref: impl FnOnce(Field<Ref>) -> Option<Ref>,
) -> NoFrame {
    match kind(Field::named("type")) {
        Some(kind) if ClientFrame::TYPES.contains(&kind.as_str()) => {
            NoFrame::Wrong(r#ref(Field::named("ref")))
        }
        _ => NoFrame::Alien,
    }
}

/// Reads one field of an object; the last one, where there are several of that name.
struct Field<T> {
    name: &'static str,
    kind: PhantomData<T>,
}

impl<T> Field<T> {
    fn named(name: &'static str) -> Self {
        Self {
            name,
            kind: PhantomData,
        }
    }
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Field<T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Option<T>, D::Error> {
        source.deserialize_map(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Field<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Option<T>, A::Error> {
        let mut found = None;
        while let Some(is_it) = fields.next_key_seed(Name(self.name))? {
            if is_it {
                found = Some(fields.next_value()?);
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// Whether the name of a field is this one. Others need not even be Unicode.
struct Name(&'static str);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<bool, D::Error> {
        source.deserialize_bytes(self)
    }
}

impl Visitor<'_> for Name {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_bytes<E: de::Error>(self, name: &[u8]) -> Result<bool, E> {
        Ok(name == self.0.as_bytes())
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_type_is_enough_whatever_the_other_fields_hold() {
        let deep = format!(
            r#"{{"type":"seen","epoch":{}{}}}"#,
            "[".repeat(20_000),
            "]".repeat(20_000)
        );
        for json in [
            r#"{"type":"seen"}"#,
            r#" { "type" : "seen" , "seq" : 1e400 } "#,
            r#"{"seq":-1,"type":"\u0073een"}"#,
            r#"{"type":"seen","epoch":"\ud800","\udc00":1}"#,
            r#"{"type":"seen","type":"seen"}"#,
            r#"{"type":"seen","ref":null}"#,
            r#"{"type":"seen","ref":1e400}"#,
            r#"{"type":"seen","ref":1.5}"#,
            &format!(r#"{{"type":"seen","ref":"{}"}}"#, "r".repeat(65)),
            &deep,
        ] {
            assert_eq!(of_json(json), NoFrame::Wrong(None), "{json:.80}");
        }
        for (json, r#ref) in [
            (r#"{"type":"subscribe","ref":"r"}"#, Ref::from("r")),
            (
                r#"{"ref":-7,"type":"subscribe","channel":[1e400]}"#,
                Ref::Integer(-7),
            ),
        ] {
            assert_eq!(of_json(json), NoFrame::Wrong(Some(r#ref)), "{json}");
        }
    }

    #[test]
    fn what_is_no_object_of_a_known_type_is_alien() {
        for json in [
            "",
            "7",
            "null",
            "[]",
            "{}",
            r#"["seen","e",1]"#,
            r#"[{"type":"seen"}]"#,
            r#"{"type":"dance","ref":"r"}"#,
            r#"{"type":"Seen"}"#,
            r#"{"type":7}"#,
            r#"{"type":null}"#,
            r#"{"type":["seen"]}"#,
            r#"{"type":"registered"}"#,
            r#"{"type":"seen""#,
            r#"{"type":"seen"}{}"#,
            r#"{"type":"seen",}"#,
            r#"{"type":"seen","seq":01}"#,
            r#"{"type":"seen","seq":NaN}"#,
            r#"{"type":"seen","epoch":"\x41"}"#,
            "{\"type\":\"seen\",\"epoch\":\"\n\"}",
        ] {
            assert_eq!(of_json(json), NoFrame::Alien, "{json}");
        }
    }

    #[test]
    fn it_is_the_same_in_message_pack() {
        let packed = |json: &str| {
            let value: serde_json::Value = serde_json::from_str(json).unwrap();
            of_message_pack(&rmp_serde::to_vec_named(&value).unwrap())
        };
        let wrong = |r#ref: Ref| NoFrame::Wrong(Some(r#ref));
        let subscribe = r#"{"type":"subscribe","ref":7,"channel":{"a":[1.5]}}"#;
        assert_eq!(packed(subscribe), wrong(Ref::Integer(7)));
        assert_eq!(packed(r#"{"type":"seen","ref":"r"}"#), wrong("r".into()));
        assert_eq!(packed(r#"{"type":"seen","ref":1.5}"#), NoFrame::Wrong(None));
        for other in [r#"{"type":"dance"}"#, r#"["seen"]"#, "7", "{}"] {
            assert_eq!(packed(other), NoFrame::Alien, "{other}");
        }
        let mut twice = rmp_serde::to_vec_named(&serde_json::json!({"type": "seen"})).unwrap();
        assert_eq!(of_message_pack(&twice), NoFrame::Wrong(None));
        twice.push(0xc0);
        assert_eq!(of_message_pack(&twice), NoFrame::Alien);
        assert_eq!(of_message_pack(b""), NoFrame::Alien);
        // Its own text that is not UTF-8, bytes and an extension.
        let odd = b"\x84\xa4type\xa4seen\xa1a\xa1\xff\xa1b\xc4\x01\xff\xa1c\xd4\x01\x00";
        assert_eq!(of_message_pack(odd), NoFrame::Wrong(None));
        let deep = [vec![0x91; 60_000], vec![0xc0]].concat();
        for at in ["epoch", "ref", "other"] {
            let name = rmp_serde::to_vec(at).unwrap();
            let frame = [b"\x82\xa4type\xa4seen", &name[..], &deep[..]].concat();
            assert_eq!(of_message_pack(&frame), NoFrame::Wrong(None), "{at}");
            let paired = [b"\x83\xa4type\xa4seen\xa3ref\x07", &name[..], &deep[..]].concat();
            let r#ref = (at != "ref").then_some(Ref::Integer(7));
            assert_eq!(of_message_pack(&paired), NoFrame::Wrong(r#ref), "{at}");
        }
        let within = [b"\x82\xa4type", &deep[..], b"\xa4type\xa4seen"].concat();
        assert_eq!(of_message_pack(&within), NoFrame::Alien);
    }
}
