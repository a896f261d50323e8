//! People: who owns a handle, and what is known of them.

use std::sync::LazyLock;

use app::model::{Handle, Person, UserId};
use redis::Pipeline;

use super::{Store, StoreError, keys, script::Script};

static CREATE: LazyLock<Script> = LazyLock::new(|| Script::new(&[include_str!("create_user.lua")]));
static REHASH: LazyLock<Script> = LazyLock::new(|| Script::new(&[include_str!("rehash.lua")]));

/// What [`Store::login_from`] reads.
type LoginRow = (Option<String>, Option<String>, Option<String>);

/// What it takes to create an account.
pub struct NewUser<'a> {
    /// The person, with a fresh id.
    pub person: &'a Person,
    /// A PHC string.
    pub password: &'a str,
    /// The epoch of the new inbox.
    pub epoch: &'a str,
    /// Milliseconds since 1970.
    pub now: u64,
}

/// What logging in needs.
pub struct Login {
    /// Who it is.
    pub person: Person,
    /// A PHC string.
    pub password: String,
}

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// What everybody may.
    Member,
    /// Look after the place.
    Admin,
}

impl Role {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
        }
    }
}

impl Store {
    /// Creates an account, or answers false if somebody has the handle.
    ///
    /// The handle and the person lie in different slots, so it is first reserved for a minute and
    /// then made permanent. If the reservation lapsed meanwhile, the account is taken back.
    pub async fn create_user(&self, new: &NewUser<'_>) -> Result<bool, StoreError> {
        let Person {
            user_id,
            handle,
            name,
        } = new.person;
        let reserved: Option<String> = self
            .link()
            .query(
                redis::cmd("SET")
                    .arg(keys::handle(handle))
                    .arg(user_id.as_str())
                    .arg("NX")
                    .arg("EX")
                    .arg(60),
            )
            .await?;
        if reserved.is_none() {
            return Ok(false);
        }
        self.link()
            .script::<()>(&CREATE, &keys::user(user_id), |command| {
                command
                    .arg(handle.as_str())
                    .arg(name)
                    .arg(new.password)
                    .arg(new.now)
                    .arg(new.epoch);
            })
            .await?;
        let kept: u64 = self
            .link()
            .query(redis::cmd("PERSIST").arg(keys::handle(handle)))
            .await?;
        if kept == 1 {
            return Ok(true);
        }
        let mut undo = Pipeline::new();
        undo.del(keys::user(user_id))
            .ignore()
            .del(keys::inbox_meta(user_id))
            .ignore();
        self.link().pipeline::<()>(&undo).await?;
        Ok(false)
    }

    /// The id behind a handle.
    pub async fn find_handle(&self, handle: &Handle) -> Result<Option<UserId>, StoreError> {
        let id: Option<String> = self
            .link()
            .query(redis::cmd("GET").arg(keys::handle(handle)))
            .await?;
        Ok(id.and_then(|id| id.parse().ok()))
    }

    /// The people behind ids, in their order; `None` for whoever is gone.
    pub async fn people(&self, ids: &[UserId]) -> Result<Vec<Option<Person>>, StoreError> {
        let commands = ids
            .iter()
            .map(|id| {
                let mut command = redis::cmd("HMGET");
                command.arg(keys::user(id)).arg("handle").arg("name");
                command
            })
            .collect();
        let rows: Vec<(Option<String>, Option<String>)> = self.link().all(commands).await?;
        let people = ids.iter().zip(rows).map(|(id, (handle, name))| {
            Some(Person {
                user_id: id.clone(),
                handle: handle?.parse().ok()?,
                name: name?,
            })
        });
        Ok(people.collect())
    }

    /// What logging in as `id` needs.
    pub async fn login(&self, id: &UserId) -> Result<Option<Login>, StoreError> {
        let row: LoginRow = self.link().query(&login_row(id)).await?;
        Ok(login(id, row))
    }

    /// The same, and whether that person logged in from this network before.
    pub async fn login_from(
        &self,
        id: &UserId,
        network: &str,
    ) -> Result<(Option<Login>, bool), StoreError> {
        let mut pipeline = Pipeline::new();
        pipeline
            .add_command(login_row(id))
            .zscore(keys::networks(id), network);
        let (row, before): (LoginRow, Option<f64>) = self.link().pipeline(&pipeline).await?;
        Ok((login(id, row), before.is_some()))
    }

    /// Stores another hash of the same password, unless there is a new password meanwhile.
    pub async fn rehash(&self, id: &UserId, old: &str, new: &str) -> Result<(), StoreError> {
        self.link()
            .script(&REHASH, &keys::user(id), |command| {
                command.arg(old).arg(new);
            })
            .await
    }

    /// Changes what somebody is called.
    pub async fn rename(&self, id: &UserId, name: &str) -> Result<(), StoreError> {
        self.link()
            .query(redis::cmd("HSET").arg(keys::user(id)).arg("name").arg(name))
            .await
    }

    /// Whether somebody is an administrator. Read each time: a role that is taken away is gone.
    pub async fn is_admin(&self, id: &UserId) -> Result<bool, StoreError> {
        let mut command = redis::cmd("HGET");
        command.arg(keys::user(id)).arg("role");
        let role: Option<String> = self.link().query(&command).await?;
        Ok(role.as_deref() == Some("admin"))
    }

    /// Says what somebody may do from now on.
    pub async fn set_role(&self, id: &UserId, role: Role) -> Result<(), StoreError> {
        self.link()
            .query(
                redis::cmd("HSET")
                    .arg(keys::user(id))
                    .arg("role")
                    .arg(role.as_str()),
            )
            .await
    }
}

fn login_row(id: &UserId) -> redis::Cmd {
    let mut command = redis::cmd("HMGET");
    command
        .arg(keys::user(id))
        .arg("handle")
        .arg("name")
        .arg("password");
    command
}

fn login(id: &UserId, (handle, name, password): LoginRow) -> Option<Login> {
    Some(Login {
        person: Person {
            user_id: id.clone(),
            handle: handle?.parse().ok()?,
            name: name?,
        },
        password: password?,
    })
}
