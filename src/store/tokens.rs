//! API tokens: what other programs show. Stored by the hash of their secret, and listed in one set.

use std::sync::LazyLock;

use redis::{Cmd, FromRedisValue, ParsingError, Value};

use super::{Store, StoreError, keys, now, script::Script};

static USE: LazyLock<Script> = LazyLock::new(|| Script::new(&[include_str!("use_token.lua")]));
static REVOKE: LazyLock<Script> =
    LazyLock::new(|| Script::new(&[include_str!("revoke_token.lua")]));

const DAY: u64 = 86_400_000;
/// How long a token is good for where nothing else is asked for, and one that was stored without an
/// end, from when it is first seen.
pub const USUAL_LIFE: u64 = 365 * DAY;
/// How long a token is known after its end.
const KNOWN_AFTER: u64 = 90 * DAY;
/// A use is noted once in so many milliseconds.
const NOTED_EVERY: u64 = 60_000;
/// Tokens that there may be.
pub const MOST: usize = 10_000;
/// Tokens read in one go.
const BATCH: usize = 500;
/// An entry of the list that is older and leads to no token is dropped. A younger one may be that
/// of a token which is just being made.
const SETTLED: u64 = 60_000;

/// What a token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredToken {
    /// What its maker called it.
    pub name: String,
    /// `publish`, `stats`, `observe`.
    pub scopes: Vec<String>,
    /// When it was made; milliseconds since 1970.
    pub created: u64,
    /// When it ends.
    pub expires: u64,
    /// When it was used last, to the minute; 0 for never.
    pub used: u64,
    /// When it was revoked.
    pub revoked: Option<u64>,
}

impl StoredToken {
    /// A token that is made now.
    pub fn new(name: String, scopes: Vec<String>, expires: u64) -> Self {
        Self {
            name,
            scopes,
            created: now(),
            expires,
            used: 0,
            revoked: None,
        }
    }

    /// Whether it opens anything at `now`.
    pub fn lives(&self, now: u64) -> bool {
        self.revoked.is_none() && now < self.expires
    }
}

impl Store {
    /// Stores a token under the hash of its secret. False: there are too many.
    pub async fn create_token(&self, hash: &str, token: &StoredToken) -> Result<bool, StoreError> {
        let mut count = redis::cmd("ZCARD");
        count.arg(keys::TOKENS);
        if self.link().query::<usize>(&count).await? >= MOST {
            // Those that ended long ago leave the list when it is read.
            if self.tokens_listed().await?.len() >= MOST {
                return Ok(false);
            }
        }
        // The list first: an entry without a token is passed over, a token that is in no list could
        // not be found.
        self.link()
            .query::<u64>(&listed(hash, token.created))
            .await?;
        let mut pipeline = redis::pipe();
        pipeline
            .cmd("HSET")
            .arg(keys::api_token(hash))
            .arg("name")
            .arg(&token.name)
            .arg("scopes")
            .arg(token.scopes.join(","))
            .arg("created")
            .arg(token.created)
            .arg("expires")
            .arg(token.expires)
            .ignore()
            .cmd("PEXPIREAT")
            .arg(keys::api_token(hash))
            .arg(token.expires + KNOWN_AFTER)
            .ignore();
        self.link().pipeline::<()>(&pipeline).await?;
        Ok(true)
    }

    /// Finds tokens by the hashes of their secrets, in their order, and notes that they are used.
    /// Also answers those that ended lately.
    pub async fn use_tokens(
        &self,
        hashes: &[&str],
    ) -> Result<Vec<Option<StoredToken>>, StoreError> {
        self.look_up(hashes, true).await
    }

    async fn look_up(
        &self,
        hashes: &[&str],
        uses: bool,
    ) -> Result<Vec<Option<StoredToken>>, StoreError> {
        let now = now();
        let keys = hashes.iter().map(|hash| keys::api_token(hash));
        let rows: Vec<Row> = self
            .link()
            .scripts(&USE, keys, |_, command| {
                command
                    .arg(now)
                    .arg(now + USUAL_LIFE)
                    .arg(now + USUAL_LIFE + KNOWN_AFTER)
                    .arg(if uses { "1" } else { "" })
                    .arg(NOTED_EVERY);
            })
            .await?;
        Ok(rows.into_iter().map(|Row(token)| token).collect())
    }

