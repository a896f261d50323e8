//! Somebody in the lobby answers newcomers.

use app::model::{Epoch, Message, NewMessage, Person, RoomName};

use super::session;
use crate::service::Service;

/// What they say, after the newcomer's handle.
const ANSWERS: [&str; 4] = [
    "welcome! Try the chess room too.",
    "good to see you here.",
    "I was just thinking the same.",
    "tell us more!",
];

/// How far the demo's people have read.
#[derive(Default)]
pub(super) struct Lobby(Option<(Epoch, u64)>);

impl Lobby {
    /// Looks at what was said since the last time, and answers the newest newcomer.
    pub(super) async fn answer(&mut self, service: &Service, people: &[Person]) {
        let (Some(host), Ok(room)) = (people.first(), "lobby".parse::<RoomName>()) else {
            return;
        };
        let host = session(host);
        let page = service.messages(&host, &room, None, Some(20));
        let Ok(page) = page.await else { return };
        let known = match &self.0 {
            Some((epoch, seq)) if *epoch == page.epoch => *seq,
            // What was said before the demo began is not answered.
            _ => page.seq,
        };
        self.0 = Some((page.epoch, page.seq));
        let newcomer = |message: &Message| {
            let from = message.from.as_ref()?;
            let made_up = people.iter().any(|one| one.user_id == from.user_id);
            (message.seq > known && !made_up).then(|| (message.seq, from.handle.clone()))
        };
        let Some((seq, newcomer)) = page.messages.iter().rev().find_map(newcomer) else {
            return;
        };
        // Another one and other words each time, so that it does not look like a machine.
        let turn = seq as usize;
        let Some(person) = people.get(turn % people.len()) else {
            return;
        };
        let text = format!("@{newcomer} {}", ANSWERS[turn % ANSWERS.len()]);
        let message = NewMessage { id: None, text };
        let person = session(person);
        let said = service.say_and_tell(&person, &room, message);
        if let Err(error) = said.await {
            tracing::debug!(%error, "nobody answers in the lobby");
        }
    }
}
