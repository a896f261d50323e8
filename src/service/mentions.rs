//! Who is told of what happens in rooms: whoever is mentioned or invited.

use app::{
    backend::Answer,
    error::QuadError,
    model::{Epoch, Person, RoomName, Said, UserId},
};
use futures_util::future::try_join_all;

use super::{
    Service,
    posts::{digest, excerpt},
};
use crate::{
    meters::METERS,
    store::{
        messages::RoomNews,
        now,
        talk::{Part, Saying},
    },
};

/// People whom one message can mention.
const MOST: usize = 20;

/// Why somebody is told.
#[derive(Debug, Clone, Copy)]
pub enum Occasion<'a> {
    /// A message mentions them.
    Mention {
        /// The history that `seq` counts in.
        epoch: &'a Epoch,
        /// Which one.
        seq: u64,
        /// What it says.
        text: &'a str,
    },
    /// They are invited.
    Invitation {
        /// When; one is told again of a later one.
        at: u64,
    },
}

impl Service {
    /// The people whom a text mentions.
    pub(super) async fn mentioned(&self, text: &str) -> Answer<Vec<UserId>> {
        let handles = app::text::mentions(text, MOST);
        let found = handles.iter().map(|handle| self.store.find_handle(handle));
        let found = try_join_all(found).await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Tells those whom a message mentions, and notes that they were told.
    pub async fn tell_mentioned(
        &self,
        name: &RoomName,
        from: &Person,
        said: &Said,
        text: &str,
        owed: &[UserId],
    ) -> Answer<()> {
        for user in owed {
            let occasion = Occasion::Mention {
                epoch: &said.epoch,
                seq: said.seq,
                text,
            };
            self.tell_of_room(name, from, user, occasion).await?;
            self.store.settle_mention(name, said.seq, user).await?;
        }
        Ok(())
    }

    /// Tells those whom nobody told in time, because a server ended between storing a message and
    /// telling.
    pub async fn tell_owed(&self, name: &RoomName, owed: &[(u64, UserId)]) -> Answer<()> {
        for (seq, user) in owed {
            let read = self
                .store
                .read_room(name, None, Part::After(seq.saturating_sub(1)), 1);
            let Ok(log) = read.await? else { return Ok(()) };
            let saying = log.sayings.into_iter().find(|saying| saying.seq == *seq);
            let owed = std::slice::from_ref(user);
            let Some(Saying {
                from: Some(from),
                text,
                id,
                at,
                ..
            }) = saying
            else {
                // It was removed meanwhile.
                self.tell_unmentioned(name, &log.epoch, None, *seq, owed)
                    .await?;
                continue;
            };
            let from = self.person_by_id(&from).await?;
            let (epoch, seq) = (log.epoch, *seq);
            let said = Said { epoch, seq, id, at };
            self.tell_mentioned(name, &from, &said, &text, owed).await?;
        }
        Ok(())
    }

    /// Tells somebody what happened to them in a room, once.
    pub(super) async fn tell_of_room(
        &self,
        room: &RoomName,
        actor: &Person,
        to: &UserId,
        occasion: Occasion<'_>,
    ) -> Answer<()> {
        let person = serde_json::to_string(actor).map_err(|_| QuadError::Internal)?;
        let (kind, text, epoch, which) = match occasion {
            Occasion::Mention { epoch, seq, text } => {
                ("mention", Some(excerpt(text)), epoch.as_str(), seq)
            }
            Occasion::Invitation { at } => ("invitation", None, "", at),
        };
        let title = self.store.room_title(room).await?;
        let news = RoomNews {
            to,
            kind,
            room,
            title: title.as_deref().unwrap_or(room.as_str()),
            actor: &actor.user_id,
            person: &person,
            text: text.as_deref(),
            which,
            key: &self::occasion(kind, room, epoch, which),
            now: now(),
        };
        METERS.withheld(self.store.tell(&news).await?);
        self.push.told_later(to);
        Ok(())
    }
}

/// Names an occasion of which somebody is told once.
pub(super) fn occasion(kind: &str, room: &RoomName, epoch: &str, which: u64) -> String {
    digest(&format!("{kind}:{room}:{epoch}:{which}"))
}
