//! Who is looking at rooms, as each server says.

use std::sync::LazyLock;

use app::model::{RoomName, UserId};
use redis::{Value, from_redis_value};

use super::{Store, StoreError, keys, rooms::present, script::Script};

static ATTEND: LazyLock<Script> = LazyLock::new(|| present(include_str!("room/attend.lua")));
static ATTENDING: LazyLock<Script> = LazyLock::new(|| present(include_str!("room/attending.lua")));

/// Where more are looking, nobody is told who comes, goes and writes.
pub const MOST_PRESENT: u64 = 500;
/// People who come to a room or leave it that the store is told of in one go, and people of silent
/// servers that it forgets in one go.
const PART: usize = 250;
/// A server that was silent for so long is not there any more, in milliseconds.
pub const SILENCE: u64 = 15_000;

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

/// A part of an [`Attendance`], and the place of its room.
struct Part<'a> {
    room: usize,
    all: bool,
    came: &'a [(UserId, String)],
    went: &'a [UserId],
}

impl Attendance {
    /// It is told in parts where many came or went, so that no script runs for long. The first one
    /// says where they are all who are here; the others add to it.
    fn parts(&self, room: usize) -> Vec<Part<'_>> {
        let part = |came, went| Part {
            room,
            all: false,
            came,
            went,
        };
        let mut parts: Vec<Part<'_>> = if self.came.len() + self.went.len() <= PART {
            vec![part(&self.came, &self.went)]
        } else {
            let came = self.came.chunks(PART).map(|came| part(came, &[]));
            let went = self.went.chunks(PART).map(|went| part(&[], went));
            came.chain(went).collect()
        };
        if let Some(first) = parts.first_mut() {
            first.all = self.all;
        }
        parts
    }
}

/// What the store says to an [`Attendance`].
pub struct Attended {
    /// False: this server was taken for dead, so all who are here have to be said again.
    pub known: bool,
    /// Mentions that nobody was told of in time: the message, and who is to be told.
    pub owed: Vec<(u64, UserId)>,
}

impl Store {
    /// Who is looking at a room, at most [`MOST_PRESENT`] of them.
    pub async fn attending(&self, name: &RoomName) -> Result<Vec<UserId>, StoreError> {
        let ids: Vec<String> = self
            .link()
            .script(&ATTENDING, &keys::room(name), |command| {
                command.arg(MOST_PRESENT).arg(SILENCE);
            })
            .await?;
        Ok(ids.into_iter().filter_map(|id| id.parse().ok()).collect())
    }

    /// Says who is looking at rooms on one server, and that it lives. Answers in the same order.
    pub async fn attend(
        &self,
        server: &str,
        rooms: &[(RoomName, Attendance)],
    ) -> Result<Vec<Attended>, StoreError> {
        let mut parts: Vec<Part<'_>> = rooms
            .iter()
            .enumerate()
            .flat_map(|(at, (_, attendance))| attendance.parts(at))
            .collect();
        let mut answers: Vec<Option<Attended>> = rooms.iter().map(|_| None).collect();
        while !parts.is_empty() {
            let rows = self.attend_in_parts(server, rooms, &parts).await?;
            // Where people of silent servers are left, it is asked again until they are forgotten.
            let mut again: Vec<Part<'_>> = Vec::new();
            for (part, row) in parts.iter().zip(rows) {
                let mut row = row.into_iter();
                let mut flag = || row.next().and_then(|flag| from_redis_value(flag).ok());
                let (known, more): (Option<bool>, Option<bool>) = (flag(), flag());
                let owed = row.filter_map(|owed| {
                    let owed: String = from_redis_value(owed).ok()?;
                    let (seq, user) = owed.split_once(' ')?;
                    Some((seq.parse().ok()?, user.parse().ok()?))
                });
                // The first part says whether the server was known; after it, it is. Each says all
                // that is owed.
                answers[part.room].get_or_insert_with(|| Attended {
                    known: known.unwrap_or(true),
                    owed: owed.collect(),
                });
                again.retain(|other| other.room != part.room);
                if more == Some(true) {
                    again.push(Part {
                        room: part.room,
                        all: false,
                        came: &[],
                        went: &[],
                    });
                }
            }
            parts = again;
        }
        Ok(answers.into_iter().flatten().collect())
    }

    async fn attend_in_parts(
        &self,
        server: &str,
        rooms: &[(RoomName, Attendance)],
        parts: &[Part<'_>],
    ) -> Result<Vec<Vec<Value>>, StoreError> {
        let names = parts.iter().map(|part| keys::room(&rooms[part.room].0));
        let rows = self.link().scripts(&ATTEND, names, |at, command| {
            let part = &parts[at];
            // Whoever is forgotten is forgotten after all who came were counted.
            let is_last = parts.get(at + 1).is_none_or(|next| next.room != part.room);
            command
                .arg(server)
                .arg(MOST_PRESENT)
                .arg(SILENCE)
                .arg(if part.all { "all" } else { "some" })
                .arg(if is_last { PART } else { 0 })
                .arg(part.came.len());
            for (user, person) in part.came {
                command.arg(user.as_str()).arg(person);
            }
            for user in part.went {
                command.arg(user.as_str());
            }
        });
        rows.await
    }
}
