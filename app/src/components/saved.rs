//! Says that a form did what it is there for.

use leptos::prelude::*;

use crate::error::QuadError;

/// The element is there from the beginning, so that it is read aloud. Without JavaScript the
/// address knows whether it was saved `before`.
#[component]
pub(crate) fn Saved<T>(
    #[prop(into)] value: Signal<Option<Result<T, QuadError>>>,
    before: bool,
    text: &'static str,
) -> impl IntoView
where
    T: Send + Sync + 'static,
{
    let done = move || value.with(|value| value.as_ref().map_or(before, Result::is_ok));
    view! { <p class="saved" role="status">{move || done().then_some(text)}</p> }
}
