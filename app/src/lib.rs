//! What the server and the browser share: the [`model`], the wire ([`event`]), the errors
//! ([`error`]), the calls ([`api`]) and the pages.
//!
//! In reading order: `pages` compose `components`; `live` holds the browser's socket and the one
//! state that it feeds; `talk` is what the page of a room knows; `toasts` shows what just happened;
//! [`text`] decides what a mention, a link or a character is;
//! `browser` is all that is asked of the browser directly; `clock` knows what time it is.
//!
//! The feature `ssr` renders on the server, `hydrate` wakes the same pages up in the browser.

#[cfg(feature = "ssr")]
pub mod address;
// `#[server]` makes a struct of each function's arguments, and copies no docs to its fields.
#[allow(missing_docs)]
pub mod api;
#[cfg(feature = "ssr")]
pub mod backend;
mod browser;
mod clock;
mod components;
#[cfg(feature = "ssr")]
pub mod cookie;
#[cfg(feature = "ssr")]
pub mod device;
#[cfg_attr(not(feature = "hydrate"), allow(dead_code))]
mod drafts;
pub mod error;
pub mod event;
// The server renders the live parts, and leaves it to the browser to run them.
#[cfg_attr(not(feature = "hydrate"), allow(dead_code))]
mod live;
pub mod model;
mod names;
mod pages;
#[cfg_attr(not(feature = "hydrate"), allow(dead_code))]
mod talk;
pub mod text;
#[cfg_attr(not(feature = "hydrate"), allow(dead_code))]
mod toasts;

pub use pages::{App, shell};
