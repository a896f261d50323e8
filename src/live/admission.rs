//! How many connections each person has on this server, registered or not.

use std::{
    collections::HashMap,
    sync::{Mutex, atomic::Ordering},
};

use app::model::UserId;

use super::{hub::Connection, lock};

/// Counts the connections of people. Only those who have one are in it.
#[derive(Default)]
pub(super) struct Admission(Mutex<HashMap<UserId, u64>>);

impl Admission {
    /// Gives a connection one of the `most` places of its owner; `false` if all are taken.
    pub(super) fn take(&self, connection: &Connection, most: u64) -> bool {
        let Some(user) = connection.owner.user() else {
            return true;
        };
        let mut people = lock(&self.0);
        let theirs = people.entry(user.clone()).or_default();
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
        let Some(user) = connection.owner.user() else {
            return;
        };
        let mut people = lock(&self.0);
        if let Some(theirs) = people.get_mut(user) {
            *theirs -= 1;
            if *theirs == 0 {
                people.remove(user);
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
        let (hub, admission) = (Hub::default(), Admission::default());
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
        assert!(admission.take(&first, 2) && admission.take(&second, 2));
        assert!(!admission.take(&third, 2));
        let other = connect("0other00");
        assert!(admission.take(&other, 2));
        admission.give_back(&third);
        assert!(!admission.take(&late, 2), "it had no place to give back");
        admission.give_back(&first);
        admission.give_back(&first);
        assert!(admission.take(&late, 2));
        assert!(!admission.take(&third, 2), "a place is given back once");
        for gone in [&second, &late, &other] {
            admission.give_back(gone);
        }
        assert!(lock(&admission.0).is_empty(), "who is gone is forgotten");
    }
}
