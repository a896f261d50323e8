//! Which person likes whose post: every operation is a transition that has not been before.

/// People who like and people who are liked. Operation `k` goes to owner `k mod owners`, each time from another person.
#[derive(Debug, Clone, Copy)]
pub struct Pairing {
    /// How many own a post and listen.
    pub owners: u64,
    /// How many like.
    pub likers: u64,
}

impl Pairing {
    /// Owner and liker of an operation.
    pub fn of(self, operation: u64) -> (u64, u64) {
        let owner = operation % self.owners;
        let round = operation / self.owners;
        (owner, (owner * 7 + round) % self.likers)
    }

    /// The operation by which `liker` likes the post of `owner`.
    pub fn operation(self, owner: u64, liker: u64) -> u64 {
        let round = (liker + self.likers * 7 * owner - owner * 7) % self.likers;
        round * self.owners + owner
    }

    /// How many operations there are before one would be a repeat.
    pub fn capacity(self) -> u64 {
        self.owners * self.likers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_pair_comes_twice_and_each_leads_back() {
        let pairing = Pairing {
            owners: 10,
            likers: 6,
        };
        let pairs: HashSet<_> = (0..pairing.capacity()).map(|k| pairing.of(k)).collect();
        assert_eq!(pairs.len() as u64, pairing.capacity());
        for k in 0..pairing.capacity() {
            let (owner, liker) = pairing.of(k);
            assert_eq!(pairing.operation(owner, liker), k);
        }
    }
}
