//! People, their accounts and their sessions.

use serde::{Deserialize, Serialize};

use super::{Epoch, Handle, UserId};

/// A person as others see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Person {
    /// Never changes.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub user_id: UserId,
    /// Unique, lower case.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub handle: Handle,
    /// What they call themselves; at most 50 characters.
    pub name: String,
}

/// What it takes to sign up. The rules stand in [`crate::validate`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NewAccount {
    /// 3 to 30 of `[a-z0-9_]`, beginning with a letter; upper case is folded.
    #[cfg_attr(feature = "ssr", schema(pattern = "^[A-Za-z][A-Za-z0-9_]{2,29}$"))]
    pub handle: String,
    /// 8 to 128 characters; none of the most common, nor one's own handle or name.
    #[cfg_attr(feature = "ssr", schema(min_length = 8, max_length = 128))]
    pub password: String,
    /// 1 to 50 characters as people see them; the handle where it is missing.
    #[cfg_attr(feature = "ssr", schema(min_length = 1, max_length = 1600))]
    #[serde(default)]
    pub name: Option<String>,
}

/// What it takes to log in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Credentials {
    /// Compared case-folded.
    #[cfg_attr(feature = "ssr", schema(min_length = 1))]
    pub handle: String,
    /// At most 4,096 bytes.
    #[cfg_attr(feature = "ssr", schema(min_length = 1, max_length = 1024))]
    pub password: String,
}

/// A session has begun. The token is shown once and stored hashed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SignedIn {
    /// Whose session it is.
    #[serde(flatten)]
    pub person: Person,
    /// `<user id>.<secret>`, for the `Authorization: Bearer` header.
    pub token: String,
}

/// One's own account, and where its inbox stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Me {
    /// Oneself.
    #[serde(flatten)]
    pub person: Person,
    /// The history that `seq` counts in.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub epoch: Epoch,
    /// The newest entry of the inbox; 0 where there was none yet.
    pub seq: u64,
    /// Groups with something unread.
    pub unread: u64,
    /// Whether one may announce something.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub admin: bool,
}

/// What one may change about oneself. A field that is missing stays as it is.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AccountChange {
    /// 1 to 50 characters as people see them.
    #[cfg_attr(feature = "ssr", schema(min_length = 1, max_length = 1600))]
    #[serde(default)]
    pub name: Option<String>,
    /// The new password, as for a new account; needs `current_password`, and ends all sessions of
    /// before.
    #[cfg_attr(feature = "ssr", schema(min_length = 8, max_length = 128))]
    #[serde(default)]
    pub password: Option<String>,
    /// The password as it is until now.
    #[serde(default)]
    pub current_password: Option<String>,
}

/// What one's account is after a change.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AccountChanged {
    /// One's own account.
    #[serde(flatten)]
    pub me: Me,
    /// After a new password: the token of the session that takes the place of the one that asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}
