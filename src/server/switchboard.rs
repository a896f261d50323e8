//! What becomes of a published message: it goes to the sockets that listen, or, where servers
//! tell each other something, to this server itself.

use std::sync::{Arc, OnceLock};

use app::{error::QuadError, event::ServerFrame, model::UserId};
use serde::Deserialize;
use tokio::sync::{Notify, mpsc};

use crate::{
    live::{Topic, broker::Audience, control::Control, frame::Frame, hub::Hub},
    meters::METERS,
    service::Service,
    store::{keys, now},
};

/// Passes what was published on: to the sockets that listen, or to this server itself.
pub(super) struct Switchboard {
    pub(super) hub: Arc<Hub>,
    /// Set once, right after the broker it is needed for.
    pub(super) service: OnceLock<Arc<Service>>,
    /// The topic of this server alone.
    pub(super) own: String,
    /// Where it is told that something was announced.
    pub(super) announcements: Topic,
    /// What other servers ask, to be answered in turn.
    pub(super) questions: mpsc::Sender<Control>,
    /// Told when every socket's position has to be checked.
    pub(super) check_all: Arc<Notify>,
}

impl Audience for Switchboard {
    fn receive(&self, topic: &str, payload: &[u8]) {
        let mut parts = payload.splitn(2, |byte| *byte == b' ');
        let (Some(seq), Some(body)) = (parts.next(), parts.next()) else {
            return;
        };
        if seq == b"!" {
            self.obey(topic, body);
            return;
        }
        if let Some(user) = seq.strip_prefix(b"@") {
            self.deliver_to(topic, user, body);
            return;
        }
        let is_control = topic == keys::CONTROL || topic == self.own;
        if !is_control {
            let Some(seq) = std::str::from_utf8(seq)
                .ok()
                .and_then(|seq| seq.parse().ok())
            else {
                return;
            };
            let made_at = made_at(body);
            if let Some(at) = made_at {
                METERS.fanned_out.record(seconds_since(at));
            }
            if topic == self.announcements.as_str()
                && let Some(service) = self.service.get()
            {
                service.heard_announcements().heard();
            }
            self.hub.deliver(topic, seq, &Frame::json(body));
            if let Some(at) = made_at {
                METERS.written.record(seconds_since(at));
            }
            return;
        }
        let Ok(control) = serde_json::from_slice::<Control>(body) else {
            return;
        };
        if let Some(service) = self.service.get() {
            service.heed(&control);
        }
        if let Control::Count { .. } | Control::Said { .. } | Control::RoomMade { .. } = control {
            // A question too many stays open, and its answer is partial; a room too many is found
            // when the directory is looked through.
            let _ = self.questions.try_send(control);
        }
    }

    fn wants(&self, topic: &str) -> bool {
        self.hub.count(topic) > 0
    }

    fn resubscribed(&self) {
        if let Some(service) = self.service.get() {
            service.forget_everything();
        }
        METERS.resubscribed.increment(1);
        self.check_all.notify_one();
    }
}

/// Whom a room puts out, before it says anything more.
#[derive(Debug, Deserialize)]
struct Order {
    /// Who is not in it any more; everybody, if the room itself is gone.
    out: Option<UserId>,
}

impl Switchboard {
    /// Delivers what only one person's sockets get, of those that listen to the topic.
    fn deliver_to(&self, topic: &str, user: &[u8], body: &[u8]) {
        let user = std::str::from_utf8(user)
            .ok()
            .and_then(|id| id.parse().ok());
        let Some(user) = user.as_ref() else { return };
        let own = keys::user_topic(user);
        self.hub.deliver_to(topic, own.as_str(), &Frame::json(body));
    }

    /// Puts out whoever is to hear no more. It is published on the room's own topic, so that
    /// nothing which is published after it can reach them.
    fn obey(&self, topic: &str, order: &[u8]) {
        let (Some(room), Ok(order)) =
            (keys::room_of(topic), serde_json::from_slice::<Order>(order))
        else {
            return;
        };
        let Order { out } = order;
        let goodbye = Frame::of(&ServerFrame::Error {
            r#ref: None,
            channel: Some(room.channel()),
            code: QuadError::Forbidden.code().to_owned(),
            detail: match out {
                Some(_) => "You are not in this room any more.".to_owned(),
                None => "This room is not there any more.".to_owned(),
            },
        });
        for connection in self.hub.evict(&keys::room_topic(&room), out.as_ref()) {
            if let Some(goodbye) = &goodbye {
                connection.writer.send(goodbye);
            }
        }
        if let Some(service) = self.service.get() {
            service.attendance().touch(room);
        }
        // One too many stays subscribed to until somebody listens and leaves again.
        let topic = topic.to_owned();
        let _ = self.questions.try_send(Control::Unheard { topic });
    }
}

/// When a like's request came in, by the clock of the server that took it: the `at` of the frame.
/// `None` for every other frame.
fn made_at(frame: &[u8]) -> Option<u64> {
    const BEGINS: &[u8] = br#"{"type":"notification""#;
    const KIND: &[u8] = br#""kind":"like""#;
    const AT: &[u8] = br#","at":"#;
    let find = |within: &[u8], what: &[u8]| within.windows(what.len()).position(|w| w == what);
    let rest = frame.strip_prefix(BEGINS)?;
    let rest = &rest[find(rest, KIND)?..];
    let digits = &rest[rest.windows(AT.len()).rposition(|w| w == AT)? + AT.len()..];
    let end = digits.iter().position(|byte| !byte.is_ascii_digit())?;
    std::str::from_utf8(&digits[..end]).ok()?.parse().ok()
}

fn seconds_since(at: u64) -> f64 {
    now().saturating_sub(at) as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_like_says_when_it_was_made() {
        let frame = |kind: &str, rest: &str| {
            format!(r#"{{"type":"notification","seq":1,"kind":"{kind}"{rest}}}"#).into_bytes()
        };
        assert_eq!(made_at(&frame("like", r#","at":17"#)), Some(17));
        let withheld = r#","excerpt":",\"at\":5","at":17,"void":true"#;
        assert_eq!(made_at(&frame("like", withheld)), Some(17));
        assert_eq!(made_at(&frame("message", r#","at":17"#)), None);
        assert_eq!(made_at(br#"{"type":"retract","at":17}"#), None);
    }
}
