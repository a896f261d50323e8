//! Saying something on a stream of events, whose server may be another one than that which the
//! request reaches.

use std::time::Duration;

use app::error::QuadError;
use tokio::time::timeout;

use super::Service;
use crate::{
    live::{Topic, control::Control, hub::Owner, input::Input},
    security::random,
    store::keys,
};

/// How long the other server may take.
const PATIENCE: Duration = Duration::from_secs(2);

impl Service {
    /// The name of a stream of this server.
    pub fn name_stream(&self, number: u64) -> String {
        format!("{}.{number}", self.directory.own)
    }

    /// Hands frames to a stream of this owner's, here or elsewhere. Errors: `not_found`, also for
    /// a stream of somebody else's; `unavailable` where its server does not answer.
    pub async fn pass_on(
        &self,
        stream: &str,
        owner: &Owner,
        frames: Vec<Input>,
    ) -> Result<(), QuadError> {
        let (server, number) = stream.split_once('.').ok_or(QuadError::NotFound)?;
        let stream = number.parse().map_err(|_| QuadError::NotFound)?;
        let owner = owner.name();
        if server == self.directory.own {
            let taken = self.hub.say(stream, &owner, frames);
            return taken.then_some(()).ok_or(QuadError::NotFound);
        }
        if !self
            .other_servers()
            .await?
            .iter()
            .any(|known| known == server)
        {
            return Err(QuadError::NotFound);
        }
        let question = random::id()?;
        let mut open = self.listeners.ask(question.clone(), 1);
        let said = Control::Said {
            question,
            stream,
            owner,
            frames,
            answer_to: keys::server_topic(&self.directory.own).as_str().to_owned(),
        };
        self.say_to(&keys::server_topic(server), &said).await?;
        match timeout(PATIENCE, open.counted.recv()).await {
            Ok(Some(0)) => Err(QuadError::NotFound),
            Ok(Some(_)) => Ok(()),
            _ => Err(QuadError::Unavailable),
        }
    }

    /// Takes what another server passes on, and answers whether there is such a stream.
    pub async fn take_said(
        &self,
        question: String,
        stream: u64,
        owner: &str,
        frames: Vec<Input>,
        answer_to: String,
    ) {
        let count = self.hub.say(stream, owner, frames).into();
        let answer = Control::Counted { question, count };
        if let Err(error) = self.say_to(&Topic::new(answer_to), &answer).await {
            tracing::debug!(%error, "what was passed on is not answered");
        }
    }
}
