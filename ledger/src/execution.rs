//! From events to an executed block, and with a certificate to one that may be committed. Nothing
//! is written here.

use std::sync::Arc;

use proofs::certificate::CertificateError;
use proofs::merkle::leaf_hash;
use proofs::{Block, Certificate, Hash, Header, PublicKey, Record, ValidatorSet};
use registry::network::upgrade;
use registry::{Change, CheckedEvent, Context, Parameters, Rejection, network};

use crate::fault::Fault;
use crate::log::Row;
use crate::overlay::{Overlay, Written};
use crate::snapshot::{Head, Snapshot, State};
use crate::tree::Leaf;

/// Times are below this, in milliseconds since 1970: records hold them as JSON integers.
const TIME_END: u64 = 1 << 53;

/// What a proposer makes a block of.
#[derive(Debug, Clone)]
pub struct BlockInput {
    /// The proposer's clock in milliseconds since 1970. The block's time is this, or just after
    /// its parent's.
    pub time: u64,
    /// The proposer.
    pub proposer: PublicKey,
    /// The events, in this order.
    pub events: Vec<Arc<CheckedEvent>>,
}

/// A block of our own.
#[derive(Debug)]
pub struct Proposal {
    /// The block.
    pub executed: ExecutedBlock,
    /// What was refused, and why. Events that are in neither did not fit.
    pub rejected: Vec<(Arc<CheckedEvent>, Rejection)>,
}

/// Why a block is no child of the head.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// It follows another block than the head.
    #[error("the block does not follow the head: `{0}` differs")]
    Position(&'static str),
    /// Its time is not later than its parent's, or no time at all.
    #[error("the block's time is not later than its parent's and below {TIME_END}")]
    Time,
    /// Its proposer is not one of those who certify it.
    #[error("`{0}` is not a validator at this height")]
    Proposer(PublicKey),
    /// More than a block may hold.
    #[error("the block exceeds `{0}`")]
    Limit(&'static str),
    /// An event in it has no effect.
    #[error("event {index} is refused: {rejection}")]
    Event {
        /// Its position, from 0.
        index: usize,
        /// Why.
        rejection: Rejection,
    },
    /// Execution gives another header.
    #[error("execution gives another `{0}` than the header")]
    Root(&'static str),
}

/// A block that was executed on its parent. It says what its header must be, and holds all that
/// committing it needs.
pub struct ExecutedBlock {
    pub(crate) header: Header,
    pub(crate) id: Hash,
    pub(crate) events: Vec<Arc<CheckedEvent>>,
    pub(crate) written: Vec<Written>,
    pub(crate) superseded: Vec<(String, Record)>,
    pub(crate) log_rows: Vec<Row>,
    /// Size of the log before this block.
    pub(crate) first_entry: u64,
    /// Those who certify this block.
    certifiers: Arc<ValidatorSet>,
    next: State,
}

impl std::fmt::Debug for ExecutedBlock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExecutedBlock").field("id", &self.id).field("header", &self.header).finish()
    }
}

impl ExecutedBlock {
    /// The block's header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The block's id.
    pub fn id(&self) -> Hash {
        self.id
    }

    /// Its events.
    pub fn events(&self) -> &[Arc<CheckedEvent>] {
        &self.events
    }

    /// The block as nodes exchange it.
    pub fn block(&self) -> Block {
        let events = self.events.iter().map(|event| event.bytes().to_vec()).collect();
        Block { header: self.header, events }
    }

    /// The state after this block, once it is decided.
    pub(crate) fn state(&self, certificate: Certificate) -> State {
        let head = Head { block: Some((self.header, certificate)), ..self.next.head.clone() };
        State {
            head,
            tree: self.next.tree.clone(),
            log: self.next.log.clone(),
            validators: self.next.validators.clone(),
            parameters: self.next.parameters.clone(),
            parameters_hash: self.next.parameters_hash,
        }
    }

    /// The validators of the next height, where they are not those of this one.
    pub(crate) fn new_validators(&self) -> Option<&ValidatorSet> {
        let changed = self.header.validators != self.header.next_validators;
        changed.then_some(&*self.next.validators)
    }
}

/// A block with the quorum that decided it: what a ledger commits.
#[derive(Debug, Clone)]
pub struct CertifiedBlock {
    pub(crate) executed: Arc<ExecutedBlock>,
    pub(crate) certificate: Certificate,
}

