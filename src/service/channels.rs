//! Channels: what they are called, and broadcasting to those that programs may publish on.

use std::str::FromStr;

use app::{
    backend::Answer,
    error::QuadError,
    event::ServerFrame,
    model::{Epoch, PostId, RoomName, UserId},
};

use super::{Service, posts::digest, tokens::Grant};
use crate::{
    live::Topic,
    security::{random, token::Scope},
    store::{
        channels::{BROADCASTS, NewMessage},
        keys::{self, OWN_LIKES, OWN_ROOMS},
        now,
        posts::Idempotency,
    },
    validate,
};

/// The channel of what is announced.
pub const ANNOUNCEMENTS: &str = "announcements";
/// Channels on a page, where nothing else is asked for.
const PAGE: u64 = 100;

/// A channel that a socket can name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Channel {
    /// `post:ID`: how a post changes.
    Post(PostId),
    /// `room:NAME`: what is said in a room, for its members.
    Room(RoomName),
    /// `room:*`: what is said in all rooms, for programs that observe.
    AllRooms,
    /// `feed`: that there are new posts.
    Feed,
    /// `announcements`: what those who run this house tell everybody.
    Announcements,
    /// `private:NAME`: what one program publishes, for whom it lets listen.
    Private(String),
    /// `user:likes`: what one likes oneself, on any device.
    OwnLikes,
    /// `user:rooms`: that the list of one's own rooms changed.
    OwnRooms,
    /// `user:ID`, which comes by registering.
    Inbox,
    /// Anything else: programs publish on it, everybody may listen.
    Broadcast(String),
}

impl FromStr for Channel {
    type Err = QuadError;

    fn from_str(name: &str) -> Result<Self, QuadError> {
        if let Some(id) = name.strip_prefix("post:") {
            return id.parse().map(Self::Post).map_err(|_| invalid());
        }
        match name {
            "room:*" => return Ok(Self::AllRooms),
            "feed" => return Ok(Self::Feed),
            "announcements" => return Ok(Self::Announcements),
            "user:likes" => return Ok(Self::OwnLikes),
            "user:rooms" => return Ok(Self::OwnRooms),
            _ => {}
        }
        if let Some(room) = name.strip_prefix("room:") {
            return room.parse().map(Self::Room).map_err(|_| invalid());
        }
        if name.starts_with("user:") {
            return Ok(Self::Inbox);
        }
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"_:.-".contains(&b);
        if (1..=64).contains(&name.len()) && name.bytes().all(plain) {
            Ok(match name.strip_prefix("private:") {
                Some("") => return Err(invalid()),
                Some(_) => Self::Private(name.to_owned()),
                None => Self::Broadcast(name.to_owned()),
            })
        } else {
            Err(invalid())
        }
    }
}

fn invalid() -> QuadError {
    QuadError::invalid(
        "channel",
        "invalid_channel",
        "A channel's name has 1 to 64 letters, digits or any of _ : . -",
    )
}

impl Channel {
    /// Where it is published, for the person who names it: nobody can name what is another's own.
    pub fn topic_for(&self, user: Option<&UserId>) -> Option<Topic> {
        match self {
            Self::OwnLikes => user.map(|user| keys::own_topic(user, OWN_LIKES)),
            Self::OwnRooms => user.map(|user| keys::own_topic(user, OWN_ROOMS)),
            other => other.topic(),
        }
    }

    /// Where it is published, if it is the same for everybody.
    fn topic(&self) -> Option<Topic> {
        match self {
            Self::Post(id) => Some(keys::post_topic(id)),
            Self::Room(name) => Some(keys::room_topic(name)),
            Self::Feed => Some(keys::feed_topic()),
            Self::Announcements => Some(keys::channel_topic(ANNOUNCEMENTS)),
            Self::Broadcast(name) | Self::Private(name) => Some(keys::channel_topic(name)),
            Self::AllRooms | Self::OwnLikes | Self::OwnRooms | Self::Inbox => None,
        }
    }
}

