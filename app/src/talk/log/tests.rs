use super::*;

fn me() -> Person {
    Person {
        user_id: "0abcdefg".parse().unwrap(),
        handle: "ana".parse().unwrap(),
        name: "Ana".into(),
    }
}

fn message(seq: u64) -> Message {
    Message {
        seq,
        id: format!("m{seq}"),
        from: None,
        text: format!("message {seq}"),
        at: seq,
    }
}

fn mine(seq: u64, id: &str) -> Message {
    Message {
        id: id.into(),
        ..message(seq)
    }
}

fn page(seq: u64, seqs: &[u64]) -> MessagePage {
    MessagePage {
        epoch: "e".to_owned().into(),
        seq,
        messages: seqs.iter().map(|seq| message(*seq)).collect(),
        next: None,
    }
}

fn log() -> Log {
    Log::new("room:r".into(), page(3, &[1, 2, 3]))
}

fn ids(log: &Log) -> Vec<String> {
    let lines = log.lines().into_iter();
    lines.map(|line| line.message.id).collect()
}

fn say(log: &mut Log, id: &str) {
    let frame = log.say(&me(), id.into(), "hello".into(), 9);
    assert!(matches!(frame, Some(ClientFrame::Publish { r#ref, .. }) if r#ref == id.into()));
}

#[test]
fn what_is_said_shows_at_once_and_once() {
    let mut log = log();
    say(&mut log, "a");
    assert_eq!(ids(&log), ["m1", "m2", "m3", "a"]);
    assert_eq!(log.sending("a"), Some(Sending::UnderWay));
    log.acknowledged("a", 4, 3);
    assert_eq!(log.sending("a"), Some(Sending::Stored(4)));
    log.take(4, Some(mine(4, "a")), None);
    assert_eq!(ids(&log), ["m1", "m2", "m3", "a"]);
    assert_eq!((log.sending("a"), log.place("a")), (None, Some(4)));
}

#[test]
fn a_message_that_overtakes_its_answer_is_shown_once() {
    let mut log = log();
    say(&mut log, "a");
    log.take(4, Some(mine(4, "a")), None);
    log.acknowledged("a", 4, 4);
    assert_eq!(ids(&log), ["m1", "m2", "m3", "a"]);
}

#[test]
fn what_was_not_answered_is_sent_again_with_the_same_id() {
    let mut log = log();
    say(&mut log, "a");
    say(&mut log, "b");
    log.refused("b", "Too fast.".into());
    let again = log.connected();
    assert!(matches!(again.as_slice(), [ClientFrame::Publish { id, .. }] if id == "a"));
    // The answer was lost, and what was stored comes by catching up.
    log.take(4, Some(mine(4, "a")), None);
    log.acknowledged("a", 4, 4);
    assert_eq!(ids(&log), ["m1", "m2", "m3", "a", "b"]);
    assert!(log.connected().is_empty());
}

#[test]
fn what_was_removed_before_its_answer_came_does_not_stay() {
    let mut log = log();
    say(&mut log, "a");
    log.take(4, None, None);
    log.take(5, None, Some(4));
    log.acknowledged("a", 4, 5);
    assert_eq!(ids(&log), ["m1", "m2", "m3"]);
    say(&mut log, "b");
    log.acknowledged("b", 6, 5);
    log.take(6, None, None);
    assert_eq!(ids(&log), ["m1", "m2", "m3"]);
}

#[test]
fn what_was_refused_can_be_tried_again_or_taken_back() {
    let mut log = log();
    say(&mut log, "a");
    assert!(log.refused("a", "Too fast.".into()));
    assert!(!log.refused("other", String::new()));
    assert!(matches!(log.again("a"), Some(ClientFrame::Publish { id, .. }) if id == "a"));
    assert_eq!(log.sending("a"), Some(Sending::UnderWay));
    assert_eq!(log.take_back("a").as_deref(), Some("hello"));
    assert_eq!(ids(&log), ["m1", "m2", "m3"]);
}

#[test]
fn a_removal_takes_the_message_off_the_screen() {
    let mut log = log();
    log.take(4, None, Some(2));
    assert_eq!(ids(&log), ["m1", "m3"]);
    // A page that was read before that does not bring it back.
    log.read_again(page(3, &[1, 2, 3]));
    assert_eq!(ids(&log), ["m1", "m3"]);
}

#[test]
fn a_page_that_is_read_again_is_the_truth_up_to_its_end() {
    let mut log = log();
    say(&mut log, "a");
    say(&mut log, "b");
    log.acknowledged("a", 6, 3);
    log.take(4, Some(message(4)), None);
    log.take(5, Some(message(5)), None);
    log.read_again(page(4, &[3, 4]));
    assert_eq!(ids(&log), ["m3", "m4", "m5", "a", "b"]);
    log.read_again(page(8, &[7, 8]));
    assert_eq!(ids(&log), ["m7", "m8", "b"]);
    let other = MessagePage {
        epoch: "other".to_owned().into(),
        ..page(1, &[1])
    };
    log.read_again(other);
    assert_eq!(ids(&log), ["m1", "b"]);
}

#[test]
fn only_so_much_stays_on_screen_or_is_on_its_way() {
    let mut log = log();
    assert_eq!(log.older(), None);
    for seq in 4..=MOST as u64 + 2 {
        log.take(seq, Some(message(seq)), None);
    }
    assert_eq!(log.lines().len(), MOST);
    assert_eq!(log.older(), Some(3));
    for n in 0..MOST_UNSENT {
        say(&mut log, &n.to_string());
    }
    assert!(log.say(&me(), "x".into(), "y".into(), 0).is_none());
}
