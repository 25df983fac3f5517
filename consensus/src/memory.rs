//! A ledger in memory that holds bytes and checks hashes: the smallest thing to agree on. For
//! tests and for the simulation of agreement alone.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use proofs::{Block, Certificate, Hash, Header, Tag, ValidatorSet, tagged};

use crate::application::{
    Admission, Application, Committed, Fault, Head, Invalid, Proposal, Propose, Source,
};
use crate::mempool::Candidate;

/// How far the clocks of proposer and validator may be apart, in milliseconds.
const CLOCK_MS: u64 = 30_000;

/// The ledger. What it stores survives a simulated crash: every store counts as durable.
#[derive(Debug)]
pub struct MemoryLedger {
    genesis: Hash,
    validators: ValidatorSet,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    stored: BTreeMap<Hash, Bytes>,
    decided: Vec<(Bytes, Certificate)>,
}

impl MemoryLedger {
    /// An empty ledger with these validators for ever.
    pub fn new(genesis: Hash, validators: ValidatorSet) -> Self {
        MemoryLedger { genesis, validators, state: Mutex::default() }
    }

    /// The ids of the decided blocks, from height 1.
    pub fn blocks(&self) -> Vec<Hash> {
        self.state().decided.iter().map(|(_, certificate)| certificate.block).collect()
    }

    /// Forgets every block that is not decided, as a bad disk might.
    pub fn forget_undecided(&self) {
        self.state().stored.clear();
    }

    /// How many events the decided blocks hold.
    pub fn events(&self) -> usize {
        let state = self.state();
        let blocks = state.decided.iter().filter_map(|(payload, _)| Block::decode(payload));
        blocks.map(|block| block.events.len()).sum()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn header(
        &self,
        parent: &Head,
        time: u64,
        proposer: proofs::PublicKey,
        events: &[Vec<u8>],
    ) -> Header {
        let hashes: Vec<Hash> = events.iter().map(|event| event_hash(event)).collect();
        let mut parts: Vec<&[u8]> = vec![&parent.block.0];
        parts.extend(hashes.iter().map(|hash| &hash.0[..]));
        Header {
            genesis: self.genesis,
            height: parent.height + 1,
            time,
            parent: parent.block,
            proposer,
            log_size: 0,
            log_root: tagged(Tag::Content, &parts),
            state_root: Hash::ZERO,
            validators: self.validators.hash(),
            next_validators: self.validators.hash(),
            parameters: Hash::ZERO,
        }
    }
}

/// The hash by which mempools know an event.
pub fn event_hash(event: &[u8]) -> Hash {
    tagged(Tag::Content, &[event])
}

/// A candidate with these bytes, alone in its principal and subject.
pub fn candidate(bytes: Bytes) -> Candidate {
    let hash = event_hash(&bytes);
    Candidate {
        hash,
        principal: hash.short(),
        subject: hash.to_string(),
        bytes,
        expires_ms: u64::MAX,
        cost: 1,
    }
}

fn invalid<T>(why: &str) -> Result<Result<T, Invalid>, Fault> {
    Ok(Err(Invalid(why.to_owned())))
}

impl Application for MemoryLedger {
    fn genesis(&self) -> Hash {
        self.genesis
    }

    fn head(&self) -> Head {
        let state = self.state();
        let header = state.decided.last().and_then(|(payload, _)| Block::decode(payload));
        let height = u64::try_from(state.decided.len()).expect("few blocks fit into memory");
        Head {
            height,
            block: header.as_ref().map_or(self.genesis, Block::id),
            time_ms: header.map_or(0, |block| block.header.time),
            validators: self.validators.clone(),
        }
    }

    fn propose(&self, request: Propose) -> Result<Proposal, Fault> {
        let head = self.head();
        if request.height != head.height + 1 {
            let (asked, head) = (request.height, head.height);
            return Err(Fault::Other(format!("a block of height {asked} on {head}")));
        }
        let time = request.time_ms.max(head.time_ms + 1);
        let events: Vec<Vec<u8>> = request.candidates.iter().map(|c| c.bytes.to_vec()).collect();
        let header = self.header(&head, time, request.proposer, &events);
        let payload = Bytes::from(Block { header, events }.encode());
        let id = header.id();
        self.state().stored.insert(id, payload.clone());
        Ok(Proposal { id, payload, refused: Vec::new() })
    }

    fn validate(&self, payload: Bytes, source: Source) -> Result<Result<Hash, Invalid>, Fault> {
        let Some(block) = Block::decode(&payload) else { return invalid("not a block") };
        let head = self.head();
        let Header { time, proposer, .. } = block.header;
        if block.header != self.header(&head, time, proposer, &block.events) {
            return invalid("not on this head, or another content than its header says");
        }
        if time <= head.time_ms {
            return invalid("not later than its parent");
        }
        if let Source::Proposed { now_ms, proposer: turn } = source
            && (proposer != turn || time.abs_diff(now_ms) > CLOCK_MS)
        {
            return invalid("another validator's turn, or another time");
        }
        let id = block.id();
        self.state().stored.insert(id, payload);
        Ok(Ok(id))
    }

    fn payload(&self, id: &Hash) -> Result<Option<Bytes>, Fault> {
        let state = self.state();
        let decided = || {
            let block = state.decided.iter().find(|(_, certificate)| certificate.block == *id);
            block.map(|(payload, _)| payload.clone())
        };
        Ok(state.stored.get(id).cloned().or_else(decided))
    }

    fn commit(&self, certificate: &Certificate) -> Result<Option<Committed>, Fault> {
        let Some(payload) = self.payload(&certificate.block)? else { return Ok(None) };
        let block = Block::decode(&payload).ok_or_else(|| Fault::Other("not a block".into()))?;
        let head = self.head();
        let height = block.header.height;
        if height > head.height {
            if block.header.parent != head.block {
                return Err(Fault::Other(format!("block {height} does not follow the head")));
            }
            let mut state = self.state();
            state.decided.push((payload, certificate.clone()));
            state.stored.clear();
        }
        let events = block.events.iter().map(|event| event_hash(event)).collect();
        Ok(Some(Committed { height, proposer: block.header.proposer, events }))
    }

    fn decided(&self, height: u64) -> Result<Option<(Bytes, Certificate)>, Fault> {
        let at = height.checked_sub(1).and_then(|at| usize::try_from(at).ok());
        Ok(at.and_then(|at| self.state().decided.get(at).cloned()))
    }

    fn lowest(&self) -> u64 {
        u64::from(!self.state().decided.is_empty())
    }
}

impl Admission for MemoryLedger {
    fn admit(&self, events: Vec<Bytes>) -> Vec<Result<Candidate, String>> {
        events.into_iter().map(|event| Ok(candidate(event))).collect()
    }
}

/// The id and the payload of a block.
#[cfg(test)]
pub(crate) fn example() -> (Hash, Bytes) {
    let key = proofs::PublicKey::from(&ed25519_zebra::SigningKey::from([3; 32]));
    let set = ValidatorSet::new(vec![proofs::Validator { key, power: 1 }]).expect("a set");
    let ledger = MemoryLedger::new(Hash([1; 32]), set);
    let request =
        Propose { height: 1, round: 0, proposer: key, time_ms: 1, candidates: Vec::new() };
    let Proposal { id, payload, .. } = ledger.propose(request).expect("the next height");
    (id, payload)
}
