//! Who may do what, and how often.

pub mod allowance;
pub mod client_addr;
pub mod cursor;
pub mod guesses;
pub mod headers;
pub mod limits;
pub mod network;
pub mod origin;
pub mod password;
pub mod random;
pub mod subscribe_token;
pub mod token;
