//! What is said in rooms.

use app::{
    backend::{Answer, Session},
    error::QuadError,
    event::ServerFrame,
    model::{Epoch, Message, MessagePage, NewMessage, Person, RoomName, Said, UserId},
};

use super::{Service, rooms::refusal};
use crate::{
    audit,
    live::frame::Frame,
    meters::METERS,
    security::random,
    store::{
        keys, now,
        presence::MOST_PRESENT,
        talk::{NewSaying, Part, RoomLog, Saying, Unsaid},
    },
    validate,
};

/// Messages on a page, where nothing else is asked for.
const PAGE: u64 = 50;

/// A message that was stored, and whom it mentions and nobody has told yet.
pub struct Spoken {
    /// What the speaker is answered.
    pub said: Said,
    /// Whom to tell; see [`Service::tell_mentioned`].
    pub owed: Vec<UserId>,
    /// The text as it is stored.
    pub text: String,
}

/// Where a room stands, and the frames of its messages.
pub struct RoomFrames {
    /// Which history.
    pub epoch: Epoch,
    /// The newest entry.
    pub seq: u64,
    /// The oldest one that is kept.
    pub first: u64,
    /// What was asked for, without a hole.
    pub frames: Vec<ServerFrame>,
}

impl Service {
    /// Stores a message and publishes it; a repeat with the same id is answered alike. Errors:
    /// `no_such_room` to somebody who is not in it, `invalid`, 429.
    pub async fn say(&self, from: &Person, name: &RoomName, message: NewMessage) -> Answer<Spoken> {
        self.limits.say(&from.user_id)?;
        let id = match message.id {
            Some(id) => validate::message_id(&id)?.to_owned(),
            None => random::id()?,
        };
        let text = validate::text("text", &message.text)?;
        let mentions = self.mentioned(&text).await?;
        let person = serde_json::to_string(from).map_err(|_| QuadError::Internal)?;
        let saying = NewSaying {
            from: &from.user_id,
            person: &person,
            id: &id,
            text: &text,
            now: now(),
            mentions: &mentions,
        };
        let stored = self.store.say(name, &saying).await?;
        let stored = stored.ok_or(QuadError::NoSuchRoom)?;
        METERS.said.increment(1);
        Ok(Spoken {
            said: Said {
                epoch: stored.epoch,
                seq: stored.seq,
                id,
                at: stored.at,
            },
            owed: stored.owed,
            text,
        })
    }

    /// The same, and tells whom it mentions before it answers.
    pub async fn say_and_tell(
        &self,
        session: &Session,
        name: &RoomName,
        message: NewMessage,
    ) -> Answer<Said> {
        let Spoken { said, owed, text } = self.say(&session.person, name, message).await?;
        let told = self.tell_mentioned(name, &session.person, &said, &text, &owed);
        if let Err(error) = told.await {
            // It is stored and noted: see `owed`.
            tracing::warn!(%error, "a mention is told later");
        }
        Ok(said)
    }

    /// Removes one's own message, or that of somebody with fewer rights. Errors: `no_such_room`,
    /// `no_such_message`, `forbidden`, 429.
    pub async fn remove_message(&self, session: &Session, name: &RoomName, seq: u64) -> Answer<()> {
        let user = &session.person.user_id;
        self.limits.say(user)?;
        if seq == 0 || seq > 1 << 53 {
            return Err(QuadError::NoSuchMessage);
        }
        let id = random::id()?;
        let unsaid = self.store.unsay(name, user, seq, &id, now()).await?;
        let Unsaid { from, owed } = unsaid.map_err(refusal)?;
        audit::message_removed(&session.person, name, seq);
        if owed.is_empty() {
            return Ok(());
        }
        let told = async {
            let epoch = self.store.room_epoch(name).await?;
            self.tell_unmentioned(name, &epoch, from.as_ref(), seq, &owed)
                .await
        };
        if let Err(error) = told.await {
            // It is noted: see `owed`.
            tracing::warn!(%error, "the notification of a removed message goes later");
        }
        Ok(())
    }

