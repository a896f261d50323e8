//! The like button: a form that works by itself, and answers at once when the page is awake.

use leptos::{ev::SubmitEvent, prelude::*, server_fn::ServerFn, task::spawn_local};

use super::like_state::{Liking, Next};
use crate::{
    api::{SetLike, set_like},
    live::Live,
    model::{Post, PostId},
};

/// The button and the count of one post.
#[component]
pub(super) fn LikeButton(post: Post, liking: RwSignal<Liking>, signed_in: bool) -> impl IntoView {
    let live = Live::current();
    let id = post.post_id.clone();
    let liked = move || liking.with(|liking| liking.shown().liked);
    let likes = move || liking.with(|liking| liking.shown().likes);
    let submit = {
        let id = id.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            let mut wanted = None;
            liking.update(|liking| wanted = liking.press());
            if let Some(wanted) = wanted {
                spawn_local(settle(live, id.clone(), liking, wanted));
            }
        }
    };
    let button = if signed_in {
        view! {
            <form method="post" action=SetLike::url() on:submit=submit>
                <input type="hidden" name="post_id" value=id.to_string()/>
                <input type="hidden" name="liked" value=move || (!liked()).to_string()/>
                <button type="submit" class="like" aria-pressed=move || liked().to_string()>
                    <Heart/>
                    "Like"
                </button>
            </form>
        }
        .into_any()
    } else {
        view! { <a class="like" href="/login"><Heart/>"Log in to like"</a> }.into_any()
    };
    view! {
        {button}
        <a class="likes" href=format!("/posts/{id}#likes")>
            <span data-testid="likes" translate="no">{likes}</span>
            {move || if likes() == 1 { " like" } else { " likes" }}
        </a>
    }
    .into_any()
}

/// Asks, one request at a time, until what is wanted is known.
async fn settle(live: Live, id: PostId, liking: RwSignal<Liking>, mut wanted: bool) {
    loop {
        let answer = set_like(id.clone(), wanted).await;
        let state = answer.as_ref().ok().copied();
        // The card may have left the page meanwhile; what was asked for stands all the same.
        let next = liking.try_update(|liking| liking.answered(state));
        match (next, answer) {
            (Some(Next::Ask(state)), _) => wanted = state,
            (Some(Next::RolledBack), Err(error)) => {
                let undone = if wanted {
                    "The like was not saved"
                } else {
                    "The like is still there"
                };
                return live.toasts.say(format!("{undone}. {error}"));
            }
            _ => return,
        }
    }
}

#[component]
fn Heart() -> impl IntoView {
    view! {
        <svg class="heart" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
            <path d="M12 20.5S3.5 15.6 3.5 9.4A4.6 4.6 0 0 1 12 6.9a4.6 4.6 0 0 1 8.5 2.5c0 6.2-8.5 11.1-8.5 11.1z"/>
        </svg>
    }
}
