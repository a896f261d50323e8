//! A push service of the tests' own, and a browser that subscribes there.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use hyper::{HeaderMap, StatusCode};
use ring::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, KeyType, Salt},
    signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey},
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinHandle,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{PATIENCE, people::Person, unique};

/// Takes pushes. Ends with the test.
pub struct PushService {
    pub origin: String,
    came: mpsc::UnboundedReceiver<Came>,
    answers: Answers,
    server: JoinHandle<()>,
}

/// What to answer next: a status, and a header where there shall be one. 201 where nothing is
/// left.
type Answers = Arc<Mutex<VecDeque<(u16, Option<(&'static str, String)>)>>>;

/// A push that came.
#[derive(Debug)]
pub struct Came {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl PushService {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (answers, came, router) = parts();
        let server = tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        Self {
            origin,
            came,
            answers,
            server,
        }
    }

    /// The same, over TLS, with the certificate that a folder has for Redis.
    pub async fn start_tls(folder: &Path) -> Self {
        let certificate = CertificateDer::from_pem_file(folder.join("redis.crt")).unwrap();
        let key = PrivateKeyDer::from_pem_file(folder.join("redis.key")).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("https://{}", listener.local_addr().unwrap());
        let (answers, came, router) = parts();
        let listener = Tls(listener, TlsAcceptor::from(Arc::new(config)));
        let server = tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        Self {
            origin,
            came,
            answers,
            server,
        }
    }

    /// Answers the next push with this, and not with 201.
    pub fn answer(&self, status: u16) {
        self.answers.lock().unwrap().push_back((status, None));
    }

    /// The same, with a header.
    pub fn answer_with(&self, status: u16, name: &'static str, value: &str) {
        let header = Some((name, value.to_owned()));
        self.answers.lock().unwrap().push_back((status, header));
    }

    /// The next push.
    pub async fn next(&mut self) -> Came {
        let next = timeout(PATIENCE, self.came.recv()).await;
        next.expect("a push comes").expect("it runs")
    }
}

impl Drop for PushService {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn parts() -> (Answers, mpsc::UnboundedReceiver<Came>, Router) {
    let answers = Answers::default();
    let (sender, came) = mpsc::unbounded_channel();
    let router = Router::new()
        .fallback(take)
        .with_state((answers.clone(), sender));
    (answers, came, router)
}

async fn take(
    State((answers, sender)): State<(Answers, mpsc::UnboundedSender<Came>)>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 4096)
        .await
        .expect("at most 4 kB");
    assert_eq!(head.method, "POST");
    let path = head.uri.path_and_query().unwrap().to_string();
    let (status, header) = answers.lock().unwrap().pop_front().unwrap_or((201, None));
    // The test may have seen enough.
    let _ = sender.send(Came {
        path,
        headers: head.headers,
        body: body.to_vec(),
    });
    let mut response = StatusCode::from_u16(status).unwrap().into_response();
    if let Some((name, value)) = header {
        let headers = response.headers_mut();
        headers.insert(name, value.parse().unwrap());
    }
    response
}

struct Tls(TcpListener, TlsAcceptor);

impl axum::serve::Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            let (stream, address) = self.0.accept().await.unwrap();
            if let Ok(stream) = self.1.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// A key without its number, as PKCS#8.
const PRIVATE: [u8; 35] =
    *b"\x30\x41\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\
    \x48\xce\x3d\x03\x01\x07\x04\x27\x30\x25\x02\x01\x01\x04\x20";
/// A key without its point, as it stands in certificates.
const PUBLIC: [u8; 26] =
    *b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\
    \x01\x07\x03\x42\x00";

/// A browser that was given a subscription by a push service. Its keys are OpenSSL's, so that
/// both ends agree without sharing any code.
pub struct Browser {
    pub path: String,
    pub endpoint: String,
    public: Vec<u8>,
    auth: [u8; 16],
    folder: TempDir,
}

impl Browser {
    /// A new subscription at this service.
    pub fn at(service: &PushService) -> Self {
        let path = format!("/push/{}?token=a%2Fb", unique("browser"));
        let folder = tempfile::tempdir().unwrap();
        // Nothing is secret here; another browser has another number.
        let mut number = [7; 32];
        number[24..].copy_from_slice(&next().to_be_bytes());
        let private = [&PRIVATE[..], &number].concat();
        std::fs::write(folder.path().join("private"), private).unwrap();
        let public = "pkey -in private -inform DER -pubout -outform DER -out public";
        openssl(folder.path(), public);
        let public = std::fs::read(folder.path().join("public")).unwrap();
        Self {
            endpoint: format!("{}{path}", service.origin),
            path,
            public: public[PUBLIC.len()..].to_vec(),
            auth: *b"sixteen bytes...",
            folder,
        }
    }

    /// What `PushSubscription.toJSON()` answers.
    pub fn subscription(&self) -> Value {
        json!({
            "endpoint": self.endpoint,
            "expirationTime": null,
            "keys": {"p256dh": BASE64.encode(&self.public), "auth": BASE64.encode(self.auth)},
        })
    }

    /// Subscribes somebody's session.
    pub async fn subscribe(&self, person: &Person) {
        let subscription = self.subscription();
        let answer = person.post("/api/v1/push/subscriptions", subscription);
        answer.await.ok(204);
    }

    /// Checks who sent a push and reads it. `key` is what the instance advertises.
    pub fn read(&self, came: &Came, key: &str, origin: &str) -> (Value, Value) {
        assert_eq!(came.path, self.path);
        let header = |name: &str| came.headers[name].to_str().unwrap();
        assert_eq!(header("content-encoding"), "aes128gcm");
        assert_eq!(header("ttl"), "86400");
        assert_eq!(header("urgency"), "normal");
        assert_eq!(header("topic").len(), 32);
        assert_eq!(origin.split_once("://").unwrap().1, header("host"));
        let claims = claims(header("authorization"), key);
        assert_eq!(claims["aud"], origin);
        (
            serde_json::from_slice(&self.decrypt(&came.body)).unwrap(),
            claims,
        )
    }

    fn agree_with(&self, sender: &[u8]) -> Vec<u8> {
        let folder = self.folder.path();
        std::fs::write(folder.join("sender"), [&PUBLIC[..], sender].concat()).unwrap();
        let files = "-inkey private -keyform DER -peerkey sender -peerform DER -out agreed";
        openssl(folder, &format!("pkeyutl -derive {files}"));
        std::fs::read(folder.join("agreed")).unwrap()
    }

    /// RFC 8188 and RFC 8291, from the receiver's side.
    fn decrypt(&self, body: &[u8]) -> Vec<u8> {
        let (salt, rest) = body.split_at(16);
        let (size, rest) = rest.split_at(4);
        assert_eq!((size, rest[0]), (&4096_u32.to_be_bytes()[..], 65));
        let (sender, record) = rest[1..].split_at(65);
        let info: [&[u8]; 3] = [b"WebPush: info\0", &self.public, sender];
        let secret = derive::<32>(&self.auth, &self.agree_with(sender), &info);
        let key = derive::<16>(salt, &secret, &[b"Content-Encoding: aes128gcm\0"]);
        let nonce = derive::<12>(salt, &secret, &[b"Content-Encoding: nonce\0"]);
        let mut record = record.to_vec();
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).unwrap());
        let nonce = Nonce::assume_unique_for_key(nonce);
        let text = key.open_in_place(nonce, Aad::empty(), &mut record).unwrap();
        let (end, text) = text.split_last().unwrap();
        assert_eq!(*end, 2, "the last record");
        text.to_vec()
    }
}

/// What a token says that `key` signed.
fn claims(authorization: &str, key: &str) -> Value {
    let (token, by) = authorization
        .strip_prefix("vapid t=")
        .and_then(|rest| rest.split_once(", k="))
        .expect("a token and a key");
    assert_eq!(by, key);
    let decode = |text: &str| BASE64.decode(text).unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let [head, claims, signature] = parts[..] else {
        panic!("{token}")
    };
    let head: Value = serde_json::from_slice(&decode(head)).unwrap();
    assert_eq!(head, json!({"typ": "JWT", "alg": "ES256"}));
    let signed = token.rsplit_once('.').unwrap().0;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, decode(key))
        .verify(signed.as_bytes(), &decode(signature))
        .expect("signed by the key");
    serde_json::from_slice(&decode(claims)).unwrap()
}

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder)
        .output();
    let output = output.expect("openssl can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments}: {said}");
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn derive<const N: usize>(salt: &[u8], secret: &[u8], info: &[&[u8]]) -> [u8; N] {
    let mut out = [0; N];
    let key = Salt::new(HKDF_SHA256, salt).extract(secret);
    let derived = key.expand(info, Length(N)).unwrap();
    derived.fill(&mut out).unwrap();
    out
}

fn next() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
