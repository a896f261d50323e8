//! HTTP.

pub mod extract;
pub mod problem;
