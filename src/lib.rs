//! The server.

pub mod config;
pub mod embedded;
pub mod security;
pub mod validate;
pub mod web;
