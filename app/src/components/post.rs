//! One post, wherever it is shown.

use leptos::prelude::*;

use super::{Avatar, RichText, When, like::LikeButton, like_state::Liking};
use crate::{
    live::{Live, News},
    model::{Me, Post},
    text::isolated,
};

/// A post as an article. While it is on screen its count is live, and it says when it is deleted.
#[component]
pub(crate) fn PostCard(
    /// As it was read.
    post: Post,
    /// Who looks at it.
    viewer: Option<Me>,
    /// Stands for itself on its own page, and needs no link to that.
    #[prop(optional)]
    alone: bool,
    /// Set to true once it is deleted.
    #[prop(optional)]
    gone: Option<Gone>,
) -> impl IntoView {
    let live = Live::current();
    let liking = RwSignal::new(Liking::new(post.liked, post.likes));
    let gone = gone.unwrap_or_default().0;
    listen(live, &post, liking, gone);
    let own = viewer
        .as_ref()
        .is_some_and(|me| me.person.user_id == *post.post_id.author());
    if own {
        let post = post.clone();
        Effect::new(move || live.remember(&post));
    }
    let author = post.author.clone();
    let id = post.post_id.to_string();
    let signed_in = viewer.is_some();
    let when = move || view! { <When at=post.created_at/> };
    let time = if alone {
        view! { <span class="post-time">{when()}</span> }.into_any()
    } else {
        view! { <a class="post-time" href=format!("/posts/{id}")>{when()}</a> }.into_any()
    };
    let text = post.text.clone();
    let body = move || {
        if gone.get() {
            view! { <p class="post-gone">"This post was deleted."</p> }.into_any()
        } else {
            let (text, post) = (text.clone(), post.clone());
            view! {
                <p class="post-text" dir="auto"><RichText text/></p>
                <div class="post-actions"><LikeButton post liking signed_in/></div>
            }
            .into_any()
        }
    };
    view! {
        <article
            class="post"
            id=format!("post-{id}")
            aria-label=format!("Post by {}", isolated(&author.name))
            data-post-id=id.clone()
        >
            <Avatar person=author.clone()/>
            <div class="post-body">
                <div class="post-head">
                    <a class="post-author" href=format!("/people/{}", author.handle)>
                        <strong><bdi>{author.name.clone()}</bdi></strong>
                        " "
                        <span class="handle" dir="ltr">"@"{author.handle.to_string()}</span>
                    </a>
                    {time}
                </div>
                {body}
            </div>
        </article>
    }
    .into_any()
}

/// Whether a post was deleted while it was on screen.
#[derive(Clone, Copy)]
pub(crate) struct Gone(pub(crate) RwSignal<bool>);

impl Default for Gone {
    fn default() -> Self {
        Self(RwSignal::new(false))
    }
}

fn listen(live: Live, post: &Post, liking: RwSignal<Liking>, gone: RwSignal<bool>) {
    let news = RwSignal::new(None::<News>);
    let (id, same) = (post.post_id.clone(), post.post_id.clone());
    Effect::new(move || live.watch(&id, news));
    on_cleanup(move || live.unwatch(&same, news));
    Effect::new(move || match news.get() {
        Some(News::Likes(likes)) => liking.update(|liking| liking.heard(likes)),
        Some(News::Liked(liked)) => liking.update(|liking| liking.elsewhere(liked)),
        Some(News::Gone) => gone.set(true),
        None => {}
    });
}
