//! Which of a person's tabs speaks: it holds a lock of the browser, and all others queue for it.
//!
//! A tab that can be seen is preferred. It takes the lock over when it comes into view, and when
//! it hears that the tab that speaks cannot be seen. A tab without a connection never speaks.

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// The socket came or went.
    Connected(bool),
    /// The tab came into view, or went out of it.
    Visible(bool),
    /// The lock is ours.
    Granted,
    /// Another tab took the lock over.
    Lost,
    /// The tab that speaks cannot be seen.
    Offered,
}

/// What to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Queue for the lock.
    Queue,
    /// Take the lock from whoever has it.
    Steal,
    /// Hand the lock back, or leave the queue.
    Leave,
    /// Tell the others that nobody can see this tab, which speaks.
    Offer,
}

/// Where a tab stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Role {
    #[default]
    Away,
    Queued,
    Speaks,
}

/// One tab's part in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Speaker {
    visible: bool,
    role: Role,
}

impl Speaker {
    /// A tab that has no connection yet.
    pub(crate) fn new(visible: bool) -> Self {
        Self {
            visible,
            role: Role::Away,
        }
    }

    /// Whether it is this tab's turn.
    pub(crate) fn speaks(&self) -> bool {
        self.role == Role::Speaks
    }

    /// Takes in what happened, and says what follows from it.
    pub(crate) fn take(&mut self, event: Event) -> Option<Act> {
        match (event, self.role) {
            (Event::Connected(true), Role::Away) => {
                self.role = Role::Queued;
                Some(self.ask())
            }
            (Event::Connected(false), Role::Queued | Role::Speaks) => {
                self.role = Role::Away;
                Some(Act::Leave)
            }
            (Event::Visible(visible), role) => {
                let changed = self.visible != visible;
                self.visible = visible;
                match role {
                    Role::Queued if visible && changed => Some(Act::Steal),
                    Role::Speaks if !visible && changed => Some(Act::Offer),
                    _ => None,
                }
            }
            (Event::Granted, Role::Queued) => {
                self.role = Role::Speaks;
                (!self.visible).then_some(Act::Offer)
            }
            (Event::Lost, Role::Speaks) => {
                self.role = Role::Queued;
                Some(Act::Queue)
            }
            (Event::Offered, Role::Queued) if self.visible => Some(Act::Steal),
            _ => None,
        }
    }

    fn ask(&self) -> Act {
        if self.visible { Act::Steal } else { Act::Queue }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tabs of one browser, with a lock as the browser keeps it.
    struct Tabs {
        tabs: Vec<Speaker>,
        holder: Option<usize>,
        queue: Vec<usize>,
    }

    impl Tabs {
        fn open(visible: &[bool]) -> Self {
            let mut tabs = Self {
                tabs: visible
                    .iter()
                    .map(|visible| Speaker::new(*visible))
                    .collect(),
                holder: None,
                queue: Vec::new(),
            };
            for tab in 0..visible.len() {
                tabs.tell(tab, Event::Connected(true));
            }
            tabs
        }

        fn tell(&mut self, tab: usize, event: Event) {
            let Some(act) = self.tabs[tab].take(event) else {
                return;
            };
            if act == Act::Offer {
                for other in (0..self.tabs.len()).filter(|other| *other != tab) {
                    self.tell(other, Event::Offered);
                }
                return;
            }
            self.queue.retain(|queued| *queued != tab);
            if self.holder == Some(tab) {
                self.holder = None;
            }
            match act {
                Act::Steal => {
                    let robbed = self.holder.replace(tab);
                    self.tell(tab, Event::Granted);
                    if let Some(robbed) = robbed {
                        self.tell(robbed, Event::Lost);
                    }
                }
                Act::Queue => self.queue.push(tab),
                Act::Leave | Act::Offer => {}
            }
            if self.holder.is_none() && !self.queue.is_empty() {
                let next = self.queue.remove(0);
                self.holder = Some(next);
                self.tell(next, Event::Granted);
            }
        }

        fn speaking(&self) -> Vec<usize> {
            let all = 0..self.tabs.len();
            all.filter(|tab| self.tabs[*tab].speaks()).collect()
        }
    }

    #[test]
    fn of_several_tabs_exactly_one_speaks() {
        let mut tabs = Tabs::open(&[true, true, true]);
        assert_eq!(tabs.speaking(), [2]);
        tabs.tell(2, Event::Connected(false));
        assert_eq!(tabs.speaking(), [0]);
        tabs.tell(0, Event::Connected(false));
        assert_eq!(tabs.speaking(), [1]);
        tabs.tell(2, Event::Connected(true));
        assert_eq!(tabs.speaking(), [2]);
    }

    #[test]
    fn a_tab_that_comes_into_view_takes_over() {
        let mut tabs = Tabs::open(&[true, false]);
        assert_eq!(tabs.speaking(), [0]);
        tabs.tell(0, Event::Visible(false));
        assert_eq!(tabs.speaking(), [0]);
        tabs.tell(1, Event::Visible(true));
        assert_eq!(tabs.speaking(), [1]);
        // Looking elsewhere for a moment changes nothing.
        tabs.tell(1, Event::Visible(false));
        tabs.tell(1, Event::Visible(true));
        assert_eq!(tabs.speaking(), [1]);
    }

    #[test]
    fn a_hidden_tab_speaks_only_where_none_is_seen() {
        let mut tabs = Tabs::open(&[true, false, true]);
        assert_eq!(tabs.speaking(), [2]);
        tabs.tell(2, Event::Visible(false));
        assert_eq!(tabs.speaking(), [0]);
        tabs.tell(0, Event::Connected(false));
        assert_eq!(tabs.speaking().len(), 1);
    }

    #[test]
    fn a_hidden_tab_whose_turn_comes_offers_it_to_a_visible_one() {
        let mut tabs = Tabs::open(&[false, true, true]);
        tabs.tell(2, Event::Visible(false));
        assert_eq!(tabs.speaking(), [1]);
        tabs.tell(1, Event::Visible(false));
        tabs.tell(2, Event::Visible(true));
        tabs.tell(1, Event::Visible(true));
        tabs.tell(1, Event::Connected(false));
        assert_eq!(tabs.speaking(), [2]);
    }

    #[test]
    fn a_late_word_about_the_lock_changes_nothing() {
        let mut tab = Speaker::new(true);
        assert_eq!(tab.take(Event::Granted), None);
        assert_eq!(tab.take(Event::Lost), None);
        assert_eq!(tab.take(Event::Offered), None);
        assert!(!tab.speaks());
    }
}
