//! What agreement asks of the node around it: a ledger that executes blocks, and an admission
//! that checks events. The same objects serve the running node and the simulation.

use bytes::Bytes;
use proofs::{Certificate, Hash, PublicKey, ValidatorSet};

use crate::mempool::Candidate;

/// The tip of the decided chain, and who decides the next block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Height of the last committed block; 0 before the first.
    pub height: u64,
    /// Its id; the genesis hash at height 0.
    pub block: Hash,
    /// Its time in milliseconds since 1970.
    pub time_ms: u64,
    /// The validators of height + 1.
    pub validators: ValidatorSet,
}

/// The request for a block of our own.
#[derive(Debug, Clone)]
pub struct Propose {
    /// The block's height: one above the head.
    pub height: u64,
    /// The round in which it is proposed.
    pub round: u32,
    /// This validator.
    pub proposer: PublicKey,
    /// Our clock in milliseconds since 1970; the block's time is this, or just after its parent's.
    pub time_ms: u64,
    /// What may enter the block, in this order, as far as it fits and is not rejected.
    pub candidates: Vec<Candidate>,
}

/// A block that was built, executed and stored.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// The block's id.
    pub id: Hash,
    /// The block as nodes exchange it.
    pub payload: Bytes,
    /// Hashes ([`Candidate::hash`]) of candidates that execution rejected: they leave the mempool.
    pub refused: Vec<Hash>,
}

/// How a block of another came here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// It is proposed for the first time. Clock and turn are looked at here and never again:
    /// otherwise a locked block could be refused for ever.
    Proposed {
        /// Our clock in milliseconds since 1970.
        now_ms: u64,
        /// Whose turn it is.
        proposer: PublicKey,
    },
    /// It is proposed again.
    Again,
    /// A quorum has decided it, and so has stored it: this node votes for it no more.
    Decided,
}

/// The outcome of a commit.
#[derive(Debug, Clone)]
pub struct Committed {
    /// The committed height.
    pub height: u64,
    /// Who made the block.
    pub proposer: PublicKey,
    /// Hashes of the full bytes of the block's events: they leave the mempool.
    pub events: Vec<Hash>,
}

/// A block that breaks the rules: its author's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);

/// The machine's fault. What agreement does about it depends on the kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No space is left. Agreement ends, and may begin again when there is some.
    #[error("{0}")]
    Full(String),
    /// A disk failed, or what it holds is damaged. Agreement stops until an operator has looked:
    /// going on could sign twice.
    #[error("{0}")]
    Disk(String),
    /// Nothing is wrong, but what it takes to judge a block is not on this node yet. It is on its
    /// way, and the same is asked again in a moment.
    #[error("{0}")]
    NotYet(String),
    /// What was asked cannot be done. It is fatal only where a decision waits for it.
    #[error("{0}")]
    Other(String),
}

impl Fault {
    /// The same fault, with what it prevented.
    pub(crate) fn preventing(self, what: &str) -> Self {
        let text = format!("{what}: {self}");
        match self {
            Fault::Full(_) => Fault::Full(text),
            Fault::Disk(_) => Fault::Disk(text),
            Fault::NotYet(_) => Fault::NotYet(text),
            Fault::Other(_) => Fault::Other(text),
        }
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        match error.kind() {
            StorageFull | QuotaExceeded => Fault::Full(error.to_string()),
            _ => Fault::Disk(error.to_string()),
        }
    }
}

/// The ledger, as agreement sees it. Synchronous: it is called from blocking tasks, one call at a
/// time except for the reads [`payload`](Application::payload), [`decided`](Application::decided),
/// [`lowest`](Application::lowest), [`head`](Application::head) and
/// [`answer`](Application::answer), which may come at any time.
pub trait Application: Send + Sync + 'static {
    /// The network: the hash of its genesis document.
    fn genesis(&self) -> Hash;

    /// The last committed block and the next validators.
    fn head(&self) -> Head;

    /// Builds and executes a block on the head. Its payload is durable (fsync) on return: the
    /// engine remembers the id alone.
    fn propose(&self, request: Propose) -> Result<Proposal, Fault>;

    /// Executes a block of another on the head and compares; a valid block's id is the answer. The
    /// payload of one that may be voted for is durable (fsync) on return.
    fn validate(&self, payload: Bytes, source: Source) -> Result<Result<Hash, Invalid>, Fault>;

    /// A decided block came that will be validated once its parent is committed. What can be done
    /// before may be done now, on another thread than the rest. Nothing is known of the block yet:
    /// it may be any bytes.
    fn foresee(&self, payload: Bytes) {
        drop(payload);
    }

    /// The payload of a stored block, decided or not.
    fn payload(&self, id: &Hash) -> Result<Option<Bytes>, Fault>;

    /// Makes a stored block final. Durable on return, and idempotent by height. The certificate
    /// has been verified. `None` says that the block's payload is not here: it is fetched from a
    /// peer and validated, and then this is asked again.
    fn commit(&self, certificate: &Certificate) -> Result<Option<Committed>, Fault>;

    /// The decided block of a height and its certificate, if this node still has them.
    fn decided(&self, height: u64) -> Result<Option<(Bytes, Certificate)>, Fault>;

    /// The lowest height that [`decided`](Application::decided) can answer.
    fn lowest(&self) -> u64;

    /// The answer to what a peer's node asks this one, opaque here: of at most the bytes of a
    /// block. `None` where there is none.
    fn answer(&self, question: &[u8]) -> Option<Bytes> {
        let _ = question;
        None
    }
}

/// The check of events that peers send, before they may enter the mempool. Called from blocking
/// tasks.
pub trait Admission: Send + Sync + 'static {
    /// One answer for each event, in order: what the mempool needs to know of it, or why it is
    /// refused. Signatures are verified together; the node remembers them for the block.
    fn admit(&self, events: Vec<Bytes>) -> Vec<Result<Candidate, String>>;
}
