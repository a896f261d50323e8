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
    fn ours(&self, head: Head<'_>) -> Option<Origin> {
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
mod tests {
    use super::*;

    const COOKIE: (&str, &str) = ("cookie", "quad=0abcdefg.secret");
    const SECURE_COOKIE: (&str, &str) = ("cookie", "__Host-quad=0abcdefg.secret");
    const UPGRADE: (&str, &str) = ("upgrade", "WebSocket");

    fn allowed(
        public: Option<&str>,
        method: &str,
        uri: &str,
        headers: &[(&'static str, &str)],
    ) -> bool {
        let public: Option<Origin> = public.map(|origin| origin.parse().unwrap());
        let cookies = CookiePolicy {
            secure: public.as_ref().is_some_and(Origin::is_https),
        };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let rule = OriginRule::new(public, "10.0.0.1".parse().unwrap(), cookies);
        let answer = rule.check(Head {
            method: &method.parse().unwrap(),
            uri: &uri.parse().unwrap(),
            headers: &map,
            peer: "10.0.0.1".parse().unwrap(),
        });
        assert!(matches!(answer, Ok(()) | Err(QuadError::ForeignOrigin)));
        answer.is_ok()
    }

    #[test]
    fn without_a_public_origin_it_is_the_loopback_host_that_was_asked() {
        for (host, origin, ours) in [
            ("localhost:3000", "http://localhost:3000", true),
            ("LocalHost:3000", "http://LOCALHOST:3000", true),
            ("127.0.0.1:3000", "http://127.0.0.1:3000", true),
            ("127.8.9.10:3000", "http://127.8.9.10:3000", true),
            ("[::1]:3000", "http://[::1]:3000", true),
            ("[0:0:0:0:0:0:0:1]:3000", "http://[::1]:3000", true),
            ("quad.localhost", "http://quad.localhost", true),
            ("localhost", "http://localhost:80", true),
            ("localhost:80", "http://localhost", true),
            ("localhost:3000", "http://localhost:3001", false),
            ("localhost:3000", "http://localhost", false),
            ("localhost:3000", "https://localhost:3000", false),
            ("localhost:3000", "http://127.0.0.1:3000", false),
            ("localhost:3000", "http://evil.example", false),
            ("localhost:3000", "null", false),
            ("localhost:3000", "", false),
            ("localhost:3000", "http://localhost:3000/", false),
            (
                "localhost:3000",
                "http://localhost:3000, http://evil.example",
                false,
            ),
            ("localhost:3000", "http://me@localhost:3000", false),
            ("localhost:3000", "file://", false),
            ("evil.example", "http://evil.example", false),
            ("evil.example:3000", "http://evil.example:3000", false),
            (
                "localhost.evil.example",
                "http://localhost.evil.example",
                false,
            ),
            (
                "127.0.0.1.evil.example",
                "http://127.0.0.1.evil.example",
                false,
            ),
            ("evillocalhost", "http://evillocalhost", false),
            (".localhost", "http://.localhost", false),
            ("0.0.0.0:3000", "http://0.0.0.0:3000", false),
            ("192.168.1.7:3000", "http://192.168.1.7:3000", false),
            ("[::2]:3000", "http://[::2]:3000", false),
            ("evil.example@localhost", "http://localhost", false),
            ("", "http://localhost", false),
        ] {
            for method in ["GET", "POST"] {
                let headers = [("host", host), ("origin", origin)];
                assert_eq!(
                    allowed(None, method, "/", &headers),
                    ours,
                    "{method} {host} {origin}"
                );
                let headers = [("host", host), ("origin", origin), COOKIE];
                assert_eq!(
                    allowed(None, method, "/", &headers),
                    ours,
                    "{method} {host} {origin}"
                );
            }
        }
    }

    #[test]
    fn a_public_origin_is_the_only_one_whatever_the_host_says() {
        let public = Some("https://quad.example");
        for (host, origin, ours) in [
            ("quad.example", "https://quad.example", true),
            ("quad.example", "https://QUAD.example:443", true),
            ("127.0.0.1:3000", "https://quad.example", true),
            ("quad.example", "http://quad.example", false),
            ("quad.example", "https://quad.example:8443", false),
            ("quad.example", "https://a.quad.example", false),
            ("localhost:3000", "http://localhost:3000", false),
            ("evil.example", "https://evil.example", false),
        ] {
            let headers = [("host", host), ("origin", origin), SECURE_COOKIE];
            assert_eq!(
                allowed(public, "POST", "/", &headers),
                ours,
                "{host} {origin}"
            );
        }
    }

    #[test]
    fn the_cookie_needs_an_origin_wherever_something_could_change() {
        let host = ("host", "localhost:3000");
        for (method, headers, may) in [
            ("GET", &[host, COOKIE] as &[_], true),
            ("HEAD", &[host, COOKIE], true),
            ("POST", &[host, COOKIE], false),
            ("PUT", &[host, COOKIE], false),
            ("DELETE", &[host, COOKIE], false),
            ("OPTIONS", &[host, COOKIE], false),
            ("CONNECT", &[host, COOKIE], false),
            ("GET", &[host, COOKIE, UPGRADE], false),
            ("GET", &[host, COOKIE, ("upgrade", "h2c, websocket")], false),
            (
                "GET",
                &[host, COOKIE, UPGRADE, ("origin", "http://localhost:3000")],
                true,
            ),
            ("GET", &[host, UPGRADE], true),
            ("POST", &[host], true),
            ("POST", &[host, ("authorization", "Bearer x")], true),
            (
                "POST",
                &[
                    host,
                    ("authorization", "Bearer x"),
                    ("origin", "http://evil.example"),
                ],
                false,
            ),
            ("POST", &[host, ("cookie", "other=1")], true),
            ("POST", &[COOKIE], false),
            ("GET", &[UPGRADE, ("host", "evil.example"), COOKIE], false),
            ("POST", &[("host", "evil.example"), COOKIE], false),
        ] {
            assert_eq!(
                allowed(None, method, "/", headers),
                may,
                "{method} {headers:?}"
            );
        }
        let host = ("host", "quad.example");
        assert!(!allowed(
            Some("https://quad.example"),
            "POST",
            "/",
            &[host, SECURE_COOKIE]
        ));
        assert!(
            allowed(Some("https://quad.example"), "POST", "/", &[host, COOKIE]),
            "not our cookie there"
        );
    }

    #[test]
    fn what_is_there_twice_or_not_at_all_is_not_believed() {
        let origin = ("origin", "http://localhost:3000");
        let host = ("host", "localhost:3000");
        assert!(!allowed(None, "GET", "/", &[host, origin, origin]));
        assert!(!allowed(None, "GET", "/", &[host, host, origin]));
        assert!(!allowed(None, "GET", "/", &[origin]));
        assert!(
            allowed(None, "GET", "/", &[]),
            "nothing asks for trust here"
        );
    }

    #[test]
    fn the_request_line_goes_before_the_host_header() {
        let origin = ("origin", "http://localhost:3000");
        assert!(allowed(None, "GET", "http://localhost:3000/", &[origin]));
        let host = ("host", "localhost:3000");
        assert!(!allowed(
            None,
            "GET",
            "http://evil.example/",
            &[host, origin]
        ));
    }

    #[test]
    fn a_trusted_proxy_may_say_https() {
        let headers = [
            ("host", "localhost"),
            ("origin", "https://localhost"),
            ("x-forwarded-proto", "https"),
        ];
        assert!(allowed(None, "GET", "/", &headers));
        assert!(!allowed(None, "GET", "/", &headers[..2]));
    }

    #[test]
    fn origins_are_written_in_one_way() {
        for (text, written) in [
            ("HTTPS://Quad.Example:443", "https://quad.example"),
            ("http://quad.example:443", "http://quad.example:443"),
            ("http://[::0001]:3000", "http://[::1]:3000"),
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().to_string(), written);
        }
        for bad in [
            "",
            "quad.example",
            "https://",
            "ftp://quad.example",
            "https://quad.example/",
            "https://quad.example/x",
            "https://a b",
            "https://quad.example:0",
            "https://quad.example:99999",
            "https://quad.example:",
            "https://ä.example",
            "https://[::1",
            "https://[::1]x",
            "https://*.example",
        ] {
            assert_eq!(bad.parse::<Origin>(), Err(NoSuchOrigin), "{bad}");
        }
    }
}
