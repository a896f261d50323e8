//! Takes connections in, as many as there may be.

use std::{
    convert::Infallible,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{extract::Request, response::Response};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{Instant, sleep},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::Service;

use super::{
    caps::{Caps, Full},
    connection::{self, Manner},
};

/// How long to wait after an error that the next try would meet too, such as too many open files.
const AFTER_ERROR: Duration = Duration::from_millis(500);
/// What happens again and again is logged this often.
const LOG_EVERY: Duration = Duration::from_secs(1);

/// Where connections come from.
pub(super) trait Listen {
    /// The next one.
    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)>;
}

impl Listen for TcpListener {
    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        TcpListener::accept(self).await
    }
}

/// A door: where connections come in, and how they are served.
pub(super) struct Door {
    pub(super) listener: TcpListener,
    pub(super) caps: Arc<Caps>,
    pub(super) manner: Manner,
}

impl Door {
    /// Takes connections in for ever. Each is a task of `connections`, and is told by `finish` to
    /// end with the request that it serves.
    pub(super) async fn serve<S>(self, app: S, connections: TaskTracker, finish: CancellationToken)
    where
        S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send + 'static,
    {
        let mut refused = Refused::default();
        loop {
            let (tcp, peer) = next(&self.listener).await;
            // Dropping a connection is the cheapest way to refuse it.
            let place = match self.caps.take(peer.ip()) {
                Ok(place) => place,
                Err(full) => {
                    refused.log(full, peer.ip());
                    continue;
                }
            };
            prepare(&tcp);
            let (app, finish) = (app.clone(), finish.clone());
            connections.spawn(connection::serve(
                tcp,
                peer,
                place,
                app,
                self.manner,
                finish,
            ));
        }
    }
}

/// The next connection, however often there is an error first.
async fn next(listener: &impl Listen) -> (TcpStream, SocketAddr) {
    let mut logged: Option<Instant> = None;
    loop {
        let error = match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => error,
        };
        // The peer went away while it waited, which is nobody's fault.
        if matches!(
            error.kind(),
            io::ErrorKind::ConnectionAborted
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionRefused
        ) {
            continue;
        }
        if logged.is_none_or(|at| at.elapsed() >= LOG_EVERY) {
            tracing::error!(event = "accept_failed", %error, "no connection can be taken in");
            logged = Some(Instant::now());
        }
        sleep(AFTER_ERROR).await;
    }
}

/// Connections that were refused since that was last logged.
#[derive(Default)]
struct Refused {
    count: u64,
    logged: Option<Instant>,
}

impl Refused {
    fn log(&mut self, full: Full, address: IpAddr) {
        self.count += 1;
        if self.logged.is_none_or(|at| at.elapsed() >= LOG_EVERY) {
            let (reason, count) = (full.code(), self.count);
            tracing::warn!(
                event = "connection_refused",
                reason,
                %address,
                count,
                "there are as many connections as there may be"
            );
            *self = Self {
                count: 0,
                logged: Some(Instant::now()),
            };
        }
    }
}

fn prepare(tcp: &TcpStream) {
    // Without it, an answer might wait for the next one.
    if let Err(error) = tcp.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    give_up_on_the_dead(tcp);
}

/// A peer that takes nothing for a minute is gone. WebSockets are pinged; a stream of events, or
/// any other answer that is not read, has nobody but the kernel to notice it.
#[cfg(target_os = "linux")]
fn give_up_on_the_dead(tcp: &TcpStream) {
    const AFTER_MS: u32 = 60_000;
    if let Err(error) = rustix::net::sockopt::set_tcp_user_timeout(tcp, AFTER_MS) {
        tracing::debug!(%error, "no TCP_USER_TIMEOUT");
    }
}

#[cfg(not(target_os = "linux"))]
fn give_up_on_the_dead(_: &TcpStream) {}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use rustix::io::Errno;

    use super::*;

    /// A listener without files to spare.
    #[derive(Default)]
    struct Exhausted(AtomicUsize);

    impl Listen for Exhausted {
        async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Err(Errno::MFILE.into())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_that_stays_does_not_keep_a_thread_busy() {
        let listener = Exhausted::default();
        let waited = tokio::time::timeout(Duration::from_secs(10), next(&listener)).await;
        assert!(waited.is_err());
        let tries = listener.0.load(Ordering::Relaxed);
        assert!((2..=21).contains(&tries), "{tries}");
    }

    /// A listener whose first peers have gone.
    struct Impatient(TcpListener, AtomicUsize);

    impl Listen for Impatient {
        async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
            if self.1.fetch_add(1, Ordering::Relaxed) < 100 {
                return Err(Errno::CONNABORTED.into());
            }
            self.0.accept().await
        }
    }

    #[tokio::test]
    async fn a_peer_that_went_away_makes_nobody_wait() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let connect = TcpStream::connect(listener.local_addr().unwrap());
        let listener = Impatient(listener, AtomicUsize::new(0));
        let (client, (_, peer)) = tokio::join!(connect, next(&listener));
        assert_eq!(client.unwrap().local_addr().unwrap(), peer);
    }
}
