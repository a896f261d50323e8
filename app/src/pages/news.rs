//! Says that there are new posts, and loads them when asked to.

use std::cmp::Reverse;

use leptos::{prelude::*, task::spawn_local};

use crate::{
    api::read_posts,
    browser,
    event::ServerFrame,
    live::{Live, Word, subscribe},
    model::{Me, Order, Post, PostId, PostPage},
};

const CHANNEL: &str = "feed";
/// More than these are not counted one by one.
const MOST: usize = 99;

/// The button, in a region that is read aloud when it changes.
#[component]
pub(super) fn NewPosts(me: Me, posts: RwSignal<Vec<Post>>) -> impl IntoView {
    let news = RwSignal::new(Vec::<PostId>::new());
    let own = me.person.user_id;
    listen(move |post| {
        let known = *post.author() == own
            || posts.with_untracked(|posts| posts.iter().any(|known| known.post_id == post));
        news.maybe_update(|news| {
            let new = !known && news.len() <= MOST && !news.contains(&post);
            if new {
                news.push(post);
            }
            new
        });
    });
    // A reconnect reads the list anew, and some of them may be on it then.
    Effect::new(move || {
        posts.with(|posts| {
            let on_it = |new: &PostId| posts.iter().any(|post| post.post_id == *new);
            news.maybe_update(|news| {
                let before = news.len();
                news.retain(|new| !on_it(new));
                news.len() != before
            });
        });
    });
    let load = move |_| {
        spawn_local(async move {
            // If it fails, the button stays.
            if let Ok(page) = read_posts(Order::Latest, None, None).await {
                let _ = news.try_set(Vec::new());
                let _ = posts.try_update(|posts| show(posts, page));
                browser::focus_first(None, ".posts .post-author");
            }
        });
    };
    let label = move || match news.with(Vec::len) {
        0 => None,
        1 => Some("1 new post".to_owned()),
        many if many > MOST => Some(format!("More than {MOST} new posts")),
        many => Some(format!("{many} new posts")),
    };
    view! {
        <div class="new-posts" role="status">
            {move || label().map(|label| view! {
                <button type="button" class="button small" on:click=load>{label}</button>
            })}
        </div>
    }
    .into_any()
}

/// Puts what is new where it belongs, whatever was posted here meanwhile. Where the page that was
/// read does not reach what is on screen, all begins anew: the list must have no hole.
fn show(posts: &mut Vec<Post>, read: PostPage) {
    if !meets(posts, &read) {
        return browser::leave_for("/");
    }
    insert(posts, read.posts);
}

fn meets(posts: &[Post], read: &PostPage) -> bool {
    let known = |last: &Post| posts.iter().any(|post| post.post_id == last.post_id);
    read.next.is_none() || read.posts.last().is_none_or(known)
}

fn insert(posts: &mut Vec<Post>, read: Vec<Post>) {
    for post in read {
        if !posts.iter().any(|known| known.post_id == post.post_id) {
            posts.push(post);
        }
    }
    posts.sort_by_key(|post| Reverse(post.created_at));
}

fn listen(hear: impl Fn(PostId) + Send + Sync + 'static) {
    let live = Live::current();
    let hear = Callback::new(move |word| match word {
        Word::Connected => live.send(subscribe(CHANNEL)),
        Word::Frame(frame) => {
            if let ServerFrame::NewPost { post_id, .. } = *frame {
                hear(post_id);
            }
        }
    });
    live.listen(CHANNEL.to_owned(), hear);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::posts::tests::post;

    #[test]
    fn what_is_new_finds_its_place_between_what_was_posted_here() {
        let mut posts = vec![post(4), post(1)];
        insert(&mut posts, vec![post(5), post(4), post(3), post(1)]);
        let order: Vec<_> = posts.iter().map(|post| post.post_id.n()).collect();
        assert_eq!(order, [5, 4, 3, 1]);
    }

    #[test]
    fn a_page_that_does_not_reach_what_is_on_screen_leaves_a_hole() {
        let page = |seqs: &[u64], next: Option<&str>| PostPage {
            posts: seqs.iter().map(|n| post(*n)).collect(),
            next: next.map(ToOwned::to_owned),
        };
        let posts = [post(9), post(3)];
        assert!(meets(&posts, &page(&[9, 8, 3], Some("x"))));
        assert!(!meets(&posts, &page(&[9, 8, 7], Some("x"))));
        assert!(meets(&posts, &page(&[9, 8, 7], None)));
    }
}
