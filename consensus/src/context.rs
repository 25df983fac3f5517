//! The engine's types for this ledger. The value that is agreed on is a block's id alone, and a
//! value equals its id: the engine pairs proposals and payloads by id, so whatever else a value
//! carried would be unbound.

use std::fmt;
use std::sync::Arc;

use arc_malachitebft_core_types as engine;
use arc_malachitebft_signing_ed25519 as ed25519;
use bytes::Bytes;
use engine::{LinearTimeouts, NilOrVal, Round, SignedExtension, VoteType};
use proofs::certificate::{Vote as VoteKind, proposal_bytes, vote_bytes};
use proofs::{Certificate, Hash, PublicKey};

use crate::config::Timeouts;
use crate::guard::{Position, Step};

/// A block's height.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Height(pub(crate) u64);

impl fmt::Display for Height {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl engine::Height for Height {
    const ZERO: Self = Height(0);
    const INITIAL: Self = Height(1);

    fn increment_by(&self, n: u64) -> Self {
        Height(self.0.saturating_add(n))
    }

    fn decrement_by(&self, n: u64) -> Option<Self> {
        self.0.checked_sub(n).map(Height)
    }

    fn as_u64(&self) -> u64 {
        self.0
    }
}

/// A validator's address: its public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Address(pub(crate) PublicKey);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl engine::Address for Address {}

/// What is agreed on: a block's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Value(pub(crate) Hash);

impl engine::Value for Value {
    type Id = Hash;

    fn id(&self) -> Hash {
        self.0
    }
}

/// A piece of a proposal's payload on its way to the validators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// What the stream is about. `payload` is its length in bytes.
    Init { height: u64, round: u32, lock_round: Option<u32>, block: Hash, payload: u32 },
    /// The next bytes of the payload.
    Data(Bytes),
}

impl engine::ProposalPart<Context> for Part {
    fn is_first(&self) -> bool {
        matches!(self, Part::Init { .. })
    }

    // The end of a stream is marked outside the part.
    fn is_last(&self) -> bool {
        false
    }
}

/// A validator's proposal of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proposal {
    pub(crate) height: Height,
    pub(crate) round: Round,
    pub(crate) value: Value,
    pub(crate) lock_round: Round,
    pub(crate) proposer: Address,
}

impl Proposal {
    /// Where its signature stands.
    pub(crate) fn position(&self) -> Position {
        let (height, round) = (self.height.0, round_number(self.round));
        Position { height, round, step: Step::Proposal }
    }

    pub(crate) fn sign_bytes(&self, genesis: &Hash) -> Vec<u8> {
        proposal_bytes(
            genesis,
            self.height.0,
            round_number(self.round),
            self.lock_round.as_u32(),
            &self.value.0,
        )
    }
}

impl engine::Proposal<Context> for Proposal {
    fn height(&self) -> Height {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &Value {
        &self.value
    }

    fn take_value(self) -> Value {
        self.value
    }

    fn pol_round(&self) -> Round {
        self.lock_round
    }

    fn validator_address(&self) -> &Address {
        &self.proposer
    }
}

/// A prevote or precommit. Extensions are not used, and votes that carry one are refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Vote {
    pub(crate) kind: VoteType,
    pub(crate) height: Height,
    pub(crate) round: Round,
    pub(crate) value: NilOrVal<Hash>,
    pub(crate) validator: Address,
}

impl Vote {
    /// Where its signature stands.
    pub(crate) fn position(&self) -> Position {
        let step = match self.kind {
            VoteType::Prevote => Step::Prevote,
            VoteType::Precommit => Step::Precommit,
        };
        Position { height: self.height.0, round: round_number(self.round), step }
    }

    /// The block that it is for; none of a vote for nil.
    pub(crate) fn block(&self) -> Option<Hash> {
        match self.value {
            NilOrVal::Nil => None,
            NilOrVal::Val(block) => Some(block),
        }
    }

    pub(crate) fn sign_bytes(&self, genesis: &Hash) -> Vec<u8> {
        let kind = match self.kind {
            VoteType::Prevote => VoteKind::Prevote,
            VoteType::Precommit => VoteKind::Precommit,
        };
        let block = self.block();
        vote_bytes(kind, genesis, self.height.0, round_number(self.round), block.as_ref())
    }
}

impl engine::Vote<Context> for Vote {
    fn height(&self) -> Height {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &NilOrVal<Hash> {
        &self.value
    }

    fn take_value(self) -> NilOrVal<Hash> {
        self.value
    }

    fn vote_type(&self) -> VoteType {
        self.kind
    }

    fn validator_address(&self) -> &Address {
        &self.validator
    }

    fn extension(&self) -> Option<&SignedExtension<Context>> {
        None
    }

    fn take_extension(&mut self) -> Option<SignedExtension<Context>> {
        None
    }

    fn extend(self, _: SignedExtension<Context>) -> Self {
        self
    }
}

/// A validator, with its key ready for use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Validator {
    address: Address,
    key: ed25519::PublicKey,
    power: u64,
}

impl engine::Validator<Context> for Validator {
    fn address(&self) -> &Address {
        &self.address
    }

