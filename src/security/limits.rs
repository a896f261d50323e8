//! How often somebody may do something. The numbers are such that nobody who uses a browser by
//! hand ever meets them, even where a whole campus shares one address.

use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};

use app::{
    error::QuadError,
    model::{Handle, UserId},
};
use governor::{
    DefaultKeyedRateLimiter, Quota,
    clock::{Clock, DefaultClock},
};
use tokio::time;
use tokio_util::sync::CancellationToken;

use super::{
    guesses::{Guess, Guesses},
    network::network,
};
use crate::audit::{self, Limited};

/// How many buckets one limit has at most. Two callers who meet in one share it, which neither
/// notices unless the other is far beyond what people do; in return, no flood of addresses or
/// handles can fill the memory: a bucket takes some 40 bytes.
const BUCKETS: u64 = 1 << 16;

/// How often buckets that are full again are dropped.
const SWEEP: Duration = Duration::from_secs(60);

/// All limits of one server. Each call takes one from the caller's bucket; errors: 429, with the
/// seconds until there is one again.
#[derive(Debug)]
pub struct Limits {
    sign_up: Limit,
    log_in: Limit,
    /// `None` where nothing is limited.
    guesses: Option<Arc<Guesses>>,
    post: Limit,
    like: Limit,
    say: Limit,
    room: Limit,
    publish: Limit,
    publish_on: Limit,
    connect: Limit,
}

impl Limits {
    /// `on` is false for load tests, where one address plays thousands of people.
    pub fn new(on: bool) -> Self {
        let limit = |name, every: Duration, burst: u32| Limit::new(name, on, every, burst);
        let (second, milli) = (Duration::from_secs(1), Duration::from_millis(1));
        Self {
            sign_up: limit("sign_up", second, 200),
            log_in: limit("log_in", 50 * milli, 1_000),
            guesses: on.then(Arc::default),
            post: limit("post", 2 * second, 20),
            like: limit("like", 10 * milli, 2_000),
            say: limit("say", 50 * milli, 400),
            room: limit("room", second, 100),
            publish: limit("publish", milli, 2_000),
            publish_on: limit("publish_on", 5 * milli, 1_000),
            connect: limit("connect", 2 * milli, 5_000),
        }
    }

    /// A sign-up from an address: one a second, 200 at once: a whole lecture hall may share it.
    pub fn sign_up(&self, from: IpAddr) -> Result<(), QuadError> {
        self.sign_up.take(from_network(from))
    }

    /// A log-in from an address, right or wrong: 20 a second, 1,000 at once. Each costs the server
    /// some 20 ms of a core; how often one may be wrong is [another matter](Self::guess).
    pub fn log_in(&self, from: IpAddr) -> Result<(), QuadError> {
        self.log_in.take(from_network(from))
    }

    /// A guess at a password by logging in; see [`Guesses::log_in`].
    pub fn guess(
        &self,
        from: IpAddr,
        handle: Option<&Handle>,
        known: bool,
    ) -> Result<Guess, QuadError> {
        match &self.guesses {
            Some(guesses) => guesses.log_in(from, handle, known),
            None => Ok(Guess::unlimited()),
        }
    }

    /// A guess at one's own password, by changing it; see [`Guesses::change`].
    pub fn guess_own(&self, session: &str) -> Result<Guess, QuadError> {
        match &self.guesses {
            Some(guesses) => guesses.change(session),
            None => Ok(Guess::unlimited()),
        }
    }

    /// Whether a refusal to this address shall stand in the log; see [`Guesses::may_log`].
    pub fn may_log(&self, from: IpAddr) -> bool {
        let guesses = self.guesses.as_ref();
        guesses.is_none_or(|guesses| guesses.may_log(from))
    }

    /// A post: one in 2 s, 20 at once.
    pub fn post(&self, person: &UserId) -> Result<(), QuadError> {
        self.post.take(Limited::User(person))
    }

    /// A like or its withdrawal: 100 a second, 2,000 at once: a program may sort years of reading.
    pub fn like(&self, person: &UserId) -> Result<(), QuadError> {
        self.like.take(Limited::User(person))
    }

    /// Something said in a room, or taken back: 20 a second, 400 at once.
    pub fn say(&self, person: &UserId) -> Result<(), QuadError> {
        self.say.take(Limited::User(person))
    }

    /// A change of a room or of somebody's membership: one a second, 100 at once.
    pub fn room(&self, person: &UserId) -> Result<(), QuadError> {
        self.room.take(Limited::User(person))
    }

    /// A message of another program, by the hash of its token: 1,000 a second, 2,000 at once.
    pub fn publish(&self, token: &str) -> Result<(), QuadError> {
        self.publish.take(Limited::Token(token))
    }

    /// A message of another program to one channel or person: 200 a second, 1,000 at once.
    pub fn publish_on(&self, target: &str) -> Result<(), QuadError> {
        self.publish_on.take(Limited::Target(target))
    }

    /// A new WebSocket from an address: 500 a second, 5,000 at once, because everybody comes back
    /// when a server was away.
    pub fn connect(&self, from: IpAddr) -> Result<(), QuadError> {
        self.connect.take(from_network(from))
    }

