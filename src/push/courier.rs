//! The one task that owns all pushes of a server: looks who was not told, and sends.

use std::{collections::HashMap, sync::Arc, time::Duration};

use app::model::UserId;
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::{delivery::deliver, message::messages};
use crate::{
    meters::METERS,
    service::Service,
    store::push::{Claim, Claimed, SUBSCRIPTIONS},
};

/// Deliveries that may be on their way, most of which wait to be repeated.
const MOST: usize = 1_024;
/// Where the store is away, this long passes before it is asked again.
const BREATH: Duration = Duration::from_secs(1);

/// Sends pushes until `stop`. What is on its way then is dropped: what it says is in the inbox.
pub async fn run(service: Arc<Service>, stop: CancellationToken) {
    let courier = Courier {
        service,
        deliveries: JoinSet::new(),
        owners: HashMap::new(),
    };
    stop.run_until_cancelled(courier.work()).await;
}

struct Courier {
    service: Arc<Service>,
    /// One for each browser that is being told; ended with the courier.
    deliveries: JoinSet<()>,
    /// Whose they are.
    owners: HashMap<Id, UserId>,
}

impl Courier {
    async fn work(mut self) {
        let service = self.service.clone();
        loop {
            tokio::select! {
                due = service.push.waiting.due() => self.look_at(due).await,
                Some(done) = self.deliveries.join_next_with_id() => self.forget(done),
            }
        }
    }

    fn forget(&mut self, done: Result<(Id, ()), JoinError>) {
        let id = match done {
            Ok((id, ())) => id,
            Err(error) => error.id(),
        };
        self.owners.remove(&id);
    }

    async fn look_at(&mut self, people: Vec<UserId>) {
        let has = match self.service.store().have_push(&people).await {
            Ok(has) => has,
            Err(error) => {
                tracing::debug!(%error, "pushes wait for the store");
                people
                    .iter()
                    .for_each(|owner| self.service.push.told_later(owner));
                tokio::time::sleep(BREATH).await;
                return;
            }
        };
        for (owner, _) in people.iter().zip(has).filter(|(_, has)| *has) {
            let grace = self.service.push.waiting.grace();
            match self.service.store().claim_push(owner, grace).await {
                Ok(Claimed::Nothing) => {}
                Ok(Claimed::TooYoung) => self.service.push.told_later(owner),
                Ok(Claimed::Untold(claim)) => self.send(owner, claim).await,
                // Whether it was claimed is unknown, so it may be lost: it is only a hint.
                Err(error) => tracing::debug!(%error, "a push is given up"),
            }
        }
    }

    async fn send(&mut self, owner: &UserId, claim: Claim) {
        let actors = claim.untold.iter().flat_map(|untold| &untold.people);
        // A push without names is better than none.
        let people = self.service.people(actors).await.unwrap_or_default();
        let groups = claim.untold.iter().map(|untold| &untold.group);
        let rooms = self.service.room_titles(owner, groups).await;
        let rooms = rooms.unwrap_or_default();
        let all: Arc<[_]> = messages(owner, &claim, &people, &rooms).into();
        for stored in &claim.subscriptions {
            let Ok(target) = self.service.push.checked(stored) else {
                continue;
            };
            // Nobody's browsers may take the place of everybody's.
            let theirs = self.owners.values().filter(|other| *other == owner);
            if self.deliveries.len() >= MOST || theirs.count() >= SUBSCRIPTIONS {
                METERS.push_dropped.increment(all.len() as u64);
                continue;
            }
            let sending = deliver(self.service.clone(), owner.clone(), target, all.clone());
            let id = self.deliveries.spawn(sending).id();
            self.owners.insert(id, owner.clone());
        }
    }
}
