//! Which posts are on screen, and therefore which channels are wanted.
//!
//! The registry outlives every socket: whatever is in it is subscribed again after a reconnect.

use std::collections::HashMap;

use crate::{
    event::{ClientFrame, Ref},
    model::PostId,
};

/// Posts on screen, each with whoever wants to hear of it.
#[derive(Debug, Clone)]
pub(crate) struct Watches<L> {
    listeners: HashMap<PostId, Vec<L>>,
    excerpts: HashMap<PostId, String>,
    refs: u64,
}

impl<L> Default for Watches<L> {
    fn default() -> Self {
        Self {
            listeners: HashMap::new(),
            excerpts: HashMap::new(),
            refs: 0,
        }
    }
}

impl<L: Copy + PartialEq> Watches<L> {
    /// Adds a listener; the first one of a post has to subscribe.
    pub(crate) fn add(&mut self, post: &PostId, listener: L) -> Option<ClientFrame> {
        let listeners = self.listeners.entry(post.clone()).or_default();
        listeners.push(listener);
        (listeners.len() == 1).then(|| self.subscribe(post))
    }

    /// Removes a listener; the last one of a post has to unsubscribe.
    pub(crate) fn remove(&mut self, post: &PostId, listener: L) -> Option<ClientFrame> {
        let listeners = self.listeners.get_mut(post)?;
        listeners.retain(|known| *known != listener);
        if !listeners.is_empty() {
            return None;
        }
        self.listeners.remove(post);
        Some(ClientFrame::Unsubscribe {
            r#ref: self.next_ref(),
            channel: channel(post),
        })
    }

    /// Everybody who wants to hear of a post.
    pub(crate) fn of(&self, post: &PostId) -> Vec<L> {
        self.listeners.get(post).cloned().unwrap_or_default()
    }

    /// What a new socket has to subscribe.
    pub(crate) fn all(&mut self) -> Vec<ClientFrame> {
        let posts: Vec<_> = self.listeners.keys().cloned().collect();
        posts.iter().map(|post| self.subscribe(post)).collect()
    }

    /// Remembers how one of the viewer's own posts begins, for the toasts about it.
    pub(crate) fn remember(&mut self, post: &PostId, excerpt: String) {
        /// More than anybody scrolls through; past it, the memory starts over.
        const MOST: usize = 500;
        if self.excerpts.len() >= MOST {
            self.excerpts.clear();
        }
        self.excerpts.insert(post.clone(), excerpt);
    }

    /// How a post begins, if it was on screen.
    pub(crate) fn excerpt(&self, post: &PostId) -> Option<String> {
        self.excerpts.get(post).cloned()
    }

    fn subscribe(&mut self, post: &PostId) -> ClientFrame {
        ClientFrame::Subscribe {
            r#ref: self.next_ref(),
            channel: channel(post),
            resume: None,
            last: None,
            token: None,
            presence: None,
        }
    }

    fn next_ref(&mut self) -> Ref {
        self.refs += 1;
        self.refs.to_string().into()
    }
}

fn channel(post: &PostId) -> String {
    format!("post:{post}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(n: u64) -> PostId {
        PostId::new("0abcdefg".parse().unwrap(), n)
    }

    #[test]
    fn only_the_first_subscribes_and_only_the_last_unsubscribes() {
        let mut watches = Watches::default();
        assert!(watches.add(&post(1), 'a').is_some());
        assert!(watches.add(&post(1), 'b').is_none());
        assert!(watches.remove(&post(1), 'a').is_none());
        assert_eq!(watches.of(&post(1)), ['b']);
        let gone = watches.remove(&post(1), 'b');
        assert!(
            matches!(gone, Some(ClientFrame::Unsubscribe { channel, .. }) if channel == "post:0abcdefg.1")
        );
        assert!(watches.remove(&post(1), 'b').is_none());
    }

    #[test]
    fn a_new_socket_subscribes_whatever_is_on_screen() {
        let mut watches = Watches::default();
        watches.add(&post(1), 'a');
        watches.add(&post(2), 'b');
        watches.remove(&post(1), 'a');
        let frames = watches.all();
        assert!(
            matches!(frames.as_slice(), [ClientFrame::Subscribe { channel, .. }] if channel == "post:0abcdefg.2")
        );
    }

    #[test]
    fn an_excerpt_outlives_the_card() {
        let mut watches = Watches::default();
        watches.remember(&post(1), "Hello".into());
        watches.add(&post(1), 'a');
        watches.remove(&post(1), 'a');
        assert_eq!(watches.excerpt(&post(1)).as_deref(), Some("Hello"));
    }
}
