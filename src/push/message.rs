//! What a push says.

use std::{borrow::Cow, collections::HashMap};

use app::{
    model::{Epoch, Kind, Person, PostId, RoomName, UserId},
    text::{balanced, beginning, isolated, within},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    service::inbox::room_of,
    store::push::{Claim, Untold},
};

/// The longest text of another program that is shown, in characters. The rest is in the inbox.
const LONGEST: usize = 300;
/// The same in bytes.
const LARGEST: usize = LONGEST * 4;
/// No name takes more bytes of a push.
const NAME_LARGEST: usize = 500;

/// A push before it is encrypted.
pub struct Message {
    /// Among all pushes to one browser, a newer one of the same topic replaces the older.
    pub topic: String,
    /// JSON, at most 3 kB.
    pub json: Vec<u8>,
    /// The newest entry that it tells of.
    pub seq: u64,
    /// The group that it tells of.
    pub group: String,
}

/// What the service worker gets.
#[derive(Serialize)]
struct Payload<'a> {
    r#type: &'static str,
    epoch: &'a Epoch,
    seq: u64,
    group: &'a str,
    kind: &'a str,
    text: String,
    url: String,
    unread: u64,
}

/// One message a group, the newest group last, so that it is on top.
/// `rooms` is what the rooms in it are called.
pub fn messages(
    owner: &UserId,
    claim: &Claim,
    people: &HashMap<UserId, Person>,
    rooms: &HashMap<RoomName, String>,
) -> Vec<Message> {
    let mut messages: Vec<_> = claim
        .untold
        .iter()
        .filter_map(|untold| {
            let names = untold.people.iter().filter_map(|id| people.get(id));
            let names: Vec<_> = names.map(name).collect();
            let names: Vec<_> = names.iter().map(AsRef::as_ref).collect();
            let payload = Payload {
                r#type: "notification",
                epoch: &claim.epoch,
                seq: untold.seq,
                group: &untold.group,
                kind: &untold.kind,
                text: text(untold, &names, rooms),
                url: url(owner, &untold.group),
                unread: claim.unread,
            };
            Some(Message {
                topic: topic(owner, &untold.group),
                json: serde_json::to_vec(&payload).ok()?,
                seq: untold.seq,
                group: untold.group.clone(),
            })
        })
        .collect();
    messages.reverse();
    messages
}

/// 32 characters that say nothing to the push service: it does not know whose group it is.
fn topic(owner: &UserId, group: &str) -> String {
    let hash = Sha256::digest(format!("{owner} {group}"));
    BASE64_URL_SAFE_NO_PAD.encode(&hash[..24])
}

fn text(untold: &Untold, names: &[&str], rooms: &HashMap<RoomName, String>) -> String {
    if let Some(room) = room_of(&untold.group) {
        let kind = match untold.kind.as_str() {
            "invitation" => Kind::Invitation,
            _ => Kind::Mention,
        };
        let title = rooms.get(&room).map_or(room.as_str(), String::as_str);
        let who = who(names, untold.count);
        let words = kind.sentence(&who, untold.count > 1, Some(title), None);
        return match untold.text.as_str() {
            "" => words,
            said => shortened(&format!("{words}: {said}")),
        };
    }
    if !untold.text.is_empty() {
        return shortened(&untold.text);
    }
    let who = who(names, untold.count);
    match untold.count {
        0 | 1 => format!("{who} likes your post"),
        _ => format!("{who} like your post"),
    }
}

/// "Ana", "Ana and Ben", "Ana and 19 others".
fn who(names: &[&str], count: u64) -> String {
    match (names, count) {
        ([], 0 | 1) => "Somebody".to_owned(),
        ([], count) => format!("{count} people"),
        ([one, ..], 0 | 1) => (*one).to_owned(),
        ([one, two, ..], 2) => format!("{one} and {two}"),
        ([one, ..], 2) => format!("{one} and 1 other"),
        ([one, ..], count) => format!("{one} and {} others", count - 1),
    }
}

/// As part of a sentence. Two names leave room for the rest.
fn name(person: &Person) -> Cow<'_, str> {
    isolated(within(&person.name, NAME_LARGEST))
}

fn shortened(text: &str) -> String {
    // Whatever people take for one character, the push stays small.
    let (end, cut) = beginning(within(text, LARGEST), LONGEST);
    match cut || end.len() < text.len() {
        true => format!("{}…", balanced(end)),
        false => text.to_owned(),
    }
}

