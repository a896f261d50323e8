//! Where this client stands in its inbox: what to take, what to skip, when to ask again.
//!
//! A push is only a hint. The rule that makes the stream whole is kept here, apart from any
//! browser: seq + 1 is taken, what is known is skipped, and a gap is never jumped over.

use crate::{
    event::{ClientFrame, Notification, ServerFrame},
    model::{Position, UserId},
};

/// After this many questions that brought nothing forward, the socket itself is replaced.
const ASK_LIMIT: u8 = 3;

/// What the driver has to do after a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// The server knows this socket: channels can be subscribed now.
    Ready,
    /// Show this; it has never been shown.
    Show(Notification),
    /// The same, but it came while this open page had no connection.
    Missed(Notification),
    /// Everything that came during an absence is there.
    CaughtUp,
    /// An entry was taken back: its toast goes.
    Retract {
        /// The entry's place in the present epoch.
        seq: u64,
    },
    /// A whole group was taken back.
    RetractGroup {
        /// Its id.
        group: String,
    },
    /// The inbox on screen is out of date.
    InboxChanged,
    /// History is gone: whatever is on screen must be read anew.
    Reread,
    /// Send this.
    Ask(ClientFrame),
    /// Asking did not help; a new socket may.
    Reconnect,
}

/// The position, and whether a question about it is open.
#[derive(Debug, Clone)]
pub(crate) struct Tracker {
    user_id: UserId,
    position: Position,
    /// Catch-up is under way until the position gets here.
    target: u64,
    /// Whether the position moved since the last `position` frame.
    moved: bool,
    /// Whether a `register` is unanswered.
    asked: bool,
    /// Questions since the position last moved.
    asks: u8,
    /// Whether any socket registered so far.
    registered: bool,
    /// Whether what comes, up to the target, was missed during an absence.
    away: bool,
}

impl Tracker {
    /// Begins where the page was rendered.
    pub(crate) fn new(user_id: UserId, position: Position) -> Self {
        let target = position.seq;
        Self {
            user_id,
            position,
            target,
            moved: false,
            asked: false,
            asks: 0,
            registered: false,
            away: false,
        }
    }

    /// The first frame of a new socket.
    pub(crate) fn connected(&mut self) -> ClientFrame {
        self.asks = 0;
        // What came while the page was loaded is no absence.
        self.away = self.registered;
        self.register()
    }

    /// Takes a frame in, and says what follows from it.
    pub(crate) fn frame(&mut self, frame: ServerFrame) -> Vec<Step> {
        match frame {
            ServerFrame::Registered {
                epoch,
                seq,
                recovered,
                ..
            } => {
                self.asked = false;
                self.moved = true;
                self.target = seq;
                self.registered = true;
                let mut steps = vec![Step::Ready];
                if !recovered {
                    self.position = Position { epoch, seq };
                    steps.push(Step::Reread);
                }
                self.returned(&mut steps);
                steps
            }
            ServerFrame::Notification(event) => {
                let place = Position {
                    epoch: event.epoch.clone(),
                    seq: event.seq,
                };
                let missed = self.away;
                self.advance(place, move || {
                    let silent = event.void || event.withheld.is_some();
                    let step = match missed {
                        true => Step::Missed(event),
                        false => Step::Show(event),
                    };
                    let shown = (!silent).then_some(step);
                    shown.into_iter().chain([Step::InboxChanged]).collect()
                })
            }
            ServerFrame::Retract {
                epoch,
                seq,
                retracts,
                group,
                ..
            } => self.advance(Position { epoch, seq }, move || {
                let gone = match retracts {
                    Some(seq) => Step::Retract { seq },
                    None => Step::RetractGroup { group },
                };
                vec![gone, Step::InboxChanged]
            }),
            ServerFrame::Marked { epoch, .. } if epoch == self.position.epoch => {
                vec![Step::InboxChanged]
            }
            ServerFrame::Position {
                channel: None,
                epoch,
                seq,
                ..
            } => self.checked(Position { epoch, seq }),
            _ => Vec::new(),
        }
    }

    /// An entry of a kind that this client is too old to know: it counts, and is not shown.
    pub(crate) fn unknown(&mut self, place: Position) -> Vec<Step> {
        self.advance(place, || vec![Step::InboxChanged])
    }

    fn advance(&mut self, place: Position, then: impl FnOnce() -> Vec<Step>) -> Vec<Step> {
        if place.epoch != self.position.epoch {
            return self.ask();
        }
        if place.seq <= self.position.seq {
            return Vec::new();
        }
        if place.seq > self.position.seq + 1 {
            return self.ask();
        }
        self.position.seq = place.seq;
        self.moved = true;
        self.asks = 0;
        let mut steps = then();
        self.returned(&mut steps);
        steps
    }

    /// Ends an absence once everything of it is there.
    fn returned(&mut self, steps: &mut Vec<Step>) {
        if self.away && self.position.seq >= self.target {
            self.away = false;
            steps.push(Step::CaughtUp);
        }
    }

