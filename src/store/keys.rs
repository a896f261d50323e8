//! The names of all keys and topics, in one place.
//!
//! Everything of one person carries the hash tag `{<user id>}`, so that it lies in one slot of a
//! Cluster and one script may change it. Scripts are given the first key and derive the others
//! from its tag: that keeps the hot path's commands short.

use app::model::{Handle, PostId, RoomName, UserId};

use crate::live::Topic;

/// Posts by time: a sorted set of post ids, derived.
pub const FEED: &str = "feed";
/// Posts by score: a sorted set of post ids, derived.
pub const TRENDING: &str = "trending";
/// The rooms by name: a sorted set whose scores are all 0, derived.
pub const ROOMS: &str = "rooms";
/// Ended rooms whose people are to be told so, as an earlier version noted them: a sorted set of names by
/// when they ended. They become jobs of [`CLEANUP`].
pub const ENDED: &str = "ended";
/// The servers that are alive: a sorted set of server ids by the time of their last sign of life, which
/// the store itself writes.
pub const SERVERS: &str = "servers";
/// Which history of the store this is; see [`crate::store::generation`]. Beside it lie
/// `generation:history`, the replication id that was seen last, and `generation:node`, the run of the
/// store and whether it had replicas.
pub const GENERATION: &str = "generation";

/// The key pair that signs pushes: a string, PKCS#8 in base64url.
pub const VAPID: &str = "push:vapid";

/// The secret that signs subscribe tokens: a string, 32 bytes in base64url.
pub const SUBSCRIBE: &str = "subscribe:key";

/// The secret that seals cursors: a string, 32 bytes in base64url.
pub const CURSORS: &str = "cursor:key";

/// What was deleted and is to be cleaned up: a sorted set of jobs by when they may be taken; see
/// [`crate::store::cleanup`].
pub const CLEANUP: &str = "cleanup";

/// A hash: handle, name, password, role, created, posts (the last n).
pub fn user(user: &UserId) -> String {
    format!("{{{user}}}:user")
}

/// Whose key `{<user id>}:user` is.
pub fn owner(key: &str) -> Option<UserId> {
    key.strip_prefix('{')?.strip_suffix("}:user")?.parse().ok()
}

/// A string: which user id owns the handle.
pub fn handle(handle: &Handle) -> String {
    format!("handle:{handle}")
}

/// A hash with an expiry: created, used (written at most every few minutes), device, address. Its
/// presence is the session.
pub fn session(user: &UserId, id: &str) -> String {
    format!("{{{user}}}:session:{id}")
}

/// A sorted set: the ids of a person's sessions by the time they began.
pub fn sessions(user: &UserId) -> String {
    format!("{{{user}}}:sessions")
}

/// A sorted set: digests of the networks from which somebody logged in, by when; a handful.
pub fn networks(user: &UserId) -> String {
    format!("{{{user}}}:networks")
}

/// A hash: text, at, excerpt, likes, past (how many like it whose entry had to leave the author's inbox).
pub fn post(id: &PostId) -> String {
    format!("{{{}}}:post:{}", id.author(), id.n())
}

/// A sorted set: the n of a person's posts by time.
pub fn posts(author: &UserId) -> String {
    format!("{{{author}}}:posts")
}

/// A sorted set: who likes a post, by when.
pub fn likes(id: &PostId) -> String {
    format!("{{{}}}:likes:{}", id.author(), id.n())
}

/// A set: the ids of the posts of others that a person likes.
pub fn liked(user: &UserId) -> String {
    format!("{{{user}}}:liked")
}

/// A stream of entries with the ids `<seq>-0`.
pub fn inbox(user: &UserId) -> String {
    format!("{{{user}}}:inbox")
}

/// A hash: epoch, seq, first, seen, unread, live (entries that live), swept (up to where what is dead
/// has left the stream), floor (up to where groups are read that have no mark of their own in the hash
/// `reads`). Beside it lie `from:<who>`, a list of the live entries of one sender, and `most`,
/// a sorted set of those who have many, and `gone:<group>`, the entries of a group that is to be swept.
pub fn inbox_meta(user: &UserId) -> String {
    format!("{{{user}}}:inbox:meta")
}

