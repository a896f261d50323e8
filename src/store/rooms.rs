//! Rooms and who is in them. Everything of one room lies in one slot.

use std::sync::LazyLock;

use app::model::{Role, Room, RoomName, UserId};
use redis::{Cmd, FromRedisValue, ParsingError, Value, from_redis_value};

use super::{
    Store, StoreError,
    cleanup::{Deleted, UNKNOWN_FOR},
    keys,
    presence::SILENCE,
    room_notes::Noted,
    script::Script,
};

static CREATE: LazyLock<Script> = LazyLock::new(|| script(include_str!("room/create.lua")));
static DESCRIBE: LazyLock<Script> = LazyLock::new(|| script(include_str!("room/describe.lua")));
static UPDATE: LazyLock<Script> = LazyLock::new(|| script(include_str!("room/update.lua")));
static ENTER: LazyLock<Script> = LazyLock::new(|| script(include_str!("room/enter.lua")));
static LEAVE: LazyLock<Script> = LazyLock::new(|| script(include_str!("room/leave.lua")));
static CHANGE: LazyLock<Script> = LazyLock::new(|| script(include_str!("room/change_member.lua")));
static END: LazyLock<Script> = LazyLock::new(|| script(include_str!("room/end.lua")));
static MEMBERS: LazyLock<Script> = LazyLock::new(|| present(include_str!("room/list_members.lua")));

/// People in a room.
const MOST_MEMBERS: u64 = 10_000;
/// People who are invited into a room and have not come.
const MOST_INVITED: u64 = 1_000;

/// What a script is told that only says what it would do.
const ONLY_ASK: &str = "ask";

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

/// A member as it is stored: who, what, since when, read up to, and whether they are looking.
pub type StoredMember = (UserId, Role, u64, u64, bool);

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
        // Whoever asks for a name that is taken leaves nothing behind.
        if self.room_exists(name).await? {
            return Ok(false);
        }
        // Then the lists: an entry without a room is passed over, a room that is in no list would never
        // be found.
        self.note_room(owner, name, now, Noted::Renew).await?;
        self.list_room(name).await?;
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

    /// What a room is called.
    pub async fn room_title(&self, name: &RoomName) -> Result<Option<String>, StoreError> {
        let mut command = redis::cmd("HGET");
        command.arg(keys::room(name)).arg("title");
        self.link().query(&command).await
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
        let enter = async |only_ask: &str| {
            let entered = self.on_room(&ENTER, name, |command| {
                let user = user.as_str();
                command.arg(user).arg(now).arg(MOST_MEMBERS).arg(only_ask);
            });
            entered.await
        };
        // First the right, then the note with the person, then the membership: whoever may not come
        // in leaves nothing behind, and no membership is without a note.
        match enter(ONLY_ASK).await? {
            Outcome::Same => {
                self.note_room(user, name, now, Noted::Keep).await?;
                Ok(Outcome::Done)
            }
            Outcome::Done => {
                self.note_room(user, name, now, Noted::Renew).await?;
                match enter("").await? {
                    Outcome::Done | Outcome::Same => {
                        self.forget_invitation(user, name).await?;
                        Ok(Outcome::Done)
                    }
                    refused => Ok(refused),
                }
            }
            refused => Ok(refused),
        }
    }

    /// Leaves a room, or does not follow an invitation.
    pub async fn leave_room(&self, name: &RoomName, user: &UserId) -> Result<Outcome, StoreError> {
        let left = self.on_room(&LEAVE, name, |command| {
            command.arg(user.as_str());
        });
        let left: Outcome = left.await?;
        if left != Outcome::NoRoom {
            self.forget_room(user, name).await?;
        }
        Ok(left)
    }

    /// Whether somebody may invite another one: [`Outcome::Done`], or what inviting would answer.
    pub async fn may_invite(
        &self,
        name: &RoomName,
        actor: &UserId,
        target: &UserId,
    ) -> Result<Outcome, StoreError> {
        self.on_room(&CHANGE, name, |command| {
            let (actor, target) = (actor.as_str(), target.as_str());
            command.arg(actor).arg(target).arg("invite").arg(0);
            command.arg(MOST_INVITED).arg(ONLY_ASK);
        })
        .await
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

    /// Ends a room: its owner does, or nobody is left. Nobody sees any of it from now on; what those who
    /// were in it have noted and were told of it is cleaned up later.
    pub async fn end_room(
        &self,
        name: &RoomName,
        owner: Option<&UserId>,
        now: u64,
    ) -> Result<Outcome, StoreError> {
        let end = async |only_ask: &str| {
            let ended = self.on_room(&END, name, |command| {
                let owner = owner.map_or("", UserId::as_str);
                command.arg(owner).arg(now).arg(only_ask);
            });
            ended.await
        };
        let allowed = end(ONLY_ASK).await?;
        if allowed != Outcome::Done {
            return Ok(allowed);
        }
        let deleted = Deleted::Room(name.clone());
        self.clean_up_after(UNKNOWN_FOR, &deleted).await?;
        let ended = end("").await?;
        if ended == Outcome::Done {
            self.unlist_room(name).await?;
        }
        self.clean_up(&deleted).await?;
        Ok(ended)
    }

    /// Whether there is such a room.
    pub(super) async fn room_exists(&self, name: &RoomName) -> Result<bool, StoreError> {
        let mut command = redis::cmd("EXISTS");
        command.arg(keys::room(name));
        self.link().query(&command).await
    }

    /// Puts a room into the directory.
    async fn list_room(&self, name: &RoomName) -> Result<(), StoreError> {
        let mut entry = redis::cmd("ZADD");
        entry.arg(keys::ROOMS).arg(0).arg(name.as_str());
        self.link().query::<u64>(&entry).await.map(drop)
    }

    /// Takes a room that is gone out of the directory.
    pub(super) async fn unlist_room(&self, name: &RoomName) -> Result<(), StoreError> {
        let mut entry = redis::cmd("ZREM");
        entry.arg(keys::ROOMS).arg(name.as_str());
        self.link().query::<u64>(&entry).await?;
        // Somebody may have made another room of this name meanwhile.
        if self.room_exists(name).await? {
            self.list_room(name).await?;
        }
        Ok(())
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
                command.arg(SILENCE);
            })
            .await?;
        let members = rows
            .into_iter()
            .filter_map(|(who, since, role, read, here)| {
                Some((who.parse().ok()?, role_of(&role)?, since, read, here))
            });
        Ok((status == "ok").then(|| members.collect()))
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

    pub(super) async fn on_room<T: FromRedisValue>(
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

/// A script of a room.
pub(super) fn script(body: &str) -> Script {
    Script::new(&[include_str!("room/room.lua"), body])
}

/// A script of a room that knows the store's time.
pub(super) fn timed(body: &str) -> Script {
    let (clock, room) = (include_str!("clock.lua"), include_str!("room/room.lua"));
    Script::new(&[clock, room, body])
}

/// A script of a room that knows who is looking at it.
pub(super) fn present(body: &str) -> Script {
    let (clock, room) = (include_str!("clock.lua"), include_str!("room/room.lua"));
    Script::new(&[clock, room, include_str!("room/present.lua"), body])
}
