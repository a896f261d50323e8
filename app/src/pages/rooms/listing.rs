//! The list of rooms while it is on screen: it follows what is said and read in one's own rooms, and
//! which rooms these are.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};

use crate::{
    api::{Rooms, read_rooms},
    browser,
    event::{Ref, ServerFrame},
    live::{Live, OWN_ROOMS, Word, subscribe},
    model::{Position, Room, RoomName, RoomPage, UserId},
    talk::{Entry, Heard, Tally},
};

/// Rooms that are followed message by message: each takes one of the 200 channels of a socket, and a
/// frame whenever the page comes and goes.
const MOST_FOLLOWED: usize = 50;
/// How often the list is read anew where there are more.
const READ_EVERY: Duration = Duration::from_secs(60);

/// Times that the server is asked to count again, because something was heard meanwhile.
const MOST_TRIES: u32 = 5;

/// What the page shows.
#[derive(Clone, Copy)]
pub(super) struct Listing {
    live: Live,
    me: StoredValue<UserId>,
    /// From where on the other rooms are listed.
    after: StoredValue<Option<String>>,
    own: RwSignal<Vec<Own>>,
    others: RwSignal<RoomPage>,
    reading: StoredValue<bool>,
    read_once_more: StoredValue<bool>,
    connected_before: StoredValue<bool>,
}

/// One's own room, or one to which one is invited.
struct Own {
    room: Room,
    tally: Tally,
}

impl Own {
    fn new(room: Room) -> Self {
        let tally = Tally::new(&room);
        Self { room, tally }
    }

    /// Shows what was heard. True if that changed anything.
    fn show(&mut self) -> bool {
        let (unread, seq) = (self.tally.unread(), self.tally.seq());
        let changed = (self.room.unread, self.room.seq) != (unread, seq);
        (self.room.unread, self.room.seq) = (unread, seq);
        changed
    }
}

/// What has to be done about something that was heard.
enum Then {
    Nothing,
    /// Ask for what is missing.
    Do(Heard),
    /// Only the server can count.
    Count,
}

impl Listing {
    /// As the page was rendered.
    pub(super) fn new(me: UserId, rooms: Rooms, after: Option<String>) -> Self {
        Self {
            live: Live::current(),
            me: StoredValue::new(me),
            after: StoredValue::new(after),
            own: RwSignal::new(rooms.own.into_iter().map(Own::new).collect()),
            others: RwSignal::new(rooms.all),
            reading: StoredValue::new(false),
            read_once_more: StoredValue::new(false),
            connected_before: StoredValue::new(false),
        }
    }

    /// The names of one's own rooms, or of those that one is invited to.
    pub(super) fn own(self, invited: bool) -> Memo<Vec<RoomName>> {
        self.names(move |own| own.room.role.is_none() == invited)
    }

    fn names(self, which: impl Fn(&Own) -> bool + Send + Sync + 'static) -> Memo<Vec<RoomName>> {
        let name = |own: &Own| own.room.name.clone();
        Memo::new(move |_| {
            self.own.with(|all| {
                let some = all.iter().filter(|own| which(own));
                some.map(name).collect()
            })
        })
    }

    /// One's own room as it is now; as it was, once it left the list.
    pub(super) fn room(self, name: RoomName) -> Memo<Option<Room>> {
        Memo::new(move |before: Option<&Option<Room>>| {
            let now = self.own.with(|all| {
                let mut all = all.iter();
                Some(all.find(|own| own.room.name == name)?.room.clone())
            });
            now.or_else(|| before.cloned().flatten())
        })
    }

    /// The rooms that are not one's own, and the cursor of those that follow.
    pub(super) fn others(self) -> Memo<(Vec<Room>, Option<String>)> {
        Memo::new(move |_| {
            self.others.with(|page| {
                let other = |room: &&Room| room.role.is_none() && !room.invited;
                let rooms = page.rooms.iter().filter(other).cloned();
                (rooms.collect(), page.next.clone())
            })
        })
    }

    /// Follows the rooms for as long as the page is there. Answers those that are followed one by one, each
    /// of which wants [`Listing::follow`].
    pub(super) fn start(self) -> Memo<Vec<RoomName>> {
        let hear = Callback::new(move |word| self.hear_of_list(word));
        self.live.listen_quietly(OWN_ROOMS.to_owned(), hear);
        let mine = self.own(false);
        Effect::new(move || {
            let read = move || {
                let many = mine.with_untracked(|rooms| rooms.len() > MOST_FOLLOWED);
                if many && !browser::hidden() {
                    self.read_again();
                }
            };
            if let Ok(timer) = set_interval_with_handle(read, READ_EVERY) {
                on_cleanup(move || timer.clear());
            }
        });
        Memo::new(move |_| {
            let mut rooms = mine.get();
            rooms.truncate(MOST_FOLLOWED);
            rooms
        })
    }

