//! Counting sockets over servers: ask those that are alive, wait 200 ms at most.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use tokio::{sync::mpsc, time::timeout};

use super::Service;
use crate::{
    live::{Topic, control::Control},
    security::random,
    store::keys,
};

/// How long the others may take.
const PATIENCE: Duration = Duration::from_millis(200);

/// Questions that are open.
#[derive(Default)]
pub struct Listeners(Mutex<HashMap<String, mpsc::Sender<u64>>>);

impl Listeners {
    /// A server answered.
    pub fn counted(&self, question: &str, count: u64) {
        let open = self.0.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(answers) = open.get(question) {
            // Full only if more answered than were asked.
            let _ = answers.try_send(count);
        }
    }

    pub(super) fn ask(&self, question: String, servers: usize) -> Open<'_> {
        let (answers, counted) = mpsc::channel(servers);
        let mut open = self.0.lock().unwrap_or_else(|e| e.into_inner());
        open.insert(question.clone(), answers);
        Open {
            questions: self,
            question,
            counted,
        }
    }
}

/// A question that is open for as long as somebody waits for the answers. Whoever asked may hang
/// up before they are there.
pub(super) struct Open<'q> {
    questions: &'q Listeners,
    question: String,
    pub(super) counted: mpsc::Receiver<u64>,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        let mut open = self.questions.0.lock().unwrap_or_else(|e| e.into_inner());
        open.remove(&self.question);
    }
}

impl Service {
    /// How many sockets listen, on all servers, and whether one did not answer in time.
    pub async fn count_listeners(&self, topic: &Topic) -> (u64, bool) {
        let here = self.hub.count(topic.as_str());
        let servers = match self.other_servers().await {
            Ok(servers) if servers.is_empty() => return (here, false),
            Ok(servers) => servers.len(),
            Err(_) => return (here, true),
        };
        let Ok(question) = random::id() else {
            return (here, true);
        };
        let mut open = self.listeners.ask(question.clone(), servers);
        let asked = Control::Count {
            question,
            topic: topic.as_str().to_owned(),
            answer_to: keys::server_topic(&self.directory.own).as_str().to_owned(),
        };
        let mut elsewhere = 0;
        let mut missing = servers;
        let answers = async {
            self.say_to(&keys::control_topic(), &asked).await.ok()?;
            while missing > 0 {
                elsewhere += open.counted.recv().await?;
                missing -= 1;
            }
            Some(())
        };
        let complete = timeout(PATIENCE, answers)
            .await
            .is_ok_and(|all| all.is_some());
        (here + elsewhere, !complete)
    }

    /// Answers another server's question. Its own it knows the answer to.
    pub async fn answer_count(&self, question: String, topic: &str, answer_to: &str) {
        if answer_to == keys::server_topic(&self.directory.own).as_str() {
            return;
        }
        let count = self.hub.count(topic);
        let answer = Control::Counted { question, count };
        if let Err(error) = self
            .say_to(&Topic::new(answer_to.to_owned()), &answer)
            .await
        {
            tracing::debug!(%error, "a count is not answered");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_question_is_open_only_while_somebody_waits() {
        let listeners = Listeners::default();
        let mut open = listeners.ask("q".into(), 1);
        listeners.counted("another", 7);
        listeners.counted("q", 2);
        listeners.counted("q", 3);
        assert_eq!(open.counted.recv().await, Some(2), "one server, one answer");
        drop(open);
        assert!(listeners.0.lock().unwrap().is_empty());
    }
}
