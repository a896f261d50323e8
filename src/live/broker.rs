//! The subscriber connection: one a node of the store, subscribed only to what is listened to
//! here. It knows no socket.
//!
//! redis-rs reconnects subscribers in ways that lose messages unseen, so all of it is done here:
//! whatever goes wrong, the broker starts over with new connections, subscribes to everything
//! again, and says so; then every position is checked. Pub/sub is at most once; the stream behind
//! it is the truth.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use redis::{
    AsyncConnectionConfig, Pipeline, PushInfo, PushKind, Value,
    aio::{AsyncPushSender, MultiplexedConnection, SendError},
};
use tokio::{
    sync::{Notify, mpsc, oneshot, watch},
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{Topic, lock};
use crate::store::{
    Store, StoreError,
    slots::{Address, SlotMap},
};

/// How often the way through the store is proven while nothing comes by itself.
const PROBE_EVERY: Duration = Duration::from_secs(5);
/// How long a proof, or an answer on the subscriber connection, may take.
const PROOF_WITHIN: Duration = Duration::from_secs(3);
/// Requests that may wait for the broker.
const MOST_WAITING: usize = 1024;
/// Subscriptions in one write.
const BATCH: usize = 256;

/// Who gets what is published.
pub trait Audience: Send + Sync + 'static {
    /// A message came. Must not block: the connection is read by whoever calls this.
    fn receive(&self, topic: &str, payload: &[u8]);
    /// Whether anybody here listens to it.
    fn wants(&self, topic: &str) -> bool;
    /// Messages may have been lost until now; from now on they arrive.
    fn resubscribed(&self);
}

enum Request {
    Subscribe(Topic, oneshot::Sender<()>),
    Unsubscribe(Topic),
}

/// Asks for subscriptions. Clones share the one task behind it.
#[derive(Clone)]
pub struct Broker {
    requests: mpsc::Sender<Request>,
    store: Store,
    own: Topic,
    heard: watch::Receiver<u64>,
}

impl Broker {
    /// Makes the broker and the task that it is the handle of; whoever starts it owns it. `own` is
    /// this server's own topic, `always` are topics that stay subscribed.
    pub fn new(
        store: Store,
        audience: Arc<dyn Audience>,
        own: Topic,
        always: Vec<Topic>,
    ) -> (Self, BrokerTask) {
        let (requests, incoming) = mpsc::channel(MOST_WAITING);
        let (hears, heard) = watch::channel(0);
        let mut topics: HashSet<Topic> = always.into_iter().collect();
        topics.insert(own.clone());
        let task = BrokerTask {
            always: topics.clone(),
            topics,
            incoming,
            store: store.clone(),
            ears: Arc::new(Ears {
                audience,
                own: own.clone(),
                hears,
                any: AtomicBool::new(false),
                moved: Moved::default(),
            }),
            own: own.clone(),
        };
        (
            Self {
                requests,
                store,
                own,
                heard,
            },
            task,
        )
    }

    /// Subscribes, and answers once the store has confirmed it.
    pub async fn subscribe(&self, topic: Topic) -> Result<(), StoreError> {
        let (confirm, confirmed) = oneshot::channel();
        let asking = async {
            self.requests
                .send(Request::Subscribe(topic, confirm))
                .await
                .ok()?;
            confirmed.await.ok()
        };
        match timeout(PROOF_WITHIN * 2, asking).await {
            Ok(Some(())) => Ok(()),
            _ => Err(StoreError::Unavailable),
        }
    }

    /// Unsubscribes from topics that nobody listens to any more.
    pub async fn unsubscribe(&self, topics: Vec<Topic>) {
        for topic in topics {
            // Only a server that stops has no broker any more.
            let _ = self.requests.send(Request::Unsubscribe(topic)).await;
        }
    }

    /// Whether a message that is published now comes back in time.
    pub async fn proves(&self) -> bool {
        let mut heard = self.heard.clone();
        heard.mark_unchanged();
        let proof =
            async { probe(&self.store, &self.own).await.is_ok() && heard.changed().await.is_ok() };
        timeout(PROOF_WITHIN, proof).await.unwrap_or(false)
    }
}

async fn probe(store: &Store, own: &Topic) -> Result<(), StoreError> {
    store
        .link()
        .query(redis::cmd("SPUBLISH").arg(own.as_str()).arg("0 probe"))
        .await
}

