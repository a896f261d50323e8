//! Web Push: whoever has closed all tabs is told by the browser itself.
//!
//! 1. A page subscribes its browser ([`subscription`]) with the instance's key ([`vapid`]); the
//!    subscription lives as long as the session that made it.
//! 2. Whoever stores a notification says so to [`Push::told_later`]. After a grace
//!    ([`waiting`]), [`courier`] asks the store what has not been told; one script answers it and
//!    notes that it is being pushed, so that no other server pushes it too.
//! 3. It becomes one [`message`] a group, encrypted for each browser ([`encrypt`]) and sent
//!    ([`send`]) to a public address only ([`endpoint`], [`resolve`], [`address`]); where a push
//!    service is busy, a few times ([`delivery`]).
//!
//! A push is a hint that may be lost. The inbox is the truth.

pub mod address;
pub mod courier;
mod delivery;
pub mod encrypt;
pub mod endpoint;
mod message;
pub mod resolve;
pub mod send;
pub mod subscription;
pub mod vapid;
mod waiting;

use app::model::UserId;
use tokio::sync::Semaphore;

use self::{resolve::System, send::Sender, vapid::Vapid, waiting::Waiting};
use crate::{config::PushConfig, meters::METERS, security::origin::Origin};

/// Pushes that are sent at a time.
const TURNS: usize = 64;

/// What it takes to push.
pub struct Push {
    waiting: Waiting,
    vapid: Vapid,
    sender: Sender,
    turns: Semaphore,
    test_service: Option<Origin>,
}

impl Push {
    /// Nothing is sent before [`courier::run`] runs.
    pub fn new(config: &PushConfig) -> Self {
        Self {
            waiting: Waiting::new(config.after),
            vapid: Vapid::new(config.contact.clone()),
            sender: Sender::new(Box::new(System)),
            turns: Semaphore::new(TURNS),
            test_service: config.test_service.clone(),
        }
    }

    /// Something was stored for somebody, who shall get a push if it is not told otherwise. Only
    /// notes it, and never waits.
    pub fn told_later(&self, owner: &UserId) {
        if !self.waiting.add(owner) {
            METERS.push_dropped.increment(1);
        }
    }
}
