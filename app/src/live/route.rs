//! Which way leads to the server: the WebSocket, or a stream of events where none gets through.
//!
//! Some networks pass ordinary requests on and no WebSocket. A browser cannot tell that from a
//! server that is away, so only a socket that never opened while a request was answered counts.

/// So many sockets in a row, and it is taken for a rule.
const BLOCKED: u8 = 2;
/// After this long on the slower way, the WebSocket is tried again: laptops travel.
const TRY_AGAIN_MS: u64 = 300_000;

/// A way to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// The WebSocket.
    Socket,
    /// Server-Sent Events, and requests for what the browser says.
    Events,
}

/// What is known of the ways.
#[derive(Debug, Clone, Default)]
pub(crate) struct Route {
    blocked: u8,
    /// When the WebSocket was given up, or tried last since.
    given_up: Option<u64>,
}

impl Route {
    /// The one to take now.
    pub(crate) fn way(&self) -> Way {
        match self.given_up {
            Some(_) => Way::Events,
            None => Way::Socket,
        }
    }

    /// A connection came about. A WebSocket shows that there is one again.
    pub(crate) fn opened(&mut self, way: Way) {
        if way == Way::Socket {
            *self = Self::default();
        }
    }

    /// None came about, though the server answers requests.
    pub(crate) fn blocked(&mut self, way: Way, now: u64) {
        match way {
            Way::Socket => {
                self.blocked = (self.blocked + 1).min(BLOCKED);
                if self.blocked == BLOCKED {
                    self.given_up = Some(now);
                }
            }
            // Neither works: take turns.
            Way::Events => {
                self.blocked = BLOCKED - 1;
                self.given_up = None;
            }
        }
    }

    /// Whether it is time to try the WebSocket beside the stream; if so, the next time is later.
    pub(crate) fn try_again(&mut self, now: u64) -> bool {
        let due = |then: &u64| now.saturating_sub(*then) >= TRY_AGAIN_MS;
        let due = self.given_up.as_ref().is_some_and(due);
        if due {
            self.given_up = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without_sockets() -> Route {
        let mut route = Route::default();
        route.blocked(Way::Socket, 0);
        assert_eq!(route.way(), Way::Socket);
        route.blocked(Way::Socket, 1_000);
        route
    }

    #[test]
    fn two_sockets_that_never_opened_are_enough() {
        assert_eq!(without_sockets().way(), Way::Events);
    }

    #[test]
    fn one_that_opened_makes_up_for_those_before() {
        let mut route = Route::default();
        route.blocked(Way::Socket, 0);
        route.opened(Way::Socket);
        route.blocked(Way::Socket, 0);
        assert_eq!(route.way(), Way::Socket);
    }

    #[test]
    fn the_socket_is_tried_again_after_a_while_and_taken_if_it_opens() {
        let mut route = without_sockets();
        route.opened(Way::Events);
        assert!(!route.try_again(TRY_AGAIN_MS));
        assert!(route.try_again(1_000 + TRY_AGAIN_MS));
        assert!(!route.try_again(2_000 + TRY_AGAIN_MS));
        assert_eq!(route.way(), Way::Events);
        route.opened(Way::Socket);
        assert_eq!(route.way(), Way::Socket);
        assert!(!route.try_again(u64::MAX));
    }

    #[test]
    fn where_neither_opens_they_take_turns() {
        let mut route = without_sockets();
        route.blocked(Way::Events, 2_000);
        assert_eq!(route.way(), Way::Socket);
        route.blocked(Way::Socket, 3_000);
        assert_eq!(route.way(), Way::Events);
    }
}
