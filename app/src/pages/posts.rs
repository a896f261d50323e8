//! A list of posts that stays true while it is on screen.

use leptos::{prelude::*, task::spawn_local};

use crate::{
    api::read_posts,
    components::PostCard,
    live::{Live, News},
    model::{Handle, Me, Order, Post},
};

/// Which posts a list shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Which {
    /// Only this person's.
    pub(super) author: Option<Handle>,
    /// From below this cursor.
    pub(super) before: Option<String>,
}

/// The posts, and the way to older ones.
#[component]
pub(super) fn PostList(
    posts: RwSignal<Vec<Post>>,
    which: Which,
    next: Option<String>,
    viewer: Option<Me>,
    path: String,
    empty: &'static str,
) -> impl IntoView {
    let newest = which.before.is_some().then(|| path.clone());
    let older = next.map(|cursor| format!("{path}?before={cursor}"));
    read_again(posts, which);
    let none = move || {
        posts
            .with(Vec::is_empty)
            .then(|| view! { <p class="empty">{empty}</p> })
    };
    view! {
        <div class="posts">
            <For each=move || posts.get() key=|post| post.post_id.clone() let(post)>
                <PostCard post viewer=viewer.clone()/>
            </For>
            {none}
        </div>
        {(newest.is_some() || older.is_some()).then(|| view! {
            <nav class="pages" aria-label="Pages">
                {newest.map(|href| view! { <a class="button quiet-button" href=href>"Newest posts"</a> })}
                {older.map(|href| view! { <a class="button quiet-button" href=href>"Older posts"</a> })}
            </nav>
        })}
    }
    .into_any()
}

/// Reads the list anew whenever what is on screen may have missed something.
fn read_again(posts: RwSignal<Vec<Post>>, which: Which) {
    let live = Live::current();
    Effect::new(move |before: Option<u64>| {
        let count = live.rereads.get();
        if before.is_some_and(|before| before != count) {
            let Which { author, before } = which.clone();
            spawn_local(async move {
                // If it fails, the next reconnect tries again.
                if let Ok(page) = read_posts(Order::Latest, author, before).await {
                    for post in &page.posts {
                        live.tell(&post.post_id, News::Likes(post.likes));
                    }
                    let _ = posts.try_update(|posts| merge(posts, page.posts));
                }
            });
        }
        count
    });
}

/// Puts what is new in front; what is there keeps its place.
fn merge(posts: &mut Vec<Post>, read: Vec<Post>) {
    let newest = posts.first().map_or(0, |post| post.created_at);
    let known = |post: &Post| posts.iter().any(|known| known.post_id == post.post_id);
    let mut new: Vec<_> = read
        .into_iter()
        .filter(|post| post.created_at >= newest && !known(post))
        .collect();
    new.append(posts);
    *posts = new;
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::{Person, PostId};

    /// The author's post number `n`, made at that second.
    pub(in crate::pages) fn post(n: u64) -> Post {
        let user_id: crate::model::UserId = "0abcdefg".parse().unwrap();
        Post {
            post_id: PostId::new(user_id.clone(), n),
            author: Person {
                user_id,
                handle: "ana".parse().unwrap(),
                name: "Ana".into(),
            },
            text: String::new(),
            created_at: n * 1_000,
            likes: 0,
            liked: false,
        }
    }

    #[test]
    fn only_what_is_new_comes_in_front() {
        let mut posts = vec![post(3), post(1)];
        merge(&mut posts, vec![post(5), post(4), post(3), post(2)]);
        let order: Vec<_> = posts.iter().map(|post| post.post_id.n()).collect();
        assert_eq!(order, [5, 4, 3, 1]);
    }
}