/// A group of likes is called `like.<n>`, and its post is one of the owner's.
fn url(owner: &UserId, group: &str) -> String {
    let n = group
        .strip_prefix("like.")
        .and_then(|n| n.parse::<u64>().ok());
    match n {
        Some(n) => format!("/posts/{}", PostId::new(owner.clone(), n)),
        None => match room_of(group) {
            Some(room) => format!("/rooms/{room}"),
            None => "/notifications".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn untold(seq: u64, group: &str, count: u64, people: &[&UserId]) -> Untold {
        Untold {
            seq,
            kind: "like".into(),
            group: group.into(),
            count,
            text: String::new(),
            people: people.iter().map(|id| (*id).clone()).collect(),
        }
    }

    fn said(claim: &Claim, people: &[(&UserId, &str)]) -> Vec<Value> {
        let owner = "0abcdefg".parse().unwrap();
        let person = |(id, name): &(&UserId, &str)| {
            let person = Person {
                user_id: (*id).clone(),
                handle: "someone".parse().unwrap(),
                name: (*name).to_owned(),
            };
            ((*id).clone(), person)
        };
        let people = people.iter().map(person).collect();
        let rooms = HashMap::from([("chess".parse().unwrap(), "Chess & tea".to_owned())]);
        messages(&owner, claim, &people, &rooms)
            .iter()
            .inspect(|message| assert!(message.json.len() <= 3_000 && message.topic.len() == 32))
            .map(|message| serde_json::from_slice(&message.json).unwrap())
            .collect()
    }

    #[test]
    fn a_group_is_one_message_and_the_newest_comes_last() {
        let (ana, ben): (UserId, UserId) =
            ("1aaaaaaa".parse().unwrap(), "2bbbbbbb".parse().unwrap());
        let claim = Claim {
            epoch: Epoch::from("1.x".to_owned()),
            unread: 2,
            untold: vec![
                untold(9, "like.7", 20, &[&ben, &ana]),
                untold(3, "like.1", 1, &[&ana]),
            ],
            subscriptions: Vec::new(),
        };
        assert_eq!(
            said(&claim, &[(&ana, "Ana"), (&ben, "Ben")]),
            [
                json!({"type": "notification", "epoch": "1.x", "seq": 3, "group": "like.1", "kind": "like",
                    "text": "Ana likes your post", "url": "/posts/0abcdefg.1", "unread": 2}),
                json!({"type": "notification", "epoch": "1.x", "seq": 9, "group": "like.7", "kind": "like",
                    "text": "Ben and 19 others like your post", "url": "/posts/0abcdefg.7", "unread": 2}),
            ]
        );
    }

    #[test]
    fn what_happens_in_a_room_names_the_room_by_its_title() {
        let ana: UserId = "1aaaaaaa".parse().unwrap();
        let of = |kind: &str, room: &str, text: &str| Untold {
            kind: kind.into(),
            text: text.into(),
            ..untold(1, &format!("{kind}.{room}"), 1, &[&ana])
        };
        let claim = Claim {
            epoch: Epoch::from("1.x".to_owned()),
            unread: 3,
            untold: vec![
                of("mention", "chess", "@bob your move"),
                of("invitation", "chess", ""),
                of("mention", "other", "@bob"),
            ],
            subscriptions: Vec::new(),
        };
        let said = said(&claim, &[(&ana, "Ana")]);
        let texts: Vec<_> = said.iter().map(|push| push["text"].clone()).collect();
        assert_eq!(
            texts,
            [
                "Ana mentioned you in other: @bob",
                "Ana invites you into Chess & tea",
                "Ana mentioned you in Chess & tea: @bob your move"
            ]
        );
        assert_eq!(said[2]["url"], "/rooms/chess");
    }

    #[test]
    fn a_message_of_a_program_is_shortened() {
        let long = "🦊\n".repeat(1_000);
        let claim = Claim {
            epoch: Epoch::from("1.x".to_owned()),
            unread: 1,
            untold: vec![Untold {
                kind: "message".into(),
                text: long,
                ..untold(1, "message.1", 1, &[])
            }],
            subscriptions: Vec::new(),
        };
        let said = said(&claim, &[]);
        assert_eq!(said[0]["url"], "/notifications");
        assert_eq!(
            said[0]["text"].as_str().unwrap().chars().count(),
            LONGEST + 1
        );
    }

    #[test]
    fn people_are_named_and_counted() {
        assert_eq!(who(&[], 1), "Somebody");
        assert_eq!(who(&[], 3), "3 people");
        assert_eq!(who(&["Ana"], 1), "Ana");
        assert_eq!(who(&["Ana", "Ben"], 2), "Ana and Ben");
        assert_eq!(who(&["Ana"], 2), "Ana and 1 other");
        assert_eq!(who(&["Ana", "Ben", "Cem"], 3), "Ana and 2 others");
    }

    #[test]
    fn a_topic_belongs_to_one_person_and_one_group() {
        let (ana, ben) = ("1aaaaaaa".parse().unwrap(), "2bbbbbbb".parse().unwrap());
        assert_eq!(topic(&ana, "like.1"), topic(&ana, "like.1"));
        assert_ne!(topic(&ana, "like.1"), topic(&ana, "like.2"));
        assert_ne!(topic(&ana, "like.1"), topic(&ben, "like.1"));
    }
}
