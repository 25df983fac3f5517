//! What waits for a block: bounded, fair and expiring. A pure structure.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use bytes::Bytes;
use proofs::Hash;

/// An admitted event that waits for a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Hash of the full bytes, proofs included: a variant with bad proofs never stands in the way
    /// of the good one.
    pub hash: Hash,
    /// The event as it was signed.
    pub bytes: Bytes,
    /// To whom the space is counted: the endorser, else the author.
    pub principal: String,
    /// The record that the event changes. One event per record waits at a time.
    pub subject: String,
    /// The event is worthless from this time on, in milliseconds since 1970.
    pub expires_ms: u64,
    /// Its share of a block's cost.
    pub cost: u64,
}

/// How much may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Events.
    pub events_max: usize,
    /// Bytes of all events together.
    pub bytes_max: usize,
    /// Events of one principal.
    pub principal_events_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { events_max: 20_000, bytes_max: 64 << 20, principal_events_max: 10_000 }
    }
}

/// How much a block may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Events.
    pub events_max: usize,
    /// Bytes of the events.
    pub bytes_max: usize,
    /// Sum of [`Candidate::cost`].
    pub cost_max: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Budget { events_max: 1_000, bytes_max: 2 << 20, cost_max: u64::MAX }
    }
}

/// What became of an accepted candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// It waits now.
    Inserted,
    /// The same bytes were waiting already.
    AlreadyThere,
}

/// Why a candidate may not wait. Trying again later can succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The mempool is full.
    #[error("too many events wait for a block: submit again later")]
    Full,
    /// The principal's share is used up.
    #[error("too many events of this principal wait for a block: submit again later")]
    PrincipalFull,
    /// Another event for the same record waits.
    #[error("another event for this record waits for a block: submit again after it")]
    SubjectPending,
    /// The event has expired.
    #[error("the event has expired: sign it again with a later `validUntil`")]
    Expired,
    /// This node does not take part in agreement at the moment.
    #[error("this node takes no part in agreement now: submit to another")]
    Halted,
}

/// The waiting candidates, first come first served within a principal, and the principals in
/// turn.
#[derive(Debug, Default)]
pub struct Mempool {
    limits: Limits,
    bytes: usize,
    candidates: HashMap<Hash, Candidate>,
    subjects: HashMap<String, Hash>,
    /// Arrival order of each principal's candidates. Holds exactly the hashes of `candidates`.
    queues: BTreeMap<String, VecDeque<Hash>>,
    expiries: BTreeSet<(u64, Hash)>,
    /// The principal that was served last; the next selection begins behind it.
    served: Option<String>,
}

impl Mempool {
    /// An empty mempool.
    pub fn new(limits: Limits) -> Self {
        Mempool { limits, ..Mempool::default() }
    }

    /// How many candidates wait.
    pub fn len(&self) -> usize {
        self.candidates.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.candidates.is_empty()
    }

    /// Bytes of all waiting events.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The candidate with this hash.
    pub fn get(&self, hash: &Hash) -> Option<&Candidate> {
        self.candidates.get(hash)
    }

    /// Lets a candidate wait, unless a limit speaks against it.
    pub fn insert(&mut self, candidate: Candidate, now_ms: u64) -> Result<Accepted, Refused> {
        if self.candidates.contains_key(&candidate.hash) {
            return Ok(Accepted::AlreadyThere);
        }
        if candidate.expires_ms <= now_ms {
            return Err(Refused::Expired);
        }
        if self.subjects.contains_key(&candidate.subject) {
            return Err(Refused::SubjectPending);
        }
        let bytes = self.bytes.saturating_add(candidate.bytes.len());
        if self.candidates.len() >= self.limits.events_max || bytes > self.limits.bytes_max {
            return Err(Refused::Full);
        }
        let of_principal = self.queues.get(&candidate.principal).map_or(0, VecDeque::len);
        if of_principal >= self.limits.principal_events_max {
            return Err(Refused::PrincipalFull);
        }
        self.bytes = bytes;
        self.subjects.insert(candidate.subject.clone(), candidate.hash);
        self.queues.entry(candidate.principal.clone()).or_default().push_back(candidate.hash);
        self.expiries.insert((candidate.expires_ms, candidate.hash));
        self.candidates.insert(candidate.hash, candidate);
        Ok(Accepted::Inserted)
    }

