//! Which page of a list to read, where its cursors are opaque.

use serde::Deserialize;
use utoipa::IntoParams;

/// A page of a list whose newest entry comes first.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OlderQuery {
    /// `next` of the page before: an opaque cursor of this list.
    pub(super) before: Option<String>,
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    pub(super) limit: Option<u64>,
}

/// A page of another list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FurtherQuery {
    /// `next` of the page before: an opaque cursor of this list.
    pub(super) after: Option<String>,
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    pub(super) limit: Option<u64>,
}
