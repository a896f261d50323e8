//! Readiness: one epoll set for every socket of the load generator.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;

/// How many events one wait hands out. Small, so that the schedule is looked at often while a burst is read.
const BATCH: usize = 256;

/// An epoll set, level-triggered and for reading only.
pub struct Poll {
    epoll: OwnedFd,
    events: Vec<Event>,
}

impl Poll {
    /// An empty set.
    pub fn new() -> Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC).context("epoll_create")?;
        Ok(Self {
            epoll,
            events: Vec::with_capacity(BATCH),
        })
    }

    /// Reports `token` whenever `fd` has something to read. Closing the descriptor ends it.
    pub fn watch(&self, fd: impl AsFd, token: u64) -> Result<()> {
        epoll::add(&self.epoll, fd, EventData::new_u64(token), EventFlags::IN).context("epoll_ctl")
    }

    /// Waits at most `timeout` and puts the tokens that are ready into `ready`, in place of what was there.
    pub fn wait(&mut self, timeout: Duration, ready: &mut Vec<u64>) -> Result<()> {
        ready.clear();
        let timeout = Timespec::try_from(timeout).context("timeout")?;
        match epoll::wait(
            &self.epoll,
            spare_capacity(&mut self.events),
            Some(&timeout),
        ) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error).context("epoll_wait"),
        }
        ready.extend(self.events.drain(..).map(|event| event.data.u64()));
        Ok(())
    }
}
