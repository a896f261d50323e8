//! Text of people, with its links.

use leptos::prelude::*;

use crate::text::{Part, parts};

/// The text exactly as it was written, where addresses, mentions and rooms are links. Each is
/// isolated, so that it turns nothing around it.
#[component]
pub(crate) fn RichText(text: String) -> impl IntoView {
    parts(&text).into_iter().map(shown).collect_view()
}

fn shown(part: Part<'_>) -> AnyView {
    match part {
        Part::Plain(text) => text.to_owned().into_any(),
        Part::Link(link) => {
            let whole = link.is_shortened().then(|| link.href.clone());
            view! {
                <a href=link.href rel="nofollow ugc noopener" title=whole>
                    <bdi dir="ltr">{link.shown}</bdi>
                </a>
            }
            .into_any()
        }
        Part::Mention { shown, handle } => inside(format!("/people/{handle}"), shown),
        Part::Room { shown, room } => inside(format!("/rooms/{room}"), shown),
    }
}

fn inside(href: String, shown: &str) -> AnyView {
    view! { <a href=href><bdi dir="ltr">{shown.to_owned()}</bdi></a> }.into_any()
}
