//! Rooms: who is in them, and what is said there. Everything of one room lies in one slot.

use std::sync::LazyLock;

use app::model::{Epoch, Role, Room, RoomName, UserId};
use redis::{Cmd, FromRedisValue, ParsingError, Value, from_redis_value};

use super::{BEYOND, Store, StoreError, keys, script::Script};

macro_rules! scripts {
    ($($name:ident = $file:literal;)*) => {
        $(static $name: LazyLock<Script> = LazyLock::new(|| {
            Script::new(&[include_str!("room/room.lua"), include_str!($file)])
        });)*
    };
}

scripts! {
    CREATE = "room/create.lua";
    DESCRIBE = "room/describe.lua";
    UPDATE = "room/update.lua";
    ENTER = "room/enter.lua";
    LEAVE = "room/leave.lua";
    CHANGE = "room/change_member.lua";
    END = "room/end.lua";
    SAY = "room/say.lua";
    UNSAY = "room/unsay.lua";
    READ = "room/read_log.lua";
    MEMBERS = "room/list_members.lua";
    MARK = "room/mark_read.lua";
    ATTEND = "room/attend.lua";
}

/// Messages a room keeps; the oldest go first.
pub const MOST_KEPT: u64 = 10_000;
/// People in a room.
const MOST_MEMBERS: u64 = 10_000;
/// People who are invited into a room and have not come.
const MOST_INVITED: u64 = 1_000;
/// In a larger room, nobody is told how far others have read.
const MOST_READERS: u64 = 100;
/// Where more are looking, nobody is told who comes, goes and writes.
pub const MOST_PRESENT: u64 = 500;
/// A server that was silent for so long is not there any more, in milliseconds.
pub const SILENCE: u64 = 15_000;

/// What became of a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// It was so before.
    Same,
    /// There is no such room, as far as the one who asks can know.
    NoRoom,
    /// The other one is not in the room.
    Nobody,
    /// There is no such message.
    NoMessage,
    /// They may not.
    Forbidden,
    /// No more fit in.
    Full,
    /// It is done, and nobody is left.
    Empty,
}

impl FromRedisValue for Outcome {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        Ok(match String::from_redis_value(value)?.as_str() {
            "ok" => Self::Done,
            "same" => Self::Same,
            "none" => Self::NoRoom,
            "nobody" => Self::Nobody,
            "nothing" => Self::NoMessage,
            "full" => Self::Full,
            "empty" => Self::Empty,
            _ => Self::Forbidden,
        })
    }
}

/// A message to be stored.
pub struct NewSaying<'a> {
    /// Who says it.
    pub from: &'a UserId,
    /// The same as JSON, for the frame that the script publishes.
    pub person: &'a str,
    /// Made by the client.
    pub id: &'a str,
    /// What is said.
    pub text: &'a str,
    /// Milliseconds since 1970.
    pub now: u64,
    /// Whom it mentions, whether they are in the room or not.
    pub mentions: &'a [UserId],
}

/// A message that was stored, now or before.
pub struct Stored {
    /// Which history.
    pub epoch: Epoch,
    /// Its place.
    pub seq: u64,
    /// When; milliseconds since 1970.
    pub at: u64,
    /// The members whom it mentions and who are to be told.
    pub owed: Vec<UserId>,
}

/// An entry of a room's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saying {
    /// Its place.
    pub seq: u64,
    /// Made by the client; empty for a removal.
    pub id: String,
    /// Who said it.
    pub from: Option<UserId>,
    /// What was said.
    pub text: String,
    /// When; milliseconds since 1970.
    pub at: u64,
    /// The message that this entry removes.
    pub removes: Option<u64>,
}

/// Which part of a history to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What follows this entry, in order.
    After(u64),
    /// What came before this entry (0: the end), backwards, without removals.
    Before(u64),
}

/// A part of a room's history, and where it stands.
pub struct RoomLog {
    /// Which history.
    pub epoch: Epoch,
    /// The newest entry.
    pub seq: u64,
    /// The oldest one that is kept.
    pub first: u64,
    /// What was asked for.
    pub sayings: Vec<Saying>,
}

/// A member as it is stored: who, what, since when, read up to, and whether they are looking.
pub type StoredMember = (UserId, Role, u64, u64, bool);

/// Who came to look at a room on one server, and who went.
#[derive(Default)]
pub struct Attendance {
    /// They are all who are here; else they are those who came.
    pub all: bool,
    /// Ids, and the people as JSON.
    pub came: Vec<(UserId, String)>,
    /// Ids.
    pub went: Vec<UserId>,
}

/// What the store says to an [`Attendance`].
pub struct Attended {
    /// False: this server was taken for dead, so all who are here have to be said again.
    pub known: bool,
    /// Mentions that nobody was told of in time: the message, and who is to be told.
    pub owed: Vec<(u64, UserId)>,
}

