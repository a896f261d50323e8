//! A person, and what they wrote.

use futures_util::future::join3;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    Loading,
    posts::{PostList, Which},
    set_title, use_visit, with_viewer,
};
use crate::{
    api::{find_person, read_muted, read_posts},
    components::{Avatar, MuteButton, Muteable, Trouble},
    error::QuadError,
    model::{Handle, Me, Order, Person, PostPage},
    text::isolated,
};

#[component]
pub(super) fn PersonPage() -> impl IntoView {
    let visit = use_visit();
    let params = use_params_map();
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        let handle = params
            .with(|params| params.get("handle"))
            .unwrap_or_default();
        (handle, query.with(|query| query.get("before")))
    });
    let data = Resource::new(move || asked.get(), |(handle, before)| read(handle, before));
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                match with_viewer(visit.await, data.await) {
                    Ok((viewer, (person, page, muted))) => {
                        let before = asked.get_untracked().1;
                        view! { <Profile person page muted before viewer/> }.into_any()
                    }
                    Err(error) => view! { <Trouble error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

/// Who it is, what they wrote, and whether the viewer muted them.
type Found = (Person, PostPage, Option<bool>);

async fn read(handle: String, before: Option<String>) -> Result<Found, QuadError> {
    let handle: Handle = handle.parse().map_err(|_| QuadError::NoSuchUser)?;
    let (person, page, muted) = join3(
        find_person(handle.clone()),
        read_posts(Order::Latest, Some(handle.clone()), before),
        read_muted(Some(handle), None),
    )
    .await;
    Ok((person?, page?, muted?))
}

#[component]
fn Profile(
    person: Person,
    page: PostPage,
    muted: Option<bool>,
    before: Option<String>,
    viewer: Option<Me>,
) -> impl IntoView {
    set_title(isolated(&person.name));
    let handle = person.handle.clone();
    let which = Which {
        author: Some(handle.clone()),
        before,
    };
    let mute = muted.map(|muted| {
        let target = Muteable::Person(handle.clone());
        view! { <MuteButton target muted=RwSignal::new(muted)/> }
    });
    view! {
        <div class="column">
            <header class="profile">
                <Avatar person=person.clone()/>
                <div>
                    <h1><bdi>{person.name}</bdi></h1>
                    <p class="handle" dir="ltr">"@"{handle.to_string()}</p>
                </div>
                {mute}
            </header>
            <h2 class="list-heading">"Posts"</h2>
            <PostList
                posts=RwSignal::new(page.posts)
                which
                next=page.next
                viewer
                path=format!("/people/{handle}")
                empty="No posts yet."
            />
        </div>
    }
    .into_any()
}
