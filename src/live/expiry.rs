//! What ends by itself when the token that allowed it does: subscriptions to private channels, and
//! the connections of programs.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use app::event::{CloseCode, ServerFrame};
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

/// Which subscriptions and connections end, and when. There are no more than of those.
#[derive(Default)]
pub struct Expiries(Mutex<State>);

#[derive(Default)]
struct State {
    by_subscription: HashMap<Subscription, u64>,
    by_time: BTreeMap<(u64, ConnectionId, String), Arc<Connection>>,
    connections: BTreeMap<(u64, ConnectionId), Arc<Connection>>,
    ends: HashMap<ConnectionId, u64>,
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

    /// A connection ends at `until` (milliseconds since 1970).
    pub fn end_at(&self, connection: &Arc<Connection>, until: u64) {
        self.forget_end(connection);
        let mut state = self.lock();
        state.ends.insert(connection.id, until);
        let at = (until, connection.id);
        state.connections.insert(at, connection.clone());
    }

    /// It has ended.
    pub fn forget_end(&self, connection: &Connection) {
        let mut state = self.lock();
        if let Some(until) = state.ends.remove(&connection.id) {
            state.connections.remove(&(until, connection.id));
        }
    }

    fn over(&self, now: u64) -> Vec<Arc<Connection>> {
        let mut state = self.lock();
        let mut over = Vec::new();
        while let Some(entry) = state.connections.first_entry()
            && entry.key().0 <= now
        {
            let connection = entry.remove();
            state.ends.remove(&connection.id);
            over.push(connection);
        }
        over
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
        for connection in shared.live.expiries.over(now()) {
            connection.writer.close(CloseCode::SessionEnded);
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