/// A broadcast that was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The message's id; the first one's for a repeat.
    pub id: String,
    /// Sockets that listened, on all servers that said so.
    pub listeners: u64,
    /// Whether a server did not answer in time.
    pub partial: bool,
}

/// Where a channel stands, and the frames of its messages.
pub struct ChannelFrames {
    /// Which history.
    pub epoch: Epoch,
    /// The newest message.
    pub seq: u64,
    /// What was asked for.
    pub frames: Vec<ServerFrame>,
}

impl Service {
    /// Publishes a message on a broadcast channel: one event to everybody who listens.
    pub async fn broadcast(
        &self,
        grant: &Grant,
        channel: &str,
        message: &str,
        key: Option<&str>,
    ) -> Answer<Published> {
        let (topic, id) = self.publish(grant, channel, message, key).await?;
        // Counting comes after, so that delivery never waits for it.
        let (listeners, partial) = self.count_listeners(&topic).await;
        Ok(Published {
            id,
            listeners,
            partial,
        })
    }

    /// The same, without counting: where it was published, and the message's id.
    pub(super) async fn publish(
        &self,
        grant: &Grant,
        channel: &str,
        message: &str,
        key: Option<&str>,
    ) -> Answer<(Topic, String)> {
        grant.allow(Scope::Publish)?;
        let (name, private) = match channel.parse() {
            Ok(Channel::Broadcast(name)) => (name, false),
            Ok(Channel::Private(name)) => (name, true),
            Err(error) if !channel.starts_with("room:") => return Err(error),
            _ => return Err(QuadError::Forbidden),
        };
        if private {
            let owner = self.owner_of(&name).await?;
            if owner.is_some_and(|owner| owner != *grant.id) {
                return Err(QuadError::Forbidden);
            }
        }
        self.limits.publish(&grant.id)?;
        let text = validate::text("message", message)?;
        let key = grant.idempotency_key(key)?;
        // A claim is a write, so it comes after all that can be checked without; and it comes before
        // the channel's own allowance, which is not for others to use up.
        if private {
            self.own_channel(grant, &name).await?;
        }
        self.limits.publish_on(&name)?;
        let body = digest(&text);
        let id = random::id()?;
        let message = NewMessage {
            channel: &name,
            text: &text,
            id: &id,
            now: now(),
            level: None,
            keep: BROADCASTS,
        };
        let idempotency = key.as_deref().map(|key| Idempotency { key, body: &body });
        let id = self
            .store
            .broadcast(&message, idempotency)
            .await?
            .ok_or(QuadError::KeyReused)?;
        Ok((keys::channel_topic(&name), id))
    }

    /// How many listen to a channel, on all servers, and whether one did not answer.
    pub async fn listeners_of(&self, grant: &Grant, channel: &str) -> Answer<(u64, bool)> {
        grant.allow(Scope::Stats)?;
        let topic = match channel.strip_prefix("user:") {
            Some(id) => keys::user_topic(&id.parse().map_err(|_| invalid())?),
            None => channel.parse::<Channel>()?.topic().ok_or_else(invalid)?,
        };
        Ok(self.count_listeners(&topic).await)
    }

    /// The channels that somebody listens to and that begin with `prefix`, sorted: how many there
    /// are, and the first `limit` of those after `after`.
    pub async fn active_channels(
        &self,
        grant: &Grant,
        prefix: &str,
        after: &str,
        limit: Option<u64>,
    ) -> Answer<(u64, Vec<String>)> {
        grant.allow(Scope::Stats)?;
        self.limits.publish(&grant.id)?;
        let limit = validate::limit(limit, PAGE)? as usize;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"_:.-".contains(&b);
        if prefix.len() > 64 || !prefix.bytes().all(plain) {
            return Err(QuadError::invalid(
                "prefix",
                "format",
                "A prefix is the beginning of a channel's name.",
            ));
        }
        let topics = self.store.topics(&keys::topics_of(prefix)).await?;
        let (prefix, after) = (prefix.to_owned(), after.to_owned());
        // There may be very many, and nobody else shall wait until they are sorted.
        let sorted =
            tokio::task::spawn_blocking(move || page_of(topics.names(), &prefix, &after, limit));
        sorted.await.map_err(|_| QuadError::Internal)
    }

