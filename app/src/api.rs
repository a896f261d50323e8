//! The calls that the pages make: each is a server function, works as a plain form without
//! JavaScript, and is a thin face of the server's `Backend`, which checks who may do what.

#[cfg(feature = "ssr")]
use futures_util::future::join;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    error::QuadError,
    model::{
        Attention, Epoch, Handle, Inbox, Ledger, LikeState, Likers, Me, Mutes, Order, Pause,
        Person, Post, PostId, PostPage, Preferences, SilencedPage,
    },
};

#[cfg(feature = "ssr")]
use crate::{
    backend::RequestContext,
    model::{
        AccountChange, Credentials, InboxMark, MuteTarget, NewAccount, NewPost, PostQuery,
        QuietHours, SignedIn,
    },
};

/// What every page needs to know before anything else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// Oneself; `None` for somebody without a session, an error where the store could not say.
    pub me: Result<Option<Me>, QuadError>,
    /// What one wants to be told of; `None` for somebody without a session.
    pub preferences: Option<Preferences>,
    /// Whether the demo's people are about.
    pub demo: bool,
}

/// Who is there, and what kind of house it is.
#[server(prefix = "/fn", endpoint = "read_visit")]
pub async fn read_visit() -> Result<Visit, QuadError> {
    answer(|context| async move {
        let (me, preferences) = join(account(&context), preferences(&context)).await;
        Ok(Visit {
            me,
            preferences,
            demo: context.demo,
        })
    })
    .await
}

/// One's own account; `None` for somebody without a session.
#[server(prefix = "/fn", endpoint = "my_account")]
pub async fn my_account() -> Result<Option<Me>, QuadError> {
    answer(|context| async move { account(&context).await }).await
}

/// Makes an account and begins a session. Answers where to go: the feed.
#[server(prefix = "/fn", endpoint = "sign_up")]
pub async fn sign_up(handle: String, password: String, name: String) -> Result<String, QuadError> {
    answer(|context| async move {
        let name = Some(name).filter(|name| !name.trim().is_empty());
        let account = NewAccount {
            handle,
            password,
            name,
        };
        let signed_in = context.backend.sign_up(context.caller, account).await?;
        begin_session(&context, &signed_in, None)
    })
    .await
}

/// Begins a session. Answers where to go: to `next`, if that is a page of ours, else the feed.
#[server(prefix = "/fn", endpoint = "log_in")]
pub async fn log_in(
    handle: String,
    password: String,
    next: Option<String>,
) -> Result<String, QuadError> {
    answer(|context| async move {
        let credentials = Credentials { handle, password };
        let signed_in = context.backend.log_in(context.caller, credentials).await?;
        begin_session(&context, &signed_in, next)
    })
    .await
}

/// Ends this session.
#[server(prefix = "/fn", endpoint = "log_out")]
pub async fn log_out() -> Result<(), QuadError> {
    answer(|context| async move {
        context.backend.log_out(context.session()?).await?;
        end_session(&context)
    })
    .await
}

/// Ends every session of this person.
#[server(prefix = "/fn", endpoint = "log_out_everywhere")]
pub async fn log_out_everywhere() -> Result<(), QuadError> {
    answer(|context| async move {
        context
            .backend
            .log_out_everywhere(context.session()?)
            .await?;
        end_session(&context)
    })
    .await
}

/// Changes what one is called.
#[server(prefix = "/fn", endpoint = "change_name")]
pub async fn change_name(name: String) -> Result<Me, QuadError> {
    answer(|context| async move {
        let change = AccountChange {
            name: Some(name),
            ..AccountChange::default()
        };
        let me = context
            .backend
            .change_account(context.session()?, change)
            .await?;
        land("/settings?saved=name");
        Ok(me)
    })
    .await
}

/// Changes the password and ends all other sessions.
#[server(prefix = "/fn", endpoint = "change_password")]
pub async fn change_password(current_password: String, password: String) -> Result<Me, QuadError> {
    answer(|context| async move {
        let change = AccountChange {
            password: Some(password),
            current_password: Some(current_password),
            ..AccountChange::default()
        };
        let me = context
            .backend
            .change_account(context.session()?, change)
            .await?;
        land("/settings?saved=password");
        Ok(me)
    })
    .await
}

/// Finds a person by handle.
#[server(prefix = "/fn", endpoint = "find_person")]
pub async fn find_person(handle: Handle) -> Result<Person, QuadError> {
    answer(|context| async move { context.backend.person(&handle).await }).await
}

