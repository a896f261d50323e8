//! What the parts of a room's page share, and what they do about it.

use leptos::{html, prelude::*, task::spawn_local};

use crate::{
    api::{read_members, read_messages},
    browser, clock,
    drafts::{Desk, Draft},
    error::QuadError,
    event::ClientFrame,
    live::{Connection, Live},
    model::{Member, MessagePage, Person, Position, Role, Room, RoomName},
    talk::{EVERY_MS, Log, People, Place, Typing},
};

/// The page of a room. What decides stands in `crate::talk`.
#[derive(Clone, Copy)]
pub(super) struct Talk {
    pub(super) live: Live,
    pub(super) name: StoredValue<RoomName>,
    pub(super) me: StoredValue<Person>,
    pub(super) log: RwSignal<Log>,
    pub(super) people: RwSignal<People>,
    pub(super) typing: RwSignal<Typing>,
    /// What this person is here; nothing once they are out.
    pub(super) role: RwSignal<Option<Role>>,
    /// Whether the newest message is on screen.
    pub(super) at_end: RwSignal<bool>,
    /// Messages of others that came while it was not.
    pub(super) unseen: RwSignal<u64>,
    pub(super) pane: NodeRef<html::Div>,
    pub(super) place: StoredValue<Place>,
    /// Whether the messages on screen have a hole that only reading them anew can close.
    pub(super) stale: StoredValue<bool>,
    after: StoredValue<Option<String>>,
    reading: StoredValue<bool>,
    read_once_more: StoredValue<bool>,
    typed_at: StoredValue<u64>,
}

impl Talk {
    /// As the page was rendered.
    pub(super) fn new(
        me: &Person,
        room: &Room,
        page: MessagePage,
        members: Vec<Member>,
        after: Option<String>,
    ) -> Self {
        let channel = room.name.channel();
        let place = Place::new(channel.clone(), Position::from(&page));
        Self {
            live: Live::current(),
            name: StoredValue::new(room.name.clone()),
            me: StoredValue::new(me.clone()),
            log: RwSignal::new(Log::new(channel, page)),
            people: RwSignal::new(People::new(members)),
            typing: RwSignal::new(Typing::default()),
            role: RwSignal::new(room.role),
            at_end: RwSignal::new(true),
            unseen: RwSignal::new(0),
            pane: NodeRef::new(),
            place: StoredValue::new(place),
            stale: StoredValue::new(false),
            after: StoredValue::new(after),
            reading: StoredValue::new(false),
            read_once_more: StoredValue::new(false),
            typed_at: StoredValue::new(0),
        }
    }

    pub(super) fn name(self) -> RoomName {
        self.name.get_value()
    }

    /// Says something. Tells whether it is on its way.
    pub(super) fn say(self, text: String) -> bool {
        let id = browser::random_id();
        self.say_as(id, text, clock::server_now())
    }

    fn say_as(self, id: String, text: String, at: u64) -> bool {
        let me = self.me.get_value();
        let frame = self.log.try_update(|log| log.say(&me, id, text, at));
        let Some(frame) = frame.flatten() else {
            return false;
        };
        self.live.send(frame);
        self.to_end();
        true
    }

    /// Where this person's drafts of the room are.
    pub(super) fn desk(self) -> Desk {
        let person = self.me.with_value(|me| me.user_id.clone());
        Desk::new(&person, self.name().channel())
    }

    /// Says what an earlier page of this tab said and was not answered. Answers what is too old to
    /// be known to the server if it got there.
    pub(super) fn say_unsent(self) -> Vec<String> {
        let mut stale = Vec::new();
        for draft in self.desk().unsent() {
            if self
                .log
                .with_untracked(|log| log.place(&draft.id))
                .is_some()
            {
                continue;
            }
            if draft.is_stale() {
                stale.push(draft.text);
            } else {
                self.say_as(draft.id, draft.text, draft.at);
            }
        }
        stale
    }

    /// Keeps what was not answered yet, whenever that changes, once what was kept before is read.
    pub(super) fn keep_unsent(self, ready: RwSignal<bool>) {
        let unsent = Memo::new(move |_| self.log.with(|log| log.unsent()));
        Effect::new(move || {
            if !ready.get() {
                return;
            }
            let unsent = unsent.get().into_iter();
            let drafts = unsent.map(|(id, text, at)| Draft { text, id, at });
            self.desk().keep_unsent(&drafts.collect::<Vec<_>>());
        });
    }

    /// Tries once more what was refused.
    pub(super) fn again(self, id: &str) {
        if let Some(frame) = self.log.try_update(|log| log.again(id)).flatten() {
            self.live.send(frame);
        }
    }

    /// Tells the others that this person is writing, from time to time.
    pub(super) fn types(self) {
        let now = browser::elapsed();
        if now.saturating_sub(self.typed_at.get_value()) >= EVERY_MS {
            self.typed_at.set_value(now);
            let channel = self.name().channel();
            self.live.send(ClientFrame::Typing { channel });
        }
    }

    /// Shows the newest message. The pane begins at its end, and counts backwards from there.
    pub(super) fn to_end(self) {
        if let Some(pane) = self.pane.get_untracked() {
            pane.set_scroll_top(0);
        }
    }

    /// This person is not in the room any more.
    pub(super) fn out(self) {
        if self.role.get_untracked().is_some() {
            self.role.set(None);
            self.live.toasts.announce("You are no longer in this room.");
        }
    }

    /// Whether there is a connection.
    pub(super) fn is_open(self) -> bool {
        self.live.connection.get_untracked() == Connection::Open
    }

    /// Reads the newest messages anew. If that fails, the next connection tries again.
    pub(super) fn reload(self) {
        self.stale.set_value(true);
        spawn_local(async move {
            match read_messages(self.name()).await {
                Ok(page) => {
                    let position = Position::from(&page);
                    if self.stale.try_set_value(false).is_none() {
                        self.place.update_value(|place| place.read(position));
                        self.log.update(|log| log.read_again(page));
                    }
                }
                Err(QuadError::NoSuchRoom) if self.stale.try_get_value().is_some() => self.out(),
                Err(_) => {}
            }
        });
    }

    /// Reads who is in the room: one request at a time, and once more if something happened
    /// meanwhile.
    pub(super) fn read_people(self) {
        if self.reading.get_value() {
            return self.read_once_more.set_value(true);
        }
        self.reading.set_value(true);
        let (name, after) = (self.name(), self.after.get_value());
        spawn_local(async move {
            loop {
                let members = read_members(name.clone(), after.clone()).await;
                let once_more = self.read_once_more.try_update_value(std::mem::take);
                if once_more == Some(false) {
                    if let Ok(members) = members {
                        self.people.update(|people| people.read_again(members));
                    }
                    self.reading.set_value(false);
                }
                // None at all: the page is gone.
                if once_more != Some(true) {
                    return;
                }
            }
        });
    }
}