/// A hash: push subscriptions as JSON, by the digest of their endpoint.
pub fn push(user: &UserId) -> String {
    format!("{{{user}}}:push")
}

/// A hash: like, message, mention, quiet, dnd, stay, sound, and `mute:<person or post>` with the time since.
pub fn attention(user: &UserId) -> String {
    format!("{{{user}}}:attention")
}

/// A stream: the messages of a broadcast channel.
pub fn channel_log(channel: &str) -> String {
    format!("{{ch:{channel}}}:log")
}

/// A string: which token a private channel belongs to.
pub fn channel_owner(channel: &str) -> String {
    format!("{{ch:{channel}}}:owner")
}

/// A hash: title, private, created, last (when the newest member came).
pub fn room(name: &RoomName) -> String {
    room_part(name, "room")
}

/// Which room a key `{r:NAME}:room` is of.
pub fn room_named(key: &str) -> Option<RoomName> {
    key.strip_prefix("{r:")?
        .strip_suffix("}:room")?
        .parse()
        .ok()
}

/// Another key of a room: `members` (a sorted set by when they came), `roles`, `reads`, `invited`,
/// `banned`, `log` (a stream) and `log:meta`, `here` (how many servers each is looking from),
/// `here:<server>`, `servers`, `owed` (mentions to be told of), `voids` (the places of what was
/// removed and of what removes it), `told` (a set of those who were told of something in it), `sent:<epoch>:<user>:<id>`. Of rooms of this name that ended and are
/// to be cleaned up: `gone` (a sorted set of their epochs by when they ended), and of each epoch
/// `gone:<epoch>:members`, `gone:<epoch>:invited` and `gone:<epoch>:told`.
pub fn room_part(name: &RoomName, part: &str) -> String {
    format!("{{r:{name}}}:{part}")
}

/// A sorted set: the rooms that somebody may be in, by when they came. A hint; the room knows.
pub fn rooms_of(user: &UserId) -> String {
    format!("{{{user}}}:rooms")
}

/// A hash: when somebody was invited into a room and by whom, by room. A hint; the room knows.
pub fn invitations(user: &UserId) -> String {
    format!("{{{user}}}:invitations")
}

/// The API tokens: a sorted set of the hashes of their secrets by the time they were made.
pub const TOKENS: &str = "tokens";
/// A string: that the tokens were looked for which are older than [`TOKENS`].
pub const TOKENS_FOUND: &str = "tokens:found";

/// A hash: name, scopes, created, expires, used (when last), revoked (when).
pub fn api_token(hash: &str) -> String {
    format!("token:{hash}")
}

/// The hash of the token whose key this is.
pub fn token_hash(key: &str) -> Option<String> {
    let hash = key.strip_prefix("token:")?;
    (hash.len() == 43).then(|| hash.to_owned())
}

/// What one's own sockets hear.
pub fn user_topic(user: &UserId) -> Topic {
    Topic::new(format!("{{{user}}}:live"))
}

/// The part of [`own_topic`] that tells what somebody likes.
pub const OWN_LIKES: &str = "likes";
/// The part of [`own_topic`] that tells that somebody's list of rooms changed.
pub const OWN_ROOMS: &str = "rooms";

/// What a person's own sockets hear on a channel of their own: [`OWN_LIKES`] or [`OWN_ROOMS`].
pub fn own_topic(user: &UserId, part: &str) -> Topic {
    Topic::new(format!("{{{user}}}:{part}:live"))
}

/// What those hear who look at a post.
pub fn post_topic(id: &PostId) -> Topic {
    Topic::new(format!("{{{}}}:post:{}:live", id.author(), id.n()))
}

/// What those hear who subscribed to a broadcast channel.
pub fn channel_topic(channel: &str) -> Topic {
    Topic::new(format!("{{ch:{channel}}}:live"))
}

/// What those hear who are in a room.
pub fn room_topic(name: &RoomName) -> Topic {
    Topic::new(room_part(name, "live"))
}

/// Which room a topic belongs to.
pub fn room_of(topic: &str) -> Option<RoomName> {
    let name = topic.strip_prefix("{r:")?.strip_suffix("}:live")?;
    name.parse().ok()
}

/// What those hear who want to know of new posts.
pub fn feed_topic() -> Topic {
    Topic::new("{feed}:live".to_owned())
}

