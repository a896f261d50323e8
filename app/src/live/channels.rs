//! Who listens to which channel, apart from posts, which have no history and are many.
//!
//! The registry outlives every socket: its listeners are told of each new one, and subscribe.

use crate::event::{ClientFrame, ServerFrame};

/// What this person likes, wherever they say so.
pub(crate) const OWN_LIKES: &str = "user:likes";
/// That the list of this person's rooms changed.
pub(crate) const OWN_ROOMS: &str = "user:rooms";

/// What a listener hears.
#[derive(Debug, Clone)]
pub(crate) enum Word {
    /// There is a new connection, which knows of no subscription yet.
    Connected,
    /// A frame that is about the channel, or may be.
    Frame(Box<ServerFrame>),
}

/// The listeners, each with the channel that it listens to.
#[derive(Debug, Clone)]
pub(crate) struct Channels<L> {
    listeners: Vec<Entry<L>>,
    last_id: u64,
}

#[derive(Debug, Clone)]
struct Entry<L> {
    id: u64,
    channel: String,
    /// Whether what the channel carries is on screen.
    shows: bool,
    listener: L,
}

impl<L> Default for Channels<L> {
    fn default() -> Self {
        Self {
            listeners: Vec::new(),
            last_id: 0,
        }
    }
}

impl<L: Copy> Channels<L> {
    /// Adds a listener, and answers by what it is removed. `shows` says whether what the channel carries
    /// is on screen.
    pub(crate) fn add(&mut self, channel: &str, shows: bool, listener: L) -> u64 {
        self.last_id += 1;
        self.listeners.push(Entry {
            id: self.last_id,
            channel: channel.to_owned(),
            shows,
            listener,
        });
        self.last_id
    }

    /// Removes a listener; the last one of a channel has to unsubscribe.
    pub(crate) fn remove(&mut self, id: u64) -> Option<ClientFrame> {
        let place = self.listeners.iter().position(|entry| entry.id == id)?;
        let Entry { channel, .. } = self.listeners.remove(place);
        let last = !self.listeners.iter().any(|entry| entry.channel == channel);
        last.then(|| ClientFrame::Unsubscribe {
            r#ref: channel.as_str().into(),
            channel,
        })
    }

    /// Whether what a channel carries is on screen.
    pub(crate) fn shows(&self, channel: &str) -> bool {
        let mut all = self.listeners.iter();
        all.any(|entry| entry.shows && entry.channel == channel)
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<L> {
        self.listeners.iter().map(|entry| entry.listener).collect()
    }

    /// Those that a frame concerns: a refusal names no channel, and everybody looks whether it is
    /// theirs.
    pub(crate) fn of(&self, frame: &ServerFrame) -> Vec<L> {
        let of = channel_of(frame);
        let mine = |channel: &str| of.is_none_or(|of| of == channel);
        let all = self.listeners.iter();
        all.filter(|entry| mine(&entry.channel))
            .map(|entry| entry.listener)
            .collect()
    }
}

/// Whether a frame is about a channel, and not about one's own inbox.
pub(crate) fn is_of_a_channel(frame: &ServerFrame) -> bool {
    matches!(frame, ServerFrame::Error { .. }) || channel_of(frame).is_some()
}

fn channel_of(frame: &ServerFrame) -> Option<&str> {
    match frame {
        ServerFrame::Message { channel, .. }
        | ServerFrame::Presence { channel, .. }
        | ServerFrame::Typing { channel, .. }
        | ServerFrame::Read { channel, .. }
        | ServerFrame::Member { channel, .. }
        | ServerFrame::Ack { channel, .. } => Some(channel),
        ServerFrame::Position { channel, .. } | ServerFrame::Error { channel, .. } => {
            channel.as_deref()
        }
        ServerFrame::NewPost { .. } => Some("feed"),
        ServerFrame::Liked { .. } => Some(OWN_LIKES),
        ServerFrame::Rooms { .. } => Some(OWN_ROOMS),
        ServerFrame::Registered { .. }
        | ServerFrame::Notification(_)
        | ServerFrame::Retract { .. }
        | ServerFrame::Marked { .. }
        | ServerFrame::Post { .. } => None,
    }
}

/// Asks for a channel that has no history.
pub(crate) fn subscribe(channel: &str) -> ClientFrame {
    ClientFrame::Subscribe {
        r#ref: channel.into(),
        channel: channel.to_owned(),
        resume: None,
        last: None,
        token: None,
        presence: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(channel: Option<&str>) -> ServerFrame {
        ServerFrame::Error {
            r#ref: None,
            channel: channel.map(ToOwned::to_owned),
            code: "forbidden".into(),
            detail: String::new(),
        }
    }

    #[test]
    fn a_frame_comes_to_those_who_listen_to_its_channel() {
        let mut channels = Channels::default();
        channels.add("room:a", true, 'a');
        channels.add("room:b", false, 'b');
        assert!(channels.shows("room:a") && !channels.shows("room:b"));
        assert_eq!(channels.of(&error(Some("room:b"))), ['b']);
        assert_eq!(channels.of(&error(None)), ['a', 'b']);
        assert_eq!(channels.all(), ['a', 'b']);
        let inbox = ServerFrame::Position {
            channel: None,
            epoch: "e".to_owned().into(),
            seq: 1,
            at: None,
        };
        assert!(!is_of_a_channel(&inbox) && is_of_a_channel(&error(None)));
    }

    #[test]
    fn the_last_listener_unsubscribes() {
        let mut channels = Channels::default();
        let one = channels.add("feed", true, 1);
        let two = channels.add("feed", false, 2);
        assert!(channels.remove(one).is_none());
        assert!(channels.remove(one).is_none() && !channels.shows("feed"));
        let frame = channels.remove(two);
        assert!(
            matches!(frame, Some(ClientFrame::Unsubscribe { channel, .. }) if channel == "feed")
        );
    }
}