impl Store {
    /// Makes a room. False: there is one of this name.
    pub async fn create_room(
        &self,
        name: &RoomName,
        owner: &UserId,
        title: &str,
        private: bool,
        epoch: &str,
        now: u64,
    ) -> Result<bool, StoreError> {
        // The directory first: an entry without a room is passed over, a room that is in no
        // directory would never be found.
        let mut entry = redis::cmd("ZADD");
        entry.arg(keys::ROOMS).arg(0).arg(name.as_str());
        self.link().query::<u64>(&entry).await?;
        let created = self.on_room(&CREATE, name, |command| {
            command
                .arg(owner.as_str())
                .arg(title)
                .arg(if private { "1" } else { "0" })
                .arg(now)
                .arg(epoch);
        });
        created.await
    }

    /// Describes rooms to somebody, in their order; `None` for one that is not there.
    pub async fn describe_rooms(
        &self,
        names: &[RoomName],
        viewer: Option<&UserId>,
    ) -> Result<Vec<Option<Room>>, StoreError> {
        let viewer = viewer.map_or("", UserId::as_str);
        let rows: Vec<Description> = self
            .link()
            .scripts(&DESCRIBE, names.iter().map(keys::room), |_, command| {
                command.arg(viewer);
            })
            .await?;
        let rooms = names.iter().zip(rows).map(|(name, Description(row))| {
            let (title, private, created_at, members, role, invited, epoch, seq, read, unread) =
                row?;
            Some(Room {
                name: name.clone(),
                title,
                private,
                created_at,
                members,
                role: role_of(&role),
                invited,
                epoch: self.epoch(&epoch),
                seq,
                read,
                unread,
            })
        });
        Ok(rooms.collect())
    }

    /// Changes a room.
    pub async fn update_room(
        &self,
        name: &RoomName,
        actor: &UserId,
        title: Option<&str>,
        private: Option<bool>,
    ) -> Result<Outcome, StoreError> {
        let private = private.map_or("", |private| if private { "1" } else { "0" });
        self.on_room(&UPDATE, name, |command| {
            command
                .arg(actor.as_str())
                .arg(title.unwrap_or_default())
                .arg(private);
        })
        .await
    }

    /// Joins a room.
    pub async fn enter_room(
        &self,
        name: &RoomName,
        user: &UserId,
        now: u64,
    ) -> Result<Outcome, StoreError> {
        // Noted with the person first: a note that is wrong is passed over.
        self.note_room(user, name, now).await?;
        self.on_room(&ENTER, name, |command| {
            command.arg(user.as_str()).arg(now).arg(MOST_MEMBERS);
        })
        .await
    }

    /// Leaves a room, or does not follow an invitation.
    pub async fn leave_room(&self, name: &RoomName, user: &UserId) -> Result<Outcome, StoreError> {
        let left = self.on_room(&LEAVE, name, |command| {
            command.arg(user.as_str());
        });
        let left = left.await?;
        self.forget_room(user, name).await?;
        Ok(left)
    }

    /// Changes somebody's membership; `what` is `invite`, `remove` or the role.
    pub async fn change_member(
        &self,
        name: &RoomName,
        actor: &UserId,
        target: &UserId,
        what: &str,
        now: u64,
    ) -> Result<Outcome, StoreError> {
        self.on_room(&CHANGE, name, |command| {
            command
                .arg(actor.as_str())
                .arg(target.as_str())
                .arg(what)
                .arg(now)
                .arg(MOST_INVITED);
        })
        .await
    }

    /// Ends a room: its owner does, or nobody is left.
    pub async fn end_room(
        &self,
        name: &RoomName,
        owner: Option<&UserId>,
    ) -> Result<Outcome, StoreError> {
        let ended = self.on_room(&END, name, |command| {
            command.arg(owner.map_or("", UserId::as_str));
        });
        let ended: Outcome = ended.await?;
        if ended == Outcome::Done {
            let mut entry = redis::cmd("ZREM");
            entry.arg(keys::ROOMS).arg(name.as_str());
            self.link().query::<u64>(&entry).await?;
        }
        Ok(ended)
    }

    /// Notes with a person that they are in a room, or invited.
    pub async fn note_room(
        &self,
        user: &UserId,
        name: &RoomName,
        now: u64,
    ) -> Result<(), StoreError> {
        let mut note = redis::cmd("ZADD");
        note.arg(keys::rooms_of(user)).arg(now).arg(name.as_str());
        self.link().query(&note).await
    }

    /// Takes that note back.
    pub async fn forget_room(&self, user: &UserId, name: &RoomName) -> Result<(), StoreError> {
        let mut note = redis::cmd("ZREM");
        note.arg(keys::rooms_of(user)).arg(name.as_str());
        self.link().query(&note).await
    }

