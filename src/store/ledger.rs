//! What became of what a person was sent: counted by the scripts that change the inbox.

use std::sync::LazyLock;

use app::model::{Epoch, Ledger, Outcome, UserId, Withheld, WithheldCounts};

use super::{
    Store, StoreError,
    inbox::{Content, content, reading, withheld},
    keys,
    script::Script,
};

static TOLD: LazyLock<Script> = LazyLock::new(|| reading(include_str!("told.lua")));
static READ: LazyLock<Script> =
    LazyLock::new(|| Script::new(&[include_str!("inbox.lua"), include_str!("read_ledger.lua")]));
static SILENCED: LazyLock<Script> = LazyLock::new(|| reading(include_str!("list_silenced.lua")));

/// An entry that made no toast.
pub struct StoredSilence {
    /// Its place.
    pub seq: u64,
    /// Its group.
    pub group: String,
    /// When; milliseconds since 1970.
    pub at: u64,
    /// What it says.
    pub content: Content,
    /// Why.
    pub withheld: Withheld,
}

impl Store {
    /// Notes what became of entries. Answers when those were made of which nobody had said so
    /// before; none for another epoch.
    pub async fn told(
        &self,
        user: &UserId,
        epoch: &Epoch,
        outcome: Outcome,
        seqs: &[u64],
    ) -> Result<Vec<u64>, StoreError> {
        let outcome = match outcome {
            Outcome::Shown => "shown",
            Outcome::Grouped => "grouped",
            Outcome::CaughtUp => "caught_up",
        };
        self.link()
            .script(&TOLD, &keys::inbox(user), |command| {
                command
                    .arg(self.generation())
                    .arg(epoch.as_str())
                    .arg(outcome)
                    .arg(seqs);
            })
            .await
    }

    /// What became of everything.
    pub async fn ledger(&self, user: &UserId) -> Result<Ledger, StoreError> {
        type Row = (u64, u64, u64, u64, u64, u64, u64, u64, u64);
        let (entries, pending, shown, grouped, caught_up, lapsed, muted, quiet, preference): Row =
            self.link()
                .script(&READ, &keys::inbox(user), |_| {})
                .await?;
        Ok(Ledger {
            entries,
            pending,
            shown,
            grouped,
            caught_up,
            lapsed,
            withheld: WithheldCounts {
                muted,
                quiet,
                preference,
            },
        })
    }

    /// What made no toast, from below `before`.
    pub async fn silenced(
        &self,
        user: &UserId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<StoredSilence>, StoreError> {
        type Row = (u64, String, String, u64, String, String, String, String);
        let rows: Vec<Row> = self
            .link()
            .script(&SILENCED, &keys::inbox(user), |command| {
                command.arg(before.unwrap_or(0)).arg(limit);
            })
            .await?;
        let entries =
            rows.into_iter()
                .filter_map(|(seq, kind, group, at, who, why, level, text)| {
                    Some(StoredSilence {
                        seq,
                        group,
                        at,
                        content: content(&kind, &who, &level, &text)?,
                        withheld: withheld(&why)?,
                    })
                });
        Ok(entries.collect())
    }
}
