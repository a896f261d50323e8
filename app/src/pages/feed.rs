//! The feed: what is new, and a place to add to it.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{
    Loading,
    news::NewPosts,
    posts::{PostList, Which},
    set_title, use_visit, with_viewer,
};
use crate::{
    api::{CreatePost, Feed as Read, read_feed},
    components::{
        Avatar, FormTrouble, Letter, PostedAlready, TextField, Trouble, but_posted, failure,
        of_field,
    },
    drafts::Desk,
    model::{Me, Post},
};

#[component]
pub(super) fn FeedPage() -> impl IntoView {
    let visit = use_visit();
    let query = use_query_map();
    let before = Memo::new(move |_| query.with(|query| query.get("before")));
    let page = Resource::new(move || before.get(), read_feed);
    set_title("");
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                let visit = visit.await;
                let demo = visit.demo;
                match with_viewer(visit, page.await) {
                    Ok((viewer, read)) => {
                        let before = before.get_untracked();
                        view! { <Feed viewer read before demo/> }.into_any()
                    }
                    Err(error) => view! { <Trouble error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn Feed(viewer: Option<Me>, read: Read, before: Option<String>, demo: bool) -> impl IntoView {
    let Read { page, next_key } = read;
    let posts = RwSignal::new(page.posts);
    let first_page = before.is_none();
    let heading = if first_page { "Latest" } else { "Older posts" };
    let top = match viewer.clone() {
        _ if !first_page => ().into_any(),
        Some(me) => view! { <Composer me posts next_key demo/> }.into_any(),
        None => view! { <Intro/> }.into_any(),
    };
    let news = viewer.clone().filter(|_| first_page);
    let news = news.map(|me| view! { <NewPosts me posts/> });
    let which = Which {
        author: None,
        before,
    };
    view! {
        <div class="columns">
            <div class="column">
                <h1 class:visually-hidden=first_page>{if first_page { "Feed" } else { heading }}</h1>
                {top}
                {first_page.then(|| view! { <h2 class="list-heading">{heading}</h2> })}
                {news}
                <PostList
                    posts
                    which
                    next=page.next
                    viewer=viewer.clone()
                    path="/".into()
                    empty="Nobody has posted yet. It is a good moment to be the first."
                />
            </div>
            <Aside viewer/>
        </div>
    }
    .into_any()
}

#[component]
fn Intro() -> impl IntoView {
    view! {
        <section class="intro" aria-labelledby="intro-heading">
            <h2 id="intro-heading">"Say it. See it land."</h2>
            <p>
                "Quad is a small feed for the people around you. When somebody likes what you wrote, "
                "you see it the moment it happens."
            </p>
            <p class="intro-actions">
                <a class="button" href="/signup">"Sign up"</a>
                <a class="button quiet-button" href="/login">"Log in"</a>
            </p>
        </section>
    }
}

#[component]
fn Composer(me: Me, posts: RwSignal<Vec<Post>>, next_key: String, demo: bool) -> impl IntoView {
    let action = ServerAction::<CreatePost>::new();
    let error = failure(action.value());
    let letter = Letter::new(Desk::new(&me.person.user_id, "feed"), next_key);
    Effect::new(move || match action.value().get() {
        Some(Ok(post)) => {
            let known = |known: &Post| known.post_id == post.post_id;
            if !posts.with_untracked(|posts| posts.iter().any(known)) {
                posts.update(|posts| posts.insert(0, post));
            }
            letter.posted();
        }
        Some(Err(error)) => letter.refused(&error),
        None => {}
    });
    view! {
        <ActionForm action node_ref=letter.form() attr:class="composer">
            <Avatar person=me.person/>
            <div class="composer-body" on:input=move |_| letter.keep()>
                // A browser that fills in what was there before would bring a key that was used.
                <input type="hidden" name="key" value=move || letter.key() autocomplete="off"/>
                <TextField id="composer" name="text" label="What is on your mind?" error=of_field(error, "text")/>
                <FormTrouble error=but_posted(error) fields=&["text"]/>
                <PostedAlready
                    error
                    words="This was posted already, as it was before you changed it. To post it as it is now as well, post it again."
                />
                <div class="composer-foot">
                    {demo.then(|| view! {
                        <p class="hint">"Try it: the demo’s people will like what you post within seconds."</p>
                    })}
                    <button type="submit" class="button" disabled=action.pending()>"Post"</button>
                </div>
            </div>
        </ActionForm>
    }
    .into_any()
}

#[component]
fn Aside(viewer: Option<Me>) -> impl IntoView {
    let card = viewer.map(|me| {
        let person = me.person;
        let href = format!("/people/{}", person.handle);
        view! {
            <section class="card me-card" aria-labelledby="me-heading">
                <Avatar person=person.clone()/>
                <div>
                    <h2 id="me-heading"><bdi>{person.name}</bdi></h2>
                    <p><a href=href dir="ltr">"@"{person.handle.to_string()}</a></p>
                </div>
            </section>
        }
    });
    view! {
        <aside class="side" aria-label="About this feed">
            {card}
            <section class="card" aria-labelledby="how-heading">
                <h2 id="how-heading">"Good to know"</h2>
                <ul>
                    <li>"A like reaches you at once, on every device where you are logged in."</li>
                    <li><kbd>"F8"</kbd>" leads to what just popped up, "<kbd>"Esc"</kbd>" sends it away."</li>
                    <li>"What you missed waits under Notifications."</li>
                </ul>
            </section>
        </aside>
    }
    .into_any()
}
