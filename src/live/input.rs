//! What a client says on a stream of events: the frames of one request, one by one, each as it would be
//! taken on a WebSocket.

use app::event::{ClientFrame, Ref};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::Deserializer;

use super::{encoding::parse, outline::NoFrame};

/// One frame, on its way to the task of its stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Input {
    /// A whole one.
    Frame(ClientFrame),
    /// One of a known type with a field that is missing or wrong, which is answered.
    Wrong {
        /// The frame's `ref`, where it can be read.
        malformed: Option<Ref>,
    },
}

/// Why a request is refused as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoInput {
    /// It is no JSON.
    NoJson,
    /// Something in it is no object of a known type.
    Alien,
}

/// Reads a body: one frame, or a list of them.
pub(super) fn inputs(body: &str) -> Result<Vec<Input>, NoInput> {
    let frames = split(body).ok_or(NoInput::NoJson)?;
    let inputs = frames.into_iter().map(|frame| match parse(frame) {
        Ok(frame) => Ok(Input::Frame(frame)),
        Err(NoFrame::Wrong(malformed)) => Ok(Input::Wrong { malformed }),
        Err(NoFrame::Alien) => Err(NoInput::Alien),
    });
    inputs.collect()
}

/// The text of each frame. What they hold is not looked at, so that a number which no type has room for
/// spoils its own frame only.
fn split(body: &str) -> Option<Vec<&str>> {
    let body = body.trim_matches(SPACE);
    let Some(mut rest) = body.strip_prefix('[') else {
        let (frame, rest) = value(body)?;
        return rest.is_empty().then(|| vec![frame]);
    };
    let mut frames = Vec::new();
    rest = rest.trim_start_matches(SPACE);
    if rest == "]" {
        return Some(frames);
    }
    loop {
        let (frame, behind) = value(rest)?;
        frames.push(frame);
        let behind = behind.trim_start_matches(SPACE);
        if behind == "]" {
            return Some(frames);
        }
        rest = behind.strip_prefix(',')?.trim_start_matches(SPACE);
    }
}

/// What JSON takes for space.
const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// The first value of a text, and what is behind it.
fn value(text: &str) -> Option<(&str, &str)> {
    let mut values = Deserializer::from_str(text).into_iter::<IgnoredAny>();
    values.next()?.ok()?;
    text.split_at_checked(values.byte_offset())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(r#ref: impl Into<Option<Ref>>) -> Input {
        Input::Wrong {
            malformed: r#ref.into(),
        }
    }

    fn seen(seq: u64) -> Input {
        Input::Frame(ClientFrame::Seen {
            epoch: "e".to_owned().into(),
            seq,
        })
    }

    #[test]
    fn a_wrong_field_spoils_its_own_frame_only() {
        let good = |seq: u64| format!(r#"{{"type":"seen","epoch":"e","seq":{seq}}}"#);
        assert_eq!(inputs(&good(1)), Ok(vec![seen(1)]));
        assert_eq!(inputs(" [ ] "), Ok(vec![]));
        for (frame, r#ref) in [
            (r#"{"type":"seen","ref":7}"#, Some(Ref::Integer(7))),
            (r#"{"type":"seen","ref":"r","seq":1e400}"#, Some("r".into())),
            (r#"{"type":"seen","epoch":"\ud800","seq":1}"#, None),
            (r#"{"type":"seen","epoch":"]},{","seq":[[{}]]}"#, None),
        ] {
            assert_eq!(inputs(frame), Ok(vec![wrong(r#ref.clone())]));
            let list = format!("[ {} ,{frame}\n, {}]", good(1), good(2));
            assert_eq!(inputs(&list), Ok(vec![seen(1), wrong(r#ref), seen(2)]));
        }
        let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
        let deep = format!(r#"{{"type":"seen","epoch":{deep}}}"#);
        assert_eq!(inputs(&deep), Ok(vec![wrong(None)]));
        assert_eq!(
            inputs(&format!("[{deep},{}]", good(3))),
            Ok(vec![wrong(None), seen(3)])
        );
    }

    #[test]
    fn what_is_no_frame_spoils_all() {
        let good = r#"{"type":"seen","epoch":"e","seq":1}"#;
        for alien in [
            "null",
            r#""seen""#,
            "[]",
            "{}",
            r#"["seen","e",1]"#,
            r#"{"type":"dance"}"#,
        ] {
            let list = format!("[{good},{alien}]");
            assert_eq!(inputs(&list), Err(NoInput::Alien), "{alien}");
        }
        for no_json in [
            "",
            "[",
            "]",
            "[,]",
            &format!("[{good}"),
            &format!("[{good},]"),
            &format!("[{good}{good}]"),
            &format!("[{good}]]"),
            &format!("{good},{good}"),
            &format!("{good} x"),
            r#"{"type":"seen","seq":01}"#,
        ] {
            assert_eq!(inputs(no_json), Err(NoInput::NoJson), "{no_json}");
        }
    }

    #[test]
    fn it_is_passed_on_to_other_servers_as_it_is() {
        for input in [
            seen(9),
            wrong(None),
            wrong(Ref::Large(u64::MAX)),
            wrong(Ref::from("r")),
        ] {
            let json = serde_json::to_string(&input).unwrap();
            assert_eq!(
                serde_json::from_str::<Input>(&json).unwrap(),
                input,
                "{json}"
            );
        }
    }
}
