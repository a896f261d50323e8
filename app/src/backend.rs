//! What the pages ask of the server.
//!
//! The server's `service` implements [`Backend`]; server functions and the JSON API are thin
//! faces of it. Nothing here knows of the store, so it cannot leak into the browser's client.

use std::{net::IpAddr, sync::Arc};

use async_trait::async_trait;

use crate::{
    cookie::CookiePolicy,
    device::Device,
    error::QuadError,
    model::{
        AccountChange, AccountChanged, Announcement, AnnouncementPage, Credentials, Handle, Inbox,
        InboxMark, Ledger, LikeState, Likers, Me, MemberChange, MemberPage, MessagePage,
        MuteTarget, Mutes, NewAccount, NewAnnouncement, NewMessage, NewPost, NewRoom, Pause,
        Person, Post, PostId, PostPage, PostQuery, Preferences, Room, RoomChange, RoomName,
        RoomPage, Said, Sessions, SignedIn, SilencedPage,
    },
};

/// What every call answers.
pub type Answer<T> = Result<T, QuadError>;

/// Who asks: a session that was found in the store, and is at most 30 s old.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Whose session it is.
    pub person: Person,
    /// The hash of its secret: names the session, and opens nothing.
    pub id: Arc<str>,
}

/// Where a request comes from: for the limits of those who have no session, for the log, and for
/// the list of one's sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The client's address, as the nearest trusted proxy tells it.
    pub address: IpAddr,
    /// What it says that it is.
    pub device: Device,
}