/// Why a certificate does not make a block final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotCertified {
    /// It is for another block or height.
    #[error("the certificate is for block {0}, another one")]
    OtherBlock(Hash),
    /// It does not hold.
    #[error("the certificate does not hold: {0}")]
    Certificate(#[from] CertificateError),
}

impl CertifiedBlock {
    /// Checks that the certificate is this block's, and holds.
    ///
    /// # Errors
    /// Why it does not make the block final.
    pub fn new(
        executed: Arc<ExecutedBlock>,
        certificate: Certificate,
    ) -> Result<CertifiedBlock, NotCertified> {
        let header = &executed.header;
        if certificate.block != executed.id || certificate.height != header.height {
            return Err(NotCertified::OtherBlock(certificate.block));
        }
        certificate.verify(&header.genesis, &executed.certifiers)?;
        Ok(CertifiedBlock { executed, certificate })
    }

    /// The block.
    pub fn executed(&self) -> &Arc<ExecutedBlock> {
        &self.executed
    }

    /// The quorum that decided it.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }
}

impl Snapshot {
    /// Makes a block on this head of what fits and is not rejected. It stops at the first event
    /// that does not fit: a later one may build on it.
    ///
    /// # Errors
    /// If the disk cannot be read or is damaged.
    pub fn propose(&self, input: BlockInput) -> Result<Proposal, Fault> {
        self.check_protocol()?;
        let head = self.head();
        let time = input.time.max(head.time + 1);
        let mut execution = Execution::new(self, time);
        let mut rejected = Vec::new();
        for event in input.events {
            if execution.over_limit(&event).is_some() {
                break;
            }
            if let Err(rejection) = execution.apply(&event)? {
                rejected.push((event, rejection));
            }
        }
        Ok(Proposal { executed: execution.finish(input.proposer)?, rejected })
    }

    /// A block after which others certify, without an event that says so.
    #[cfg(test)]
    pub(crate) fn propose_hand_over(
        &self,
        input: &BlockInput,
        validators: ValidatorSet,
    ) -> Result<ExecutedBlock, Fault> {
        let mut execution = Execution::new(self, input.time);
        execution.hand_over = Some(validators);
        execution.finish(input.proposer)
    }

    /// Executes a block of another on this head, and compares what it gives with its header.
    ///
    /// # Errors
    /// If the disk cannot be read or is damaged. A block that breaks a rule is [`Invalid`].
    pub fn validate(
        &self,
        header: &Header,
        events: Vec<Arc<CheckedEvent>>,
    ) -> Result<Result<ExecutedBlock, Invalid>, Fault> {
        self.check_protocol()?;
        if let Err(invalid) = self.check_position(header) {
            return Ok(Err(invalid));
        }
        let mut execution = Execution::new(self, header.time);
        for (index, event) in events.into_iter().enumerate() {
            if let Some(limit) = execution.over_limit(&event) {
                return Ok(Err(Invalid::Limit(limit)));
            }
            if let Err(rejection) = execution.apply(&event)? {
                return Ok(Err(Invalid::Event { index, rejection }));
            }
        }
        let executed = execution.finish(header.proposer)?;
        Ok(match difference(&executed.header, header) {
            None => Ok(executed),
            Some(what) => Err(Invalid::Root(what)),
        })
    }

    /// A trial of events on this head, at the given time.
    pub fn trial(&self, time: u64) -> Trial<'_> {
        Trial(Execution::new(self, time.max(self.head().time + 1)))
    }

    /// Whether this software executes the protocol of the next height.
    ///
    /// # Errors
    /// [`Fault::Protocol`]; or if the disk cannot be read or is damaged.
    pub fn check_protocol(&self) -> Result<(), Fault> {
        let height = self.height() + 1;
        let record = self.record(upgrade::KEY)?;
        match upgrade::protocol_by(record.as_ref(), height) {
            Some(upgrade::PROTOCOL) => Ok(()),
            Some(protocol) => Err(Fault::Protocol { height, protocol, ours: upgrade::PROTOCOL }),
            None => Err(Fault::Corrupt {
                what: upgrade::KEY.to_owned(),
                problem: "no upgrade".to_owned(),
            }),
        }
    }

    /// What can be checked without execution.
    fn check_position(&self, header: &Header) -> Result<(), Invalid> {
        let head = self.head();
        if header.genesis != self.genesis.hash() {
            return Err(Invalid::Position("genesis"));
        }
        if header.height != head.height + 1 {
            return Err(Invalid::Position("height"));
        }
        if header.parent != head.id {
            return Err(Invalid::Position("parent"));
        }
        if header.time <= head.time || header.time >= TIME_END {
            return Err(Invalid::Time);
        }
        if self.state.validators.get(&header.proposer).is_none() {
            return Err(Invalid::Proposer(header.proposer));
        }
        Ok(())
    }
}

