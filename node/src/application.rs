//! The ledger as agreement sees it: blocks are proposed, validated and committed here.
//!
//! Knows no runtime: the running node and the simulation use the same object.

mod turns;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use consensus::{Committed, Fault, Head, Invalid, Proposal, Propose, Source};
use ledger::{BlockInput, CertifiedBlock, ExecutedBlock, Ledger};
use proofs::{Block, Certificate, Hash, Header, PublicKey};
use registry::{CheckedEvent, Rejection};

use self::turns::Turns;
use crate::blobs::Blobs;
use crate::metrics::Metrics;
use crate::signatures::Signatures;

/// How far a fresh proposal's time may be from our clock, in milliseconds. Never looked at in a
/// re-proposal, in sync or in replay.
pub const CLOCK_DIFFERENCE_MAX: u64 = 30_000;

/// Most executed blocks that are kept; what is forgotten is executed again from its payload.
const EXECUTED_MAX: usize = 8;

/// Learns what happens to events.
pub trait Observer: Send + Sync {
    /// A block became final.
    fn committed(&self, block: &ExecutedBlock);
    /// An event that waited was refused in execution, and waits no more.
    fn refused(&self, event: &CheckedEvent, rejection: &Rejection);
}

/// Learns nothing.
impl Observer for () {
    fn committed(&self, _: &ExecutedBlock) {}
    fn refused(&self, _: &CheckedEvent, _: &Rejection) {}
}

/// The ledger behind agreement.
pub struct Application {
    ledger: Arc<Ledger>,
    signatures: Arc<Signatures>,
    observer: Arc<dyn Observer>,
    metrics: Arc<Metrics>,
    blobs: Arc<Blobs>,
    /// Blocks whose signatures are being checked, by id.
    turns: Turns,
    /// Blocks on the head that were executed here, by id.
    executed: Mutex<BTreeMap<Hash, Arc<ExecutedBlock>>>,
}

impl Application {
    /// Agreement over this ledger.
    pub fn new(
        ledger: Arc<Ledger>,
        signatures: Arc<Signatures>,
        observer: Arc<dyn Observer>,
        metrics: Arc<Metrics>,
        blobs: Arc<Blobs>,
    ) -> Application {
        let (turns, executed) = (Turns::default(), Mutex::default());
        let application =
            Application { ledger, signatures, observer, metrics, blobs, turns, executed };
        application.show(&application.ledger.snapshot());
        application
    }

    fn executed(&self) -> MutexGuard<'_, BTreeMap<Hash, Arc<ExecutedBlock>>> {
        self.executed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a block's payload durable.
    fn save(&self, block: &ExecutedBlock, payload: &[u8]) -> Result<(), Fault> {
        let height = block.header().height;
        self.ledger.pending().save(height, &block.id(), payload).map_err(fault)
    }

    /// Keeps what executing a block gave.
    fn keep(&self, block: ExecutedBlock) {
        let block = Arc::new(block);
        let mut executed = self.executed();
        if executed.len() >= EXECUTED_MAX {
            executed.pop_first();
        }
        executed.insert(block.id(), block);
    }

    /// Checks the events' signatures, as far as they are not remembered, and executes the block.
    fn execute(&self, block: &Block) -> Result<Result<ExecutedBlock, Invalid>, Fault> {
        let mut events = Vec::with_capacity(block.events.len());
        for (index, checked) in self.check(block).into_iter().enumerate() {
            match checked {
                Ok(event) => events.push(event),
                Err(rejection) => {
                    return Ok(Err(Invalid(format!("event {index} is refused: {rejection}"))));
                }
            }
        }
        let _timer = self.metrics.ledger_seconds.with_label_values(&["execute"]).start_timer();
        let executed = self.ledger.validate(&block.header, events);
        let executed = executed.map_err(|fault| self.unjudged(fault))?;
        Ok(executed.map_err(|invalid| Invalid(invalid.to_string())))
    }

    /// Why a block was not judged. What it lacks is fetched before anything else.
    fn unjudged(&self, unjudged: ledger::Fault) -> Fault {
        if let ledger::Fault::BlobMissing(id) = &unjudged {
            self.blobs.hurry(id);
        }
        fault(unjudged)
    }