/// Publishes a post.
#[server(prefix = "/fn", endpoint = "create_post")]
pub async fn create_post(text: String) -> Result<Post, QuadError> {
    answer(|context| async move {
        let post = context
            .backend
            .create_post(context.session()?, NewPost { text }, None)
            .await?;
        land_back("");
        Ok(post)
    })
    .await
}

/// Deletes one's own post.
#[server(prefix = "/fn", endpoint = "delete_post")]
pub async fn delete_post(post_id: PostId) -> Result<(), QuadError> {
    answer(|context| async move {
        context
            .backend
            .delete_post(context.session()?, &post_id)
            .await?;
        land("/");
        Ok(())
    })
    .await
}

/// One post as the viewer sees it.
#[server(prefix = "/fn", endpoint = "read_post")]
pub async fn read_post(post_id: PostId) -> Result<Post, QuadError> {
    answer(|context| async move { context.backend.post(context.viewer()?, &post_id).await }).await
}

/// A page of the feed, or of one author's posts.
#[server(prefix = "/fn", endpoint = "read_posts")]
pub async fn read_posts(
    order: Order,
    author: Option<Handle>,
    before: Option<String>,
) -> Result<PostPage, QuadError> {
    answer(|context| async move {
        let query = PostQuery {
            order,
            author,
            before,
            limit: Some(20),
        };
        context.backend.posts(context.viewer()?, query).await
    })
    .await
}

/// Who likes a post.
#[server(prefix = "/fn", endpoint = "read_likers")]
pub async fn read_likers(post_id: PostId, after: Option<String>) -> Result<Likers, QuadError> {
    answer(|context| async move { context.backend.likers(&post_id, after, Some(50)).await }).await
}

/// Asks for a state, liked or not.
#[server(prefix = "/fn", endpoint = "set_like")]
pub async fn set_like(post_id: PostId, liked: bool) -> Result<LikeState, QuadError> {
    answer(|context| async move {
        let state = context
            .backend
            .set_like(context.session()?, &post_id, liked)
            .await?;
        land_back(&format!("#post-{post_id}"));
        Ok(state)
    })
    .await
}

/// A page of the inbox.
#[server(prefix = "/fn", endpoint = "read_inbox")]
pub async fn read_inbox(before: Option<u64>) -> Result<Inbox, QuadError> {
    answer(|context| async move {
        context
            .backend
            .inbox(context.session()?, before, Some(30))
            .await
    })
    .await
}

/// Marks the inbox as read up to what was on the page.
#[server(prefix = "/fn", endpoint = "mark_inbox_read")]
pub async fn mark_inbox_read(
    epoch: Epoch,
    through: u64,
    group: Option<String>,
) -> Result<(), QuadError> {
    answer(|context| async move {
        let group = group.filter(|group| !group.is_empty());
        let mark = InboxMark {
            epoch,
            through,
            group,
            unread: None,
        };
        context.backend.mark_inbox(context.session()?, mark).await?;
        land_back("");
        Ok(())
    })
    .await
}

/// Marks a group of the inbox as unread again.
#[server(prefix = "/fn", endpoint = "mark_group_unread")]
pub async fn mark_group_unread(epoch: Epoch, through: u64, group: String) -> Result<(), QuadError> {
    answer(|context| async move {
        let mark = InboxMark {
            epoch,
            through,
            group: Some(group),
            unread: Some(true),
        };
        context.backend.mark_inbox(context.session()?, mark).await?;
        land_back("");
        Ok(())
    })
    .await
}

/// A page of what made no toast, and why.
#[server(prefix = "/fn", endpoint = "read_silenced")]
pub async fn read_silenced(before: Option<u64>) -> Result<SilencedPage, QuadError> {
    answer(|context| async move {
        context
            .backend
            .silenced(context.session()?, before, Some(30))
            .await
    })
    .await
}

/// What became of everything in the inbox.
#[server(prefix = "/fn", endpoint = "read_ledger")]
pub async fn read_ledger() -> Result<Ledger, QuadError> {
    answer(|context| async move { context.backend.ledger(context.session()?).await }).await
}

/// What one wants to be told of.
#[server(prefix = "/fn", endpoint = "read_preferences")]
pub async fn read_preferences() -> Result<Preferences, QuadError> {
    answer(|context| async move { context.backend.preferences(context.session()?).await }).await
}