    fn public_key(&self) -> &ed25519::PublicKey {
        &self.key
    }

    fn voting_power(&self) -> u64 {
        self.power
    }
}

/// A validator set, ascending by key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Validators(Arc<Vec<Validator>>);

impl Validators {
    pub(crate) fn new(set: &proofs::ValidatorSet) -> Self {
        let member = |validator: &proofs::Validator| Validator {
            address: Address(validator.key),
            key: ed25519::PublicKey::from_bytes(validator.key.0)
                .expect("a validator set holds points of the curve only"),
            power: validator.power,
        };
        Validators(Arc::new(set.as_slice().iter().map(member).collect()))
    }

    /// Whose turn it is. A function of height, round and set alone: no state that nodes could
    /// disagree on.
    pub(crate) fn proposer(&self, height: u64, round: u32) -> &Validator {
        let count = u64::try_from(self.0.len()).expect("a set is small");
        let turn = (height % count + u64::from(round)) % count;
        let turn = usize::try_from(turn).expect("below the size of the set");
        self.0.get(turn).expect("a set is not empty")
    }
}

impl engine::ValidatorSet<Context> for Validators {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn total_voting_power(&self) -> u64 {
        self.0.iter().map(|validator| validator.power).sum()
    }

    fn get_by_address(&self, address: &Address) -> Option<&Validator> {
        let at = self.0.binary_search_by_key(address, |validator| validator.address).ok()?;
        self.0.get(at)
    }

    fn get_by_index(&self, index: usize) -> Option<&Validator> {
        self.0.get(index)
    }
}

/// Ties the types together for the engine.
#[derive(Clone, Debug)]
pub(crate) struct Context;

impl engine::Context for Context {
    type Address = Address;
    type Height = Height;
    type ProposalPart = Part;
    type Proposal = Proposal;
    type Validator = Validator;
    type ValidatorSet = Validators;
    type Timeouts = LinearTimeouts;
    type Value = Value;
    type Vote = Vote;
    type Extension = ();
    type SigningScheme = ed25519::Ed25519;

    fn select_proposer<'a>(
        &self,
        validators: &'a Validators,
        height: Height,
        round: Round,
    ) -> &'a Validator {
        validators.proposer(height.0, round_number(round))
    }

    fn new_proposal(
        &self,
        height: Height,
        round: Round,
        value: Value,
        lock_round: Round,
        proposer: Address,
    ) -> Proposal {
        Proposal { height, round, value, lock_round, proposer }
    }

    fn new_prevote(
        &self,
        height: Height,
        round: Round,
        value: NilOrVal<Hash>,
        validator: Address,
    ) -> Vote {
        Vote { kind: VoteType::Prevote, height, round, value, validator }
    }

    fn new_precommit(
        &self,
        height: Height,
        round: Round,
        value: NilOrVal<Hash>,
        validator: Address,
    ) -> Vote {
        Vote { kind: VoteType::Precommit, height, round, value, validator }
    }
}

/// A validator's key.
pub(crate) fn address(validator: &Validator) -> PublicKey {
    validator.address.0
}

/// The number of a round; nothing is signed or proposed before round 0.
pub(crate) fn round_number(round: Round) -> u32 {
    round.as_u32().unwrap_or(0)
}

/// The engine's form of an optional round.
pub(crate) fn round(number: Option<u32>) -> Round {
    number.map_or(Round::Nil, Round::new)
}

/// The engine's form of our timeouts. They grow with each round up to a cap: never into minutes.
pub(crate) fn timeouts(timeouts: &Timeouts) -> LinearTimeouts {
    LinearTimeouts {
        propose: timeouts.propose,
        propose_delta: timeouts.step,
        prevote: timeouts.vote,
        prevote_delta: timeouts.step,
        precommit: timeouts.vote,
        precommit_delta: timeouts.step,
        rebroadcast: timeouts.rebroadcast,
        max_timeout: timeouts.max,
    }
}

/// Our form of a commit certificate.
pub(crate) fn certificate(engine: &engine::CommitCertificate<Context>) -> Certificate {
    let signature = |signature: &engine::CommitSignature<Context>| proofs::certificate::Signature {
        validator: signature.address.0,
        signature: signature.signature.to_bytes(),
    };
    Certificate {
        height: engine.height.0,
        round: round_number(engine.round),
        block: engine.value_id,
        signatures: engine.commit_signatures.iter().map(signature).collect(),
    }
}

/// The certificate as value sync hands it on. Sync wants the form with room for extensions.
pub(crate) fn extended(certificate: &Certificate) -> engine::ExtendedCommitCertificate<Context> {
    let signature = |signature: &proofs::certificate::Signature| {
        engine::ExtendedCommitSignature::new(
            Address(signature.validator),
            ed25519::Signature::from_bytes(signature.signature),
            None,
        )
    };
    engine::ExtendedCommitCertificate {
        height: Height(certificate.height),
        round: Round::new(certificate.round),
        value_id: certificate.block,
        commit_signatures: certificate.signatures.iter().map(signature).collect(),
    }
}
