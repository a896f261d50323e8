//! Cursors over sorted sets, stable while members come and go.

use app::error::QuadError;
use redis::Cmd;

use super::{Store, StoreError};

/// Where a page ended: a score and the member that had it.
pub(super) struct Cursor {
    score: u64,
    member: String,
}

impl Cursor {
    /// Reads `<score>_<member>`.
    pub(super) fn parse(text: &str) -> Result<Self, QuadError> {
        let parsed = text
            .split_once('_')
            .filter(|(_, member)| member.len() <= 64)
            .and_then(|(score, member)| Some((score.parse().ok()?, member.to_owned())));
        match parsed {
            Some((score, member)) => Ok(Self { score, member }),
            None => Err(QuadError::malformed("This cursor is not one of ours.")),
        }
    }

    fn of(score: f64, member: &str) -> String {
        format!("{}_{member}", score as u64)
    }
}

/// Members with the highest scores first, and the cursor of what follows.
pub(super) type Page = (Vec<String>, Option<String>);

impl Store {
    /// Reads a page of a sorted set. Members of one score are ordered by name, descending.
    pub(super) async fn page(
        &self,
        key: &str,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let highest = cursor.map_or("+inf".to_owned(), |cursor| cursor.score.to_string());
        let mut offset = 0;
        let mut found: Vec<(String, f64)> = Vec::new();
        // Those that share the cursor's score and were on the page before are skipped; one round
        // is enough unless more share a score than a page holds.
        while found.len() <= limit {
            let count = limit + 1 + 16;
            let rows: Vec<(String, f64)> = self
                .link()
                .query(&range(key, &highest, offset, count))
                .await?;
            offset += rows.len();
            let exhausted = rows.len() < count;
            found.extend(rows.into_iter().filter(|(member, score)| match cursor {
                Some(cursor) => (*score as u64, member) < (cursor.score, &cursor.member),
                None => true,
            }));
            if exhausted {
                break;
            }
        }
        let next = (found.len() > limit)
            .then(|| {
                found
                    .get(limit - 1)
                    .map(|(member, score)| Cursor::of(*score, member))
            })
            .flatten();
        found.truncate(limit);
        Ok((found.into_iter().map(|(member, _)| member).collect(), next))
    }
}

fn range(key: &str, highest: &str, offset: usize, count: usize) -> Cmd {
    let mut command = redis::cmd("ZREVRANGEBYSCORE");
    command
        .arg(key)
        .arg(highest)
        .arg("-inf")
        .arg("WITHSCORES")
        .arg("LIMIT")
        .arg(offset)
        .arg(count);
    command
}