/// The post whose viewers a topic is for.
pub fn post_of(topic: &Topic) -> Option<PostId> {
    let name = topic.as_str().strip_prefix('{')?.strip_suffix(":live")?;
    let (author, n) = name.split_once("}:post:")?;
    format!("{author}.{n}").parse().ok()
}

/// Which channel with a history a topic belongs to, as clients name it.
pub fn channel_of(topic: &Topic) -> Option<String> {
    let tag = topic.as_str().strip_prefix('{')?.strip_suffix("}:live")?;
    match tag.strip_prefix("ch:") {
        Some(name) => Some(name.to_owned()),
        None => tag.strip_prefix("r:").map(|name| format!("room:{name}")),
    }
}

/// A hash: epoch, seq and the like of a channel with a history.
pub fn channel_meta(channel: &str) -> String {
    match channel.strip_prefix("room:") {
        Some(name) => format!("{{r:{name}}}:log:meta"),
        None => format!("{}:meta", channel_log(channel)),
    }
}

/// The channel that a topic carries, as clients name it; `None` for what servers tell each other.
pub fn name_of(topic: &str) -> Option<String> {
    let (tag, rest) = topic.strip_prefix('{')?.split_once('}')?;
    let inner = rest.strip_prefix(':')?;
    match (tag.split_once(':'), inner) {
        (Some(("ch", name)), "live") => Some(name.to_owned()),
        (Some(("r", name)), "live") => Some(format!("room:{name}")),
        (None, "live") if tag == "feed" => Some(tag.to_owned()),
        (None, "live") => Some(format!("user:{}", tag.parse::<UserId>().ok()?)),
        (None, post) => {
            let n = post.strip_prefix("post:")?.strip_suffix(":live")?;
            Some(format!("post:{tag}.{n}"))
        }
        _ => None,
    }
}

/// A pattern that every topic of a channel that begins with `prefix` matches, and few others.
/// `prefix` holds nothing that means something in a pattern.
pub fn topics_of(prefix: &str) -> String {
    let may_begin = ["user:", "post:", "room:", "feed"]
        .iter()
        .any(|kind| kind.starts_with(prefix));
    match prefix.split_once(':') {
        Some(("user", id)) => format!("{{{id}*}}:live"),
        Some(("post", _)) => "{*}:post:*:live".to_owned(),
        Some(("room", name)) => format!("{{r:{name}*}}:live"),
        _ if may_begin => "{*}:*live".to_owned(),
        _ => format!("{{ch:{prefix}*}}:live"),
    }
}

/// The name of [`control_topic`].
pub const CONTROL: &str = "{control}:live";

/// What every server hears: sessions that ended, profiles that changed.
pub fn control_topic() -> Topic {
    Topic::new(CONTROL.to_owned())
}

/// What one server hears: answers to its questions, and its own probes.
pub fn server_topic(server: &str) -> Topic {
    Topic::new(format!("{{server:{server}}}:live"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_carries_one_channel() {
        let user: UserId = "0abcdefg".parse().unwrap();
        let post = PostId::new(user.clone(), 7);
        for (topic, name) in [
            (user_topic(&user), Some("user:0abcdefg")),
            (post_topic(&post), Some("post:0abcdefg.7")),
            (channel_topic("a:b.c"), Some("a:b.c")),
            (room_topic(&"chess".parse().unwrap()), Some("room:chess")),
            (feed_topic(), Some("feed")),
            (own_topic(&user, OWN_LIKES), None),
            (control_topic(), None),
            (server_topic("Zk"), None),
        ] {
            assert_eq!(name_of(topic.as_str()).as_deref(), name);
        }
    }

    #[test]
    fn patterns_are_as_narrow_as_the_prefix_allows() {
        assert_eq!(topics_of(""), "{*}:*live");
        assert_eq!(topics_of("us"), "{*}:*live");
        assert_eq!(topics_of("user:0a"), "{0a*}:live");
        assert_eq!(topics_of("post:0a"), "{*}:post:*:live");
        assert_eq!(topics_of("room:ch"), "{r:ch*}:live");
        assert_eq!(topics_of("fee"), "{*}:*live");
        assert_eq!(topics_of("news"), "{ch:news*}:live");
    }
}