    /// Candidates for a block, one of each principal in turn, as long as they fit. They keep
    /// waiting until the block is decided. Work-conserving: a principal alone may fill the block.
    pub fn select(&mut self, budget: &Budget, now_ms: u64) -> Vec<Candidate> {
        let mut order: VecDeque<(&String, std::collections::vec_deque::Iter<'_, Hash>)> =
            self.queues.iter().map(|(principal, queue)| (principal, queue.iter())).collect();
        if let Some(served) = &self.served {
            let behind = order.iter().take_while(|(principal, _)| *principal <= served).count();
            order.rotate_left(behind);
        }
        let (mut chosen, mut bytes, mut cost) = (Vec::new(), 0_usize, 0_u64);
        let mut served = None;
        while chosen.len() < budget.events_max {
            let Some((principal, mut queue)) = order.pop_front() else { break };
            // A principal whose next event does not fit is done, so that order within it holds.
            let Some(candidate) = queue.next().and_then(|hash| self.candidates.get(hash)) else {
                continue;
            };
            let more_bytes = bytes.saturating_add(candidate.bytes.len());
            let more_cost = cost.saturating_add(candidate.cost);
            if candidate.expires_ms <= now_ms {
                order.push_front((principal, queue));
                continue;
            }
            if more_bytes > budget.bytes_max || more_cost > budget.cost_max {
                continue;
            }
            (bytes, cost) = (more_bytes, more_cost);
            chosen.push(candidate.clone());
            served = Some(principal);
            order.push_back((principal, queue));
        }
        if let Some(served) = served.cloned() {
            self.served = Some(served);
        }
        chosen
    }

    /// Takes candidates out: decided, or rejected in execution.
    pub fn remove<'a>(&mut self, hashes: impl IntoIterator<Item = &'a Hash>) {
        for hash in hashes {
            self.take(hash);
        }
    }

    /// Takes out what has expired; returns how many.
    pub fn expire(&mut self, now_ms: u64) -> usize {
        let before = self.len();
        while let Some((expires_ms, hash)) = self.expiries.first().copied() {
            if expires_ms > now_ms {
                break;
            }
            self.take(&hash);
        }
        before - self.len()
    }