/// Everything a page can show or do. Each call checks its own rights: a server function is a
/// public endpoint, whoever renders the button.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// Makes an account and begins a session. Errors: `invalid`, `handle_taken`, 429.
    async fn sign_up(&self, caller: Caller, account: NewAccount) -> Answer<SignedIn>;
    /// Begins a session. Errors: `wrong_credentials`, 429.
    async fn log_in(&self, caller: Caller, credentials: Credentials) -> Answer<SignedIn>;
    /// Another session has begun in the browser that had this one, which ends.
    async fn replace_session(&self, caller: Caller, old: &Session);
    /// Ends this session and closes its sockets on every server.
    async fn log_out(&self, caller: Caller, session: &Session) -> Answer<()>;
    /// Ends all sessions of this person.
    async fn log_out_everywhere(&self, caller: Caller, session: &Session) -> Answer<()>;
    /// All sessions of this person.
    async fn sessions(&self, session: &Session) -> Answer<Sessions>;
    /// Ends one of them. Errors: `not_found`.
    async fn end_session(&self, caller: Caller, session: &Session, id: &str) -> Answer<()>;
    /// Ends all of them but this one.
    async fn end_other_sessions(&self, caller: Caller, session: &Session) -> Answer<()>;
    /// For how many seconds a session lasts at most.
    fn session_seconds(&self) -> u64;
    /// One's own account and where its inbox stands.
    async fn me(&self, session: &Session) -> Answer<Me>;
    /// Changes name or password. A new password begins a session in place of this one and ends all
    /// others. Errors: `invalid`, `wrong_credentials`, 429.
    async fn change_account(
        &self,
        caller: Caller,
        session: &Session,
        change: AccountChange,
    ) -> Answer<AccountChanged>;
    /// Finds a person. Errors: `no_such_user`.
    async fn person(&self, handle: &Handle) -> Answer<Person>;

    /// Publishes a post. With an idempotency key, a repeat answers the first post.
    async fn create_post(
        &self,
        session: &Session,
        post: NewPost,
        key: Option<String>,
    ) -> Answer<Post>;
    /// Deletes one's own post. Errors: `no_such_post`, `forbidden`.
    async fn delete_post(&self, session: &Session, id: &PostId) -> Answer<()>;
    /// One post as the viewer sees it.
    async fn post(&self, viewer: Option<&Session>, id: &PostId) -> Answer<Post>;
    /// A page of the feed, or of one author.
    async fn posts(&self, viewer: Option<&Session>, query: PostQuery) -> Answer<PostPage>;
    /// Who likes a post, the newest first. `limit` is 1 to 100.
    async fn likers(
        &self,
        id: &PostId,
        after: Option<String>,
        limit: Option<u64>,
    ) -> Answer<Likers>;
    /// Asks for a state, liked or not; a repeat changes nothing and answers the same.
    async fn set_like(&self, session: &Session, id: &PostId, liked: bool) -> Answer<LikeState>;

    /// A page of the inbox, the newest group first, from below `before`. `limit` is 1 to 100.
    async fn inbox(
        &self,
        session: &Session,
        before: Option<u64>,
        limit: Option<u64>,
    ) -> Answer<Inbox>;
    /// Marks as read or unread. Errors: `stale`, `invalid`.
    async fn mark_inbox(&self, session: &Session, mark: InboxMark) -> Answer<()>;
    /// What became of everything in this inbox.
    async fn ledger(&self, session: &Session) -> Answer<Ledger>;
    /// A page of what made no toast, the newest first. `before` is a cursor of this list, `limit` is 1
    /// to 100. Errors: `invalid`.
    async fn silenced(
        &self,
        session: &Session,
        before: Option<String>,
        limit: Option<u64>,
    ) -> Answer<SilencedPage>;

    /// Announces something to everybody. With an idempotency key, a repeat announces nothing again.
    /// Errors: `forbidden` to others than administrators, `invalid`, 429.
    async fn announce(
        &self,
        session: &Session,
        new: NewAnnouncement,
        key: Option<String>,
    ) -> Answer<Announcement>;
    /// A page of what was announced, the newest first. `before` is a cursor of this list, `limit` is
    /// 1 to 100. Errors: `invalid`.
    async fn announcements(
        &self,
        before: Option<String>,
        limit: Option<u64>,
    ) -> Answer<AnnouncementPage>;

    /// Makes a room, with oneself as its owner. Errors: `invalid`, `room_taken`, 429.
    async fn create_room(&self, session: &Session, room: NewRoom) -> Answer<Room>;
    /// Changes one's own room. Errors: `no_such_room`, `forbidden`, `invalid`, 429.
    async fn change_room(
        &self,
        session: &Session,
        name: &RoomName,
        change: RoomChange,
    ) -> Answer<Room>;
    /// A room as one sees it. Errors: `no_such_room`.
    async fn room(&self, session: &Session, name: &RoomName) -> Answer<Room>;
    /// The rooms that one is in or invited to.
    async fn own_rooms(&self, session: &Session) -> Answer<Vec<Room>>;
    /// A page of all rooms that one may see, by name. `after` is a cursor of this list, `limit` is 1
    /// to 100. Errors: `invalid`.
    async fn rooms(
        &self,
        session: &Session,
        after: Option<String>,
        limit: Option<u64>,
    ) -> Answer<RoomPage>;
    /// Joins a room. Errors: `no_such_room`, `forbidden`, `room_full`, 429.
    async fn join_room(&self, session: &Session, name: &RoomName) -> Answer<Room>;
    /// Leaves a room, or declines an invitation. Errors: `no_such_room`.
    async fn leave_room(&self, session: &Session, name: &RoomName) -> Answer<()>;
    /// Ends one's own room. Errors: `no_such_room`, `forbidden`.
    async fn end_room(&self, session: &Session, name: &RoomName) -> Answer<()>;
    /// A page of members, in the order in which they came. `after` is a cursor of this list, `limit`
    /// is 1 to 100. Errors: `no_such_room`, `invalid`.
    async fn members(
        &self,
        session: &Session,
        name: &RoomName,
        after: Option<String>,
        limit: Option<u64>,
    ) -> Answer<MemberPage>;
    /// Invites or removes somebody (an id or a handle), or says what they may do. Errors:
    /// `no_such_room`, `no_such_user`, `forbidden`, `room_full`, 429.
    async fn change_member(
        &self,
        session: &Session,
        name: &RoomName,
        who: &str,
        change: MemberChange,
    ) -> Answer<()>;
    /// A page of what was said before `before`, or of the newest. `limit` is 1 to 100. Errors:
    /// `no_such_room`.
    async fn messages(
        &self,
        session: &Session,
        name: &RoomName,
        before: Option<u64>,
        limit: Option<u64>,
    ) -> Answer<MessagePage>;
    /// An id for something that a form is going to say, so that a form that is sent twice says it
    /// once.
    fn fresh_id(&self) -> Answer<String>;
    /// Says something; a repeat with the same id is answered alike. Errors: `no_such_room`,
    /// `invalid`, 429.
    async fn say(&self, session: &Session, name: &RoomName, message: NewMessage) -> Answer<Said>;
    /// Removes a message. Errors: `no_such_room`, `no_such_message`, `forbidden`, 429.
    async fn remove_message(&self, session: &Session, name: &RoomName, seq: u64) -> Answer<()>;
    /// One has read a room up to `seq`.
    async fn mark_room(&self, session: &Session, name: &RoomName, seq: u64) -> Answer<()>;

    /// What this person wants to be told of.
    async fn preferences(&self, session: &Session) -> Answer<Preferences>;
    /// Changes that. Errors: `invalid`.
    async fn set_preferences(
        &self,
        session: &Session,
        preferences: Preferences,
    ) -> Answer<Preferences>;
    /// Lets nothing disturb this person for a while, or takes that back. `zone` names the time zone
    /// of the device that asks; where it is unknown, that of quiet hours counts.
    async fn pause(
        &self,
        session: &Session,
        pause: Pause,
        zone: Option<&str>,
    ) -> Answer<Preferences>;
    /// The names of the time zones that a person may choose, in their order.
    fn zones(&self) -> Vec<String>;
    /// Everything that this person muted.
    async fn mutes(&self, session: &Session) -> Answer<Mutes>;
    /// Whether this is muted. Errors: `no_such_user`.
    async fn muted(&self, session: &Session, target: &MuteTarget) -> Answer<bool>;
    /// Asks for a state, muted or not. Errors: `no_such_user`, `no_such_post`, `forbidden` for
    /// somebody else's post, `invalid` where too much is muted.
    async fn set_mute(&self, session: &Session, target: &MuteTarget, muted: bool) -> Answer<()>;
}

/// What a server function and a page that is being rendered find in their context.
#[derive(Clone)]
pub struct RequestContext {
    /// The one implementation.
    pub backend: Arc<dyn Backend>,
    /// Who asks; an error where the store could not say.
    pub session: Answer<Option<Session>>,
    /// Where the request comes from.
    pub caller: Caller,
    /// How session cookies are written.
    pub cookies: CookiePolicy,
    /// Whether the demo's people are about.
    pub demo: bool,
}

impl RequestContext {
    /// The context of the request at hand.
    pub fn current() -> Answer<Self> {
        leptos::prelude::use_context().ok_or(QuadError::Internal)
    }

    /// Who asks, where somebody must.
    pub fn session(&self) -> Answer<&Session> {
        self.session
            .as_ref()
            .map_err(Clone::clone)?
            .as_ref()
            .ok_or(QuadError::NoSession)
    }

    /// Who asks, where anybody may.
    pub fn viewer(&self) -> Answer<Option<&Session>> {
        self.session
            .as_ref()
            .map(Option::as_ref)
            .map_err(Clone::clone)
    }
}
