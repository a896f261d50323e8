//! Puts the parts together, runs them, and stops them in order.

mod accept;
mod caps;
mod clock;
mod connection;
mod metrics;
mod refusal;
mod switchboard;
mod tasks;
mod tcp;

use std::{
    ops::Deref,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use app::{cookie::CookiePolicy, event::CloseCode};
use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::{
    net::TcpListener,
    sync::{Notify, mpsc},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    config::{Config, StoreUrl},
    live::{
        Topic,
        broker::Broker,
        control::Control,
        expiry::{self, Expiries},
        hub::Hub,
        observe::Observers,
        presence, sweep,
    },
    meters::{LIKE_TO_PAINT, LIKE_TO_PAINT_BUCKETS},
    pulse::{Pulse, Pulses},
    push::{self, Push},
    router,
    security::{
        client_addr::TrustedProxies, headers::ResponseHeaders, limits::Limits, origin::OriginRule,
        random,
    },
    service::{Service, channels::ANNOUNCEMENTS, directory::Directory},
    store::{Retention, Store, keys},
    web::pages,
};

use accept::Door;
use caps::Caps;
pub use caps::Place;
use connection::Manner;
use switchboard::Switchboard;
use tasks::Tasks;
pub use tcp::Tcp;

/// What handlers share. Cheap to clone.
#[derive(Clone)]
pub struct Shared(Arc<Parts>);

/// The parts of a server.
pub struct Parts {
    /// What Quad does.
    pub service: Arc<Service>,
    /// The live path.
    pub live: Live,
    /// Whose word on addresses is taken.
    pub proxies: TrustedProxies,
    /// How session cookies are written.
    pub cookies: CookiePolicy,
    /// Which pages are ours.
    pub origin: Arc<OriginRule>,
    /// What every answer says.
    pub headers: Arc<ResponseHeaders>,
    /// Where the browser's files are.
    pub site_dir: PathBuf,
    /// Whether the demo's people are about.
    pub demo: bool,
    /// What Leptos needs to render.
    pub leptos: LeptosOptions,
}

/// What sockets need beside the service.
pub struct Live {
    /// Subscriptions.
    pub broker: Broker,
    /// The tasks of all sockets.
    pub tasks: TaskTracker,
    /// Programs that hear every room.
    pub observers: Observers,
    /// Subscriptions that end by themselves.
    pub expiries: Expiries,
    /// Sockets one person may have on this server.
    pub max_sockets_per_user: u64,
    /// Connections one program may have on this server.
    pub max_sockets_per_token: u64,
    /// Whether the server's own tasks are at work.
    pub pulses: Pulses,
    draining: CancellationToken,
}

impl Live {
    /// Whether the server is about to stop.
    pub fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }
}

