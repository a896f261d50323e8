//! One connection: HTTP over it, until it ends or its time is over.

use std::{
    convert::Infallible,
    future::poll_fn,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request},
    response::Response,
};
use bytes::Bytes;
use hyper::{
    body::{Body as _, Frame, Incoming, SizeHint},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;
use tower::{Service, ServiceExt};

use super::{
    caps::Place,
    clock::{Clock, Running, Times},
    tcp::Tcp,
};
use crate::{
    config::Config,
    router,
    web::bounded_body::{BodyFate, Bounded},
};

/// The largest head of a request: the places of 200 channels fit into it.
pub(super) const LARGEST_HEAD: usize = 64 << 10;
/// Headers of a request.
const MOST_HEADERS: usize = 100;
/// Requests at once on one connection with HTTP/2.
const MOST_STREAMS: u32 = 100;

/// How connections are served.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    pub(super) times: Times,
    pub(super) http2: bool,
    /// The largest body of a request.
    pub(super) largest_body: usize,
}

impl Manner {
    pub(super) fn new(config: &Config) -> Self {
        let connections = &config.connections;
        Self {
            times: Times {
                head: connections.header_timeout,
                body: connections.body_timeout,
                idle: connections.idle_timeout,
            },
            http2: connections.http2,
            largest_body: router::LARGEST_FORM,
        }
    }
}

/// Serves a connection. It ends when the peer hangs up, when it is taken over for a WebSocket,
/// when its time is over, or, once `finish` is said, with the request that runs.
pub(super) async fn serve<S>(
    tcp: TcpStream,
    peer: SocketAddr,
    place: Place,
    app: S,
    manner: Manner,
    finish: CancellationToken,
) where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    let clock = Arc::new(Clock::new(manner.times));
    let io = TokioIo::new(Tcp::new(tcp, clock.clone(), place));
    let watch = Watch {
        clock: clock.clone(),
        finish,
    };
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let running = clock.request();
        let clock = clock.clone();
        let (request, fate) = prepare(request, peer, &clock, manner.largest_body);
        let answer = app.clone().oneshot(request);
        async move {
            let response = answer.await?;
            if fate.is_some_and(|fate| !fate.is_read()) {
                clock.leaves_unread();
            }
            let timed = |body| Timed {
                body,
                _running: running,
            };
            Ok::<_, Infallible>(response.map(timed))
        }
    });
    if manner.http2 {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            .max_buf_size(LARGEST_HEAD)
            .max_headers(MOST_HEADERS);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_header_list_size(LARGEST_HEAD as u32)
            .max_concurrent_streams(MOST_STREAMS);
        let connection = builder.serve_connection_with_upgrades(io, service);
        watch.over(connection, |c| c.graceful_shutdown()).await;
    } else {
        let connection = http1::Builder::new()
            .max_buf_size(LARGEST_HEAD)
            .serve_connection(io, service)
            .with_upgrades();
        watch.over(connection, |c| c.graceful_shutdown()).await;
    }
}

/// Notes where a request comes from, and bounds its body.
fn prepare(
    request: hyper::Request<Incoming>,
    peer: SocketAddr,
    clock: &Clock,
    largest_body: usize,
) -> (Request, Option<BodyFate>) {
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(ConnectInfo(peer));
    if body.is_end_stream() {
        return (Request::from_parts(parts, Body::empty()), None);
    }
    let fate = BodyFate::default();
    parts.extensions.insert(fate.clone());
    let body = Bounded::new(body, largest_body, clock.body_until(), fate.clone());
    (Request::from_parts(parts, Body::new(body)), Some(fate))
}

/// Ends a connection when its time is over.
struct Watch {
    clock: Arc<Clock>,
    finish: CancellationToken,
}

impl Watch {
    async fn over<C>(self, connection: C, graceful: impl Fn(Pin<&mut C>))
    where
        C: Future,
    {
        let Self { clock, finish } = self;
        let mut connection = pin!(connection);
        let mut finish = pin!(finish.cancelled());
        let mut finishing = false;
        let mut alarm = pin!(sleep_until(Instant::now()));
        // For when the alarm is set. It may ring too early, and then is set anew: a deadline moves
        // with every request, and setting an alarm costs more than that.
        let mut set_for: Option<Instant> = None;
        let mut rings = |context: &mut Context<'_>| {
            while let Some(deadline) = clock.deadline() {
                let due = match set_for {
                    Some(due) if due <= deadline => due,
                    _ => {
                        alarm.as_mut().reset(deadline);
                        set_for = Some(deadline);
                        deadline
                    }
                };
                if alarm.as_mut().poll(context).is_pending() {
                    return false;
                }
                set_for = None;
                if due == deadline {
                    return true;
                }
            }
            false
        };
        poll_fn(|context| {
            if !finishing && finish.as_mut().poll(context).is_ready() {
                finishing = true;
                graceful(connection.as_mut());
            }
            if connection.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            if rings(context) {
                tracing::debug!(event = "connection_timed_out", "a connection took too long");
                return Poll::Ready(());
            }
            Poll::Pending
        })
        .await;
    }
}

/// The body of an answer. The request runs until it is gone.
struct Timed {
    body: Body,
    _running: Running,
}

impl hyper::body::Body for Timed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
