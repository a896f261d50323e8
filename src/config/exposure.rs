//! What must be set before others can reach the server.

use std::net::SocketAddr;

use super::Config;

/// Why a server does not start at an address that others can reach.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Exposed {
    /// Anybody could guess at passwords as fast as they like.
    #[error(
        "{0} is not loopback, and rate limits are off: turn them on (QUAD_RATE_LIMITS=on), \
         or allow it with --allow-no-rate-limits (QUAD_ALLOW_NO_RATE_LIMITS=1)"
    )]
    RateLimits(SocketAddr),
    /// No page could be told from one of another site.
    #[error(
        "{0} is not loopback, and there is no public origin: set QUAD_PUBLIC_ORIGIN, such as \
         https://quad.example, or allow it with --allow-no-public-origin (QUAD_ALLOW_NO_PUBLIC_ORIGIN=1)"
    )]
    PublicOrigin(SocketAddr),
    /// Both.
    #[error(
        "{0} is not loopback, rate limits are off and there is no public origin: set QUAD_RATE_LIMITS=on \
         and QUAD_PUBLIC_ORIGIN, or allow it with --allow-no-rate-limits (QUAD_ALLOW_NO_RATE_LIMITS=1) \
         and --allow-no-public-origin (QUAD_ALLOW_NO_PUBLIC_ORIGIN=1)"
    )]
    Both(SocketAddr),
}

impl Config {
    /// Whether it is safe to serve at the address that is set. Errors say what to change.
    pub fn check_exposure(&self) -> Result<(), Exposed> {
        if self.addr.ip().to_canonical().is_loopback() {
            return Ok(());
        }
        let unlimited = !self.rate_limits && !self.allowed.no_rate_limits;
        let nameless = self.public_origin.is_none() && !self.allowed.no_public_origin;
        match (unlimited, nameless) {
            (false, false) => Ok(()),
            (true, false) => Err(Exposed::RateLimits(self.addr)),
            (false, true) => Err(Exposed::PublicOrigin(self.addr)),
            (true, true) => Err(Exposed::Both(self.addr)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(line: &str) -> Result<(), Exposed> {
        let words = std::iter::once("quad").chain(line.split_whitespace());
        super::super::parse(words).unwrap().1.check_exposure()
    }

    #[test]
    fn what_others_can_reach_has_limits_and_an_origin() {
        let open = |line: &str| checked(line).is_ok();
        for loopback in [
            "127.0.0.1:0",
            "127.8.9.1:0",
            "[::1]:0",
            "[::ffff:127.0.0.1]:0",
        ] {
            let line = format!("--addr {loopback} --rate-limits off");
            assert!(open(&line), "{line}");
        }
        for reachable in [
            "0.0.0.0:0",
            "[::]:0",
            "10.0.0.1:0",
            "[fd00::1]:0",
            "[::ffff:10.0.0.1]:0",
            "[::ffff:0.0.0.0]:0",
        ] {
            let at = reachable.parse().unwrap();
            let with = |more: &str| checked(&format!("--addr {reachable} {more}"));
            let origin = "--public-origin https://quad.example";
            assert_eq!(with(""), Err(Exposed::PublicOrigin(at)));
            assert_eq!(with("--rate-limits off"), Err(Exposed::Both(at)));
            let unlimited = with(&format!("{origin} --rate-limits off"));
            assert_eq!(unlimited, Err(Exposed::RateLimits(at)));
            assert_eq!(with(origin), Ok(()));
            assert_eq!(with("--allow-no-public-origin"), Ok(()));
            let allowed = "--rate-limits off --allow-no-rate-limits";
            assert_eq!(with(&format!("{origin} {allowed}")), Ok(()));
            assert_eq!(with(allowed), Err(Exposed::PublicOrigin(at)));
        }
    }
}
