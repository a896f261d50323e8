//! How many connections each person and each program has on this server, registered or not.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Mutex, atomic::Ordering},
};

use super::{hub::Connection, lock};

/// Counts connections by their owner. Only owners who have one are in it.
#[derive(Default)]
pub(super) struct ConnectionCount(Mutex<HashMap<String, u64>>);

impl ConnectionCount {
    /// Gives a connection one of the `most` places of its owner; `false` if all are taken.
    pub(super) fn take(&self, connection: &Connection, most: u64) -> bool {
        let mut owners = lock(&self.0);
        let theirs = owners.entry(connection.owner.holder()).or_default();
        let admitted = *theirs < most;
        if admitted {
            *theirs += 1;
            connection.counted.store(true, Ordering::Relaxed);
        }
        admitted
    }

    /// Takes the place of a connection back, if it has one.
    pub(super) fn give_back(&self, connection: &Connection) {
        if !connection.counted.swap(false, Ordering::Relaxed) {
            return;
        }
        let mut owners = lock(&self.0);
        if let Entry::Occupied(mut theirs) = owners.entry(connection.owner.holder()) {
            *theirs.get_mut() -= 1;
            if *theirs.get() == 0 {
                theirs.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;
    use crate::live::{
        event_stream::EventStream,
        hub::{Hub, Owner},
        places::Places,
        writer::Writer,
    };

    #[test]
    fn a_person_has_so_many_places_and_who_leaves_makes_room() {
        let (hub, count) = (Hub::default(), ConnectionCount::default());
        let connect = |id: &str| {
            let owner = Owner::Session {
                user: id.parse().unwrap(),
                session: "s".into(),
            };
            let stream = EventStream::new(Places::default());
            let (inlet, _) = mpsc::channel(1);
            hub.connect_stream(owner, Writer::events(stream), inlet)
        };
        let [first, second, third, late] = ["0abcdefg"; 4].map(connect);
        assert!(count.take(&first, 2) && count.take(&second, 2));
        assert!(!count.take(&third, 2));
        let other = connect("0other00");
        assert!(count.take(&other, 2));
        count.give_back(&third);
        assert!(!count.take(&late, 2), "it had no place to give back");
        count.give_back(&first);
        count.give_back(&first);
        assert!(count.take(&late, 2));
        assert!(!count.take(&third, 2), "a place is given back once");
        for gone in [&second, &late, &other] {
            count.give_back(gone);
        }
        assert!(lock(&count.0).is_empty(), "who is gone is forgotten");
    }
}
