use super::*;
use crate::toasts::message::tests::{event, like};

const STAY_MS: u64 = 6_000;

fn speaker() -> Queue {
    let mut queue = Queue::default();
    queue.stay(6);
    queue.speak(0, true);
    queue
}

/// Whatever is counted on from `a` likes a post of its own.
fn queue(count: u64) -> Queue {
    let mut queue = speaker();
    for seq in 1..=count {
        queue.push(0, single(seq));
    }
    queue
}

fn single(seq: u64) -> Message {
    let mut message = like(seq, 'a', &format!("g{seq}"));
    message.detail = Some(seq.to_string());
    message
}

fn details(queue: &Queue) -> Vec<&str> {
    let shown = queue.shown().iter();
    shown
        .map(|toast| toast.message.detail.as_deref().unwrap_or_default())
        .collect()
}

fn texts(queue: &Queue) -> Vec<String> {
    let shown = queue.shown().iter();
    shown.map(|toast| toast.message.text()).collect()
}

fn epoch() -> Epoch {
    "e".to_owned().into()
}

#[test]
fn three_are_shown_and_the_rest_wait_their_turn() {
    let mut queue = queue(5);
    assert_eq!(details(&queue), ["1", "2", "3"]);
    let id = queue.shown()[1].id;
    queue.dismiss(10, id);
    assert_eq!(details(&queue), ["1", "3", "4"]);
    queue.elapse(STAY_MS);
    assert_eq!(details(&queue), ["4", "5"]);
}

#[test]
fn each_is_announced_once_when_it_appears() {
    let mut queue = queue(4);
    assert_eq!(queue.take_fresh().len(), 3);
    assert!(queue.take_fresh().is_empty());
    queue.elapse(STAY_MS);
    let fresh = queue.take_fresh();
    assert_eq!(fresh.len(), 1);
    assert_eq!(
        queue.find(fresh[0].toast).unwrap().detail.as_deref(),
        Some("4")
    );
}

#[test]
fn one_entry_is_never_shown_twice() {
    let mut queue = queue(2);
    queue.push(0, single(2));
    queue.push(0, single(1));
    assert_eq!(details(&queue), ["1", "2"]);
    queue.elapse(STAY_MS);
    queue.push(STAY_MS, single(2));
    assert!(queue.shown().is_empty());
}

#[test]
fn one_group_is_one_toast_and_its_time_starts_again() {
    let mut queue = speaker();
    queue.push(0, like(1, 'a', "g"));
    queue.push(1_000, like(2, 'b', "g"));
    queue.push(5_000, like(3, 'a', "g"));
    assert_eq!(texts(&queue), ["A and B like your post"]);
    assert_eq!(queue.due_in(), Some(STAY_MS));
    let id = queue.shown()[0].id;
    let item = Item {
        toast: id,
        entries: 1,
    };
    assert_eq!(queue.take_fresh(), [item, item, item]);
    queue.retract(5_000, 2);
    assert_eq!(texts(&queue), ["A likes your post"]);
    queue.elapse(5_000 + STAY_MS);
    queue.push(20_000, like(4, 'c', "g"));
    assert_eq!(texts(&queue), ["C likes your post"]);
}

#[test]
fn what_waits_merges_too() {
    let mut queue = queue(4);
    queue.push(0, like(5, 'b', "g4"));
    queue.elapse(STAY_MS);
    assert_eq!(texts(&queue), ["B and A like your post"]);
}

#[test]
fn time_stands_still_while_somebody_reads() {
    let mut queue = queue(1);
    queue.hold(1_000, Hold::Pointer, true);
    queue.hold(2_000, Hold::Focus, true);
    assert_eq!(queue.due_in(), None);
    queue.hold(50_000, Hold::Pointer, false);
    queue.elapse(90_000);
    assert_eq!(details(&queue), ["1"]);
    queue.hold(100_000, Hold::Focus, false);
    assert_eq!(queue.due_in(), Some(STAY_MS - 1_000));
    queue.elapse(100_000 + STAY_MS - 1_000);
    assert!(queue.shown().is_empty());
}

