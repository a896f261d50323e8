//! What Quad does: check, then store, then publish. Implements [`Backend`] for the pages, the
//! JSON API and the socket alike.

pub mod accounts;
pub mod announcements;
pub mod attention;
pub mod channels;
mod cleanup;
mod cursors;
pub mod directory;
mod gone;
pub mod inbox;
pub mod listeners;
pub mod memory;
pub mod mentions;
pub mod messages;
mod owed;
pub mod people;
pub mod posts;
pub mod private_channels;
pub mod rooms;
mod secrets;
pub mod sessions;
mod streams;
pub mod talk;
pub mod tokens;
pub mod trending;
pub mod zones;

use std::sync::Arc;

use app::{
    backend::{Answer, Backend, Caller, Session},
    event::ServerFrame,
    model::{
        AccountChange, AccountChanged, Announcement, AnnouncementPage, Credentials, Handle, Inbox,
        InboxMark, Ledger, LikeState, Likers, Me, MemberChange, MemberPage, MessagePage,
        MuteTarget, Mutes, NewAccount, NewAnnouncement, NewMessage, NewPost, NewRoom, Pause,
        Person, Post, PostId, PostPage, PostQuery, Preferences, Room, RoomChange, RoomName,
        RoomPage, Said, Sessions as SessionList, SignedIn, SilencedPage,
    },
};
use async_trait::async_trait;
use tokio::sync::Notify;

use self::{
    announcements::Announcements, cursors::Sealing, directory::Directory, listeners::Listeners,
    people::People, private_channels::Signing, sessions::Sessions, tokens::Tokens,
    trending::Trending,
};
use crate::{
    audit,
    live::{Topic, control::Control, hub::Hub, presence::Attendances},
    push::Push,
    security::{limits::Limits, password::Passwords, random, token::public_id},
    store::{Store, StoreError, keys},
    validate::handles::Reserved,
};

/// Everything that a request or a frame can ask for.
pub struct Service {
    /// Tells people whose tabs are all closed.
    pub push: Push,
    store: Store,
    hub: Arc<Hub>,
    limits: Arc<Limits>,
    passwords: Passwords,
    sessions: Sessions,
    tokens: Tokens,
    people: People,
    listeners: Listeners,
    trending: Trending,
    directory: Directory,
    attendance: Attendances,
    announcements: Announcements,
    signing: Signing,
    sealing: Sealing,
    /// Something was deleted here and is to be cleaned up.
    deleted: Notify,
    reserved: Reserved,
}

impl Service {
    /// The service on `store`, whose sockets `hub` knows.
    pub fn new(
        store: Store,
        hub: Arc<Hub>,
        limits: Arc<Limits>,
        directory: Directory,
        push: Push,
    ) -> Self {
        Self {
            push,
            sessions: Sessions::default(),
            tokens: Tokens::default(),
            people: People::of(people::MOST),
            listeners: Listeners::default(),
            trending: Trending::default(),
            passwords: Passwords::default(),
            store,
            hub,
            limits,
            directory,
            attendance: Attendances::default(),
            announcements: Announcements::default(),
            signing: Signing::default(),
            sealing: Sealing::default(),
            deleted: Notify::new(),
            reserved: Reserved::with(&[]),
        }
    }

    /// The same, with more handles that nobody can sign up with.
    pub fn reserving(self, handles: &[Handle]) -> Self {
        Self {
            reserved: Reserved::with(handles),
            ..self
        }
    }

    /// Where the data is.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Who listens here.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// The rooms where somebody came or went.
    pub fn attendance(&self) -> &Attendances {
        &self.attendance
    }

    /// The name of this server.
    pub fn server(&self) -> &str {
        &self.directory.own
    }

    /// How much anybody may ask for.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Messages may have been lost: what is remembered may be wrong.
    pub fn forget_everything(&self) {
        self.sessions.forget_all();
        self.tokens.forget_all();
        self.people.forget_all();
        self.announcements.heard();
    }

    /// Tells every server, this one included.
    async fn tell(&self, control: &Control) -> Result<(), StoreError> {
        self.heed(control);
        self.say_to(&keys::control_topic(), control).await
    }

    async fn say_to(&self, topic: &Topic, control: &Control) -> Result<(), StoreError> {
        self.publish_json(topic, control).await
    }