/// Tries events, each as if it were alone in a block. What several of them need, such as their
/// endorser's record, is read once.
pub struct Trial<'a>(Execution<'a>);

impl Trial<'_> {
    /// Whether an event would have effect.
    ///
    /// # Errors
    /// If the disk cannot be read or is damaged.
    pub fn judge(&self, event: &CheckedEvent) -> Result<Result<(), Rejection>, Fault> {
        Ok(self.0.decide(event)?.map(drop))
    }
}

/// The first member in which two headers differ that execution computes.
fn difference(ours: &Header, theirs: &Header) -> Option<&'static str> {
    let members = [
        ("validators", ours.validators == theirs.validators),
        ("next_validators", ours.next_validators == theirs.next_validators),
        ("parameters", ours.parameters == theirs.parameters),
        ("state_root", ours.state_root == theirs.state_root),
        ("log_size", ours.log_size == theirs.log_size),
        ("log_root", ours.log_root == theirs.log_root),
        ("header", ours == theirs),
    ];
    members.into_iter().find(|(_, equal)| !equal).map(|(name, _)| name)
}

/// A block on its way: the parent's records under what the events so far have changed.
struct Execution<'a> {
    parent: &'a Snapshot,
    context: Context,
    overlay: Overlay<'a>,
    events: Vec<Arc<CheckedEvent>>,
    superseded: Vec<(String, Record)>,
    bytes: u64,
    cost: u64,
    parameters: Option<Parameters>,
    #[cfg(test)]
    hand_over: Option<ValidatorSet>,
}

impl<'a> Execution<'a> {
    fn new(parent: &'a Snapshot, time: u64) -> Execution<'a> {
        Execution {
            parent,
            context: parent.genesis.context(parent.height() + 1, time),
            overlay: Overlay::new(parent),
            events: Vec::new(),
            superseded: Vec::new(),
            bytes: 0,
            cost: 0,
            parameters: None,
            #[cfg(test)]
            hand_over: None,
        }
    }

    /// The limit that the block would exceed with this event.
    fn over_limit(&self, event: &CheckedEvent) -> Option<&'static str> {
        let limits = &self.parent.state.parameters;
        let bytes = self.bytes.saturating_add(event.bytes().len() as u64);
        let cost = self.cost.saturating_add(event.cost());
        if self.events.len() as u64 >= limits.block_events_max {
            return Some("blockEventsMax");
        }
        if bytes > limits.block_bytes_max {
            return Some("blockBytesMax");
        }
        (cost > limits.block_cost_max).then_some("blockCostMax")
    }

    /// What an event changes, or why nothing.
    fn decide(&self, event: &CheckedEvent) -> Result<Result<Decision, Rejection>, Fault> {
        let decided = event.apply(&self.context, &self.overlay);
        // What a rule made of a record that could not be read counts for nothing.
        if let Some(fault) = self.overlay.fault.take() {
            return Err(fault);
        }
        Ok(decided.and_then(|changes| Decision::new(changes, &self.context)))
    }

    fn apply(&mut self, event: &Arc<CheckedEvent>) -> Result<Result<(), Rejection>, Fault> {
        let decision = match self.decide(event)? {
            Ok(decision) => decision,
            Err(rejection) => return Ok(Err(rejection)),
        };
        for change in decision.changes {
            let before = self.overlay.current(&change.key)?;
            let record = self.context.record(before.as_ref(), &change, event.id());
            self.superseded.extend(before.map(|before| (change.key.clone(), before)));
            self.overlay.write(change.key, record);
        }
        self.parameters = decision.parameters.or(self.parameters.take());
        self.bytes += event.bytes().len() as u64;
        self.cost += event.cost();
        self.events.push(event.clone());
        Ok(Ok(()))
    }

