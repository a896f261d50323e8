//! The server.

pub mod config;
pub mod demo;
pub mod embedded;
pub mod live;
pub mod router;
pub mod security;
pub mod seed;
pub mod server;
pub mod service;
pub mod store;
pub mod validate;
pub mod web;