    /// Drops buckets that nobody draws from, until it is told to stop.
    pub async fn keep_small(self: Arc<Self>, stop: CancellationToken) {
        while stop.run_until_cancelled(time::sleep(SWEEP)).await.is_some() {
            for limit in [
                &self.sign_up,
                &self.log_in,
                &self.post,
                &self.like,
                &self.say,
                &self.room,
                &self.publish,
                &self.publish_on,
                &self.connect,
            ] {
                limit.sweep();
            }
        }
    }
}

/// One limit: a bucket for each caller. Without buckets, nothing is limited.
#[derive(Debug)]
struct Limit {
    /// As it stands in the log.
    name: &'static str,
    buckets: Option<DefaultKeyedRateLimiter<u64>>,
    /// Seeded at random, so that nobody can choose whose bucket to share.
    hasher: RandomState,
    clock: DefaultClock,
}

impl Limit {
    fn new(name: &'static str, on: bool, every: Duration, burst: u32) -> Self {
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(every).map(|quota| quota.allow_burst(burst));
        let buckets = quota.filter(|_| on).map(DefaultKeyedRateLimiter::keyed);
        Self {
            name,
            buckets,
            hasher: RandomState::new(),
            clock: DefaultClock::default(),
        }
    }

    fn take(&self, caller: Limited<'_>) -> Result<(), QuadError> {
        let Some(buckets) = &self.buckets else {
            return Ok(());
        };
        let bucket = self.hasher.hash_one(caller) % BUCKETS;
        buckets.check_key(&bucket).map_err(|not_until| {
            audit::rate_limited(self.name, caller);
            let wait = not_until.wait_time_from(self.clock.now());
            QuadError::TooManyRequests {
                retry_after: wait.as_secs() + 1,
            }
        })
    }

    fn sweep(&self) {
        if let Some(buckets) = &self.buckets {
            buckets.retain_recent();
            buckets.shrink_to_fit();
        }
    }
}

fn from_network(address: IpAddr) -> Limited<'static> {
    Limited::Address(network(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_once(mut call: impl FnMut() -> Result<(), QuadError>) -> usize {
        let mut taken = 0;
        while taken < 5_000 {
            match call() {
                Ok(()) => taken += 1,
                Err(QuadError::TooManyRequests { retry_after }) => {
                    assert!((1..=7).contains(&retry_after), "{retry_after}");
                    break;
                }
                Err(other) => panic!("{other:?}"),
            }
        }
        taken
    }

    #[test]
    fn each_caller_has_a_bucket_of_its_own() {
        let limits = Limits::new(true);
        let (ana, bob): (UserId, UserId) =
            ("0aaaaaaa".parse().unwrap(), "0bbbbbbb".parse().unwrap());
        assert!((2_000..2_200).contains(&at_once(|| limits.like(&ana))));
        assert!(limits.like(&bob).is_ok());
        assert_eq!(at_once(|| limits.post(&ana)), 20);
        let address = "192.0.2.1".parse().unwrap();
        assert_eq!(at_once(|| limits.sign_up(address)), 200);
        assert!((2_000..5_000).contains(&at_once(|| limits.publish("a token"))));
        assert!(limits.publish("another").is_ok());
        assert!((1_000..1_200).contains(&at_once(|| limits.log_in(address))));
        assert!(limits.log_in("192.0.2.2".parse().unwrap()).is_ok());
    }

    #[test]
    fn an_ipv6_network_is_one_caller() {
        let limits = Limits::new(true);
        let mut host = 0u128;
        let taken = at_once(|| {
            host += 1;
            limits.sign_up(IpAddr::V6((0x2001_0db8_u128 << 96 | host).into()))
        });
        assert_eq!(taken, 200);
        assert!(limits.sign_up("2001:db8:0:1::1".parse().unwrap()).is_ok());
        assert!(limits.sign_up("::ffff:192.0.2.1".parse().unwrap()).is_ok());
    }

    #[test]
    fn off_is_off() {
        let limits = Limits::new(false);
        let ana: UserId = "0aaaaaaa".parse().unwrap();
        assert_eq!(at_once(|| limits.post(&ana)), 5_000);
        let (address, handle) = ("192.0.2.1".parse().unwrap(), "ana".parse().unwrap());
        let guess = || limits.guess(address, Some(&handle), false).map(drop);
        assert_eq!(at_once(guess), 5_000);
        assert_eq!(at_once(|| limits.guess_own("a session").map(drop)), 5_000);
    }

    #[test]
    fn no_flood_fills_the_memory() {
        let limit = Limit::new("test", true, Duration::from_nanos(1), 1);
        for caller in 0..BUCKETS * 4 {
            limit.take(Limited::Target(&caller.to_string())).ok();
        }
        let buckets = limit.buckets.as_ref().unwrap();
        assert!(buckets.len() as u64 <= BUCKETS);
        std::thread::sleep(Duration::from_millis(5));
        limit.sweep();
        assert!(limit.buckets.as_ref().unwrap().is_empty());
    }

    #[tokio::test]
    async fn the_sweeper_ends_when_it_is_told() {
        let stop = CancellationToken::new();
        let sweeper = tokio::spawn(Arc::new(Limits::new(true)).keep_small(stop.clone()));
        tokio::task::yield_now().await;
        stop.cancel();
        sweeper.await.unwrap();
    }
}
