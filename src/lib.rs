//! The server.

pub mod config;
pub mod live;
pub mod security;
pub mod service;
pub mod store;
pub mod validate;
pub mod web;
