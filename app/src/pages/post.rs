//! One post, and who likes it.

use std::time::Duration;

use futures_util::future::join;
use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};

use super::{Loading, set_title, use_visit, with_viewer};
use crate::{
    api::{DeletePost, read_likers, read_muted, read_post},
    components::{Avatar, FormTrouble, Gone, MuteButton, Muteable, PostCard, Trouble, failure},
    error::QuadError,
    live::{Live, News},
    model::{Likers, Me, Post, PostId},
    text::isolated,
};

/// A post that many people like at once must not be read again for each of them.
const LIKERS_EVERY: Duration = Duration::from_secs(2);

#[component]
pub(super) fn PostPage() -> impl IntoView {
    let visit = use_visit();
    let params = use_params_map();
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        let post = params
            .with(|params| params.get("post_id"))
            .unwrap_or_default();
        (post, query.with(|query| query.get("after")))
    });
    let data = Resource::new(move || asked.get(), |(post, after)| read(post, after));
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                match with_viewer(visit.await, data.await) {
                    Ok((viewer, (post, likers, muted))) => {
                        let after = asked.get_untracked().1;
                        view! { <Whole post likers muted after viewer/> }.into_any()
                    }
                    Err(error) => view! { <Trouble error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

/// The post, who likes it, and whether the viewer, whose own it is, muted it.
type Found = (Post, Likers, Option<bool>);

async fn read(post: String, after: Option<String>) -> Result<Found, QuadError> {
    let id: PostId = post.parse()?;
    let post = read_post(id.clone()).await?;
    let (likers, muted) = join(read_likers(id.clone(), after), read_muted(None, Some(id))).await;
    Ok((post, likers?, muted?))
}

#[component]
fn Whole(
    post: Post,
    likers: Likers,
    muted: Option<bool>,
    after: Option<String>,
    viewer: Option<Me>,
) -> impl IntoView {
    let heading = format!("Post by {}", isolated(&post.author.name));
    set_title(heading.clone());
    let id = post.post_id.clone();
    let own = viewer
        .as_ref()
        .is_some_and(|me| me.person.user_id == *id.author());
    let gone = Gone::default();
    let likers = RwSignal::new(likers);
    keep_likers(&id, after.clone(), likers);
    reread(&id);
    let delete = own.then(|| view! { <Delete id=id.clone() gone/> });
    let mute = muted.map(|muted| {
        let (target, muted) = (Muteable::Post(id.clone()), RwSignal::new(muted));
        // What is deleted tells of nothing any more.
        move || (!gone.0.get()).then(|| view! { <MuteButton target=target.clone() muted/> })
    });
    let first = after.is_some().then(|| format!("/posts/{id}#likes"));
    let more = move || {
        let cursor = likers.with(|likers| likers.next.clone());
        cursor.map(|cursor| format!("/posts/{id}?after={cursor}#likes"))
    };
    let nobody = move || {
        likers
            .with(|likers| likers.people.is_empty())
            .then(|| view! { <p class="empty">"Nobody yet."</p> })
    };
    view! {
        <div class="column">
            <h1 class="visually-hidden">{heading}</h1>
            <PostCard post viewer alone=true gone/>
            <div class="own-actions">
                {mute}
                {delete}
            </div>
            <section class="likers" id="likes" aria-labelledby="likes-heading">
                <h2 class="list-heading" id="likes-heading">"Liked by"</h2>
                <ul class="people">
                    <For each=move || likers.get().people key=|person| person.user_id.clone() let(person)>
                        <li>
                            <a class="person" href=format!("/people/{}", person.handle)>
                                <Avatar person=person.clone()/>
                                <span>
                                    <strong><bdi>{person.name.clone()}</bdi></strong>
                                    " "
                                    <span class="handle" dir="ltr">"@"{person.handle.to_string()}</span>
                                </span>
                            </a>
                        </li>
                    </For>
                </ul>
                {nobody}
                <p class="pages">
                    {first.map(|href| view! { <a class="button quiet-button" href=href>"First people"</a> })}
                    {move || more().map(|href| view! { <a class="button quiet-button" href=href>"More people"</a> })}
                </p>
            </section>
        </div>
    }
    .into_any()
}

#[component]
fn Delete(id: PostId, gone: Gone) -> impl IntoView {
    let action = ServerAction::<DeletePost>::new();
    let navigate = use_navigate();
    let live = Live::current();
    Effect::new(move || {
        if let Some(Ok(())) = action.value().get() {
            live.toasts.say("Your post is deleted.");
            navigate("/", Default::default());
        }
    });
    // The news that it is gone may overtake the answer, which is waited for all the same.
    move || {
        let id = id.to_string();
        (!gone.0.get()).then(|| view! {
            <ActionForm action attr:class="delete">
                <input type="hidden" name="post_id" value=id/>
                <button type="submit" class="danger-button" disabled=action.pending()>"Delete post"</button>
                <FormTrouble error=failure(action.value()) fields=&[]/>
            </ActionForm>
        })
    }
}

/// Reads who likes the post whenever their number changes.
fn keep_likers(id: &PostId, after: Option<String>, likers: RwSignal<Likers>) {
    let live = Live::current();
    let news = RwSignal::new(None::<News>);
    let (watched, same, id) = (id.clone(), id.clone(), id.clone());
    Effect::new(move || live.watch(&watched, news));
    on_cleanup(move || live.unwatch(&same, news));
    let timer = StoredValue::new(None::<TimeoutHandle>);
    Effect::new(move || {
        if !matches!(news.get(), Some(News::Likes(_))) || timer.with_value(Option::is_some) {
            return;
        }
        let (id, after) = (id.clone(), after.clone());
        let read = move || {
            // There is nothing to read for once the page is left, or the post is gone.
            let here = timer.try_update_value(Option::take).is_some();
            if !here || news.try_get_untracked().flatten() == Some(News::Gone) {
                return;
            }
            spawn_local(async move {
                if let Ok(read) = read_likers(id, after).await {
                    let _ = likers.try_set(read);
                }
            });
        };
        timer.set_value(set_timeout_with_handle(read, LIKERS_EVERY).ok());
    });
}

/// Reads the post anew whenever what is on screen may have missed something.
fn reread(id: &PostId) {
    let live = Live::current();
    let id = id.clone();
    Effect::new(move |before: Option<u64>| {
        let count = live.rereads.get();
        if before.is_some_and(|before| before != count) {
            let id = id.clone();
            spawn_local(async move {
                match read_post(id.clone()).await {
                    Ok(post) => live.tell(&id, News::Likes(post.likes)),
                    Err(QuadError::NoSuchPost) => live.tell(&id, News::Gone),
                    Err(_) => {}
                }
            });
        }
        count
    });
}