    fn check(&self, block: &Block) -> Vec<Result<Arc<CheckedEvent>, Rejection>> {
        let _turn = self.turns.take(block.id());
        self.signatures.check(&block.events)
    }

    /// The executed block of a certificate: the one that is kept, or the stored payload, executed
    /// again; `None` where there is neither.
    fn certified(&self, certificate: &Certificate) -> Result<Option<Arc<ExecutedBlock>>, Fault> {
        let id = &certificate.block;
        if let Some(executed) = self.executed().get(id) {
            return Ok(Some(executed.clone()));
        }
        let payload = self.ledger.pending().load(id).map_err(fault)?;
        let Some(block) = payload.as_deref().and_then(Block::decode) else { return Ok(None) };
        match self.execute(&block)? {
            Ok(executed) => Ok(Some(Arc::new(executed))),
            Err(Invalid(problem)) => {
                Err(Fault::Other(format!("block {id} was decided, but is invalid here: {problem}")))
            }
        }
    }

    /// Whether the block that was kept under this id has exactly these events. The id binds them,
    /// but only through execution, which is to be spared.
    fn is_executed(&self, id: &Hash, block: &Block) -> bool {
        let executed = self.executed().get(id).cloned();
        executed.is_some_and(|executed| {
            let ours = executed.events().iter().map(|event| event.bytes());
            ours.eq(block.events.iter().map(Vec::as_slice))
        })
    }

    fn show(&self, snapshot: &ledger::Snapshot) {
        let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.metrics.height.set(signed(snapshot.height()));
        self.metrics.log_entries.set(signed(snapshot.log_size()));
        self.metrics.head_seconds.set(signed(snapshot.head().time / 1000));
    }
}

impl consensus::Application for Application {
    fn genesis(&self) -> Hash {
        self.ledger.genesis().hash()
    }

    fn head(&self) -> Head {
        let snapshot = self.ledger.snapshot();
        let head = snapshot.head();
        Head {
            height: head.height,
            block: head.id,
            time_ms: head.time,
            validators: (**snapshot.validators()).clone(),
        }
    }

    fn propose(&self, request: Propose) -> Result<Proposal, Fault> {
        let head = self.ledger.head().height;
        if request.height != head + 1 {
            return Err(Fault::Other(format!("asked to propose {} on {head}", request.height)));
        }
        let bytes: Vec<&Bytes> =
            request.candidates.iter().map(|candidate| &candidate.bytes).collect();
        let checked = self.signatures.check(&bytes);
        let mut refused = Vec::new();
        let mut events = Vec::with_capacity(checked.len());
        for (candidate, checked) in request.candidates.iter().zip(checked) {
            match checked {
                Ok(event) => events.push(event),
                Err(_) => refused.push(candidate.hash),
            }
        }
        let input = BlockInput { time: request.time_ms, proposer: request.proposer, events };
        let timer = self.metrics.ledger_seconds.with_label_values(&["propose"]).start_timer();
        let proposed = self.ledger.propose(input).map_err(|fault| self.unjudged(fault))?;
        let ledger::Proposal { executed, rejected } = proposed;
        timer.observe_duration();
        for (event, rejection) in &rejected {
            // What passes with time may wait for the next block.
            if !rejection.is_passing() {
                refused.push(event.hash());
                self.observer.refused(event, rejection);
            }
        }
        let payload = Bytes::from(executed.block().encode());
        self.save(&executed, &payload)?;
        let id = executed.id();
        self.keep(executed);
        Ok(Proposal { id, payload, refused })
    }

    fn validate(&self, payload: Bytes, source: Source) -> Result<Result<Hash, Invalid>, Fault> {
        let Some(block) = Block::decode(&payload) else {
            return Ok(Err(Invalid("the payload is no block".into())));
        };
        if let Source::Proposed { now_ms, proposer } = source
            && let Some(invalid) = check_fresh(&block, now_ms, proposer)
        {
            return Ok(Err(invalid));
        }
        let id = block.id();
        if self.is_executed(&id, &block) {
            return Ok(Ok(id));
        }
        let executed = match self.execute(&block)? {
            Ok(executed) => executed,
            Err(invalid) => return Ok(Err(invalid)),
        };
        if source != Source::Decided {
            self.save(&executed, &payload)?;
        }
        self.keep(executed);
        Ok(Ok(id))
    }