    /// The rooms that somebody may be in or invited to, at most 200, the newest first.
    pub async fn rooms_of(&self, user: &UserId) -> Result<Vec<RoomName>, StoreError> {
        let mut command = redis::cmd("ZREVRANGE");
        command.arg(keys::rooms_of(user)).arg(0).arg(199);
        let names: Vec<String> = self.link().query(&command).await?;
        Ok(names.into_iter().filter_map(|n| n.parse().ok()).collect())
    }

    /// The directory: at most `limit` names after `after`, by name. Some may lead nowhere.
    pub async fn room_names(
        &self,
        after: Option<&RoomName>,
        limit: usize,
    ) -> Result<Vec<RoomName>, StoreError> {
        let mut command = redis::cmd("ZRANGEBYLEX");
        command
            .arg(keys::ROOMS)
            .arg(after.map_or("-".to_owned(), |name| format!("({name}")))
            .arg("+")
            .arg("LIMIT")
            .arg(0)
            .arg(limit);
        let names: Vec<String> = self.link().query(&command).await?;
        Ok(names.into_iter().filter_map(|n| n.parse().ok()).collect())
    }

    /// Stores a message and publishes it. `None`: they are not in the room.
    pub async fn say(
        &self,
        name: &RoomName,
        saying: &NewSaying<'_>,
    ) -> Result<Option<Stored>, StoreError> {
        let answer: Vec<Value> = self
            .on_room(&SAY, name, |command| {
                command
                    .arg(saying.from.as_str())
                    .arg(saying.id)
                    .arg(serde_json::Value::from(saying.text).to_string())
                    .arg(saying.now)
                    .arg(self.generation())
                    .arg(saying.person)
                    .arg(MOST_KEPT);
                for mentioned in saying.mentions {
                    command.arg(mentioned.as_str());
                }
            })
            .await?;
        let mut answer = answer.into_iter();
        let mut next = || answer.next().unwrap_or(Value::Nil);
        let status: String = from_redis_value(next())?;
        let (seq, at) = (from_redis_value(next())?, from_redis_value(next())?);
        let epoch: String = from_redis_value(next())?;
        let owed = answer.filter_map(|id| from_redis_value::<String>(id).ok()?.parse().ok());
        Ok((status != "none").then(|| Stored {
            epoch: Epoch::from(epoch),
            seq,
            at,
            owed: owed.collect(),
        }))
    }

    /// Whoever was mentioned has been told.
    pub async fn settle_mention(
        &self,
        name: &RoomName,
        seq: u64,
        user: &UserId,
    ) -> Result<(), StoreError> {
        let mut command = redis::cmd("ZREM");
        command
            .arg(keys::room_part(name, "owed"))
            .arg(format!("{seq} {user}"));
        self.link().query(&command).await
    }

    /// Removes a message.
    pub async fn unsay(
        &self,
        name: &RoomName,
        actor: &UserId,
        seq: u64,
        id: &str,
        now: u64,
    ) -> Result<Outcome, StoreError> {
        self.on_room(&UNSAY, name, |command| {
            command
                .arg(actor.as_str())
                .arg(seq)
                .arg(now)
                .arg(self.generation())
                .arg(id);
        })
        .await
    }

    /// Reads a part of a room's history; everybody's where no reader is named. Errors:
    /// [`Outcome::NoRoom`] where there is none, [`Outcome::Forbidden`] to somebody who is not in it.
    pub async fn read_room(
        &self,
        name: &RoomName,
        reader: Option<&UserId>,
        part: Part,
        limit: usize,
    ) -> Result<Result<RoomLog, Outcome>, StoreError> {
        type Row = (u64, String, String, String, u64, u64);
        let (way, begin) = match part {
            Part::After(seq) => ("after", seq.min(BEYOND)),
            Part::Before(seq) => ("before", seq.min(BEYOND)),
        };
        let (status, epoch, seq, first, rows): (String, String, u64, u64, Vec<Row>) = self
            .on_room(&READ, name, |command| {
                command
                    .arg(reader.map_or("", UserId::as_str))
                    .arg(way)
                    .arg(begin)
                    .arg(limit);
            })
            .await?;
        let sayings = rows
            .into_iter()
            .filter_map(|(seq, id, from, text, at, removes)| {
                Some(Saying {
                    seq,
                    id,
                    from: from.parse().ok(),
                    text: serde_json::from_str(&text).ok()?,
                    at,
                    removes: (removes > 0).then_some(removes),
                })
            });
        Ok(match status.as_str() {
            "ok" => Ok(RoomLog {
                epoch: self.epoch(&epoch),
                seq,
                first,
                sayings: sayings.collect(),
            }),
            "none" => Err(Outcome::NoRoom),
            _ => Err(Outcome::Forbidden),
        })
    }

