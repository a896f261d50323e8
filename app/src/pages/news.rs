//! Says that there are new posts, and loads them when asked to.

use leptos::{prelude::*, task::spawn_local};

use super::posts::merge;
use crate::{
    api::read_posts,
    browser,
    event::{ClientFrame, ServerFrame},
    live::{Live, Word},
    model::{Me, Order, Post, PostId},
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
                let _ = posts.try_update(|posts| show(posts, page.posts));
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

/// What is too new to join what is on screen begins the page anew: the list must have no hole.
fn show(posts: &mut Vec<Post>, read: Vec<Post>) {
    let meets = |post: &Post| posts.iter().any(|known| known.post_id == post.post_id);
    if posts.is_empty() || read.iter().any(meets) {
        merge(posts, read);
    } else {
        browser::leave_for("/");
    }
}

fn listen(hear: impl Fn(PostId) + Send + Sync + 'static) {
    let live = Live::current();
    let listener = StoredValue::new(None::<u64>);
    let hear = Callback::new(move |word| match word {
        Word::Connected => live.send(ClientFrame::Subscribe {
            r#ref: CHANNEL.into(),
            channel: CHANNEL.into(),
            resume: None,
            last: None,
            token: None,
        }),
        Word::Frame(frame) => {
            if let ServerFrame::NewPost { post_id, .. } = *frame {
                hear(post_id);
            }
        }
    });
    Effect::new(move || listener.set_value(Some(live.listen(CHANNEL, hear))));
    on_cleanup(move || {
        if let Some(listener) = listener.try_get_value().flatten() {
            live.ignore(listener);
        }
    });
}