/// What the form of the preferences holds: boxes that are not ticked are missing, and times are
/// written as clocks show them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wishes {
    pub like: Attention,
    pub message: Attention,
    #[serde(default)]
    pub quiet: Option<String>,
    #[serde(default)]
    pub quiet_from: String,
    #[serde(default)]
    pub quiet_to: String,
    #[serde(default)]
    pub utc_offset: i16,
    pub toast_seconds: u16,
    #[serde(default)]
    pub sound: Option<String>,
}

/// Changes what one wants to be told of. Whether anything is to disturb stays as it is.
#[server(prefix = "/fn", endpoint = "save_preferences")]
pub async fn save_preferences(wishes: Wishes) -> Result<Preferences, QuadError> {
    answer(|context| async move {
        let session = context.session()?;
        let quiet_hours = match wishes.quiet {
            None => None,
            Some(_) => Some(QuietHours {
                from: minutes(&wishes.quiet_from)?,
                to: minutes(&wishes.quiet_to)?,
                utc_offset: wishes.utc_offset,
            }),
        };
        let preferences = Preferences {
            like: wishes.like,
            message: wishes.message,
            quiet_hours,
            toast_seconds: wishes.toast_seconds,
            sound: wishes.sound.is_some(),
            ..context.backend.preferences(session).await?
        };
        let stored = context
            .backend
            .set_preferences(session, preferences)
            .await?;
        land("/settings/notifications?saved=preferences");
        Ok(stored)
    })
    .await
}

/// Lets nothing disturb for a while, or takes that back.
#[server(prefix = "/fn", endpoint = "set_do_not_disturb")]
pub async fn set_do_not_disturb(pause: Pause, utc_offset: i16) -> Result<Preferences, QuadError> {
    answer(|context| async move {
        let session = context.session()?;
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed();
        let now = now.map_err(|_| QuadError::Internal)?.as_millis() as u64;
        let preferences = Preferences {
            do_not_disturb_until: pause.end(now, utc_offset),
            ..context.backend.preferences(session).await?
        };
        let stored = context
            .backend
            .set_preferences(session, preferences)
            .await?;
        land("/settings/notifications");
        Ok(stored)
    })
    .await
}

/// Everything that one muted.
#[server(prefix = "/fn", endpoint = "read_mutes")]
pub async fn read_mutes() -> Result<Mutes, QuadError> {
    answer(|context| async move { context.backend.mutes(context.session()?).await }).await
}

/// Whether one muted a person or a post; `None` for whom or what one cannot mute.
#[server(prefix = "/fn", endpoint = "read_muted")]
pub async fn read_muted(
    person: Option<Handle>,
    post: Option<PostId>,
) -> Result<Option<bool>, QuadError> {
    answer(|context| async move {
        let Some(session) = context.viewer()? else {
            return Ok(None);
        };
        let target = mute_target(person, post)?;
        let own = &session.person;
        let possible = match &target {
            MuteTarget::Person(handle) => *handle != own.handle,
            MuteTarget::Post(post) => *post.author() == own.user_id,
        };
        if !possible {
            return Ok(None);
        }
        context.backend.muted(session, &target).await.map(Some)
    })
    .await
}

/// Asks for a state, muted or not, of a person or of one's own post.
#[server(prefix = "/fn", endpoint = "set_mute")]
pub async fn set_mute(
    person: Option<Handle>,
    post: Option<PostId>,
    muted: bool,
) -> Result<bool, QuadError> {
    answer(|context| async move {
        let target = mute_target(person, post)?;
        let session = context.session()?;
        context.backend.set_mute(session, &target, muted).await?;
        land_back("");
        Ok(muted)
    })
    .await
}

#[cfg(feature = "ssr")]
fn mute_target(person: Option<Handle>, post: Option<PostId>) -> Result<MuteTarget, QuadError> {
    match (person, post) {
        (Some(person), None) => Ok(MuteTarget::Person(person)),
        (None, Some(post)) => Ok(MuteTarget::Post(post)),
        _ => Err(QuadError::malformed("Name either a person or a post.")),
    }
}

/// Minutes after midnight of `22:30`; browsers may add seconds.
#[cfg(feature = "ssr")]
fn minutes(time: &str) -> Result<u16, QuadError> {
    let mut parts = time.trim().split(':').map(str::parse::<u16>);
    match (parts.next(), parts.next()) {
        (Some(Ok(hours @ 0..=23)), Some(Ok(minutes @ 0..=59))) => Ok(hours * 60 + minutes),
        _ => Err(QuadError::invalid(
            "quiet_hours",
            "format",
            "Say when quiet hours begin and end, such as 22:00 and 07:00.",
        )),
    }
}