    /// Revokes a token. Answers its name; `None` if there is none.
    pub async fn revoke_token(&self, hash: &str) -> Result<Option<String>, StoreError> {
        let key = keys::api_token(hash);
        let revoked = self.link().script(&REVOKE, &key, |command| {
            command.arg(now()).arg(KNOWN_AFTER);
        });
        revoked.await
    }

    /// Takes a token out of the list.
    pub async fn unlist_token(&self, hash: &str) -> Result<(), StoreError> {
        let mut command = redis::cmd("ZREM");
        command.arg(keys::TOKENS).arg(hash);
        self.link().query::<u64>(&command).await.map(drop)
    }

    /// All tokens with their hashes, those that ended lately and those that are being revoked
    /// included, the oldest first.
    pub async fn tokens_listed(&self) -> Result<Vec<(String, StoredToken)>, StoreError> {
        if !self.tokens_found().await? {
            self.rebuild_tokens().await?;
        }
        let mut command = redis::cmd("ZRANGE");
        command.arg(keys::TOKENS).arg(0).arg(-1).arg("WITHSCORES");
        let entries: Vec<(String, f64)> = self.link().query(&command).await?;
        let mut listed = Vec::with_capacity(entries.len());
        for batch in entries.chunks(BATCH) {
            let hashes: Vec<&str> = batch.iter().map(|(hash, _)| hash.as_str()).collect();
            let tokens = self.look_up(&hashes, false).await?;
            for ((hash, made), token) in batch.iter().zip(tokens) {
                match token {
                    Some(token) => listed.push((hash.clone(), token)),
                    None if *made as u64 + SETTLED < now() => self.unlist_token(hash).await?,
                    None => {}
                }
            }
        }
        Ok(listed)
    }

    /// Looks for tokens that are in no list, because they are older than it. Answers how many
    /// tokens there are.
    pub async fn rebuild_tokens(&self) -> Result<u64, StoreError> {
        let hashes = self.link().every_token().await?;
        let mut count = 0;
        for batch in hashes.chunks(BATCH) {
            let batch: Vec<&str> = batch.iter().map(String::as_str).collect();
            let tokens = self.look_up(&batch, false).await?;
            let live = batch.iter().zip(tokens);
            let live = live.filter_map(|(hash, token)| Some((hash, token?)));
            let entries: Vec<Cmd> = live
                .filter(|(_, token)| token.revoked.is_none())
                .map(|(hash, token)| listed(hash, token.created))
                .collect();
            count += entries.len() as u64;
            self.link().all::<()>(entries).await?;
        }
        let mut found = redis::cmd("SET");
        found.arg(keys::TOKENS_FOUND).arg(now());
        self.link().query::<()>(&found).await?;
        Ok(count)
    }

    async fn tokens_found(&self) -> Result<bool, StoreError> {
        let mut command = redis::cmd("EXISTS");
        command.arg(keys::TOKENS_FOUND);
        self.link().query(&command).await
    }
}

/// Puts a token into the list.
fn listed(hash: &str, created: u64) -> Cmd {
    let mut command = redis::cmd("ZADD");
    command.arg(keys::TOKENS).arg(created).arg(hash);
    command
}

/// A row of `use_token.lua`; nothing for a token that is not there.
struct Row(Option<StoredToken>);

impl FromRedisValue for Row {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        let fields = Vec::<Option<String>>::from_redis_value(value)?;
        let mut fields = fields.into_iter();
        let mut next = || fields.next().flatten();
        let number = |text: Option<String>| text.and_then(|text| text.parse().ok());
        let (Some(name), Some(scopes)) = (next(), next()) else {
            return Ok(Self(None));
        };
        Ok(Self(Some(StoredToken {
            name,
            scopes: scopes.split(',').map(str::to_owned).collect(),
            created: number(next()).unwrap_or(0),
            // Without a readable end it has ended.
            expires: number(next()).unwrap_or(0),
            used: number(next()).unwrap_or(0),
            revoked: number(next()),
        })))
    }
}
