//! One push: one request on a connection of its own, to an address that was looked at.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::body::{Body, to_bytes};
use hyper::{
    Request, StatusCode,
    client::conn::http1,
    header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HOST, RETRY_AFTER},
};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::OnceCell,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use super::{
    endpoint::Endpoint,
    resolve::{NoAddress, Resolve, addresses},
};

/// How long a push may take, from the name to the answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long one address may take to be connected to.
const CONNECT: Duration = Duration::from_secs(3);
/// What is read of an answer, for the log. The rest stays where it is.
const LARGEST_ANSWER: usize = 1 << 10;
/// The longest head of an answer.
const LARGEST_HEAD: usize = 16 << 10;
/// For how long a push service keeps what it cannot deliver, in seconds.
const KEPT: &str = "86400";

/// What is sent.
pub struct Parcel<'a> {
    /// Where to.
    pub endpoint: &'a Endpoint,
    /// Who sends, as [`super::vapid`] says it.
    pub authorization: &'a str,
    /// A newer push of the same topic takes the place of one that was not delivered yet.
    pub topic: &'a str,
    /// Encrypted.
    pub body: Vec<u8>,
}

/// What became of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The push service has it.
    Sent,
    /// There is no such subscription any more.
    Gone,
    /// Not now; where the push service says so, after how long.
    Later(Option<Duration>),
    /// Not like this. A redirect is among these: nothing is ever followed.
    Refused(StatusCode),
    /// The endpoint leads where nobody may go.
    Forbidden,
    /// What it says is gone by now.
    Pointless,
}

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("{0}")]
    Address(#[from] NoAddress),
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Http(#[from] hyper::Error),
    #[error("{0}")]
    Request(#[from] hyper::http::Error),
    #[error("no answer in time")]
    Late,
}

/// Sends pushes.
pub struct Sender {
    resolver: Box<dyn Resolve>,
    /// The certificates of this system, read when they are first needed.
    tls: OnceCell<TlsConnector>,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

impl Sender {
    /// A sender that finds addresses with `resolver`.
    pub fn new(resolver: Box<dyn Resolve>) -> Self {
        let tls = OnceCell::new();
        Self { resolver, tls }
    }

    /// Sends one push, once.
    pub async fn send(&self, parcel: Parcel<'_>) -> Outcome {
        let origin = parcel.endpoint.origin();
        let answer = timeout(PATIENCE, self.exchange(parcel)).await;
        match answer.unwrap_or(Err(Broken::Late)) {
            Ok(outcome) => outcome,
            Err(Broken::Address(NoAddress::NotPublic)) => {
                tracing::warn!(origin, "a push service that leads to no public address");
                Outcome::Forbidden
            }
            Err(error) => {
                tracing::debug!(origin, %error, "a push service cannot be reached");
                Outcome::Later(None)
            }
        }
    }

    async fn exchange(&self, parcel: Parcel<'_>) -> Result<Outcome, Broken> {
        let stream = self.connect(parcel.endpoint).await?;
        let (mut sender, connection) = http1::Builder::new()
            .max_buf_size(LARGEST_HEAD)
            .handshake::<_, Body>(TokioIo::new(stream))
            .await?;
        let url = parcel.endpoint.url();
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
        let request = Request::post(path)
            .header(HOST, host)
            .header(AUTHORIZATION, parcel.authorization)
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_ENCODING, "aes128gcm")
            .header("ttl", KEPT)
            .header("urgency", "normal")
            .header("topic", parcel.topic)
            .body(Body::from(parcel.body))?;
        let asking = async {
            let (head, body) = sender.send_request(request).await?.into_parts();
            let after = head.headers.get(RETRY_AFTER);
            let after = after.and_then(|value| value.to_str().ok()?.parse().ok());
            let outcome = outcome(head.status, after.map(Duration::from_secs));
            if let Outcome::Later(_) | Outcome::Refused(_) = outcome {
                let said = to_bytes(Body::new(body), LARGEST_ANSWER).await;
                let said = said.unwrap_or_default();
                let said = String::from_utf8_lossy(&said);
                let origin = parcel.endpoint.origin();
                tracing::debug!(origin, status = %head.status, %said, "a push was not taken");
            }
            Ok(outcome)
        };
        // The connection lives as long as the question; whatever ends it, the question hears of.
        let driving = async {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a push service hung up");
            }
            std::future::pending().await
        };
        tokio::select! {
            outcome = asking => outcome,
            never = driving => never,
        }
    }

    async fn connect(&self, endpoint: &Endpoint) -> Result<Box<dyn Stream>, Broken> {
        let addresses = addresses(&*self.resolver, endpoint).await?;
        let stream = first_of(&addresses).await?;
        let url = endpoint.url();
        if url.scheme() != "https" {
            return Ok(Box::new(stream));
        }
        let name = url.host_str().unwrap_or_default();
        let name = name.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
        let tls = self.tls.get_or_try_init(connector).await?;
        Ok(Box::new(tls.connect(name, stream).await?))
    }
}

async fn first_of(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut failed = io::ErrorKind::AddrNotAvailable.into();
    for address in addresses {
        match timeout(CONNECT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Ok(Err(error)) => failed = error,
            Err(_) => failed = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(failed)
}

fn outcome(status: StatusCode, after: Option<Duration>) -> Outcome {
    match status {
        status if status.is_success() => Outcome::Sent,
        StatusCode::NOT_FOUND | StatusCode::GONE => Outcome::Gone,
        StatusCode::TOO_MANY_REQUESTS => Outcome::Later(after),
        status if status.is_server_error() => Outcome::Later(after),
        status => Outcome::Refused(status),
    }
}

async fn connector() -> io::Result<TlsConnector> {
    let found = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs);
    let found = found.await.map_err(io::Error::other)?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        tracing::warn!("this system has no certificates: nothing can be pushed");
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_means() {
        let of = |status: u16| outcome(StatusCode::from_u16(status).unwrap(), None);
        for sent in [200, 201, 202, 204] {
            assert_eq!(of(sent), Outcome::Sent);
        }
        for gone in [404, 410] {
            assert_eq!(of(gone), Outcome::Gone);
        }
        for later in [429, 500, 502, 503] {
            assert_eq!(of(later), Outcome::Later(None));
        }
        for refused in [301, 307, 400, 401, 403, 413] {
            assert!(matches!(of(refused), Outcome::Refused(_)));
        }
        let minute = Some(Duration::from_secs(60));
        assert_eq!(
            outcome(StatusCode::SERVICE_UNAVAILABLE, minute),
            Outcome::Later(minute)
        );
    }
}