    /// Publishes a frame that has no place in a history.
    async fn publish_frame(&self, topic: &Topic, frame: &ServerFrame) -> Result<(), StoreError> {
        self.publish_json(topic, frame).await
    }

    async fn publish_json(
        &self,
        topic: &Topic,
        content: &impl serde::Serialize,
    ) -> Result<(), StoreError> {
        let Ok(json) = serde_json::to_string(content) else {
            return Ok(());
        };
        let mut command = redis::cmd("SPUBLISH");
        command.arg(topic.as_str()).arg(format!("0 {json}"));
        self.store.link().query(&command).await
    }

    /// Does what another server said, as far as it needs no waiting.
    pub fn heed(&self, control: &Control) {
        match control {
            Control::SessionsEnded {
                user,
                session,
                except,
            } => {
                self.sessions
                    .forget(user, session.as_deref(), except.as_deref());
                self.hub
                    .end_sessions(user, session.as_deref(), except.as_deref());
            }
            Control::PersonChanged { user } => {
                self.people.forget(user);
                self.sessions.forget(user, None, None);
            }
            Control::TokenRevoked { token, name } => {
                audit::token_revoked(&public_id(token), name);
                self.tokens.forget(token);
                self.hub.end_token(token);
            }
            Control::TokenMade { id, name, scopes } => {
                audit::token_created(id, name, &scopes.join(","));
            }
            Control::RoleChanged { user, handle, role } => {
                audit::role_changed(user, handle, role);
            }
            Control::Count { .. }
            | Control::Said { .. }
            | Control::RoomMade { .. }
            | Control::Unheard { .. } => {}
            Control::Counted { question, count } => self.listeners.counted(question, *count),
        }
    }
}

#[async_trait]
impl Backend for Service {
    async fn sign_up(&self, caller: Caller, account: NewAccount) -> Answer<SignedIn> {
        self.sign_up(caller, account).await
    }

    async fn log_in(&self, caller: Caller, credentials: Credentials) -> Answer<SignedIn> {
        self.log_in(caller, credentials).await
    }

    async fn replace_session(&self, caller: Caller, old: &Session) {
        self.replace_session(caller, old).await;
    }

    async fn log_out(&self, caller: Caller, session: &Session) -> Answer<()> {
        self.log_out(caller, session).await
    }

    async fn log_out_everywhere(&self, caller: Caller, session: &Session) -> Answer<()> {
        self.log_out_everywhere(caller, session).await
    }

    async fn sessions(&self, session: &Session) -> Answer<SessionList> {
        self.list_sessions(session).await
    }

    async fn end_session(&self, caller: Caller, session: &Session, id: &str) -> Answer<()> {
        self.end_session(caller, session, id).await
    }

    async fn end_other_sessions(&self, caller: Caller, session: &Session) -> Answer<()> {
        self.end_other_sessions(caller, session).await
    }

    fn session_seconds(&self) -> u64 {
        self.store.session_age() / 1_000
    }

    async fn me(&self, session: &Session) -> Answer<Me> {
        self.me(session).await
    }

    async fn change_account(
        &self,
        caller: Caller,
        session: &Session,
        change: AccountChange,
    ) -> Answer<AccountChanged> {
        self.change_account(caller, session, change).await
    }

    async fn person(&self, handle: &Handle) -> Answer<Person> {
        self.find(handle).await
    }

    async fn create_post(
        &self,
        session: &Session,
        post: NewPost,
        key: Option<String>,
    ) -> Answer<Post> {
        self.create_post(session, post, key).await
    }

    async fn delete_post(&self, session: &Session, id: &PostId) -> Answer<()> {
        self.delete_post(session, id).await
    }

    async fn post(&self, viewer: Option<&Session>, id: &PostId) -> Answer<Post> {
        self.post(viewer, id).await
    }

    async fn posts(&self, viewer: Option<&Session>, query: PostQuery) -> Answer<PostPage> {
        self.posts(viewer, query).await
    }

    async fn likers(
        &self,
        id: &PostId,
        after: Option<String>,
        limit: Option<u64>,
    ) -> Answer<Likers> {
        self.likers(id, after, limit).await
    }

    async fn set_like(&self, session: &Session, id: &PostId, liked: bool) -> Answer<LikeState> {
        self.set_like(session, id, liked).await
    }

