//! How frames are written: as JSON in text frames, or as MessagePack in binary ones, with the same
//! names of the same fields. Which one a socket speaks is agreed upon as its subprotocol.

use app::event::ClientFrame;
use serde::Deserialize;
use tokio_tungstenite::tungstenite::Message;

use super::outline::{self, NoFrame};

/// Levels of lists and maps in what a client sends. No frame has more than a few.
const DEEPEST: usize = 32;

/// An encoding of frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Text frames, unless something else is agreed upon.
    Json,
    /// Binary frames.
    MessagePack,
}

impl Encoding {
    /// By the subprotocol that a client offers.
    pub fn of_protocol(offered: &str) -> Option<Self> {
        [Self::Json, Self::MessagePack]
            .into_iter()
            .find(|known| offered.eq_ignore_ascii_case(known.protocol()))
    }

    /// Its subprotocol.
    pub fn protocol(self) -> &'static str {
        match self {
            Self::Json => "quad.v1",
            Self::MessagePack => "quad.v1.msgpack",
        }
    }

    /// Reads what a client sent. Errors: why it is no frame of the protocol in this encoding.
    pub(super) fn decode(self, message: &Message) -> Result<ClientFrame, NoFrame> {
        match (self, message) {
            (Self::Json, Message::Text(text)) => parse(text),
            (Self::MessagePack, Message::Binary(bytes)) => {
                unpack(bytes).ok_or_else(|| outline::of_message_pack(bytes))
            }
            _ => Err(NoFrame::Alien),
        }
    }
}

/// Reads a frame of JSON, before which a byte order mark may stand.
pub(super) fn parse(text: &str) -> Result<ClientFrame, NoFrame> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // A list would be taken for an object with its values in that order.
    if !text.trim_ascii_start().starts_with('{') {
        return Err(NoFrame::Alien);
    }
    serde_json::from_str(text).map_err(|_| outline::of_json(text))
}

fn unpack(bytes: &[u8]) -> Option<ClientFrame> {
    let mut source = rmp_serde::Deserializer::new(std::io::Cursor::new(bytes));
    source.set_max_depth(DEEPEST);
    let frame = ClientFrame::deserialize(&mut source).ok()?;
    // One frame a message: what follows it would be ignored silently.
    (source.position() == bytes.len() as u64).then_some(frame)
}

/// Writes JSON as MessagePack, whatever it says: frames that are invented later need nothing here.
pub(super) fn transcode(json: &[u8]) -> Result<Vec<u8>, rmp_serde::encode::Error> {
    let mut packed = Vec::with_capacity(json.len());
    let mut source = serde_json::Deserializer::from_slice(json);
    let mut target = rmp_serde::Serializer::new(&mut packed).with_struct_map();
    serde_transcode::transcode(&mut source, &mut target)?;
    Ok(packed)
}

#[cfg(test)]
mod tests {
    use app::{
        event::ServerFrame,
        model::{Epoch, Outcome},
    };

    use super::*;

    const SEEN: &str = r#"{"type":"seen","epoch":"1.e","seq":9}"#;

    #[test]
    fn a_frame_is_the_same_in_both() {
        let frame = ClientFrame::Told {
            epoch: Epoch::from("1.e".to_owned()),
            outcome: Outcome::CaughtUp,
            seqs: vec![3, 70_000],
        };
        let json = serde_json::to_string(&frame).unwrap();
        let packed = transcode(json.as_bytes()).unwrap();
        assert_eq!(packed, rmp_serde::to_vec_named(&frame).unwrap());
        let said = Encoding::MessagePack.decode(&Message::binary(packed));
        assert_eq!(said.as_ref(), Ok(&frame));
        let marked = format!("\u{feff}{json}");
        assert_eq!(
            Encoding::Json.decode(&Message::text(json)),
            Ok(frame.clone())
        );
        assert_eq!(Encoding::Json.decode(&Message::text(marked)), Ok(frame));
    }

    #[test]
    fn what_the_store_writes_becomes_what_the_type_writes() {
        let json = "{\"type\":\"message\",\"channel\":\"news\",\"epoch\":\"1.e\",\"seq\":4294967296,\
            \"id\":\"i\",\"text\":\"\\u00e5 \\\"b\\\" \\n\",\"at\":1700000000000}";
        let frame: ServerFrame = serde_json::from_str(json).unwrap();
        let packed = transcode(json.as_bytes()).unwrap();
        assert_eq!(packed, rmp_serde::to_vec_named(&frame).unwrap());
        assert_eq!(
            rmp_serde::from_slice::<ServerFrame>(&packed).unwrap(),
            frame
        );
    }

    #[test]
    fn each_encoding_takes_its_own_kind_of_message_only() {
        let packed = transcode(SEEN.as_bytes()).unwrap();
        let alien = Err(NoFrame::Alien);
        assert_eq!(Encoding::Json.decode(&Message::binary(packed)), alien);
        assert_eq!(Encoding::MessagePack.decode(&Message::text(SEEN)), alien);
        assert_eq!(Encoding::of_protocol("quad.v1"), Some(Encoding::Json));
        assert_eq!(Encoding::of_protocol("quad.v2"), None);
    }

    #[test]
    fn what_is_no_frame_is_refused_however_deep_it_is() {
        for bytes in [
            &b""[..],
            b"\xc1",
            b"\x81\xa4type",
            b"\x05",
            b"\xdd\xff\xff\xff\xff",
        ] {
            assert_eq!(unpack(bytes), None, "{bytes:?}");
        }
        let mut twice = transcode(SEEN.as_bytes()).unwrap();
        assert!(unpack(&twice).is_some());
        twice.push(0xc0);
        assert_eq!(unpack(&twice), None);
        let deep = [b"\x82\xa4type\xa4seen\xa3seq".to_vec(), vec![0x91; 60_000]].concat();
        assert_eq!(unpack(&deep), None);
    }
}