/// The task behind a [`Broker`].
pub struct BrokerTask {
    topics: HashSet<Topic>,
    always: HashSet<Topic>,
    incoming: mpsc::Receiver<Request>,
    store: Store,
    ears: Arc<Ears>,
    own: Topic,
}

/// The connections of one try.
struct Connections {
    /// Told when one of them ends. Of this try only: the ends of earlier ones come late.
    lost: Arc<Notify>,
    slots: Option<SlotMap>,
    nodes: HashMap<Option<Address>, MultiplexedConnection>,
}

impl BrokerTask {
    /// Runs until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut delay = Duration::from_millis(50);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                ended = self.listen(&mut delay) => match ended {
                    Ok(()) => return,
                    Err(error) => tracing::warn!(%error, "lost the subscriber connection; starting over"),
                },
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(delay) => delay = (delay * 2).min(Duration::from_secs(1)),
            }
        }
    }

    /// Connects, subscribes to everything, and serves requests until something is wrong.
    async fn listen(&mut self, delay: &mut Duration) -> Result<(), StoreError> {
        // What the connections of before were told is no matter of the new ones.
        self.ears.moved.take();
        let mut connections = Connections {
            lost: Arc::default(),
            slots: self.store.link().slots().await?,
            nodes: HashMap::new(),
        };
        let wanted: Vec<Topic> = self.topics.iter().cloned().collect();
        for batch in wanted.chunks(BATCH) {
            self.send(&mut connections, "SSUBSCRIBE", batch).await?;
        }
        self.store.refresh_generation().await?;
        tracing::info!(topics = wanted.len(), "listening to the store");
        *delay = Duration::from_millis(50);
        self.ears.audience.resubscribed();

        let mut probes = interval(PROBE_EVERY);
        probes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let lost = connections.lost.clone();
        let mut requests = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                () = lost.notified() => return Err(StoreError::Unavailable),
                _ = probes.tick() => self.prove(&mut connections).await?,
                () = self.ears.moved.notice.notified() => self.follow()?,
                count = self.incoming.recv_many(&mut requests, BATCH) => {
                    if count == 0 {
                        return Ok(());
                    }
                    self.serve(&mut connections, requests.drain(..)).await?;
                }
            }
        }
    }

    /// Starts over where the store has ended subscriptions that are wanted. It ends them when their slots
    /// move, without having been asked: redis-rs may take that for the answer to a request which waits, and
    /// from then on the answers of that connection are those of other requests.
    fn follow(&self) -> Result<(), StoreError> {
        let mut moved = self.ears.moved.take();
        moved.retain(|topic| self.topics.contains(topic));
        if moved.is_empty() {
            return Ok(());
        }
        tracing::info!(topics = moved.len(), "slots have moved");
        Err(StoreError::Unavailable)
    }

    async fn serve(
        &mut self,
        connections: &mut Connections,
        requests: impl Iterator<Item = Request>,
    ) -> Result<(), StoreError> {
        let (mut begin, mut end, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
        for request in requests {
            match request {
                Request::Subscribe(topic, confirm) => {
                    if self.topics.insert(topic.clone()) {
                        begin.push(topic);
                    }
                    waiting.push(confirm);
                }
                // Somebody may have begun to listen since; they would not ask again.
                Request::Unsubscribe(topic) => {
                    let unwanted = !self.ears.audience.wants(topic.as_str());
                    if unwanted && !self.always.contains(&topic) && self.topics.remove(&topic) {
                        match begin.iter().position(|new| *new == topic) {
                            Some(at) => drop(begin.swap_remove(at)),
                            None => end.push(topic),
                        }
                    }
                }
            }
        }
        self.send(connections, "SSUBSCRIBE", &begin).await?;
        for confirm in waiting {
            let _ = confirm.send(());
        }
        // Left for last: a topic that was ended and begun again in one batch is among both.
        end.retain(|topic| !self.topics.contains(topic));
        self.send(connections, "SUNSUBSCRIBE", &end).await?;
        // The answers came on the way of those that nobody asked for.
        self.ears.moved.forget(&end);
        Ok(())
    }

    /// Sends one command a topic, since a Cluster allows only topics of one slot in a command, and
    /// all those of a node in one write.
    async fn send(
        &self,
        connections: &mut Connections,
        command: &str,
        topics: &[Topic],
    ) -> Result<(), StoreError> {
        let mut by_node: HashMap<Option<Address>, Pipeline> = HashMap::new();
        for topic in topics {
            let node = match &connections.slots {
                Some(slots) => Some(
                    slots
                        .node_of(topic.as_str())
                        .ok_or(StoreError::Unavailable)?
                        .clone(),
                ),
                None => None,
            };
            by_node
                .entry(node)
                .or_default()
                .cmd(command)
                .arg(topic.as_str())
                .ignore();
        }
        for (node, pipeline) in by_node {
            let connection = self.connection(connections, node).await?;
            pipeline.exec_async(connection).await?;
        }
        Ok(())
    }

    async fn connection<'c>(
        &self,
        connections: &'c mut Connections,
        node: Option<Address>,
    ) -> Result<&'c mut MultiplexedConnection, StoreError> {
        let ears = SharedEars {
            ears: self.ears.clone(),
            lost: connections.lost.clone(),
        };
        match connections.nodes.entry(node) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(new) => {
                let address = new
                    .key()
                    .as_ref()
                    .map(|(host, port)| (host.as_str(), *port));
                let config = AsyncConnectionConfig::new()
                    .set_connection_timeout(Some(PROOF_WITHIN))
                    .set_response_timeout(Some(PROOF_WITHIN))
                    .set_push_sender(ears);
                let connection = self
                    .store
                    .link()
                    .topology()
                    .connect(address, config)
                    .await?;
                Ok(new.insert(connection))
            }
        }
    }

    /// Proves that each connection still answers, and that what is published comes through.
    async fn prove(&self, connections: &mut Connections) -> Result<(), StoreError> {
        if !self.ears.any.swap(false, Ordering::Relaxed) {
            let mut heard = self.ears.hears.subscribe();
            probe(&self.store, &self.own).await?;
            timeout(PROOF_WITHIN, heard.changed())
                .await
                .map_err(|_| StoreError::Unavailable)?
                .map_err(|_| StoreError::Unavailable)?;
        }
        for connection in connections.nodes.values_mut() {
            redis::cmd("PING").exec_async(connection).await?;
        }
        Ok(())
    }
}

