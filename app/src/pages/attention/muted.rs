//! Whom and what one muted.

use leptos::prelude::*;

use crate::{
    components::{Avatar, MuteButton, Muteable},
    model::Mutes,
};

/// The list. What is unmuted stays on screen until the page is left, so that it can be taken back.
#[component]
pub(super) fn MutedCard(mutes: Mutes) -> impl IntoView {
    let none = mutes.people.is_empty() && mutes.posts.is_empty();
    let muted = |target| view! { <MuteButton target muted=RwSignal::new(true)/> };
    let people = mutes.people.into_iter().map(|person| {
        let button = muted(Muteable::Person(person.handle.clone()));
        view! {
            <li class="muted">
                <a class="person" href=format!("/people/{}", person.handle)>
                    <Avatar person=person.clone()/>
                    <span>
                        <strong><bdi>{person.name}</bdi></strong>
                        " "
                        <span class="handle" dir="ltr">"@"{person.handle.to_string()}</span>
                    </span>
                </a>
                {button}
            </li>
        }
    });
    let posts = mutes.posts.into_iter().map(|post| {
        let button = muted(Muteable::Post(post.post_id.clone()));
        view! {
            <li class="muted">
                <a class="excerpt" dir="auto" href=format!("/posts/{}", post.post_id)>{post.excerpt}</a>
                {button}
            </li>
        }
    });
    view! {
        <section class="card" aria-labelledby="muted-heading">
            <h2 id="muted-heading">"Muted"</h2>
            {none.then(|| view! {
                <p class="quiet">
                    "Nobody and nothing. You can mute a person on their page, and a post of yours on its own."
                </p>
            })}
            <ul class="muted-list">{people.collect_view()}{posts.collect_view()}</ul>
        </section>
    }
    .into_any()
}