impl Deref for Shared {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl FromRef<Shared> for LeptosOptions {
    fn from_ref(shared: &Shared) -> Self {
        shared.leptos.clone()
    }
}

/// A server that listens.
pub struct Server {
    shared: Shared,
    address: std::net::SocketAddr,
    door: Door,
    /// The tasks that belong to the server and to no request.
    tasks: Tasks,
    stop: CancellationToken,
    drain: Duration,
}

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken, or not ours.
    #[error("cannot listen on {0}: {1}")]
    Listen(std::net::SocketAddr, std::io::Error),
    /// Likewise, where the metrics were to be.
    #[error("cannot listen on {0} for metrics (QUAD_METRICS_ADDR): {1}")]
    Metrics(std::net::SocketAddr, std::io::Error),
    /// The store's address cannot be understood.
    #[error("{0}")]
    Store(#[from] crate::store::StoreError),
    /// The operating system gives no random bytes.
    #[error("{0}")]
    Internal(#[from] app::error::QuadError),
    /// Two recorders in one process.
    #[error("metrics cannot be recorded")]
    Recorder,
}

/// Opens the store as the settings say.
pub async fn open_store(config: &Config, url: &StoreUrl) -> Result<Store, StartError> {
    let retention = Retention {
        entries: config.inbox.max_entries,
        age: config.inbox.max_age.as_millis() as u64,
        session: config.session_age.as_millis() as u64,
    };
    Ok(Store::open(url, retention).await?)
}

/// The service without a server: for commands that work on the store and exit.
pub async fn service(config: &Config, url: &StoreUrl) -> Result<Arc<Service>, StartError> {
    let store = open_store(config, url).await?;
    let directory = Directory { own: random::id()? };
    Ok(Arc::new(Service::new(
        store,
        Arc::default(),
        Arc::new(Limits::new(false)),
        directory,
        Push::new(&config.push),
    )))
}

impl Server {
    /// Starts everything but serving.
    pub async fn start(config: &Config, url: &StoreUrl, demo: bool) -> Result<Self, StartError> {
        let taken = |error| StartError::Listen(config.addr, error);
        let listener = TcpListener::bind(config.addr).await.map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        let for_metrics = metrics::listen(config.metrics_addr).await?;
        let store = open_store(config, url).await?;
        let own = random::id()?;
        let hub: Arc<Hub> = Arc::default();
        let limits = Arc::new(Limits::new(config.rate_limits));
        let check_all: Arc<Notify> = Arc::default();
        let (questions, asked) = mpsc::channel(256);
        let switchboard = Arc::new(Switchboard {
            hub: hub.clone(),
            service: OnceLock::new(),
            own: keys::server_topic(&own).as_str().to_owned(),
            announcements: keys::channel_topic(ANNOUNCEMENTS),
            questions,
            check_all: check_all.clone(),
        });
        let (broker, broker_task) = Broker::new(
            store.clone(),
            switchboard.clone(),
            keys::server_topic(&own),
            vec![keys::control_topic(), keys::channel_topic(ANNOUNCEMENTS)],
        );
        let push = Push::new(&config.push);
        let service = Service::new(store, hub, limits.clone(), Directory { own }, push);
        let service = Arc::new(service.reserving(&config.reserved_handles));
        // The only call: the broker's task has not started yet.
        let _ = switchboard.service.set(service.clone());

        let metrics = PrometheusBuilder::new()
            .set_buckets_for_metric(
                Matcher::Full(LIKE_TO_PAINT.to_owned()),
                &LIKE_TO_PAINT_BUCKETS,
            )
            .and_then(PrometheusBuilder::install_recorder)
            .map_err(|_| StartError::Recorder)?;

        let stop = CancellationToken::new();
        let tasks = Tasks::default();
        let manner = Manner::new(config);
        let upkeep = keep_metrics_small(metrics.clone(), stop.clone());
        tasks.spawn("upkeep of metrics", |pulse| pulse.of(upkeep));
        if let Some(listener) = for_metrics {
            let serving = metrics::serve(listener, metrics, manner, stop.clone());
            tasks.spawn("metrics", |pulse| pulse.of(serving));
        }
        tasks.spawn("broker", |pulse| pulse.of(broker_task.run(stop.clone())));
        tasks.spawn("limits", |pulse| {
            pulse.of(limits.clone().keep_small(stop.clone()))
        });
        let (crowds, until) = (service.hub().clone(), stop.clone());
        let serving = async move { crowds.serve_crowds(until).await };
        tasks.spawn("crowds", |pulse| pulse.of(serving));
        tasks.spawn("positions", |pulse| {
            sweep::run(service.clone(), check_all, stop.clone(), pulse)
        });
        tasks.spawn("presence", |pulse| {
            presence::run(service.clone(), stop.clone(), pulse)
        });
        let alive = keep(service.clone(), stop.clone(), Service::keep_alive);
        tasks.spawn("liveness", |pulse| pulse.of(alive));
        let trending = keep(service.clone(), stop.clone(), Service::keep_trending);
        tasks.spawn("trending", |pulse| pulse.of(trending));
        let clean = keep(service.clone(), stop.clone(), Service::keep_clean);
        tasks.spawn("cleanup", |pulse| pulse.of(clean));
        let secrets = keep(service.clone(), stop.clone(), Service::make_secrets);
        tasks.spawn("secrets", |pulse| pulse.until_done(secrets));
        let announce = keep(
            service.clone(),
            stop.clone(),
            Service::deliver_announcements,
        );
        tasks.spawn("announcements", |pulse| pulse.of(announce));
        let owed = keep(service.clone(), stop.clone(), Service::keep_owed);
        tasks.spawn("owed mentions", |pulse| pulse.of(owed));
        tasks.spawn("push", |pulse| {
            pulse.of(push::courier::run(service.clone(), stop.clone()))
        });
        if demo {
            let demo = crate::demo::run(service.clone(), stop.clone());
            tasks.spawn("demo", |pulse| pulse.of(demo));
        }

        let cookies = config.cookies();
        let proxies = config.trusted_proxies.clone();
        let origin = OriginRule::new(config.public_origin.clone(), proxies.clone(), cookies);
        let shared = Shared(Arc::new(Parts {
            service,
            live: Live {
                broker,
                tasks: TaskTracker::new(),
                observers: Observers::default(),
                expiries: Expiries::default(),
                max_sockets_per_user: config.max_sockets_per_user as u64,
                max_sockets_per_token: config.max_sockets_per_token as u64,
                pulses: tasks.pulses(),
                draining: CancellationToken::new(),
            },
            proxies,
            cookies,
            origin: Arc::new(origin),
            headers: Arc::new(ResponseHeaders::new(
                config.public_origin.clone(),
                config.trusted_proxies.clone(),
            )),
            site_dir: config.site_dir.clone(),
            demo,
            leptos: pages::leptos_options(&config.site_dir),
        }));
        tasks.spawn("questions", |pulse| {
            answer_questions(shared.clone(), asked, stop.clone(), pulse)
        });
        tasks.spawn("expiries", |pulse| {
            pulse.of(expiry::run(shared.clone(), stop.clone()))
        });
        let proxies = config.trusted_proxies.clone();
        let caps = Arc::new(Caps::new(&config.connections, proxies));
        Ok(Self {
            shared,
            address,
            door: Door {
                listener,
                caps,
                manner,
            },
            tasks,
            stop,
            drain: config.drain,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> std::net::SocketAddr {
        self.address
    }

    /// Serves until `quit`, then drains: no new sockets, the open ones are told to come back
    /// elsewhere, requests that run are finished.
    pub async fn run(self, quit: impl Future<Output = ()>) {
        let Self {
            shared,
            door,
            tasks,
            stop,
            drain,
            ..
        } = self;
        let app = router::service(shared.clone());
        let (connections, finish) = (TaskTracker::new(), CancellationToken::new());
        tokio::select! {
            () = door.serve(app, connections.clone(), finish.clone()) => {}
            () = quit => {}
        }
        tracing::info!(sockets = shared.service.hub().len(), "draining");
        shared.live.draining.cancel();
        for connection in shared.service.hub().connections() {
            connection.writer.close(CloseCode::Drain);
        }
        shared.live.tasks.close();
        connections.close();
        finish.cancel();
        let drained = timeout(drain, async {
            shared.live.tasks.wait().await;
            connections.wait().await;
        });
        if drained.await.is_err() {
            tracing::warn!("some connections did not end in time; they are cut off");
        }
        stop.cancel();
        if timeout(Duration::from_secs(5), tasks.ended())
            .await
            .is_err()
        {
            tracing::warn!("some tasks did not end in time");
        }
    }
}

/// Puts what was recorded into its buckets, whether or not somebody asks for the metrics.
async fn keep_metrics_small(metrics: PrometheusHandle, stop: CancellationToken) {
    const EVERY: Duration = Duration::from_secs(5);
    while stop.run_until_cancelled(sleep(EVERY)).await.is_some() {
        metrics.run_upkeep();
    }
}

/// Runs one of the service's loops as a task of its own.
async fn keep<F, T>(service: Arc<Service>, stop: CancellationToken, task: F)
where
    F: AsyncFnOnce(&Service, CancellationToken) -> T,
{
    task(&service, stop).await;
}

/// Does in turn what other servers ask for, and what has to wait for the store.
async fn answer_questions(
    shared: Shared,
    mut asked: mpsc::Receiver<Control>,
    stop: CancellationToken,
    pulse: Pulse,
) {
    loop {
        let question = tokio::select! {
            () = stop.cancelled() => return,
            question = asked.recv() => question,
        };
        let Some(question) = question else { return };
        pulse.during(answer_question(&shared, question)).await;
    }
}

async fn answer_question(shared: &Shared, question: Control) {
    let service = &shared.service;
    match question {
        Control::Count {
            question,
            topic,
            answer_to,
        } => service.answer_count(question, &topic, &answer_to).await,
        Control::Said {
            question,
            stream,
            owner,
            frames,
            answer_to,
        } => {
            let taken = service.take_said(question, stream, &owner, frames, answer_to);
            taken.await;
        }
        Control::RoomMade { name } => shared.live.observers.follow(&name),
        Control::Unheard { topic } => {
            let unsubscribed = shared.live.broker.unsubscribe(vec![Topic::new(topic)]);
            unsubscribed.await;
        }
        _ => {}
    }
}
