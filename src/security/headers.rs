//! What every response tells the browser to refuse.

use axum::http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
        X_CONTENT_TYPE_OPTIONS,
    },
};

use super::{
    client_addr::TrustedProxies,
    origin::{Head, Origin},
};

/// What is the same for every response. A response's own headers go first.
const ALWAYS: [(HeaderName, &str); 7] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // A stricter one would make the browser send `Origin: null` with our own forms.
    (REFERRER_POLICY, "strict-origin-when-cross-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    // For what is no page: it is never a document that runs anything. Pages bring their own.
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
    // What somebody sees is theirs, and old by the next like. Files bring their own.
    (CACHE_CONTROL, "no-store"),
];

/// For a year, a browser does not try http. Neighbouring hosts are not ours to decide for.
const HTTPS_ONLY: &str = "max-age=31536000";

/// Knows under which origin a response is read.
#[derive(Debug, Clone)]
pub struct ResponseHeaders {
    public: Option<Origin>,
    proxies: TrustedProxies,
}

impl ResponseHeaders {
    /// `public` is the origin under which people reach the site, where it is known.
    pub fn new(public: Option<Origin>, proxies: TrustedProxies) -> Self {
        Self { public, proxies }
    }

    /// The policy of a page whose own scripts carry `nonce`.
    pub fn page_policy(&self, nonce: &str, head: Head<'_>) -> Option<HeaderValue> {
        let origin = self.public.clone().or_else(|| {
            let https = self.proxies.tells_https(head.peer, head.headers);
            Origin::asked_for(https, head)
        });
        HeaderValue::try_from(content_security_policy(nonce, origin.as_ref())).ok()
    }

    /// Adds what an answer does not say itself.
    pub fn complete(&self, headers: &mut HeaderMap) {
        for (name, value) in ALWAYS {
            headers
                .entry(name)
                .or_insert(HeaderValue::from_static(value));
        }
        if self.public.as_ref().is_some_and(Origin::is_https) {
            let https_only = HeaderValue::from_static(HTTPS_ONLY);
            headers
                .entry(STRICT_TRANSPORT_SECURITY)
                .or_insert(https_only);
        }
    }
}

/// The policy of a page: everything is our own, scripts in the page itself carry the nonce, and
/// the browser's client is WebAssembly. `nonce` is base64, and `origin` is where the page is read:
/// not every browser takes `'self'` for the WebSocket of the same host.
pub fn content_security_policy(nonce: &str, origin: Option<&Origin>) -> String {
    let socket = match origin {
        Some(origin) if origin.is_https() => format!(" wss://{}", origin.authority()),
        Some(origin) => format!(" ws://{}", origin.authority()),
        None => String::new(),
    };
    [
        "default-src 'none'",
        &format!("script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'"),
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        &format!("connect-src 'self'{socket}"),
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
    .join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{body::Body, extract::Request};

    fn completed(public: Option<&str>, own: &[(HeaderName, &'static str)]) -> HeaderMap {
        let public = public.map(|origin| origin.parse().unwrap());
        let own = own.iter().cloned();
        let mut headers: HeaderMap = own
            .map(|(name, value)| (name, HeaderValue::from_static(value)))
            .collect();
        ResponseHeaders::new(public, TrustedProxies::default()).complete(&mut headers);
        headers
    }

    #[test]
    fn every_response_is_complete_and_keeps_its_own() {
        let headers = completed(None, &[]);
        for (name, value) in ALWAYS {
            assert_eq!(headers[&name], value, "{name}");
        }
        assert!(!headers.contains_key(STRICT_TRANSPORT_SECURITY));
        let headers = completed(None, &[(CACHE_CONTROL, "max-age=60")]);
        assert_eq!(headers[CACHE_CONTROL], "max-age=60");
        let headers = completed(Some("https://quad.example"), &[]);
        assert_eq!(headers[STRICT_TRANSPORT_SECURITY], HTTPS_ONLY);
    }

    #[test]
    fn a_page_may_run_and_reach_what_is_ours() {
        let origin: Origin = "https://quad.example:8443".parse().unwrap();
        assert_eq!(
            content_security_policy("abc=", Some(&origin)),
            "default-src 'none'; script-src 'self' 'nonce-abc=' 'wasm-unsafe-eval'; style-src 'self'; \
             img-src 'self' data:; font-src 'self'; connect-src 'self' wss://quad.example:8443; \
             manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'"
        );
        assert!(content_security_policy("a", None).contains("connect-src 'self';"));
    }

    #[test]
    fn the_socket_is_that_of_the_host_that_was_asked_for_unless_it_is_no_host() {
        let headers = ResponseHeaders::new(None, TrustedProxies::default());
        for (host, expected) in [
            ("localhost:3000", "connect-src 'self' ws://localhost:3000;"),
            ("192.168.1.7", "connect-src 'self' ws://192.168.1.7;"),
            ("a; script-src *", "connect-src 'self';"),
        ] {
            let request = Request::get("/")
                .header("host", host)
                .body(Body::empty())
                .unwrap();
            let policy = headers.page_policy("a", Head::of(&request)).unwrap();
            assert!(policy.to_str().unwrap().contains(expected), "{policy:?}");
        }
    }
}
