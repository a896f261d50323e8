//! The server.

pub mod security;
pub mod validate;
pub mod web;
