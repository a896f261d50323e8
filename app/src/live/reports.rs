//! What this client tells the server, kept until there is a socket to tell it on.

use crate::{
    event::ClientFrame,
    model::{Epoch, Outcome, Position},
    toasts::Told,
};

/// Without a socket, no more than this waits; the oldest ones are forgotten, and stay pending.
const MOST: usize = 2_000;
/// So many fit into a frame.
const FRAME: usize = 500;
const OUTCOMES: [Outcome; 3] = [Outcome::Shown, Outcome::Grouped, Outcome::CaughtUp];

/// What was told and seen here.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reports {
    told: Vec<Told>,
    seen: Option<Position>,
    seen_sent: bool,
}

impl Reports {
    /// These were on screen as toasts.
    pub(crate) fn told(&mut self, told: &[Told]) {
        self.told.extend_from_slice(told);
        let surplus = self.told.len().saturating_sub(MOST);
        self.told.drain(..surplus);
    }

    /// The list was on screen up to this entry. Tells whether that is news.
    pub(crate) fn seen(&mut self, place: Position) -> bool {
        let known = self.seen.as_ref();
        if known.is_some_and(|seen| seen.epoch == place.epoch && seen.seq >= place.seq) {
            return false;
        }
        self.seen = Some(place);
        self.seen_sent = false;
        true
    }

    /// A new socket: whether the last mark got through is unknown, and a repeat does no harm.
    pub(crate) fn reconnected(&mut self) {
        self.seen_sent = false;
    }

    /// Everything that has to be sent now.
    pub(crate) fn take(&mut self) -> Vec<ClientFrame> {
        let told = std::mem::take(&mut self.told);
        let mut frames = Vec::new();
        for epoch in epochs(&told) {
            for outcome in OUTCOMES {
                let same = |told: &&Told| told.epoch == epoch && told.outcome == outcome;
                let seqs: Vec<_> = told.iter().filter(same).map(|told| told.seq).collect();
                frames.extend(seqs.chunks(FRAME).map(|seqs| ClientFrame::Told {
                    epoch: epoch.clone(),
                    outcome,
                    seqs: seqs.to_vec(),
                }));
            }
        }
        if let Some(Position { epoch, seq }) = self.seen.clone().filter(|_| !self.seen_sent) {
            self.seen_sent = true;
            frames.push(ClientFrame::Seen { epoch, seq });
        }
        frames
    }
}

/// The histories that these belong to: one, but for the moment in which another begins.
pub(crate) fn epochs(told: &[Told]) -> Vec<Epoch> {
    let mut epochs: Vec<_> = told.iter().map(|told| told.epoch.clone()).collect();
    epochs.dedup();
    epochs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(seq: u64, outcome: Outcome) -> Told {
        Told {
            epoch: "e".to_owned().into(),
            seq,
            outcome,
        }
    }

    fn place(seq: u64) -> Position {
        Position {
            epoch: "e".to_owned().into(),
            seq,
        }
    }

    #[test]
    fn outcomes_go_together_and_once() {
        let mut reports = Reports::default();
        reports.told(&[told(1, Outcome::Shown), told(2, Outcome::Grouped)]);
        reports.told(&[told(3, Outcome::Shown)]);
        let frame = |outcome, seqs: &[u64]| ClientFrame::Told {
            epoch: "e".to_owned().into(),
            outcome,
            seqs: seqs.to_vec(),
        };
        let both = [
            frame(Outcome::Shown, &[1, 3]),
            frame(Outcome::Grouped, &[2]),
        ];
        assert_eq!(reports.take(), both);
        assert!(reports.take().is_empty());
    }

    #[test]
    fn much_waits_and_more_is_forgotten() {
        let mut reports = Reports::default();
        for seq in 0..=MOST as u64 {
            reports.told(&[told(seq, Outcome::CaughtUp)]);
        }
        let frames = reports.take();
        assert_eq!(frames.len(), MOST / FRAME);
        assert!(matches!(&frames[0], ClientFrame::Told { seqs, .. } if seqs[0] == 1));
    }

    #[test]
    fn what_was_seen_is_said_once_a_value_and_again_on_a_new_socket() {
        let mut reports = Reports::default();
        assert!(reports.seen(place(4)));
        assert_eq!(reports.take().len(), 1);
        assert!(!reports.seen(place(4)));
        assert!(!reports.seen(place(3)));
        assert!(reports.take().is_empty());
        reports.reconnected();
        assert_eq!(reports.take().len(), 1);
        assert!(reports.seen(place(5)));
    }
}