    async fn inbox(
        &self,
        session: &Session,
        before: Option<u64>,
        limit: Option<u64>,
    ) -> Answer<Inbox> {
        self.inbox(session, before, limit).await
    }

    async fn mark_inbox(&self, session: &Session, mark: InboxMark) -> Answer<()> {
        self.mark_inbox(session, mark).await
    }

    async fn ledger(&self, session: &Session) -> Answer<Ledger> {
        self.ledger(session).await
    }

    async fn silenced(
        &self,
        session: &Session,
        before: Option<String>,
        limit: Option<u64>,
    ) -> Answer<SilencedPage> {
        self.silenced(session, before, limit).await
    }

    async fn announce(
        &self,
        session: &Session,
        new: NewAnnouncement,
        key: Option<String>,
    ) -> Answer<Announcement> {
        self.announce(session, new, key.as_deref()).await
    }

    async fn announcements(
        &self,
        before: Option<String>,
        limit: Option<u64>,
    ) -> Answer<AnnouncementPage> {
        self.announcements(before, limit).await
    }

    async fn create_room(&self, session: &Session, room: NewRoom) -> Answer<Room> {
        self.create_room(session, room).await
    }

    async fn change_room(
        &self,
        session: &Session,
        name: &RoomName,
        change: RoomChange,
    ) -> Answer<Room> {
        self.change_room(session, name, change).await
    }

    async fn room(&self, session: &Session, name: &RoomName) -> Answer<Room> {
        self.room(session, name).await
    }

    async fn own_rooms(&self, session: &Session) -> Answer<Vec<Room>> {
        self.own_rooms(session).await
    }

    async fn rooms(
        &self,
        session: &Session,
        after: Option<String>,
        limit: Option<u64>,
    ) -> Answer<RoomPage> {
        self.rooms(session, after, limit).await
    }

    async fn join_room(&self, session: &Session, name: &RoomName) -> Answer<Room> {
        self.join_room(session, name).await
    }

    async fn leave_room(&self, session: &Session, name: &RoomName) -> Answer<()> {
        self.leave_room(session, name).await
    }

    async fn end_room(&self, session: &Session, name: &RoomName) -> Answer<()> {
        self.end_room(session, name).await
    }

    async fn members(
        &self,
        session: &Session,
        name: &RoomName,
        after: Option<String>,
        limit: Option<u64>,
    ) -> Answer<MemberPage> {
        self.members(session, name, after, limit).await
    }

    async fn change_member(
        &self,
        session: &Session,
        name: &RoomName,
        who: &str,
        change: MemberChange,
    ) -> Answer<()> {
        let target = self.named(session, who).await?;
        self.change_member(session, name, &target, change).await
    }

    async fn messages(
        &self,
        session: &Session,
        name: &RoomName,
        before: Option<u64>,
        limit: Option<u64>,
    ) -> Answer<MessagePage> {
        self.messages(session, name, before, limit).await
    }

    fn fresh_id(&self) -> Answer<String> {
        random::id()
    }

    async fn say(&self, session: &Session, name: &RoomName, message: NewMessage) -> Answer<Said> {
        self.say_and_tell(session, name, message).await
    }

    async fn remove_message(&self, session: &Session, name: &RoomName, seq: u64) -> Answer<()> {
        self.remove_message(session, name, seq).await
    }

    async fn mark_room(&self, session: &Session, name: &RoomName, seq: u64) -> Answer<()> {
        self.read_room(name, &session.person.user_id, seq).await
    }

    async fn preferences(&self, session: &Session) -> Answer<Preferences> {
        self.preferences(session).await
    }

    async fn set_preferences(
        &self,
        session: &Session,
        preferences: Preferences,
    ) -> Answer<Preferences> {
        self.set_preferences(session, preferences).await
    }

    async fn pause(
        &self,
        session: &Session,
        pause: Pause,
        zone: Option<&str>,
    ) -> Answer<Preferences> {
        self.pause(session, pause, zone).await
    }

    fn zones(&self) -> Vec<String> {
        zones::names()
    }

    async fn mutes(&self, session: &Session) -> Answer<Mutes> {
        self.mutes(session).await
    }

    async fn muted(&self, session: &Session, target: &MuteTarget) -> Answer<bool> {
        self.muted(session, target).await
    }

    async fn set_mute(&self, session: &Session, target: &MuteTarget, muted: bool) -> Answer<()> {
        self.set_mute(session, target, muted).await
    }
}
