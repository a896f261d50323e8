//! Quad's server: a like becomes a toast within milliseconds, and is never lost.
//!
//! # Where a like goes
//!
//! 1. The browser asks for a state, liked or not: a server function of [`app::api`], or
//!    `PUT /api/v1/posts/{post_id}/like` in [`web::posts`]. [`router`] shows every route and layer.
//! 2. [`web::front`] has refused what comes from other sites; [`web::auth`] finds the session,
//!    which [`service::sessions`] remembers for at most 30 s.
//! 3. [`service::posts`] checks the rate and calls the store. The owner stands in the post's id.
//! 4. [`store::likes`] runs one script in one slot and one round trip: it changes membership and
//!    count, asks what the owner wants to be told of, appends an entry to their inbox, keeps groups
//!    and unread count true, and publishes one message for the owner and one for the post's viewers. With
//!    `appendfsync always` Redis syncs to disk before it answers.
//! 5. [`live::broker`] hears it on the one subscriber connection of each server that has somebody
//!    who listens, and passes it on without a queue.
//! 6. [`live::hub`] knows the sockets. The frame's bytes are made once ([`live::frame`]) and each
//!    socket's [`live::writer`] puts them out at once, or into its bounded queue.
//! 7. The browser shows a toast. What it missed, [`live::catch_up`] sends when it comes back. Where
//!    no page showed it in time, [`push`] tells the browser.
//!
//! What is said in a room goes the same way: [`service::talk`], [`store::rooms`], the hub, and
//! [`live::presence`] for who is there.
//!
//! # Who knows what
//!
//! The hub knows no Redis; the broker knows no socket; the store knows no HTTP. Store first,
//! publish in the same script, acknowledge last. No lock is held across an `.await`, every task
//! has an owner that ends it, and every queue a bound.

// Futures of requests that go through many layers are deeper than the default allows.
#![recursion_limit = "256"]

pub mod config;
pub mod router;
pub mod server;

pub mod audit;
pub mod security;
pub mod validate;
pub mod web;

pub mod embedded;
pub mod service;
pub mod store;

pub mod live;
pub mod meters;
pub mod pulse;
pub mod push;

pub mod demo;
pub mod seed;
