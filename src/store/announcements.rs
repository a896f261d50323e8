//! Announcements in inboxes: one script enters what a person has not got yet, each once.

use std::sync::LazyLock;

use app::model::{Level, UserId};
use redis::Cmd;

use super::{
    Store, StoreError,
    channels::{ChannelLog, StoredMessage},
    keys,
    messages::level_word,
    now,
    script::Script,
};

static ENTER: LazyLock<Script> = LazyLock::new(|| {
    Script::new(&[
        include_str!("inbox.lua"),
        include_str!("notify.lua"),
        include_str!("announce.lua"),
    ])
});

impl Store {
    /// Enters announcements into inboxes; whoever has them already gets nothing. `from` is the first
    /// that is entered: with `None` all that are kept. Answers for whom others are missing before
    /// it.
    pub async fn enter_announcements(
        &self,
        users: &[UserId],
        log: &ChannelLog,
        from: Option<u64>,
    ) -> Result<Vec<UserId>, StoreError> {
        let news = log.messages.iter();
        let news: Vec<&StoredMessage> = news
            .filter(|message| from.is_none_or(|from| message.seq >= from))
            .collect();
        if news.is_empty() {
            return Ok(Vec::new());
        }
        let add = |_: usize, command: &mut Cmd| {
            command.arg(plain_epoch(log));
            self.inbox_arguments(command, now());
            command.arg(if from.is_none() { "1" } else { "" });
            for message in &news {
                command
                    .arg(message.seq)
                    .arg(level_word(message.level.unwrap_or(Level::Info)))
                    .arg(serde_json::Value::from(message.text.as_str()).to_string())
                    .arg(message.at);
            }
        };
        let answers: Vec<String> = self
            .link()
            .scripts(&ENTER, users.iter().map(keys::inbox), add)
            .await?;
        let behind = users.iter().zip(answers);
        Ok(behind
            .filter(|(_, answer)| answer == "behind")
            .map(|(user, _)| user.clone())
            .collect())
    }
}

/// How far somebody is who has all announcements, as their inbox notes it.
pub fn up_to_date(log: &ChannelLog) -> String {
    format!("{} {}", plain_epoch(log), log.seq)
}

/// Without the store's generation: what was entered before a failover is entered.
fn plain_epoch(log: &ChannelLog) -> &str {
    let epoch = log.epoch.as_str();
    epoch.split_once('.').map_or(epoch, |(_, plain)| plain)
}
