//! Lists that are read in pages, from the newest entry down.

use std::str::FromStr;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// Where the page begins that the address asks for: a cursor, or the number of an entry of the inbox;
/// nothing for the newest page.
pub(super) fn use_before<T>() -> Memo<Option<T>>
where
    T: FromStr + PartialEq + Send + Sync + 'static,
{
    let query = use_query_map();
    Memo::new(move |_| query.with(|query| query.get("before")?.parse().ok()))
}

/// The ways to the newest page and to the one with what is older.
#[component]
pub(super) fn Pager(
    path: &'static str,
    first: bool,
    #[prop(into)] next: Signal<Option<String>>,
) -> impl IntoView {
    let older = move || next.get().map(|next| format!("{path}?before={next}"));
    view! {
        <p class="pages">
            {(!first).then(|| view! { <a class="button quiet-button" href=path>"Newest"</a> })}
            {move || older().map(|href| view! { <a class="button quiet-button" href=href>"Older"</a> })}
        </p>
    }
    .into_any()
}
