//! What the server and the browser talk about: people, posts and the inbox.
//!
//! These are the JSON API's own types. Times are integer milliseconds since 1970 in UTC.

mod account;
mod announcement;
mod attention;
mod ids;
mod inbox;
pub(crate) mod lenient;
mod post;
mod room;
mod session;

pub use account::{AccountChange, AccountChanged, Credentials, Me, NewAccount, Person, SignedIn};
pub use announcement::{Announcement, AnnouncementPage, NewAnnouncement};
pub use attention::{
    Attention, FOR_GOOD, Ledger, MuteTarget, MutedPost, Mutes, Outcome, Pause, Preferences,
    QuietHours, Silenced, SilencedPage, Withheld, WithheldCounts,
};
pub use ids::{Handle, PostId, UserId};
pub use inbox::{Epoch, Group, Inbox, InboxMark, Kind, Level, Position};
pub use post::{LikeState, Likers, NewPost, Order, Post, PostPage, PostQuery};
pub use room::{
    Member, MemberChange, MemberPage, Message, MessagePage, NewMessage, NewRoom, Role, Room,
    RoomChange, RoomName, RoomPage, Said,
};
pub use session::{SessionEntry, Sessions};
