//! What stands in a text frame.

use serde_json::{Value, json};

use super::{Case, models, text};
use crate::common::dice::Dice;

/// Text that is not of this protocol.
pub fn malformed_text(dice: &mut Dice) -> Case {
    let model = dice.pick(&models());
    let good = model.to_string();
    let fields: Vec<String> = model.as_object().unwrap().keys().cloned().collect();
    let required: Vec<&String> = fields
        .iter()
        .filter(|f| !["resume", "last"].contains(&f.as_str()))
        .collect();
    let field = dice.pick(&required).clone();
    let number = dice.pick(&[
        "1e400",
        "-1",
        "1.5",
        "18446744073709551616",
        "1e-9",
        "NaN",
        "0x10",
        "01",
    ]);
    match dice.below(16) {
        0 => {
            let end = dice.below(good.len());
            Case::refused("truncated", text(dice, &good[..end]))
        }
        1 => {
            let value = match model[&field] {
                Value::String(_) => {
                    dice.pick(&[json!(1), json!(null), json!(true), json!([]), json!({})])
                }
                _ => dice.pick(&[json!("1"), json!(null), json!(true), json!({}), json!([[]])]),
            };
            let mut model = model.clone();
            model[&field] = value;
            let bytes = text(dice, &model.to_string());
            match field.as_str() {
                "type" => Case::refused("of no type", bytes),
                _ => Case::wrong("of a wrong type", bytes),
            }
        }
        2 => {
            let mut model = model.clone();
            model.as_object_mut().unwrap().remove(&field);
            let bytes = text(dice, &model.to_string());
            match field.as_str() {
                "type" => Case::refused("without a type", bytes),
                _ => Case::wrong("with a field missing", bytes),
            }
        }
        3 => {
            let twice = format!(
                "{},{}:{}}}",
                &good[..good.len() - 1],
                json!(field),
                model[&field]
            );
            Case::wrong("with a field twice", text(dice, &twice))
        }
        4 => {
            let kind = dice.text();
            let unknown = json!({"type": format!("x{kind}"), "ref": "r", "channel": "news"});
            Case::refused("of an unknown type", text(dice, &unknown.to_string()))
        }
        5 => {
            let huge = format!(r#"{{"type":"seen","epoch":"e","seq":{number}}}"#);
            let bytes = text(dice, &huge);
            match number {
                "NaN" | "0x10" | "01" => Case::refused("with a number that is none", bytes),
                _ => Case::wrong("with a number that is none of ours", bytes),
            }
        }
        6 => {
            let digits = "9".repeat(1 + dice.below(40_000));
            let huge =
                format!(r#"{{"type":"seen","epoch":"e","seq":{digits}9999999999999999999}}"#);
            Case::wrong("with a number of many digits", text(dice, &huge))
        }
        7 => {
            let depth = 1 + dice.below(30_000);
            let (open, close) = dice.pick(&[("[", "]"), (r#"{"a":"#, "}")]);
            let depth = depth.min(60_000 / (open.len() + close.len()));
            let deep = format!("{}0{}", open.repeat(depth), close.repeat(depth));
            let deep = format!(r#"{{"type":"seen","epoch":{deep},"seq":1}}"#);
            Case::wrong("nested deeply", text(dice, &deep))
        }
        8 => {
            let half = dice
                .pick(&["[", r#"{"type":"#, r#"{"type":["#])
                .repeat(1 + dice.below(7_000));
            Case::refused("nested deeply without an end", text(dice, &half))
        }
        9 => {
            let control = char::from(dice.below(0x20) as u8);
            let bare = format!(r#"{{"type":"seen","epoch":"e{control}","seq":1}}"#);
            Case::refused("with a bare control character", text(dice, &bare))
        }
        10 => {
            let half = dice.pick(&[
                r"\ud800",
                r"\udc00x",
                r"\ud800\u0041",
                r"\x41",
                r"\u12",
                r"\",
            ]);
            let escape = format!(r#"{{"type":"seen","epoch":"{half}","seq":1}}"#);
            let bytes = text(dice, &escape);
            match half.starts_with(r"\ud") {
                true => Case::wrong("with half a character", bytes),
                false => Case::refused("with an escape that is none", bytes),
            }
        }
        11 => {
            let more = dice.pick(&["{}", ",", "]", "\0", "null", &good]);
            Case::refused(
                "followed by something",
                text(dice, &format!("{good}{more}")),
            )
        }
        12 => {
            let before = dice.pick(&["\u{feff}\u{feff}", "//\n", ")]}'", "\u{a0}"]);
            Case::refused(
                "preceded by something",
                text(dice, &format!("{before}{good}")),
            )
        }
        13 => {
            let other = dice.pick(&[
                "",
                " ",
                "null",
                "true",
                "7",
                "\"seen\"",
                "[]",
                "{}",
                "[{}]",
                "{{}}",
                "{'type':'seen'}",
            ]);
            Case::refused("no object", text(dice, other))
        }
        14 => {
            // The values of an object in their order, which some readers take for the object.
            let values: Vec<&Value> = fields.iter().map(|field| &model[field]).collect();
            let list = dice.pick(&[
                json!(values),
                json!([model["type"], "r", "news"]),
                json!(["seen", "e", 1]),
            ]);
            Case::refused("a list", text(dice, &list.to_string()))
        }
        _ => {
            let long = "r".repeat(65 + dice.below(1_000));
            let long = json!({"type": "unsubscribe", "ref": long, "channel": "news"});
            Case::wrong("with a long ref", text(dice, &long.to_string()))
        }
    }
}

/// Text that is odd, and taken or answered with an error.
pub fn odd_text(dice: &mut Dice) -> Case {
    let good = dice.pick(&models()).to_string();
    match dice.below(8) {
        6 => Case::taken("marked", text(dice, &format!("\u{feff}{good}"))),
        7 => {
            let number = dice.pick(&[0, -1, i64::MAX, i64::MIN]);
            let odd = json!({"type": "unsubscribe", "ref": number, "channel": "news"});
            Case::taken("with a number as its ref", text(dice, &odd.to_string()))
        }
        0 => Case::taken("spaced", text(dice, &format!(" \t\r\n{good}\n "))),
        1 => {
            let mut more = dice.pick(&models());
            more[format!("x{}", dice.text())] = dice.value(3);
            Case::taken("with a field more", text(dice, &more.to_string()))
        }
        2 => {
            let channel = dice.text();
            let odd = json!({"type": "unsubscribe", "ref": "r", "channel": channel});
            Case::taken(
                "about a channel that cannot be",
                text(dice, &odd.to_string()),
            )
        }
        3 => {
            let channel = dice.pick(&["user:0abcdefg", "post:", "post:x.1", "room:\0", "", "é"]);
            let odd =
                json!({"type": "subscribe", "ref": "r", "channel": channel, "last": u64::MAX});
            Case::taken(
                "about a channel that is not theirs",
                text(dice, &odd.to_string()),
            )
        }
        4 => {
            let seq = dice.pick(&[0, u64::MAX, 1 << 53]);
            let odd = json!({"type": "seen", "epoch": dice.text(), "seq": seq});
            Case::taken("far ahead", text(dice, &odd.to_string()))
        }
        _ => {
            let escaped: String = good
                .replace("seen", r"\u0073een")
                .replace("news", r"n\u0065ws");
            Case::taken("escaped", text(dice, &escaped))
        }
    }
}
