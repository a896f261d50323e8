//! Who got something that may not have been told to them, and when to look.

use std::{
    collections::{HashSet, VecDeque},
    sync::Mutex,
    time::Duration,
};

use app::model::UserId;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

/// People who may wait.
const MOST: usize = 50_000;
/// People who are looked at together.
const BATCH: usize = 500;

/// People in the order in which their time comes; each once, however much they get meanwhile.
pub struct Waiting {
    queue: Mutex<Queue>,
    wake: Notify,
    grace: Duration,
}

#[derive(Default)]
struct Queue {
    /// All wait for the same time, so the first one in is the first one out.
    due: VecDeque<(Instant, UserId)>,
    waits: HashSet<UserId>,
}

impl Waiting {
    /// Nobody yet.
    pub fn new(grace: Duration) -> Self {
        Self {
            queue: Mutex::default(),
            wake: Notify::new(),
            grace,
        }
    }

    /// How long everybody waits.
    pub fn grace(&self) -> Duration {
        self.grace
    }

    /// Somebody is to be looked at after the grace. False: too many wait already.
    pub fn add(&self, owner: &UserId) -> bool {
        let mut queue = self.queue.lock().unwrap_or_else(|e| e.into_inner());
        if queue.waits.contains(owner) {
            return true;
        }
        if queue.waits.len() >= MOST {
            return false;
        }
        let first = queue.due.is_empty();
        queue.waits.insert(owner.clone());
        let at = Instant::now() + self.grace;
        queue.due.push_back((at, owner.clone()));
        drop(queue);
        if first {
            self.wake.notify_one();
        }
        true
    }

    /// Waits until somebody's time has come, and takes them out with all others whose has.
    pub async fn due(&self) -> Vec<UserId> {
        loop {
            match self.take() {
                Ok(due) => return due,
                Err(Some(next)) => sleep_until(next).await,
                Err(None) => self.wake.notified().await,
            }
        }
    }

    /// Whose time has come; else when the next one's does, if anybody waits.
    fn take(&self) -> Result<Vec<UserId>, Option<Instant>> {
        let now = Instant::now();
        let mut queue = self.queue.lock().unwrap_or_else(|e| e.into_inner());
        let mut due = Vec::new();
        while due.len() < BATCH
            && queue.due.front().is_some_and(|(at, _)| *at <= now)
            && let Some((_, owner)) = queue.due.pop_front()
        {
            queue.waits.remove(&owner);
            due.push(owner);
        }
        if due.is_empty() {
            return Err(queue.due.front().map(|(at, _)| *at));
        }
        Ok(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    fn person(n: usize) -> UserId {
        format!("0{n:07}").parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn everybody_waits_once_and_for_the_grace() {
        let grace = Duration::from_secs(10);
        let waiting = Waiting::new(grace);
        let begin = Instant::now();
        for _ in 0..3 {
            assert!(waiting.add(&person(1)));
        }
        advance(grace / 2).await;
        assert!(waiting.add(&person(2)) && waiting.add(&person(1)));
        assert_eq!(waiting.due().await, [person(1)]);
        assert_eq!(begin.elapsed().as_secs(), 10);
        assert!(waiting.add(&person(1)), "what comes after waits anew");
        assert_eq!(waiting.due().await, [person(2)]);
        assert_eq!(waiting.due().await, [person(1)]);
        assert_eq!(begin.elapsed().as_secs(), 20);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_for_the_first_one_is_woken() {
        let waiting = Waiting::new(Duration::ZERO);
        let (due, added) = tokio::join!(waiting.due(), async { waiting.add(&person(1)) });
        assert_eq!((due, added), (vec![person(1)], true));
    }

    #[tokio::test(start_paused = true)]
    async fn there_is_a_bound() {
        let waiting = Waiting::new(Duration::ZERO);
        assert!((0..MOST).all(|n| waiting.add(&person(n))));
        assert!(!waiting.add(&person(MOST)));
        assert!(waiting.add(&person(0)), "who waits already is no more");
        assert_eq!(waiting.due().await.len(), BATCH);
        assert!(waiting.add(&person(MOST)));
    }
}
