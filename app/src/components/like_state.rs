//! What a like button shows and asks for: a state machine without a network.
//!
//! The button answers at once. Only one request is under way at a time, and what is asked for is
//! always a state, so that two quick clicks end in the last state asked for, whatever the network
//! does to their order.

use crate::model::LikeState;

/// A like button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Liking {
    /// What the server said last: the snapshot to go back to.
    known: LikeState,
    /// What was asked for, and is not answered yet.
    in_flight: Option<bool>,
    /// What is wanted in the end.
    wanted: bool,
    /// Counts that came while a request was under way, in their order.
    heard: Vec<u64>,
}

/// What follows from an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Wanted and known are the same.
    Rest,
    /// Ask for this state now.
    Ask(bool),
    /// It failed, and the button shows the snapshot again.
    RolledBack,
}

impl Liking {
    /// As it was rendered.
    pub(crate) fn new(liked: bool, likes: u64) -> Self {
        Self {
            known: LikeState { liked, likes },
            in_flight: None,
            wanted: liked,
            heard: Vec::new(),
        }
    }

    /// What to show: the wanted state, with a count as if it were so already.
    pub(crate) fn shown(&self) -> LikeState {
        let others = self.known.likes - u64::from(self.known.liked).min(self.known.likes);
        LikeState {
            liked: self.wanted,
            likes: others + u64::from(self.wanted),
        }
    }

    /// The button was pressed. The state to ask for, if nothing is under way.
    pub(crate) fn press(&mut self) -> Option<bool> {
        self.wanted = !self.wanted;
        if self.in_flight.is_some() {
            return None;
        }
        self.in_flight = Some(self.wanted);
        Some(self.wanted)
    }

    /// The request was answered; `None` for a failure.
    pub(crate) fn answered(&mut self, answer: Option<LikeState>) -> Next {
        self.in_flight = None;
        let heard = std::mem::take(&mut self.heard);
        let Some(state) = answer else {
            self.known.likes = heard.last().copied().unwrap_or(self.known.likes);
            self.wanted = self.known.liked;
            return Next::RolledBack;
        };
        self.known = state;
        // Counts come in the order in which they were made. If this very change was among them,
        // whatever followed it is newer than the answer.
        if heard.contains(&state.likes) {
            self.known.likes = heard.last().copied().unwrap_or(state.likes);
        }
        if self.wanted == self.known.liked {
            return Next::Rest;
        }
        self.in_flight = Some(self.wanted);
        Next::Ask(self.wanted)
    }

    /// The same person said so elsewhere, or this very button did. The count comes by itself.
    pub(crate) fn elsewhere(&mut self, liked: bool) {
        if self.in_flight.is_none() {
            self.known.liked = liked;
            self.wanted = liked;
        }
    }

    /// A count came in from elsewhere.
    pub(crate) fn heard(&mut self, likes: u64) {
        if self.in_flight.is_some() {
            self.heard.push(likes);
        } else {
            self.known.likes = likes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(liked: bool, likes: u64) -> LikeState {
        LikeState { liked, likes }
    }

    #[test]
    fn a_press_shows_at_once_and_rests_once_answered() {
        let mut liking = Liking::new(false, 3);
        assert_eq!(liking.press(), Some(true));
        assert_eq!(liking.shown(), state(true, 4));
        assert_eq!(liking.answered(Some(state(true, 6))), Next::Rest);
        assert_eq!(liking.shown(), state(true, 6));
    }

    #[test]
    fn a_failure_rolls_back_to_the_snapshot() {
        let mut liking = Liking::new(true, 1);
        liking.press();
        assert_eq!(liking.shown(), state(false, 0));
        assert_eq!(liking.answered(None), Next::RolledBack);
        assert_eq!(liking.shown(), state(true, 1));
    }

    #[test]
    fn quick_presses_end_in_the_last_state_asked_for() {
        let mut liking = Liking::new(false, 0);
        assert_eq!(liking.press(), Some(true));
        assert_eq!(liking.press(), None);
        assert_eq!(liking.shown(), state(false, 0));
        assert_eq!(liking.answered(Some(state(true, 1))), Next::Ask(false));
        assert_eq!(liking.answered(Some(state(false, 0))), Next::Rest);
        assert_eq!(liking.shown(), state(false, 0));
    }

    #[test]
    fn three_presses_need_one_request() {
        let mut liking = Liking::new(false, 0);
        liking.press();
        liking.press();
        assert_eq!(liking.press(), None);
        assert_eq!(liking.answered(Some(state(true, 1))), Next::Rest);
    }

    #[test]
    fn counts_from_elsewhere_show_when_nothing_is_under_way() {
        let mut liking = Liking::new(true, 2);
        liking.heard(5);
        assert_eq!(liking.shown(), state(true, 5));
    }

    #[test]
    fn what_was_pressed_elsewhere_shows_unless_something_is_under_way() {
        let mut liking = Liking::new(false, 2);
        liking.heard(3);
        liking.elsewhere(true);
        assert_eq!(liking.shown(), state(true, 3));
        liking.elsewhere(false);
        liking.heard(2);
        assert_eq!(liking.shown(), state(false, 2));
        assert_eq!(liking.press(), Some(true));
        liking.elsewhere(false);
        assert_eq!(liking.shown(), state(true, 3));
        assert_eq!(liking.answered(Some(state(true, 3))), Next::Rest);
        liking.elsewhere(true);
        assert_eq!(liking.shown(), state(true, 3));
    }

    #[test]
    fn counts_that_overtake_the_answer_are_kept() {
        let mut liking = Liking::new(false, 3);
        liking.press();
        liking.heard(4);
        liking.heard(5);
        assert_eq!(liking.shown(), state(true, 4));
        liking.answered(Some(state(true, 4)));
        assert_eq!(liking.shown(), state(true, 5));
    }

    #[test]
    fn counts_from_before_the_change_do_not_undo_it() {
        let mut liking = Liking::new(false, 3);
        liking.press();
        liking.heard(4);
        liking.answered(Some(state(true, 5)));
        assert_eq!(liking.shown(), state(true, 5));
    }
}
