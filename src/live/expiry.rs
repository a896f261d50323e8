//! Subscriptions that end by themselves, when the token that allowed them does.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use app::event::ServerFrame;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::{
    Topic,
    catch_up::ignore,
    hub::{Connection, ConnectionId},
    lock,
    socket::send,
};
use crate::{
    server::Shared,
    store::{keys, now},
};

type Subscription = (ConnectionId, Topic);

/// Which subscriptions end, and when. There are no more than subscriptions.
#[derive(Default)]
pub struct Expiries(Mutex<State>);

#[derive(Default)]
struct State {
    by_subscription: HashMap<Subscription, u64>,
    by_time: BTreeMap<(u64, ConnectionId, String), Arc<Connection>>,
}

impl Expiries {
    /// A subscription ends at `until` (milliseconds since 1970), whatever was said before of it.
    pub fn set(&self, connection: &Arc<Connection>, topic: &Topic, until: u64) {
        self.forget(connection, topic);
        let mut state = self.lock();
        let subscription = (connection.id, topic.clone());
        state.by_subscription.insert(subscription, until);
        let at = (until, connection.id, topic.as_str().to_owned());
        state.by_time.insert(at, connection.clone());
    }

    /// It was ended otherwise.
    pub fn forget(&self, connection: &Connection, topic: &Topic) {
        let mut state = self.lock();
        let subscription = (connection.id, topic.clone());
        if let Some(until) = state.by_subscription.remove(&subscription) {
            let at = (until, connection.id, topic.as_str().to_owned());
            state.by_time.remove(&at);
        }
    }

    fn due(&self, now: u64) -> Vec<(Arc<Connection>, Topic)> {
        let mut state = self.lock();
        let mut due = Vec::new();
        while let Some(entry) = state.by_time.first_entry()
            && entry.key().0 <= now
        {
            let ((_, id, topic), connection) = entry.remove_entry();
            let topic = Topic::new(topic);
            state.by_subscription.remove(&(id, topic.clone()));
            due.push((connection, topic));
        }
        due
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }
}

/// Ends what is due, until `stop`.
pub async fn run(shared: Shared, stop: CancellationToken) {
    let mut ticks = interval(Duration::from_millis(500));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        for (connection, topic) in shared.live.expiries.due(now()) {
            let goodbye = ServerFrame::Error {
                r#ref: None,
                channel: keys::name_of(topic.as_str()),
                code: "expired".to_owned(),
                detail: "The token for this channel has expired. Subscribe with a new one."
                    .to_owned(),
            };
            ignore(&shared, &connection, topic).await;
            send(&connection, &goodbye);
        }
    }
}