    /// Who certifies the next height: as before, unless the list names it for a change.
    fn next_validators(&self) -> Result<Arc<ValidatorSet>, Fault> {
        #[cfg(test)]
        if let Some(validators) = &self.hand_over {
            return Ok(Arc::new(validators.clone()));
        }
        let height = self.context.height;
        let list = self.overlay.current(network::VALIDATORS)?;
        let turned = list.and_then(|list| network::turned(&list, height, height + 1));
        Ok(turned.map_or_else(|| self.parent.state.validators.clone(), Arc::new))
    }

    fn finish(self, proposer: PublicKey) -> Result<ExecutedBlock, Fault> {
        let parent = &self.parent.state;
        let validators = self.next_validators()?;
        let written = self.overlay.into_written();
        let mut leaves: Vec<Leaf> = written.iter().map(|written| written.leaf).collect();
        leaves.sort_unstable_by_key(|leaf| leaf.path);
        let tree = parent.tree.update(&leaves);
        let parameters_leaf = written.iter().find(|written| written.key == network::PARAMETERS);
        let parameters_hash =
            parameters_leaf.map_or(parent.parameters_hash, |written| written.leaf.record);
        let mut header = Header {
            genesis: self.context.genesis,
            height: self.context.height,
            time: self.context.time,
            parent: parent.head.id,
            proposer,
            log_size: 0,
            log_root: Hash::ZERO,
            state_root: tree.root(),
            validators: parent.validators.hash(),
            next_validators: validators.hash(),
            parameters: parameters_hash,
        };
        // A block without events leaves the log as it is. The others end with the block's own
        // entry, which leaves out what depends on it.
        let leaves = self.events.iter().map(|event| leaf_hash(event.bytes()));
        let own = (!self.events.is_empty()).then(|| leaf_hash(&header.log_entry()));
        let (log, log_rows) = parent.log.append(leaves.chain(own));
        (header.log_size, header.log_root) = (log.size(), log.root());
        let id = header.id();
        let head = Head { height: header.height, id, time: header.time, block: None };
        let parameters = self.parameters.unwrap_or_else(|| parent.parameters.clone());
        Ok(ExecutedBlock {
            header,
            id,
            events: self.events,
            written,
            superseded: self.superseded,
            log_rows,
            first_entry: parent.log.size(),
            certifiers: parent.validators.clone(),
            next: State { head, tree, log, validators, parameters, parameters_hash },
        })
    }
}

/// An event's changes, and what they mean to the ledger itself.
struct Decision {
    changes: Vec<Change>,
    parameters: Option<Parameters>,
}

impl Decision {
    /// The network's own records must be readable, or no next block could be made: an event that
    /// leaves them otherwise is refused, whatever the rule of its kind says.
    fn new(changes: Vec<Change>, context: &Context) -> Result<Decision, Rejection> {
        let mut parameters = None;
        for change in &changes {
            let unreadable = || Rejection::Unreadable(change.key.clone());
            let record = || context.record(None, change, Hash::ZERO);
            if change.key == network::VALIDATORS {
                network::validator_set(&record(), context.height + 1).ok_or_else(unreadable)?;
            }
            if change.key == network::PARAMETERS {
                let read = Parameters::read(&record()).filter(Parameters::are_possible);
                parameters = Some(read.ok_or_else(unreadable)?);
            }
        }
        Ok(Decision { changes, parameters })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;
    use serde_json::value::RawValue;

    #[test]
    fn no_event_makes_the_network_unreadable() {
        let fixture = Fixture::new(Parameters::default());
        let context = fixture.genesis.context(1, 1);
        let decide = |key: &str, content: &str| {
            let content = RawValue::from_string(content.to_owned()).unwrap();
            Decision::new(vec![Change { key: key.to_owned(), content }], &context)
        };
        for key in [network::VALIDATORS, network::PARAMETERS] {
            let good = fixture.genesis.records()[key].content.get().to_owned();
            let decision = decide(key, &good).unwrap();
            assert_eq!(decision.parameters.is_some(), key == network::PARAMETERS);
            for bad in ["[]", "{}", "null"] {
                let refused = decide(key, bad).err();
                assert_eq!(refused, Some(Rejection::Unreadable(key.to_owned())), "{bad}");
            }
        }
        let impossible = Parameters { block_events_max: 0, ..Parameters::default() };
        let impossible = serde_json::to_string(&impossible).unwrap();
        assert!(decide(network::PARAMETERS, &impossible).is_err());
        assert!(decide("did/x", "{}").is_ok());
    }
}
