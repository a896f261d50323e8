//! Who may do what, and how often.

pub mod client_addr;
pub mod cursor;
pub mod headers;
pub mod limits;
pub mod origin;
pub mod password;
pub mod random;
pub mod subscribe_token;
pub mod token;
