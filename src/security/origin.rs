//! Which pages may act for somebody: the defence against other sites that make a browser send
//! requests with its cookie.
//!
//! An `Origin` that is sent must be ours. A request with the session cookie needs one whenever it
//! could change something or opens a WebSocket. Ours is the configured public origin; where there
//! is none, it is the request's own scheme and host, which must then be a loopback name, so that
//! no name that somebody points at this machine (DNS rebinding) is ever taken for ours.

use std::{fmt, net::IpAddr, net::Ipv4Addr, net::Ipv6Addr, str::FromStr};

use app::{cookie::CookiePolicy, error::QuadError};
use axum::{
    extract::Request,
    http::{HeaderMap, Method, Uri, header},
};

use super::client_addr::{self, TrustedProxies};

/// A scheme, a host and a port: what a browser means by an origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    https: bool,
    /// Lower case; an IPv6 address in brackets and in its shortest spelling.
    host: String,
    /// The scheme's own where none is written.
    port: u16,
}

impl Origin {
    /// Whether it is reached over https.
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// The host and, where it is not the scheme's own, the port: as it stands in URLs.
    pub fn authority(&self) -> String {
        if self.port == default_port(self.https) {
            self.host.clone()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// The origin that a request was sent to, by its own words: anybody can make a browser send
    /// one that names their host.
    pub fn asked_for(https: bool, head: Head<'_>) -> Option<Self> {
        Self::from_parts(https, authority(head)?)
    }

    fn from_parts(https: bool, authority: &str) -> Option<Self> {
        let (host, port) = host_and_port(authority)?;
        let port = port.unwrap_or(default_port(https));
        Some(Self { https, host, port })
    }

    /// Whether the host is this very machine, whatever a name server says.
    fn is_loopback(&self) -> bool {
        let host = self.host.as_str();
        host == "localhost"
            || host.ends_with(".localhost")
            || host == "[::1]"
            || host
                .parse::<Ipv4Addr>()
                .is_ok_and(|address| address.is_loopback())
    }
}

/// Not an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an origin is written scheme://host or scheme://host:port, such as https://quad.example")]
pub struct NoSuchOrigin;

impl FromStr for Origin {
    type Err = NoSuchOrigin;

    fn from_str(text: &str) -> Result<Self, NoSuchOrigin> {
        let (scheme, authority) = text.split_once("://").ok_or(NoSuchOrigin)?;
        let https = scheme.eq_ignore_ascii_case("https");
        if !https && !scheme.eq_ignore_ascii_case("http") {
            return Err(NoSuchOrigin);
        }
        Self::from_parts(https, authority).ok_or(NoSuchOrigin)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority())
    }
}

/// What the rule looks at in a request.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// The method.
    pub method: &'a Method,
    /// The target; it holds the host where the request line does.
    pub uri: &'a Uri,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The other end of the connection.
    pub peer: IpAddr,
}

impl<'a> Head<'a> {
    /// Of a whole request.
    pub fn of(request: &'a Request) -> Self {
        Self {
            method: request.method(),
            uri: request.uri(),
            headers: request.headers(),
            peer: client_addr::peer(request.extensions()),
        }
    }
}

/// Decides which requests come from our own pages, or from no page at all.
#[derive(Debug, Clone)]
pub struct OriginRule {
    public: Option<Origin>,
    proxies: TrustedProxies,
    cookies: CookiePolicy,
}

impl OriginRule {
    /// `public` is the origin under which people reach the site, where it is known.
    pub fn new(public: Option<Origin>, proxies: TrustedProxies, cookies: CookiePolicy) -> Self {
        Self {
            public,
            proxies,
            cookies,
        }
    }

    /// Errors: `foreign_origin`.
    pub fn check(&self, head: Head<'_>) -> Result<(), QuadError> {
        let mut sent = head.headers.get_all(header::ORIGIN).iter();
        let ours = match (sent.next(), sent.next()) {
            (None, _) => !self.needs_origin(head),
            (Some(origin), None) => {
                let origin = origin.to_str().ok().and_then(|origin| origin.parse().ok());
                origin.is_some() && origin == self.ours(head)
            }
            // Of two origins, one is a lie.
            (Some(_), Some(_)) => false,
        };
        if ours {
            Ok(())
        } else {
            Err(QuadError::ForeignOrigin)
        }
    }

    /// Where a request comes from, as the log says it.
    pub fn client(&self, head: Head<'_>) -> IpAddr {
        self.proxies.client(head.peer, head.headers)
    }

    /// A browser sends the cookie along whoever asks for it, so the cookie alone proves nothing.
    fn needs_origin(&self, head: Head<'_>) -> bool {
        let reads = matches!(*head.method, Method::GET | Method::HEAD);
        let upgrades = head.headers.get_all(header::UPGRADE).iter().any(|value| {
            let lower = value.as_bytes().to_ascii_lowercase();
            lower
                .windows(b"websocket".len())
                .any(|part| part == b"websocket")
        });
        (!reads || upgrades) && self.cookies.read(head.headers).is_some()
    }

    /// Our own origin, as far as this request can know it.
    pub fn ours(&self, head: Head<'_>) -> Option<Origin> {
        if let Some(public) = &self.public {
            return Some(public.clone());
        }
        let https = self.proxies.tells_https(head.peer, head.headers);
        let origin = Origin::asked_for(https, head)?;
        origin.is_loopback().then_some(origin)
    }
}

/// Where the request was sent to. HTTP/2 has it in the request line, HTTP/1 in the one `Host`.
fn authority(head: Head<'_>) -> Option<&str> {
    if let Some(authority) = head.uri.authority() {
        return Some(authority.as_str());
    }
    let mut hosts = head.headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok(),
        _ => None,
    }
}

fn default_port(https: bool) -> u16 {
    if https { 443 } else { 80 }
}

/// Takes the authority of a URL apart, where it is one that can stand in an origin.
fn host_and_port(authority: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, rest) = rest.split_once(']')?;
            let address: Ipv6Addr = address.parse().ok()?;
            let port = if rest.is_empty() {
                None
            } else {
                Some(rest.strip_prefix(':')?)
            };
            (format!("[{address}]"), port)
        }
        None => {
            let (host, port) = match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            };
            let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
            if host.is_empty() || host.starts_with('.') || !host.bytes().all(allowed) {
                return None;
            }
            (host.to_ascii_lowercase(), port)
        }
    };
    let port = match port {
        None => None,
        Some(port) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
            Some(port.parse().ok().filter(|port| *port > 0)?)
        }
        Some(_) => return None,
    };
    Some((host, port))
}

#[cfg(test)]
mod tests;