    /// A page of what was said before `before`, or of the newest. Errors: `no_such_room` to somebody
    /// who is not in it.
    pub async fn messages(
        &self,
        session: &Session,
        name: &RoomName,
        before: Option<u64>,
        limit: Option<u64>,
    ) -> Answer<MessagePage> {
        let limit = validate::limit(limit, PAGE)? as usize;
        let before = before.unwrap_or(0);
        let reader = Some(&session.person.user_id);
        let read = self
            .store
            .read_room(name, reader, Part::Before(before), limit + 1);
        let mut log = read.await?.map_err(|_| QuadError::NoSuchRoom)?;
        let more = log.sayings.len() > limit;
        log.sayings.truncate(limit);
        let next = log.sayings.last().filter(|_| more).map(|oldest| oldest.seq);
        let people = self
            .people(log.sayings.iter().filter_map(|saying| saying.from.as_ref()))
            .await?;
        let messages = log.sayings.into_iter().rev().map(|saying| Message {
            seq: saying.seq,
            id: saying.id,
            from: saying.from.and_then(|id| people.get(&id).cloned()),
            text: saying.text,
            at: saying.at,
        });
        Ok(MessagePage {
            epoch: log.epoch,
            seq: log.seq,
            messages: messages.collect(),
            next,
        })
    }

    /// Where a room stands, and the frames of what follows `after`, without a hole: at most `limit`
    /// of those that are stored, and those that were removed between them. Everybody's, where no
    /// reader is named. Errors: `no_such_room`, `forbidden`.
    pub async fn room_after(
        &self,
        name: &RoomName,
        reader: Option<&UserId>,
        after: u64,
        limit: usize,
    ) -> Answer<RoomFrames> {
        let read = self
            .store
            .read_room(name, reader, Part::After(after), limit);
        let log = read.await?.map_err(refusal)?;
        let people = self
            .people(log.sayings.iter().filter_map(|saying| saying.from.as_ref()))
            .await?;
        let whole = log.sayings.len() < limit;
        let RoomLog {
            epoch,
            seq,
            first,
            sayings,
        } = log;
        let channel = name.channel();
        let mut frames = Vec::with_capacity(sayings.len());
        let mut expected = (after + 1).max(first);
        let end = if whole { Some(seq) } else { None };
        let removed = |seq: u64, at: u64| ServerFrame::Message {
            channel: channel.clone(),
            epoch: epoch.clone(),
            seq,
            id: String::new(),
            from: None,
            text: String::new(),
            at,
            level: None,
            void: true,
            retracts: None,
        };
        let mut last_at = 0;
        for saying in sayings {
            let Saying {
                seq,
                id,
                from,
                text,
                at,
                removes,
            } = saying;
            frames.extend((expected..seq).map(|seq| removed(seq, at)));
            expected = seq + 1;
            last_at = at;
            frames.push(ServerFrame::Message {
                channel: channel.clone(),
                epoch: epoch.clone(),
                seq,
                id,
                from: from.and_then(|id| people.get(&id).cloned()),
                text,
                at,
                level: None,
                void: removes.is_some(),
                retracts: removes,
            });
        }
        if let Some(end) = end {
            frames.extend((expected..=end).map(|seq| removed(seq, last_at)));
        }
        Ok(RoomFrames {
            epoch,
            seq,
            first,
            frames,
        })
    }

    /// Somebody who is in a room is writing there. Told to those who look, and to nobody else.
    pub async fn typing(&self, name: &RoomName, from: &UserId) -> Answer<()> {
        let topic = keys::room_topic(name);
        if self.hub.count(topic.as_str()) > MOST_PRESENT {
            return Ok(());
        }
        let from = self.person_by_id(from).await?;
        let frame = ServerFrame::Typing {
            channel: name.channel(),
            from,
        };
        Ok(self.publish_frame(&topic, &frame).await?)
    }

    /// How far somebody has read a room; `None` for somebody who is not in it.
    pub async fn read_mark(&self, name: &RoomName, user: &UserId) -> Answer<Option<u64>> {
        Ok(self.store.read_mark(name, user).await?)
    }

    /// Somebody has read a room up to `seq`. A mark that is behind, too high or not theirs to set
    /// changes nothing.
    pub async fn read_room(&self, name: &RoomName, user: &UserId, seq: u64) -> Answer<()> {
        Ok(self.store.mark_room(name, user, seq.min(1 << 53)).await?)
    }

    /// Everybody who is looking at a room, as a frame.
    pub async fn presence(&self, name: &RoomName) -> Answer<Option<Frame>> {
        let here = self.store.attending(name).await?;
        let mut people = self.people(&here).await?;
        let here = here.iter().filter_map(|id| people.remove(id)).collect();
        Ok(Frame::of(&ServerFrame::Presence {
            channel: name.channel(),
            here,
            gone: Vec::new(),
            all: true,
        }))
    }
}
