//! The session cookie: the only place that knows its name and attributes.

use axum::http::{HeaderMap, HeaderValue, header::COOKIE};

/// How session cookies are written and read.
///
/// Over https the name carries the prefix `__Host-`, so that no neighbouring host can set it:
/// <https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-4.1.3.2>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CookiePolicy {
    /// Whether the site is served over https.
    pub secure: bool,
}

impl CookiePolicy {
    fn name(self) -> &'static str {
        if self.secure { "__Host-quad" } else { "quad" }
    }

    /// The header that begins a session, which lasts for at most so many seconds. `token` is
    /// base64url and a dot, so it needs no quoting.
    pub fn begin(self, token: &str, seconds: u64) -> Option<HeaderValue> {
        self.write(token, seconds)
    }

    /// The header that makes the browser forget.
    pub fn end(self) -> Option<HeaderValue> {
        self.write("", 0)
    }

    /// The token that a request carries.
    pub fn read(self, headers: &HeaderMap) -> Option<&str> {
        headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, value)| *name == self.name() && !value.is_empty())
            .map(|(_, value)| value)
    }

    fn write(self, value: &str, max_age: u64) -> Option<HeaderValue> {
        let name = self.name();
        let secure = if self.secure { "; Secure" } else { "" };
        HeaderValue::try_from(format!(
            "{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age}{secure}"
        ))
        .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read_again() {
        for secure in [false, true] {
            let policy = CookiePolicy { secure };
            let written = policy.begin("0abcdefg.s3cret", 60).unwrap();
            let pair = written.to_str().unwrap().split(';').next().unwrap();
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, format!("other=1; {pair}").parse().unwrap());
            assert_eq!(policy.read(&headers), Some("0abcdefg.s3cret"));
        }
    }

    #[test]
    fn over_https_the_cookie_is_secure_and_bound_to_its_host() {
        let policy = CookiePolicy { secure: true };
        let written = policy.begin("t", 60).unwrap();
        let written = written.to_str().unwrap();
        assert!(written.starts_with("__Host-quad=t;"));
        assert!(written.contains("; Max-Age=60;"), "{written}");
        assert!(written.ends_with("; Secure"));
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, "quad=planted".parse().unwrap());
        assert_eq!(policy.read(&headers), None);
    }

    #[test]
    fn an_ended_session_leaves_nothing_to_read() {
        let policy = CookiePolicy { secure: false };
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, "quad=".parse().unwrap());
        assert_eq!(policy.read(&headers), None);
        assert!(
            policy
                .end()
                .unwrap()
                .to_str()
                .unwrap()
                .contains("Max-Age=0")
        );
    }
}
