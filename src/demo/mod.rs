//! The demo's people: a few seconds after somebody posts, some of them like it, and where somebody
//! writes in the lobby, one of them answers, so that whoever tries Quad alone sees a toast in the first
//! minute.

mod lobby;

use std::{collections::HashSet, sync::Arc, time::Duration};

use app::{
    backend::Session,
    model::{Handle, Order, Person, PostId, PostQuery},
};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    seed::PEOPLE,
    service::Service,
    store::{now, posts::PostList},
};

/// How often the feed is looked at.
const EVERY: Duration = Duration::from_secs(1);
/// When the demo's people like a new post, one after the other.
const AFTER: [Duration; 3] = [
    Duration::from_secs(3),
    Duration::from_secs(7),
    Duration::from_secs(12),
];
/// Posts that may wait to be liked.
const MOST_WAITING: usize = 64;

/// Likes what newcomers post, until `stop`.
pub async fn run(service: Arc<Service>, stop: CancellationToken) {
    let mut lobby = lobby::Lobby::default();
    let likes = TaskTracker::new();
    let mut known: HashSet<PostId> = HashSet::new();
    let since = now();
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = ticks.tick() => {}
        }
        let Ok(people) = demo_people(&service).await else {
            continue;
        };
        lobby.answer(&service, &people).await;
        let Ok((latest, _)) = service.store().post_ids(PostList::Feed, None, 20).await else {
            continue;
        };
        // Whatever is not among the latest any more will not be seen again.
        known.retain(|id| latest.contains(id));
        let query = PostQuery {
            order: Order::Latest,
            limit: Some(20),
            ..PostQuery::default()
        };
        let Ok(page) = service.posts(None, query).await else {
            continue;
        };
        for post in page.posts {
            let by_newcomer = people
                .iter()
                .all(|person| person.user_id != post.author.user_id);
            let is_new = post.created_at >= since && known.insert(post.post_id.clone());
            if by_newcomer && is_new && likes.len() < MOST_WAITING {
                let like = like_it(service.clone(), people.clone(), post.post_id);
                let stop = stop.clone();
                likes.spawn(async move {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = like => {}
                    }
                });
            }
        }
    }
    likes.close();
    likes.wait().await;
}

async fn like_it(service: Arc<Service>, people: Vec<Person>, post: PostId) {
    // Another three for every post, so that it does not look like a machine.
    let first = post.n() as usize;
    let mut waited = Duration::ZERO;
    for (turn, after) in AFTER.into_iter().enumerate() {
        sleep(after - waited).await;
        waited = after;
        let Some(person) = people.get((first + turn) % people.len().max(1)) else {
            return;
        };
        if let Err(error) = service.set_like(&session(person), &post, true).await {
            tracing::debug!(%error, "a demo like did not work out");
        }
    }
}

fn session(person: &Person) -> Session {
    Session {
        person: person.clone(),
        id: "demo".into(),
    }
}

async fn demo_people(service: &Service) -> Result<Vec<Person>, app::error::QuadError> {
    let mut people = Vec::new();
    for (handle, _) in PEOPLE {
        if let Ok(handle) = handle.parse::<Handle>()
            && let Ok(person) = service.find(&handle).await
        {
            people.push(person);
        }
    }
    Ok(people)
}
