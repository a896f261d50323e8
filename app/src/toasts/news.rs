//! When what is on screen is read aloud: once for all that a moment brings.
//!
//! A live region that changes with every like of many would never let a screen reader finish.
//! Every call says what time it is.

/// This long without news, and it is read.
const PAUSE_MS: u64 = 400;
/// It is read this long after the first news at the latest.
const PATIENCE_MS: u64 = 1_500;

/// Toasts that have something new to say, and since when.
#[derive(Debug, Clone, Default)]
pub(crate) struct News {
    waiting: Vec<Item>,
    first: u64,
    last: u64,
}

/// What is new on a toast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Item {
    /// Which one.
    pub(crate) toast: u32,
    /// How many entries were added.
    pub(crate) entries: u64,
}

impl News {
    /// Something new. Tells whether it is the first after a silence.
    pub(crate) fn add(&mut self, now: u64, item: Item) -> bool {
        let first = self.waiting.is_empty();
        if first {
            self.first = now;
        }
        self.last = now;
        match self.waiting.iter_mut().find(|old| old.toast == item.toast) {
            Some(old) => old.entries += item.entries,
            None => self.waiting.push(item),
        }
        first
    }

    /// When to read, if there is anything.
    pub(crate) fn due_at(&self) -> Option<u64> {
        let due = (self.last + PAUSE_MS).min(self.first + PATIENCE_MS);
        (!self.waiting.is_empty()).then_some(due)
    }

    /// What to read now.
    pub(crate) fn take(&mut self, now: u64) -> Vec<Item> {
        match self.due_at() {
            Some(due) if due <= now => std::mem::take(&mut self.waiting),
            _ => Vec::new(),
        }
    }
}

/// One sentence for all of it: each toast's own, and how many entries are new on it.
pub(crate) fn sentence(news: &[(String, u64)]) -> Option<String> {
    match news {
        [] => None,
        [(one, _)] => Some(one.clone()),
        many => {
            let count: u64 = many.iter().map(|(_, entries)| entries).sum();
            let all: Vec<_> = many.iter().map(|(text, _)| text.as_str()).collect();
            Some(format!("{count} notifications: {}", all.join("; ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(toast: u32) -> Item {
        Item { toast, entries: 1 }
    }

    #[test]
    fn a_burst_is_read_once_after_a_pause() {
        let mut news = News::default();
        assert!(news.add(0, item(1)));
        assert!(!news.add(300, item(1)));
        assert!(!news.add(600, item(2)));
        assert_eq!(news.due_at(), Some(1_000));
        assert!(news.take(999).is_empty());
        let one = Item {
            toast: 1,
            entries: 2,
        };
        assert_eq!(news.take(1_000), [one, item(2)]);
        assert_eq!(news.due_at(), None);
        assert!(news.add(1_001, item(1)));
    }

    #[test]
    fn news_without_a_pause_are_read_all_the_same() {
        let mut news = News::default();
        for now in (0..=3_000).step_by(100) {
            news.add(now, item(1));
            if now < PATIENCE_MS {
                assert!(news.take(now).is_empty());
            }
        }
        assert_eq!(news.due_at(), Some(PATIENCE_MS));
        assert_eq!(news.take(3_000).len(), 1);
    }

    #[test]
    fn several_toasts_make_one_sentence() {
        let news = |items: &[(&str, u64)]| {
            let items: Vec<_> = items.iter().map(|(a, b)| ((*a).to_owned(), *b)).collect();
            sentence(&items)
        };
        assert_eq!(news(&[]), None);
        assert_eq!(news(&[("A", 3)]).as_deref(), Some("A"));
        assert_eq!(
            news(&[("A", 3), ("B", 1)]).as_deref(),
            Some("4 notifications: A; B")
        );
    }
}
