//! HTTP: thin handlers by domain, over what [`crate::service`] does.

pub mod accounts;
pub mod announcements;
pub mod attention;
pub mod auth;
pub mod body;
pub mod bounded_body;
pub mod bounds;
pub mod docs;
pub mod extract;
pub mod front;
pub mod health;
pub mod media;
pub mod notifications;
pub mod openapi;
pub mod pages;
pub mod paging;
pub mod posts;
pub mod problem;
pub mod publish;
pub mod push;
pub mod rooms;
pub mod sessions;
pub mod way_back;
