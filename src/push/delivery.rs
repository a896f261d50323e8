//! From a message to an answer that is final: encrypted, sent, and repeated a few times where
//! the push service asks for that.

use std::{sync::Arc, time::Duration};

use app::model::UserId;
use tokio::time::sleep;

use super::{
    encrypt::encrypt,
    message::Message,
    send::{Outcome, Parcel},
    subscription::Target,
};
use crate::{meters::METERS, service::Service};

/// How long to wait before each repeat. After the last one it is given up: what it says is in
/// the inbox.
const DELAYS: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(10),
    Duration::from_secs(60),
];
/// No push service makes us wait longer than this.
const LONGEST: Duration = Duration::from_secs(300);

/// Sends messages to one browser, in turn.
pub async fn deliver(service: Arc<Service>, owner: UserId, target: Target, all: Arc<[Message]>) {
    for message in all.iter() {
        match persist(&service, &owner, &target, message).await {
            Outcome::Sent => METERS.push_sent.increment(1),
            Outcome::Pointless => {}
            Outcome::Gone => {
                METERS.push_gone.increment(1);
                // Where the store is away, the next push finds it gone again.
                if let Err(error) = service.store().remove_push(&owner, &target.id).await {
                    tracing::debug!(%error, "a subscription that is gone stays for now");
                }
                return;
            }
            outcome => {
                METERS.push_failed.increment(1);
                let origin = target.endpoint.origin();
                tracing::debug!(origin, ?outcome, "a push is given up");
            }
        }
    }
}

/// Sends until it is taken or refused, or until it was enough.
async fn persist(service: &Service, owner: &UserId, target: &Target, message: &Message) -> Outcome {
    let mut delays = DELAYS.iter();
    loop {
        // What was read or taken back meanwhile is told to nobody. It may have waited for long: for its
        // repeat, or behind another message.
        let store = service.store();
        let worth = store.is_worth_pushing(owner, message.seq, &message.group);
        if let Ok(false) = worth.await {
            return Outcome::Pointless;
        }
        let outcome = attempt(service, target, message).await;
        let (Outcome::Later(asked), Some(delay)) = (&outcome, delays.next()) else {
            return outcome;
        };
        sleep(wait(*delay, *asked)).await;
    }
}

/// As long as was asked for within bounds, and never shorter than our own delay.
fn wait(own: Duration, asked: Option<Duration>) -> Duration {
    own.max(asked.unwrap_or_default().min(LONGEST))
}

async fn attempt(service: &Service, target: &Target, message: &Message) -> Outcome {
    // Many wait for their turn to repeat; few send at a time.
    let Ok(_turn) = service.push.turns.acquire().await else {
        return Outcome::Later(None);
    };
    let Ok(body) = encrypt(&target.receiver, &message.json) else {
        return Outcome::Forbidden;
    };
    let signer = &service.push.vapid;
    let origin = target.endpoint.origin();
    let Ok(authorization) = signer.authorization(service.store(), &origin).await else {
        return Outcome::Later(None);
    };
    let parcel = Parcel {
        endpoint: &target.endpoint,
        authorization: &authorization,
        topic: &message.topic,
        body,
    };
    service.push.sender.send(parcel).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_service_may_ask_for_more_time_but_not_for_any() {
        let seconds = Duration::from_secs;
        assert_eq!(wait(seconds(10), None), seconds(10));
        assert_eq!(wait(seconds(10), Some(seconds(3))), seconds(10));
        assert_eq!(wait(seconds(10), Some(seconds(30))), seconds(30));
        assert_eq!(wait(seconds(10), Some(seconds(86_400))), LONGEST);
    }
}
