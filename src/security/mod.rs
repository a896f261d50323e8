//! Who may do what, and how often.

pub mod password;
pub mod random;
pub mod token;
