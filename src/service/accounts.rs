//! Signing up, logging in and out, and changing one's account.

use app::{
    backend::{Answer, Caller, Session},
    error::QuadError,
    model::{AccountChange, Credentials, Me, NewAccount, Person, SignedIn},
};
use futures_util::future::try_join;

use super::Service;
use crate::{
    live::control::Control,
    security::{random, token::SessionToken},
    store::{accounts::NewUser, now},
    validate,
};

impl Service {
    /// Makes an account and begins a session.
    pub async fn sign_up(&self, caller: Caller, account: NewAccount) -> Answer<SignedIn> {
        self.limits.sign_up(caller.address)?;
        let typed = account.handle.clone();
        let account = self
            .reserved
            .check(&typed, validate::new_account(account))?;
        let person = Person {
            user_id: random::user_id()?,
            handle: account.handle,
            name: account.name,
        };
        if self.store.find_handle(&person.handle).await?.is_some() {
            return Err(QuadError::HandleTaken);
        }
        let password = self.passwords.hash(account.password).await?;
        let epoch = random::epoch()?;
        let created = self
            .store
            .create_user(&NewUser {
                person: &person,
                password: &password,
                epoch: epoch.as_str(),
                now: now(),
            })
            .await?;
        if !created {
            return Err(QuadError::HandleTaken);
        }
        self.begin_session(person).await
    }

    /// Begins a session. Somebody who is not there takes as long as a wrong password.
    pub async fn log_in(&self, caller: Caller, credentials: Credentials) -> Answer<SignedIn> {
        let credentials = validate::credentials(credentials)?;
        self.limits
            .log_in(caller.address, credentials.handle.as_ref())?;
        let mut login = None;
        if let Some(handle) = &credentials.handle
            && let Some(id) = self.store.find_handle(handle).await?
        {
            login = self.store.login(&id).await?;
        }
        let (person, hash) = match login {
            Some(login) => (Some(login.person), Some(login.password)),
            None => (None, None),
        };
        let right = self.passwords.verify(credentials.password, hash).await?;
        match person {
            Some(person) if right => self.begin_session(person).await,
            _ => Err(QuadError::WrongCredentials),
        }
    }

    /// Ends a session and closes its sockets on every server.
    pub async fn log_out(&self, session: &Session) -> Answer<()> {
        let user = &session.person.user_id;
        self.store.end_session(user, &session.id).await?;
        let session = Some(session.id.to_string());
        self.ended(Control::SessionsEnded {
            user: user.clone(),
            session,
            except: None,
        })
        .await;
        Ok(())
    }

    /// Ends all sessions of this person.
    pub async fn log_out_everywhere(&self, session: &Session) -> Answer<()> {
        let user = &session.person.user_id;
        self.store.end_sessions(user, None, None).await?;
        self.ended(Control::SessionsEnded {
            user: user.clone(),
            session: None,
            except: None,
        })
        .await;
        Ok(())
    }

    /// One's own account, and where its inbox stands.
    pub async fn me(&self, session: &Session) -> Answer<Me> {
        let person = self.person_by_id(&session.person.user_id).await?;
        let inbox = self.inbox_after(&person.user_id, None, 0);
        let admin = async { Ok(self.store.is_admin(&person.user_id).await?) };
        let ((standing, _), admin) = try_join(inbox, admin).await?;
        Ok(Me {
            person,
            epoch: standing.epoch,
            seq: standing.seq,
            unread: standing.unread,
            admin,
        })
    }

    /// Changes name or password. A new password ends all other sessions.
    pub async fn change_account(&self, session: &Session, change: AccountChange) -> Answer<Me> {
        let user = &session.person.user_id;
        let change = validate::account_change(change)?;
        if let Some(password) = change.password {
            self.limits.guess(&session.person.handle)?;
            let login = self.store.login(user).await?.ok_or(QuadError::NoSession)?;
            if !self
                .passwords
                .verify(password.current, Some(login.password))
                .await?
            {
                return Err(QuadError::WrongCredentials);
            }
            let hash = self.passwords.hash(password.new).await?;
            self.store
                .end_sessions(user, Some(&session.id), Some(&hash))
                .await?;
            let except = Some(session.id.to_string());
            self.ended(Control::SessionsEnded {
                user: user.clone(),
                session: None,
                except,
            })
            .await;
        }
        if let Some(name) = change.name {
            self.store.rename(user, &name).await?;
            self.ended(Control::PersonChanged { user: user.clone() })
                .await;
        }
        self.me(session).await
    }

    /// Begins a session for somebody who has shown who they are.
    pub async fn begin_session(&self, person: Person) -> Answer<SignedIn> {
        let token = SessionToken::generate(person.user_id.clone())?;
        self.store
            .begin_session(&person.user_id, &token.hash(), now())
            .await?;
        Ok(SignedIn {
            person,
            token: token.reveal(),
        })
    }

    /// It is stored already; a server that misses the message finds out by its position check.
    async fn ended(&self, control: Control) {
        if let Control::SessionsEnded { user, .. } = &control
            && let Err(error) = self.store.prune_push(user).await
        {
            tracing::warn!(%error, "push subscriptions of ended sessions go with the next push");
        }
        if let Err(error) = self.tell(&control).await {
            tracing::warn!(%error, "other servers learn of a change later");
        }
    }
}