    fn foresee(&self, payload: Bytes) {
        let block = Block::decode(&payload);
        if let Some(block) = block.filter(|block| block.header.height > self.ledger.height()) {
            self.check(&block);
        }
    }

    fn payload(&self, id: &Hash) -> Result<Option<Bytes>, Fault> {
        if let Some(payload) = self.ledger.pending().load(id).map_err(fault)? {
            return Ok(Some(payload.into()));
        }
        let snapshot = self.ledger.snapshot();
        let Some(height) = snapshot.height_of(id).map_err(fault)? else { return Ok(None) };
        let block = snapshot.block(height).map_err(fault)?;
        Ok(block.map(|decided| decided.block.encode().into()))
    }

    fn commit(&self, certificate: &Certificate) -> Result<Option<Committed>, Fault> {
        let height = certificate.height;
        let snapshot = self.ledger.snapshot();
        if height <= snapshot.height() {
            let ours = snapshot.header(height).map_err(fault)?.map(|(header, _)| header);
            return match ours.filter(|ours| ours.id() == certificate.block) {
                Some(Header { proposer, .. }) => {
                    Ok(Some(Committed { height, proposer, events: Vec::new() }))
                }
                None => Err(Fault::Other(format!(
                    "height {height} is certified as {}, but this node holds {:?}",
                    certificate.block,
                    ours.map(|ours| ours.id())
                ))),
            };
        }
        let since = Instant::now();
        let Some(executed) = self.certified(certificate)? else { return Ok(None) };
        let certified = CertifiedBlock::new(executed.clone(), certificate.clone())
            .map_err(|why| Fault::Other(format!("block {height} cannot be committed: {why}")))?;
        self.ledger.commit(&certified).map_err(fault)?;
        let seconds = since.elapsed().as_secs_f64();
        self.metrics.ledger_seconds.with_label_values(&["commit"]).observe(seconds);
        // What was executed on the old head is no child of the new one.
        self.executed().clear();
        let events: Vec<Hash> = executed.events().iter().map(|event| event.hash()).collect();
        self.signatures.decide(executed.events().iter().map(|event| &**event));
        self.metrics.committed_events.inc_by(events.len() as u64);
        self.show(&self.ledger.snapshot());
        self.observer.committed(&executed);
        Ok(Some(Committed { height, proposer: executed.header().proposer, events }))
    }

    fn decided(&self, height: u64) -> Result<Option<(Bytes, Certificate)>, Fault> {
        let decided = self.ledger.snapshot().block(height).map_err(fault)?;
        Ok(decided.map(|decided| (decided.block.encode().into(), decided.certificate)))
    }

    fn lowest(&self) -> u64 {
        // Every block is kept.
        1
    }

    fn answer(&self, question: &[u8]) -> Option<Bytes> {
        self.blobs.answer(question)
    }
}

/// What is wrong with a block of which this is the first proposal.
fn check_fresh(block: &Block, now_ms: u64, proposer: PublicKey) -> Option<Invalid> {
    let header = &block.header;
    if header.proposer != proposer {
        return Some(Invalid(format!("it is not the turn of {}", header.proposer)));
    }
    let difference = header.time.abs_diff(now_ms);
    (difference > CLOCK_DIFFERENCE_MAX)
        .then(|| Invalid(format!("the block's time is {difference} ms from our clock")))
}

fn fault(fault: ledger::Fault) -> Fault {
    let text = fault.to_string();
    match fault {
        ledger::Fault::DiskFull(_) => Fault::Full(text),
        ledger::Fault::Write(_) | ledger::Fault::Read(_) | ledger::Fault::Corrupt { .. } => {
            Fault::Disk(text)
        }
        ledger::Fault::BlobMissing(_) => Fault::NotYet(text),
        _ => Fault::Other(text),
    }
}

#[cfg(test)]
mod tests;