    /// The members who came after `after`, in order. `None`: there is no such room for this viewer.
    pub async fn members(
        &self,
        name: &RoomName,
        viewer: &UserId,
        after: u64,
        limit: usize,
    ) -> Result<Option<Vec<StoredMember>>, StoreError> {
        type Row = (String, u64, String, u64, bool);
        let (status, rows): (String, Vec<Row>) = self
            .on_room(&MEMBERS, name, |command| {
                command.arg(viewer.as_str()).arg(after).arg(limit);
            })
            .await?;
        let members = rows
            .into_iter()
            .filter_map(|(who, since, role, read, here)| {
                Some((who.parse().ok()?, role_of(&role)?, since, read, here))
            });
        Ok((status == "ok").then(|| members.collect()))
    }

    /// Somebody has read a room up to `seq`.
    pub async fn mark_room(
        &self,
        name: &RoomName,
        user: &UserId,
        seq: u64,
    ) -> Result<(), StoreError> {
        self.on_room(&MARK, name, |command| {
            command.arg(user.as_str()).arg(seq).arg(MOST_READERS);
        })
        .await
    }

    /// Who is looking at a room, at most [`MOST_PRESENT`] of them.
    pub async fn attending(&self, name: &RoomName) -> Result<Vec<UserId>, StoreError> {
        let mut command = redis::cmd("HRANDFIELD");
        command.arg(keys::room_part(name, "here")).arg(MOST_PRESENT);
        let ids: Vec<String> = self.link().query(&command).await?;
        Ok(ids.into_iter().filter_map(|id| id.parse().ok()).collect())
    }

    /// Says who is looking at rooms on one server, and that it lives. Answers in the same order.
    pub async fn attend(
        &self,
        server: &str,
        rooms: &[(RoomName, Attendance)],
    ) -> Result<Vec<Attended>, StoreError> {
        let names = rooms.iter().map(|(name, _)| keys::room(name));
        let rows: Vec<Vec<Value>> = self
            .link()
            .scripts(&ATTEND, names, |at, command| {
                let attendance = &rooms[at].1;
                command
                    .arg(server)
                    .arg(MOST_PRESENT)
                    .arg(SILENCE)
                    .arg(if attendance.all { "all" } else { "some" })
                    .arg(attendance.came.len());
                for (user, person) in &attendance.came {
                    command.arg(user.as_str()).arg(person);
                }
                for user in &attendance.went {
                    command.arg(user.as_str());
                }
            })
            .await?;
        let answers = rows.into_iter().map(|row| {
            let mut row = row.into_iter();
            let known = row.next().and_then(|known| from_redis_value(known).ok());
            let owed = row.filter_map(|owed| {
                let owed: String = from_redis_value(owed).ok()?;
                let (seq, user) = owed.split_once(' ')?;
                Some((seq.parse().ok()?, user.parse().ok()?))
            });
            Attended {
                known: known.unwrap_or(true),
                owed: owed.collect(),
            }
        });
        Ok(answers.collect())
    }

    /// Whether these people are members of these rooms.
    pub async fn are_members(&self, pairs: &[(RoomName, UserId)]) -> Result<Vec<bool>, StoreError> {
        let commands = pairs.iter().map(|(name, user)| {
            let mut command = redis::cmd("ZSCORE");
            command
                .arg(keys::room_part(name, "members"))
                .arg(user.as_str());
            command
        });
        let scores: Vec<Option<f64>> = self.link().all(commands.collect()).await?;
        Ok(scores.into_iter().map(|score| score.is_some()).collect())
    }

    async fn on_room<T: FromRedisValue>(
        &self,
        script: &Script,
        name: &RoomName,
        arguments: impl FnOnce(&mut Cmd),
    ) -> Result<T, StoreError> {
        self.link()
            .script(script, &keys::room(name), arguments)
            .await
    }
}

/// Title, private, created, members, role, invited, epoch, seq, read and unread.
type Described = (String, bool, u64, u64, String, bool, String, u64, u64, u64);

/// A row of `describe.lua`; nothing for a room that is not there.
struct Description(Option<Described>);

impl FromRedisValue for Description {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        match value {
            Value::Array(row) if row.is_empty() => Ok(Self(None)),
            row => from_redis_value(row).map(Some).map(Self),
        }
    }
}

/// As it stands in the store.
fn role_of(word: &str) -> Option<Role> {
    match word {
        "owner" => Some(Role::Owner),
        "moderator" => Some(Role::Moderator),
        "member" => Some(Role::Member),
        _ => None,
    }
}

/// As it stands in the store.
pub fn role_word(role: Role) -> &'static str {
    match role {
        Role::Owner => "owner",
        Role::Moderator => "moderator",
        Role::Member => "member",
    }
}