/// Topics whose subscription the store has ended. It does so when a slot moves to another node.
#[derive(Default)]
struct Moved {
    topics: Mutex<HashSet<Topic>>,
    notice: Notify,
}

impl Moved {
    fn add(&self, topic: &str) {
        lock(&self.topics).insert(Topic::new(topic.to_owned()));
        self.notice.notify_one();
    }

    fn forget(&self, topics: &[Topic]) {
        let mut moved = lock(&self.topics);
        for topic in topics {
            moved.remove(topic);
        }
    }

    fn take(&self) -> Vec<Topic> {
        std::mem::take(&mut *lock(&self.topics))
            .into_iter()
            .collect()
    }
}

/// Where pushes come in: straight from the connection to the audience, with no queue between.
struct Ears {
    audience: Arc<dyn Audience>,
    own: Topic,
    hears: watch::Sender<u64>,
    any: AtomicBool,
    moved: Moved,
}

struct SharedEars {
    ears: Arc<Ears>,
    lost: Arc<Notify>,
}

impl AsyncPushSender for SharedEars {
    fn send(&self, info: PushInfo) -> Result<(), SendError> {
        let ears = &self.ears;
        match info.kind {
            PushKind::SMessage => {
                let [Value::BulkString(topic), Value::BulkString(payload)] = &info.data[..] else {
                    return Ok(());
                };
                let Ok(topic) = std::str::from_utf8(topic) else {
                    return Ok(());
                };
                ears.any.store(true, Ordering::Relaxed);
                if topic == ears.own.as_str() {
                    ears.hears.send_modify(|count| *count += 1);
                }
                ears.audience.receive(topic, payload);
            }
            // The answer to the broker's own request, too, which forgets it then.
            PushKind::SUnsubscribe => {
                if let Some(Value::BulkString(topic)) = info.data.first()
                    && let Ok(topic) = std::str::from_utf8(topic)
                {
                    ears.moved.add(topic);
                }
            }
            PushKind::Disconnection => self.lost.notify_one(),
            _ => {}
        }
        Ok(())
    }
}