    /// Where a broadcast channel stands, and at most `limit` messages after `after`.
    pub async fn channel_after(
        &self,
        channel: &str,
        after: u64,
        limit: usize,
    ) -> Answer<ChannelFrames> {
        let log = self.store.read_channel(channel, after, limit).await?;
        let frames = log
            .messages
            .into_iter()
            .map(|message| ServerFrame::Message {
                channel: channel.to_owned(),
                epoch: log.epoch.clone(),
                seq: message.seq,
                id: message.id,
                from: None,
                text: message.text,
                at: message.at,
                level: message.level,
                void: false,
                retracts: None,
            });
        Ok(ChannelFrames {
            frames: frames.collect(),
            seq: log.seq,
            epoch: log.epoch,
        })
    }
}

/// How many channels begin so, and the first few after a name.
fn page_of(
    topics: impl Iterator<Item = String>,
    prefix: &str,
    after: &str,
    limit: usize,
) -> (u64, Vec<String>) {
    let names = topics.filter_map(|topic| keys::name_of(&topic));
    let mut names: Vec<String> = names.filter(|name| name.starts_with(prefix)).collect();
    // Every server listens to the announcements, whether anybody else does or not.
    names.retain(|name| name != ANNOUNCEMENTS);
    names.sort_unstable();
    names.dedup();
    let count = names.len() as u64;
    names.retain(|name| name.as_str() > after);
    names.truncate(limit);
    (count, names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_of_ones_own_are_each_persons() {
        let people: [UserId; 2] = ["0abcdefg", "0abcdefh"].map(|id| id.parse().unwrap());
        for channel in [Channel::OwnLikes, Channel::OwnRooms] {
            let [ana, bob] = people.each_ref().map(|user| channel.topic_for(Some(user)));
            assert!(ana.is_some() && bob.is_some() && ana != bob);
            assert_eq!((channel.topic_for(None), channel.topic()), (None, None));
        }
    }

    #[test]
    fn names_are_of_one_kind() {
        let broadcast = |name: &str| Ok(Channel::Broadcast(name.to_owned()));
        assert_eq!("news".parse(), broadcast("news"));
        assert_eq!("a:b.c_D-9".parse(), broadcast("a:b.c_D-9"));
        assert_eq!(
            "post:0abcdefg.1".parse(),
            Ok(Channel::Post("0abcdefg.1".parse().unwrap()))
        );
        assert_eq!("user:0abcdefg".parse(), Ok(Channel::Inbox));
        assert_eq!("user:likes".parse(), Ok(Channel::OwnLikes));
        assert_eq!("user:rooms".parse(), Ok(Channel::OwnRooms));
        assert_eq!("user:other".parse(), Ok(Channel::Inbox));
        assert_eq!(
            "room:Lobby".parse(),
            Ok(Channel::Room("lobby".parse().unwrap()))
        );
        assert_eq!(
            "private:a".parse(),
            Ok(Channel::Private("private:a".to_owned()))
        );
        assert_eq!("room:*".parse(), Ok(Channel::AllRooms));
        assert_eq!("feed".parse(), Ok(Channel::Feed));
        for bad in [
            "room:",
            "private:",
            "room:a:b",
            "",
            "post:x",
            "ä",
            "a b",
            "a}b",
            &"x".repeat(65),
        ] {
            assert!(bad.parse::<Channel>().is_err(), "{bad}");
        }
    }
}