#[test]
fn whoever_wants_it_so_dismisses_each_toast() {
    let mut queue = speaker();
    queue.stay(0);
    queue.push(0, single(1));
    queue.elapse(1_000_000);
    assert_eq!((queue.shown().len(), queue.due_in()), (1, None));
}

#[test]
fn what_was_taken_back_goes_whether_shown_or_waiting() {
    let mut queue = queue(5);
    queue.retract(0, 2);
    queue.retract(0, 5);
    assert_eq!(details(&queue), ["1", "3", "4"]);
    queue.retract_group(0, "g4");
    assert_eq!(details(&queue), ["1", "3"]);
}

#[test]
fn what_cannot_wait_is_counted() {
    let mut queue = queue(3 + WAITING as u64 + 7);
    queue.retract(0, 3 + WAITING as u64 + 2);
    let mut now = 0;
    while !texts(&queue).contains(&"And 6 more".to_owned()) {
        assert!(!queue.shown().is_empty());
        now += STAY_MS;
        queue.elapse(now);
    }
    assert_eq!(queue.shown().len(), 2);
    assert!(queue.shown()[1].message.href.is_some());
    queue.push(now, single(500));
    assert_eq!(queue.shown().len(), 3);
}

#[test]
fn what_the_page_says_itself_is_always_shown() {
    let mut queue = Queue::default();
    queue.stay(6);
    queue.push(0, single(1));
    for _ in 0..2 {
        queue.push(0, Message::said("Sorry".into()));
    }
    assert_eq!(texts(&queue), ["Sorry", "Sorry"]);
}

#[test]
fn a_silent_tab_keeps_what_nobody_told() {
    let mut queue = Queue::default();
    queue.stay(6);
    for seq in 1..=3 {
        queue.push(0, single(seq));
    }
    assert!(queue.shown().is_empty());
    // The tab that speaks may also be ahead of this one.
    queue.told_elsewhere(0, &epoch(), &[1, 3, 4]);
    queue.push(0, single(4));
    queue.push(0, single(5));
    queue.speak(0, true);
    assert_eq!(details(&queue), ["2", "5"]);
}

#[test]
fn whoever_loses_the_word_takes_back_what_nobody_saw() {
    let mut queue = queue(2);
    let seen = queue.untold();
    queue.painted(&seen[..1]);
    queue.push(0, like(3, 'b', "g1"));
    queue.speak(0, false);
    assert_eq!(texts(&queue), ["A likes your post"]);
    assert!(queue.untold().is_empty());
    queue.told_elsewhere(0, &epoch(), &[2]);
    queue.elapse(STAY_MS);
    queue.speak(STAY_MS, true);
    assert_eq!(texts(&queue), ["B likes your post"]);
}

#[test]
fn a_silent_tab_does_not_add_to_a_toast_of_the_time_when_it_spoke() {
    let mut queue = queue(1);
    let seen = queue.untold();
    queue.painted(&seen);
    queue.speak(0, false);
    queue.push(0, like(2, 'b', "g1"));
    assert_eq!(texts(&queue), ["A likes your post"]);
    queue.speak(0, true);
    assert_eq!(texts(&queue), ["B and A like your post"]);
}

#[test]
fn a_summary_of_an_absence_loses_what_was_told_or_taken_back() {
    let mut queue = Queue::default();
    queue.stay(6);
    let missed = (1..=4).map(|seq| event(seq, 'a', "g"));
    queue.push(0, Message::away(missed, 0));
    queue.told_elsewhere(0, &epoch(), &[1]);
    queue.speak(0, true);
    queue.retract(0, 2);
    assert_eq!(texts(&queue), ["While you were away: 2 likes from A"]);
    queue.retract_group(0, "g");
    assert!(queue.shown().is_empty());
}