    fn take(&mut self, hash: &Hash) {
        let Some(candidate) = self.candidates.remove(hash) else { return };
        self.bytes -= candidate.bytes.len();
        self.subjects.remove(&candidate.subject);
        self.expiries.remove(&(candidate.expires_ms, candidate.hash));
        let queue = self.queues.get_mut(&candidate.principal);
        let queue = queue.expect("every candidate stands in its principal's queue");
        // Usually near the front: blocks take from there.
        let at = queue.iter().position(|other| other == hash);
        queue.remove(at.expect("every candidate stands in its principal's queue"));
        if queue.is_empty() {
            self.queues.remove(&candidate.principal);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn candidate(id: u16, principal: u8, subject: u8, length: usize, expires_ms: u64) -> Candidate {
        let mut hash = Hash([0; 32]);
        hash.0[..2].copy_from_slice(&id.to_be_bytes());
        Candidate {
            hash,
            bytes: Bytes::from(vec![0; length]),
            principal: format!("p{principal}"),
            subject: format!("s{subject}"),
            expires_ms,
            cost: u64::try_from(length).unwrap(),
        }
    }

    const LIMITS: Limits = Limits { events_max: 12, bytes_max: 1_000, principal_events_max: 5 };

    #[test]
    fn principals_take_turns_and_one_alone_takes_all() {
        let mut mempool = Mempool::new(Limits::default());
        for at in 0..6_u8 {
            let principal = u8::from(at >= 4);
            mempool.insert(candidate(at.into(), principal, at, 10, 9), 0).unwrap();
        }
        let budget = Budget { events_max: 4, ..Budget::default() };
        let mut taken = Vec::new();
        for candidate in mempool.select(&budget, 0) {
            taken.push((candidate.principal.clone(), candidate.subject.clone()));
            mempool.remove([&candidate.hash]);
        }
        let expected = [("p0", "s0"), ("p1", "s4"), ("p0", "s1"), ("p1", "s5")];
        assert_eq!(taken, expected.map(|(p, s)| (p.to_owned(), s.to_owned())));
        assert_eq!(mempool.select(&budget, 0).len(), 2);
    }

    #[test]
    fn a_record_has_one_event_at_a_time() {
        let mut mempool = Mempool::new(LIMITS);
        assert_eq!(mempool.insert(candidate(1, 0, 0, 1, 9), 0), Ok(Accepted::Inserted));
        assert_eq!(mempool.insert(candidate(1, 0, 0, 1, 9), 0), Ok(Accepted::AlreadyThere));
        assert_eq!(mempool.insert(candidate(2, 1, 0, 1, 9), 0), Err(Refused::SubjectPending));
        mempool.remove([&candidate(1, 0, 0, 1, 9).hash]);
        assert_eq!(mempool.insert(candidate(2, 1, 0, 1, 9), 0), Ok(Accepted::Inserted));
    }

    #[derive(Debug, Clone)]
    enum Action {
        Insert(u16, u8, u8, usize, u64),
        Select(usize, usize),
        Remove(u16),
        Expire(u64),
    }

    fn action() -> impl Strategy<Value = Action> {
        prop_oneof![
            6 => (0..40_u16, 0..4_u8, 0..30_u8, 0..200_usize, 0..20_u64)
                .prop_map(|(id, p, s, length, expires)| Action::Insert(id, p, s, length, expires)),
            2 => (0..8_usize, 0..600_usize).prop_map(|(count, bytes)| Action::Select(count, bytes)),
            2 => (0..40_u16).prop_map(Action::Remove),
            1 => (0..20_u64).prop_map(Action::Expire),
        ]
    }

    fn check(mempool: &Mempool) {
        let queued: usize = mempool.queues.values().map(VecDeque::len).sum();
        assert_eq!(queued, mempool.candidates.len());
        assert_eq!(mempool.subjects.len(), mempool.candidates.len());
        assert_eq!(mempool.expiries.len(), mempool.candidates.len());
        assert!(mempool.queues.values().all(|queue| !queue.is_empty()));
        let bytes: usize = mempool.candidates.values().map(|c| c.bytes.len()).sum();
        assert_eq!(bytes, mempool.bytes);
        assert!(mempool.len() <= LIMITS.events_max && bytes <= LIMITS.bytes_max);
        assert!(mempool.queues.values().all(|q| q.len() <= LIMITS.principal_events_max));
    }

    proptest! {
        #[test]
        fn limits_hold_and_indexes_agree(actions in prop::collection::vec(action(), 1..80)) {
            let mut mempool = Mempool::new(LIMITS);
            let mut now = 0;
            for action in actions {
                match action {
                    Action::Insert(id, principal, subject, length, expires) => {
                        let candidate = candidate(id, principal, subject, length, expires);
                        let _ = mempool.insert(candidate, now);
                    }
                    Action::Select(events_max, bytes_max) => {
                        let budget = Budget { events_max, bytes_max, cost_max: 500 };
                        let chosen = mempool.select(&budget, now);
                        prop_assert!(chosen.len() <= events_max);
                        let bytes: usize = chosen.iter().map(|c| c.bytes.len()).sum();
                        prop_assert!(bytes <= bytes_max && bytes <= 500);
                        prop_assert!(chosen.iter().all(|c| c.expires_ms > now));
                        let mut hashes: Vec<_> = chosen.iter().map(|c| c.hash).collect();
                        hashes.sort();
                        hashes.dedup();
                        prop_assert_eq!(hashes.len(), chosen.len());
                    }
                    Action::Remove(id) => mempool.remove([&candidate(id, 0, 0, 0, 0).hash]),
                    Action::Expire(at) => {
                        now = now.max(at);
                        mempool.expire(now);
                        prop_assert!(mempool.candidates.values().all(|c| c.expires_ms > now));
                    }
                }
                check(&mempool);
            }
        }

        #[test]
        fn nobody_starves(loads in prop::collection::vec(1..30_u16, 2..5)) {
            // However much one principal has waiting, another's first event is in the next block
            // as soon as the block has room for one of each.
            let mut mempool = Mempool::new(Limits::default());
            let mut id = 0;
            for (principal, load) in loads.iter().enumerate() {
                for _ in 0..*load {
                    let principal = u8::try_from(principal).unwrap();
                    let subject = u8::try_from(id % 256).unwrap();
                    mempool.insert(candidate(id, principal, subject, 1, 9), 0).unwrap();
                    id += 1;
                }
            }
            let budget = Budget { events_max: loads.len(), ..Budget::default() };
            let chosen = mempool.select(&budget, 0);
            let principals: BTreeSet<_> = chosen.iter().map(|c| &c.principal).collect();
            prop_assert_eq!(principals.len(), loads.len());
        }
    }
}