/// Runs a call in the context of its request, and gives a refusal its HTTP status.
///
/// A plain form is redirected instead, and a page that is being rendered has a status of its own.
#[cfg(feature = "ssr")]
async fn answer<T, F>(call: impl FnOnce(RequestContext) -> F) -> Result<T, QuadError>
where
    F: Future<Output = Result<T, QuadError>>,
{
    let answer = match RequestContext::current() {
        Ok(context) => call(context).await,
        Err(error) => Err(error),
    };
    let parts = use_context::<axum::http::request::Parts>();
    let is_call = parts.is_some_and(|parts| parts.uri.path().starts_with("/fn/"));
    if let (Err(error), true, Some(response)) = (
        &answer,
        is_call && !is_plain_form(),
        use_context::<leptos_axum::ResponseOptions>(),
    ) && let Ok(status) = axum::http::StatusCode::from_u16(error.status())
    {
        response.set_status(status);
    }
    answer
}

#[cfg(feature = "ssr")]
async fn account(context: &RequestContext) -> Result<Option<Me>, QuadError> {
    match context.viewer()? {
        Some(session) => context.backend.me(session).await.map(Some),
        None => Ok(None),
    }
}

/// A page without them shows toasts as for a newcomer.
#[cfg(feature = "ssr")]
async fn preferences(context: &RequestContext) -> Option<Preferences> {
    let session = context.viewer().ok()??;
    context.backend.preferences(session).await.ok()
}

#[cfg(feature = "ssr")]
fn begin_session(
    context: &RequestContext,
    signed_in: &SignedIn,
    next: Option<String>,
) -> Result<String, QuadError> {
    set_cookie(context.cookies.begin(&signed_in.token))?;
    let next = next.filter(|next| is_page_of_ours(next));
    let next = next.unwrap_or_else(|| "/".to_owned());
    land(&next);
    Ok(next)
}

/// Whether an address leads nowhere but to a page of this site. Browsers read `//` and `/\` as the
/// beginning of another host, and drop what cannot be seen.
#[cfg(feature = "ssr")]
fn is_page_of_ours(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    path.len() <= 200 && path.starts_with('/') && !path.starts_with("//") && path.bytes().all(plain)
}

#[cfg(feature = "ssr")]
fn end_session(context: &RequestContext) -> Result<(), QuadError> {
    set_cookie(context.cookies.end())?;
    land("/");
    Ok(())
}

#[cfg(feature = "ssr")]
fn set_cookie(value: Option<axum::http::HeaderValue>) -> Result<(), QuadError> {
    let response = use_context::<leptos_axum::ResponseOptions>().ok_or(QuadError::Internal)?;
    response.append_header(
        axum::http::header::SET_COOKIE,
        value.ok_or(QuadError::Internal)?,
    );
    Ok(())
}

/// Where a plain form leads to. A page that is awake decides for itself.
#[cfg(feature = "ssr")]
fn land(path: &str) {
    if is_plain_form() {
        leptos_axum::redirect(path);
    }
}

#[cfg(feature = "ssr")]
fn is_plain_form() -> bool {
    let parts = use_context::<axum::http::request::Parts>();
    let accept = parts
        .as_ref()
        .and_then(|parts| parts.headers.get(axum::http::header::ACCEPT));
    let accept = accept.and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// Leads a plain form back to a place on the page that it was on, without what an earlier form left
/// in its address.
#[cfg(feature = "ssr")]
fn land_back(place: &str) {
    use leptos::server_fn::error::ServerFnUrlError;

    let parts = use_context::<axum::http::request::Parts>();
    let referer = parts
        .as_ref()
        .and_then(|parts| parts.headers.get(axum::http::header::REFERER));
    if let Some(Ok(page)) = referer.map(|referer| referer.to_str()) {
        let mut page = page.to_owned();
        ServerFnUrlError::<QuadError>::strip_error_info(&mut page);
        // Without any other parameters, a lone `?` is left.
        land(&format!("{}{place}", page.trim_end_matches('?')));
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::is_page_of_ours;

    #[test]
    fn nobody_is_led_to_another_site() {
        for page in ["/", "/notifications", "/people/ana?before=1.2"] {
            assert!(is_page_of_ours(page), "{page}");
        }
        for other in [
            "",
            "notifications",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/\t/evil.example",
            "/ä",
        ] {
            assert!(!is_page_of_ours(other), "{other}");
        }
    }
}
