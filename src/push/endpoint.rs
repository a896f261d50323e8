//! Where a browser wants to be pushed to: a URL that anybody can make up.

use url::{Host, Url};

use super::address::is_public;
use crate::security::origin::Origin;

/// The longest URL of a push service, in bytes. Real ones have some 200.
const LONGEST: usize = 1024;

/// A URL that may be called, once its name has been resolved to a public address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    url: Url,
    /// It is the tests' own push service.
    pub trusted: bool,
}

/// Why an endpoint is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadEndpoint {
    /// More than 1,024 bytes.
    #[error("The URL of a push service has at most 1,024 characters.")]
    TooLong,
    /// Not an https URL, or one with a user, a fragment, or a system's port in it.
    #[error("A push service has an https URL, without a user in it.")]
    Format,
    /// A name or an address that is not public.
    #[error("A push service is a public server.")]
    NotPublic,
}

impl BadEndpoint {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Format => "format",
            Self::NotPublic => "not_public",
        }
    }
}

impl Endpoint {
    /// Reads an endpoint. URLs of `test_service` are taken as they are.
    pub fn parse(text: &str, test_service: Option<&Origin>) -> Result<Self, BadEndpoint> {
        if text.len() > LONGEST {
            return Err(BadEndpoint::TooLong);
        }
        let url = Url::parse(text).map_err(|_| BadEndpoint::Format)?;
        let plain = url.username().is_empty() && url.password().is_none();
        if !plain || url.fragment().is_some() {
            return Err(BadEndpoint::Format);
        }
        if test_service.is_some_and(|service| service.to_string() == origin(&url)) {
            let trusted = true;
            return Ok(Self { url, trusted });
        }
        let port = url.port_or_known_default();
        if url.scheme() != "https" || !port.is_some_and(|port| port == 443 || port >= 1024) {
            return Err(BadEndpoint::Format);
        }
        let public = match url.host() {
            Some(Host::Ipv4(address)) => is_public(address.into()),
            Some(Host::Ipv6(address)) => is_public(address.into()),
            Some(Host::Domain(name)) => may_be_public(name),
            None => false,
        };
        let trusted = false;
        public
            .then_some(Self { url, trusted })
            .ok_or(BadEndpoint::NotPublic)
    }

    /// The URL, with its path and query.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Whom a token for it is made out to.
    pub fn origin(&self) -> String {
        origin(&self.url)
    }
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// Whether a name can stand for a public server. Where it leads is found out when it is used.
fn may_be_public(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name.contains('.')
        && ![".localhost", ".local", ".internal", ".home.arpa"]
            .iter()
            .any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_push_services_are_taken() {
        for good in [
            "https://fcm.googleapis.com/fcm/send/abc:def",
            "https://updates.push.services.mozilla.com/wpush/v2/gAAA?x=1",
            "https://web.push.apple.com:443/x",
            "https://push.example:8443/x",
            "https://1.1.1.1/x",
            "https://[2606:4700::1111]/x",
        ] {
            let endpoint = Endpoint::parse(good, None).unwrap();
            assert!(!endpoint.trusted, "{good}");
        }
        let endpoint = Endpoint::parse("https://push.example:8443/x", None).unwrap();
        assert_eq!(endpoint.origin(), "https://push.example:8443");
    }

    #[test]
    fn what_leads_inside_is_refused() {
        let too_long = format!("https://push.example/{}", "x".repeat(LONGEST));
        for (bad, why) in [
            ("", BadEndpoint::Format),
            ("push.example", BadEndpoint::Format),
            ("http://push.example/x", BadEndpoint::Format),
            ("ftp://push.example/x", BadEndpoint::Format),
            ("data:text/plain,x", BadEndpoint::Format),
            ("https:///", BadEndpoint::Format),
            ("https://ana@push.example/x", BadEndpoint::Format),
            ("https://ana:x@push.example/x", BadEndpoint::Format),
            ("https://:x@push.example/x", BadEndpoint::Format),
            ("https://push.example/x#y", BadEndpoint::Format),
            ("https://push.example:22/x", BadEndpoint::Format),
            ("https://push.example:80/x", BadEndpoint::Format),
            ("https://localhost/x", BadEndpoint::NotPublic),
            ("https://LOCALHOST./x", BadEndpoint::NotPublic),
            ("https://a.localhost/x", BadEndpoint::NotPublic),
            ("https://redis:6379/x", BadEndpoint::NotPublic),
            ("https://printer.local/x", BadEndpoint::NotPublic),
            ("https://127.0.0.1/x", BadEndpoint::NotPublic),
            ("https://127.1/x", BadEndpoint::NotPublic),
            ("https://0x7f000001/x", BadEndpoint::NotPublic),
            ("https://2130706433/x", BadEndpoint::NotPublic),
            ("https://0177.0.0.1/x", BadEndpoint::NotPublic),
            ("https://１２７.0.0.1/x", BadEndpoint::NotPublic),
            ("https://169.254.169.254/latest", BadEndpoint::NotPublic),
            ("https://10.0.0.1:6379/x", BadEndpoint::NotPublic),
            ("https://[::1]/x", BadEndpoint::NotPublic),
            ("https://[::ffff:127.0.0.1]/x", BadEndpoint::NotPublic),
            ("https://[64:ff9b::7f00:1]/x", BadEndpoint::NotPublic),
            ("https://[fd00::1]/x", BadEndpoint::NotPublic),
            (too_long.as_str(), BadEndpoint::TooLong),
        ] {
            assert_eq!(Endpoint::parse(bad, None), Err(why), "{bad}");
        }
    }

    #[test]
    fn the_test_service_is_that_origin_and_no_other() {
        let service: Origin = "http://127.0.0.1:4711".parse().unwrap();
        let parse = |text: &str| Endpoint::parse(text, Some(&service));
        assert!(parse("http://127.0.0.1:4711/push/1").unwrap().trusted);
        for bad in [
            "http://127.0.0.1:4712/push/1",
            "https://127.0.0.1:4711/push/1",
            "http://127.0.0.1:4711@push.example/",
            "http://ana@127.0.0.1:4711/push/1",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
