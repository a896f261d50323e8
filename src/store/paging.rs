//! Pages of sorted sets, stable while members come and go.

use std::{fmt, str::FromStr};

use redis::Cmd;

use super::{Store, StoreError};

/// Where a page ended: a score and the member that had it. Written `<score>_<member>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    score: u64,
    member: String,
}

/// This is no [`Cursor`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoCursor;

impl FromStr for Cursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let (score, member) = text.split_once('_').ok_or(NoCursor)?;
        Ok(Self {
            score: score.parse().map_err(|_| NoCursor)?,
            member: member.to_owned(),
        })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.score, self.member)
    }
}

/// Members with the highest scores first, and where the page ended if something follows.
pub(super) type Page = (Vec<String>, Option<Cursor>);

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
                found.get(limit - 1).map(|(member, score)| Cursor {
                    score: *score as u64,
                    member: member.clone(),
                })
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