    /// Follows one room for as long as the component that asks is there.
    pub(super) fn follow(self, name: RoomName) {
        let channel = name.channel();
        let hear = Callback::new(move |word| self.hear_of_room(&name, word));
        self.live.listen_quietly(channel, hear);
    }

    fn hear_of_list(self, word: Word) {
        let again = || {
            let before = |before: &mut bool| std::mem::replace(before, true);
            self.connected_before.try_update_value(before)
        };
        match word {
            Word::Connected => {
                self.live.send(subscribe(OWN_ROOMS));
                // What changed while there was no connection is told to nobody.
                if again() == Some(true) {
                    self.read_again();
                }
            }
            Word::Frame(frame) => {
                if matches!(*frame, ServerFrame::Rooms { .. }) {
                    self.read_again();
                }
            }
        }
    }

    fn hear_of_room(self, name: &RoomName, word: Word) {
        let then = self.own.try_maybe_update(|all| {
            let Some(own) = all.iter_mut().find(|own| own.room.name == *name) else {
                return (false, Then::Nothing);
            };
            let then = match word {
                Word::Connected => Then::Do(Heard::Ask(own.tally.connected())),
                Word::Frame(frame) => self.take(own, *frame),
            };
            (own.show(), then)
        });
        match then {
            Some(Then::Do(Heard::Ask(frame))) => self.live.send(frame),
            Some(Then::Do(Heard::Reload) | Then::Count) => self.read_again(),
            Some(Then::Do(Heard::Take | Heard::Skip) | Then::Nothing) | None => {}
        }
    }

    fn take(self, own: &mut Own, frame: ServerFrame) -> Then {
        let is_me = |user: &UserId| self.me.with_value(|me| me == user);
        let channel = || own.room.name.channel();
        match frame {
            ServerFrame::Message {
                epoch,
                seq,
                from,
                void,
                retracts,
                ..
            } => {
                let entry = match from {
                    _ if void => Entry::Void(retracts),
                    Some(from) if is_me(&from.user_id) => Entry::Own,
                    _ => Entry::Theirs,
                };
                Then::Do(own.tally.entry(&Position { epoch, seq }, entry))
            }
            ServerFrame::Read { user_id, seq, .. } if is_me(&user_id) => {
                match own.tally.marked(seq) {
                    true => Then::Count,
                    false => Then::Nothing,
                }
            }
            ServerFrame::Ack {
                r#ref,
                epoch: Some(epoch),
                seq: Some(seq),
                recovered,
                ..
            } if r#ref == Ref::from(channel()) => {
                let stands = Position { epoch, seq };
                Then::Do(own.tally.subscribed(stands, recovered != Some(false)))
            }
            ServerFrame::Position {
                channel: Some(_),
                epoch,
                seq,
                ..
            } => Then::Do(own.tally.checked(&Position { epoch, seq })),
            ServerFrame::Error {
                r#ref,
                channel: of,
                code,
                ..
            } if code == "forbidden" => {
                let mine = of == Some(channel()) || r#ref == Some(Ref::from(channel()));
                match mine {
                    true => Then::Count,
                    false => Then::Nothing,
                }
            }
            _ => Then::Nothing,
        }
    }

    /// Reads the list anew. If that fails, the next connection tries again.
    pub(super) fn read_again(self) {
        if self.reading.get_value() {
            return self.read_once_more.set_value(true);
        }
        self.reading.set_value(true);
        spawn_local(async move {
            let mut tries = 0;
            loop {
                let Some(after) = self.after.try_get_value() else {
                    return;
                };
                self.read_once_more.set_value(false);
                let read = read_rooms(after).await;
                let failed = read.is_err();
                let unsure = read.ok().and_then(|rooms| self.counted(rooms));
                let more = self.read_once_more.try_get_value();
                tries += 1;
                let unsure = unsure == Some(true) && tries < MOST_TRIES;
                if failed || !(unsure || more == Some(true)) {
                    break;
                }
            }
            let _ = self.reading.try_set_value(false);
        });
    }

    /// Takes over what was read. True if something has to be counted again; nothing once the page is gone.
    fn counted(self, rooms: Rooms) -> Option<bool> {
        let unsure = self.own.try_update(|all| {
            let mut before = std::mem::take(all);
            let mut unsure = false;
            for room in rooms.own {
                let known = before.iter().position(|own| own.room.name == room.name);
                let mut own = match known.map(|at| before.swap_remove(at)) {
                    // Whoever came back listens anew, from where the room stands.
                    Some(own) if own.room.role.is_some() == room.role.is_some() => own,
                    _ => Own::new(room.clone()),
                };
                unsure |= own.tally.counted(&room);
                own.room = room;
                own.show();
                all.push(own);
            }
            unsure
        });
        let _ = self.others.try_set(rooms.all);
        unsure
    }
}
