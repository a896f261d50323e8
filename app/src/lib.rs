//! What the server and the browser share: the [`model`], the wire ([`event`]), the errors
//! ([`error`]), the calls ([`api`]) and the pages.
//!
//! The feature `ssr` renders on the server, `hydrate` wakes the same pages up in the browser.

// `#[server]` makes a struct of each function's arguments, and copies no docs to its fields.
#[allow(missing_docs)]
pub mod api;
#[cfg(feature = "ssr")]
pub mod backend;
#[cfg(feature = "ssr")]
pub mod cookie;
pub mod error;
pub mod event;
pub mod model;
pub mod pages;

pub use pages::{App, shell};
