//! Signing up, logging in, and changing one's account.

use app::{
    backend::{Answer, Caller, Session},
    error::QuadError,
    model::{AccountChange, AccountChanged, Credentials, Handle, Me, NewAccount, Person, SignedIn},
};
use futures_util::future::try_join;

use super::Service;
use crate::{
    audit,
    live::control::Control,
    security::{guesses::Guess, network, password::Verdict, random, token::SessionToken},
    store::{
        accounts::{Login, NewUser},
        now,
        sessions::NewSession,
    },
    validate::{
        self, CheckedCredentials, PasswordChange,
        password::{nfc, too_common},
    },
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
        self.refuse_common(&account.password, &person.handle, &[&person.name])
            .await?;
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
        audit::sign_up(&person, caller.address);
        self.begin_session(caller, person).await
    }

    /// Begins a session. Somebody who is not there takes as long as a wrong password.
    pub async fn log_in(&self, caller: Caller, credentials: Credentials) -> Answer<SignedIn> {
        let credentials = validate::credentials(credentials)?;
        let handle = credentials.handle.clone();
        match self.who_logs_in(caller, credentials).await {
            Ok(person) => {
                let signed_in = self.begin_session(caller, person).await?;
                audit::log_in(&signed_in.person, caller.address);
                Ok(signed_in)
            }
            Err(error) => {
                if let Some(reason) = self.refusal(caller, &error) {
                    audit::log_in_refused(handle.as_ref(), caller.address, reason);
                }
                Err(error)
            }
        }
    }

    async fn who_logs_in(&self, caller: Caller, credentials: CheckedCredentials) -> Answer<Person> {
        let CheckedCredentials { handle, password } = credentials;
        self.limits.log_in(caller.address)?;
        let (mut login, mut known) = (None, false);
        if let Some(handle) = &handle
            && let Some(id) = self.store.find_handle(handle).await?
        {
            let network = network::digest(&id, caller.address);
            (login, known) = self.store.login_from(&id, &network).await?;
        }
        let guess = self.limits.guess(caller.address, handle.as_ref(), known)?;
        self.check_password(guess, password, login).await
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

    /// Changes name or password. A new password begins a session in place of this one, and ends all
    /// of before.
    pub async fn change_account(
        &self,
        caller: Caller,
        session: &Session,
        change: AccountChange,
    ) -> Answer<AccountChanged> {
        let change = validate::account_change(change)?;
        let name = change.name.as_deref();
        let hash = match change.password {
            Some(password) => Some(self.new_hash(caller, session, password, name).await?),
            None => None,
        };
        if let Some(name) = &change.name {
            let user = &session.person.user_id;
            self.store.rename(user, name).await?;
            self.ended(Control::PersonChanged { user: user.clone() })
                .await;
        }
        // Read before the password changes: whoever has a new one also gets the new token.
        let me = self.me(session).await?;
        let token = match hash {
            Some(hash) => Some(self.replace_all_sessions(caller, session, &hash).await?),
            None => None,
        };
        Ok(AccountChanged { me, token })
    }

    /// The hash of a new password, for somebody who knows the one until now.
    async fn new_hash(
        &self,
        caller: Caller,
        session: &Session,
        password: PasswordChange,
        new_name: Option<&str>,
    ) -> Answer<String> {
        let person = &session.person;
        let names: Vec<&str> = [Some(person.name.as_str()), new_name]
            .into_iter()
            .flatten()
            .collect();
        self.refuse_common(&password.new, &person.handle, &names)
            .await?;
        let known = async {
            let guess = self.limits.guess_own(&session.id)?;
            let login = self.store.login(&person.user_id).await?;
            self.check_password(guess, password.current, login).await
        };
        if let Err(error) = known.await {
            if let Some(reason) = self.refusal(caller, &error) {
                audit::password_refused(person, caller.address, reason);
            }
            return Err(error);
        }
        self.passwords.hash(password.new).await
    }

    /// Sets a new password, and answers the token of the one session that is left.
    async fn replace_all_sessions(
        &self,
        caller: Caller,
        session: &Session,
        hash: &str,
    ) -> Answer<String> {
        let user = &session.person.user_id;
        // If what follows fails, nobody has this token.
        let signed_in = self.begin_session(caller, session.person.clone()).await?;
        let token: SessionToken = signed_in.token.parse()?;
        let new = token.hash();
        self.store
            .change_password(user, hash, &session.id, &new)
            .await?;
        self.ended(Control::SessionsEnded {
            user: user.clone(),
            session: None,
            except: Some(new.to_string()),
        })
        .await;
        audit::password_changed(&session.person, Some(caller.address));
        audit::sessions_ended(&session.person, Some(caller.address), "password_changed");
        Ok(signed_in.token)
    }

    /// Whose password it is. Without a `login`, because there is no such person, it is found wrong
    /// after just as long. Errors: `wrong_credentials`, 429.
    async fn check_password(
        &self,
        guess: Guess,
        password: String,
        login: Option<Login>,
    ) -> Answer<Person> {
        let hash = login.as_ref().map(|login| login.password.clone());
        let verdict = match self.passwords.verify(password.clone(), hash).await {
            Ok(verdict) => verdict,
            Err(error) => {
                // Nobody has learned anything about the password.
                guess.right();
                return Err(error);
            }
        };
        match login.filter(|_| verdict.is_right()) {
            Some(login) => {
                guess.right();
                if verdict == Verdict::RightAsTyped {
                    self.rehash(&login, password).await;
                }
                Ok(login.person)
            }
            None => Err(QuadError::WrongCredentials),
        }
    }

    /// Stores the hash of the password's NFC in place of an older one. If it fails, the next log-in
    /// tries again.
    async fn rehash(&self, login: &Login, password: String) {
        let done = async {
            let hash = self.passwords.hash(password).await?;
            let user = &login.person.user_id;
            Ok::<_, QuadError>(self.store.rehash(user, &login.password, &hash).await?)
        };
        if let Err(error) = done.await {
            tracing::warn!(%error, "a password is hashed again later");
        }
    }

    /// Refuses a new password that would be guessed first. Errors: `invalid` with `too_common`.
    async fn refuse_common(&self, password: &str, handle: &Handle, names: &[&str]) -> Answer<()> {
        let own = [handle.as_str()].into_iter().chain(names.iter().copied());
        let common = self
            .passwords
            .is_common(password.to_owned(), own.map(nfc).collect())
            .await?;
        if common { Err(too_common()) } else { Ok(()) }
    }

    /// Why somebody was not let in, if that belongs in the log.
    fn refusal(&self, caller: Caller, error: &QuadError) -> Option<&'static str> {
        match error {
            QuadError::WrongCredentials => Some("wrong_credentials"),
            QuadError::TooManyRequests { .. } => {
                let may = self.limits.may_log(caller.address);
                may.then_some("rate_limited")
            }
            _ => None,
        }
    }

    /// Begins a session for somebody who has shown who they are.
    async fn begin_session(&self, caller: Caller, person: Person) -> Answer<SignedIn> {
        let token = SessionToken::generate(person.user_id.clone())?;
        self.store
            .begin_session(
                &person.user_id,
                &NewSession {
                    id: &token.hash(),
                    now: now(),
                    device: &caller.device.to_string(),
                    address: &network::shown(caller.address),
                    network: Some(&network::digest(&person.user_id, caller.address)),
                },
            )
            .await?;
        Ok(SignedIn {
            person,
            token: token.reveal(),
        })
    }
}