    /// The server says where the stream stands. While catch-up makes headway, being behind is no
    /// sign of a loss: the rest is on its way.
    fn checked(&mut self, place: Position) -> Vec<Step> {
        let moved = std::mem::replace(&mut self.moved, false);
        let known = place.epoch == self.position.epoch;
        let catching_up = self.position.seq < self.target && moved;
        if known && (place.seq <= self.position.seq || catching_up) {
            Vec::new()
        } else {
            self.ask()
        }
    }

    fn ask(&mut self) -> Vec<Step> {
        if self.asked {
            return Vec::new();
        }
        if self.asks >= ASK_LIMIT {
            return vec![Step::Reconnect];
        }
        self.asks += 1;
        vec![Step::Ask(self.register())]
    }

    fn register(&mut self) -> ClientFrame {
        self.asked = true;
        ClientFrame::Register {
            user_id: self.user_id.clone(),
            resume: Some(self.position.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Epoch, Kind, Withheld};

    fn epoch(name: &str) -> Epoch {
        name.to_owned().into()
    }

    fn at(seq: u64) -> Position {
        Position {
            epoch: epoch("e"),
            seq,
        }
    }

    fn tracker(seq: u64) -> Tracker {
        let mut tracker = Tracker::new("0abcdefg".parse().unwrap(), at(seq));
        tracker.connected();
        tracker.frame(registered("e", seq, true));
        tracker
    }

    fn registered(e: &str, seq: u64, recovered: bool) -> ServerFrame {
        ServerFrame::Registered {
            user_id: "0abcdefg".parse().unwrap(),
            epoch: epoch(e),
            seq,
            unread: 0,
            recovered,
        }
    }

    fn like(e: &str, seq: u64, void: bool) -> ServerFrame {
        ServerFrame::Notification(Notification {
            epoch: epoch(e),
            seq,
            group: "g".into(),
            unread: 1,
            kind: Kind::Like,
            level: None,
            room: None,
            room_title: None,
            text: None,
            post_id: None,
            excerpt: None,
            actor: None,
            at: 0,
            void,
            withheld: None,
        })
    }

    fn position(e: &str, seq: u64) -> ServerFrame {
        ServerFrame::Position {
            channel: None,
            epoch: epoch(e),
            seq,
            at: None,
        }
    }

    fn shown(steps: &[Step]) -> Vec<u64> {
        steps
            .iter()
            .filter_map(|step| match step {
                Step::Show(event) => Some(event.seq),
                _ => None,
            })
            .collect()
    }

    fn asks_from(steps: &[Step]) -> Option<Position> {
        match steps {
            [Step::Ask(ClientFrame::Register { resume, .. })] => resume.clone(),
            _ => None,
        }
    }

    #[test]
    fn the_next_entry_is_taken_and_a_known_one_is_skipped() {
        let mut tracker = tracker(4);
        assert_eq!(shown(&tracker.frame(like("e", 5, false))), [5]);
        assert!(tracker.frame(like("e", 5, false)).is_empty());
        assert!(tracker.frame(like("e", 2, false)).is_empty());
        assert_eq!(&tracker.position, &at(5));
    }

    #[test]
    fn a_gap_is_asked_about_once_and_filled_by_the_answer() {
        let mut tracker = tracker(4);
        assert_eq!(asks_from(&tracker.frame(like("e", 7, false))), Some(at(4)));
        assert!(tracker.frame(like("e", 8, false)).is_empty());
        tracker.frame(registered("e", 8, true));
        for seq in 5..=8 {
            assert_eq!(shown(&tracker.frame(like("e", seq, false))), [seq]);
        }
    }

    #[test]
    fn a_void_entry_moves_the_position_and_is_not_shown() {
        let mut tracker = tracker(0);
        assert_eq!(tracker.frame(like("e", 1, true)), [Step::InboxChanged]);
        assert_eq!(&tracker.position, &at(1));
    }

    #[test]
    fn a_retraction_has_a_place_of_its_own() {
        let mut tracker = tracker(1);
        let retract = |seq, retracts| ServerFrame::Retract {
            epoch: epoch("e"),
            seq,
            retracts,
            group: "g".into(),
            unread: 0,
        };
        let steps = tracker.frame(retract(2, Some(1)));
        assert_eq!(steps, [Step::Retract { seq: 1 }, Step::InboxChanged]);
        let steps = tracker.frame(retract(3, None));
        assert_eq!(steps[0], Step::RetractGroup { group: "g".into() });
        assert!(asks_from(&tracker.frame(retract(9, None))).is_some());
    }

    #[test]
    fn lost_history_is_read_anew_from_where_the_server_stands() {
        let mut tracker = tracker(4);
        let steps = tracker.frame(registered("f", 2, false));
        assert_eq!(steps, [Step::Ready, Step::Reread]);
        assert_eq!(shown(&tracker.frame(like("f", 3, false))), [3]);
    }

    #[test]
    fn another_epoch_is_never_taken_for_the_known_one() {
        let mut tracker = tracker(4);
        assert_eq!(asks_from(&tracker.frame(like("f", 5, false))), Some(at(4)));
    }

    #[test]
    fn a_recovered_registration_does_not_move_the_position() {
        let mut tracker = tracker(4);
        assert_eq!(tracker.frame(registered("e", 9, true)), [Step::Ready]);
        assert_eq!(&tracker.position, &at(4));
    }

    #[test]
    fn a_position_ahead_reveals_a_lost_push() {
        let mut tracker = tracker(4);
        assert!(tracker.frame(position("e", 4)).is_empty());
        assert_eq!(asks_from(&tracker.frame(position("e", 5))), Some(at(4)));
    }

    #[test]
    fn a_position_ahead_says_nothing_while_catch_up_makes_headway() {
        let mut tracker = tracker(0);
        tracker.frame(registered("e", 5, true));
        tracker.frame(like("e", 1, false));
        assert!(tracker.frame(position("e", 5)).is_empty());
        assert!(asks_from(&tracker.frame(position("e", 5))).is_some());
    }

    #[test]
    fn questions_that_do_not_help_end_in_a_new_socket() {
        let mut tracker = tracker(0);
        for _ in 0..ASK_LIMIT {
            assert!(asks_from(&tracker.frame(like("e", 3, false))).is_some());
            tracker.frame(registered("e", 3, true));
        }
        assert_eq!(tracker.frame(like("e", 3, false)), [Step::Reconnect]);
    }

    #[test]
    fn an_entry_of_an_unknown_kind_still_counts() {
        let mut tracker = tracker(0);
        assert_eq!(tracker.unknown(at(1)), [Step::InboxChanged]);
        assert_eq!(shown(&tracker.frame(like("e", 2, false))), [2]);
    }

    fn missed(steps: &[Step]) -> (usize, bool) {
        let missed = steps.iter().filter(|step| matches!(step, Step::Missed(_)));
        (missed.count(), steps.contains(&Step::CaughtUp))
    }

    #[test]
    fn what_came_during_an_absence_is_told_apart() {
        let mut tracker = tracker(0);
        assert_eq!(shown(&tracker.frame(like("e", 1, false))), [1]);
        tracker.connected();
        assert_eq!(missed(&tracker.frame(registered("e", 4, true))), (0, false));
        assert_eq!(missed(&tracker.frame(like("e", 2, false))), (1, false));
        assert_eq!(missed(&tracker.frame(like("e", 3, true))), (0, false));
        assert_eq!(missed(&tracker.frame(like("e", 4, false))), (1, true));
        assert_eq!(shown(&tracker.frame(like("e", 5, false))), [5]);
    }

    #[test]
    fn an_absence_that_is_interrupted_again_goes_on() {
        let mut tracker = tracker(0);
        tracker.connected();
        tracker.frame(registered("e", 3, true));
        assert_eq!(missed(&tracker.frame(like("e", 1, false))), (1, false));
        tracker.connected();
        tracker.frame(registered("e", 3, true));
        assert_eq!(missed(&tracker.frame(like("e", 2, false))), (1, false));
        assert_eq!(missed(&tracker.frame(like("e", 3, false))), (1, true));
    }

    #[test]
    fn an_absence_in_which_nothing_came_ends_at_once() {
        let mut tracker = tracker(4);
        tracker.connected();
        assert_eq!(missed(&tracker.frame(registered("e", 4, true))), (0, true));
        tracker.connected();
        assert_eq!(missed(&tracker.frame(registered("f", 9, false))), (0, true));
    }

    #[test]
    fn what_came_while_the_page_was_loaded_is_no_absence() {
        let mut tracker = Tracker::new("0abcdefg".parse().unwrap(), at(0));
        tracker.connected();
        tracker.frame(registered("e", 1, true));
        assert_eq!(shown(&tracker.frame(like("e", 1, false))), [1]);
    }

    #[test]
    fn a_withheld_entry_counts_and_is_not_shown() {
        let mut tracker = tracker(0);
        let ServerFrame::Notification(event) = like("e", 1, false) else {
            return;
        };
        let steps = tracker.frame(ServerFrame::Notification(Notification {
            withheld: Some(Withheld::Quiet),
            ..event
        }));
        assert_eq!(steps, [Step::InboxChanged]);
        assert_eq!(&tracker.position, &at(1));
    }

    #[test]
    fn a_mark_of_this_history_changes_the_list() {
        let mut tracker = tracker(3);
        let marked = |e| ServerFrame::Marked {
            epoch: epoch(e),
            seq: 3,
            group: None,
            unread: 0,
        };
        assert_eq!(tracker.frame(marked("e")), [Step::InboxChanged]);
        assert!(tracker.frame(marked("f")).is_empty());
    }
}
