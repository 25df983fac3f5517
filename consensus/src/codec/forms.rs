//! The form of each of the engine's messages in bytes. The engine's own types have none.

use arc_malachitebft_app_channel::app::consensus::{
    LivenessMsg, ProposedValue, SignedConsensusMsg,
};
use arc_malachitebft_app_channel::app::streaming::{StreamContent, StreamId, StreamMessage};
use arc_malachitebft_core_types as engine;
use arc_malachitebft_signing_ed25519::Signature;
use bincode::{Decode, Encode};
use engine::{NilOrVal, Round, SignedMessage, Validity, VoteType};
use proofs::{Hash, PublicKey, ValidatorSet};

use super::CodecError;
use crate::context::{self, Address, Context, Height, Part, Proposal, Value, Vote};

/// Most bytes of a stream's id, as the engine passes it on.
const STREAM_ID_BYTES_MAX: usize = 64;

#[derive(Encode, Decode)]
pub(super) struct WireSignature([u8; 64]);

impl From<&Signature> for WireSignature {
    fn from(signature: &Signature) -> Self {
        WireSignature(signature.to_bytes())
    }
}

impl From<WireSignature> for Signature {
    fn from(signature: WireSignature) -> Self {
        Signature::from_bytes(signature.0)
    }
}

#[derive(Encode, Decode)]
pub(super) enum WirePart {
    Init { height: u64, round: u32, lock_round: Option<u32>, block: [u8; 32], payload: u32 },
    Data(Vec<u8>),
}

#[derive(Encode, Decode)]
pub(super) struct WireStream {
    id: Vec<u8>,
    sequence: u64,
    part: Option<WirePart>,
}

#[derive(Encode, Decode)]
pub(super) struct WireProposal {
    height: u64,
    round: u32,
    block: [u8; 32],
    lock_round: Option<u32>,
    proposer: [u8; 32],
    signature: WireSignature,
}

#[derive(Encode, Decode)]
pub(super) struct WireVote {
    precommit: bool,
    height: u64,
    round: u32,
    block: Option<[u8; 32]>,
    validator: [u8; 32],
    signature: WireSignature,
}

#[derive(Encode, Decode)]
pub(super) enum WireConsensus {
    Vote(WireVote),
    Proposal(WireProposal),
}

#[derive(Encode, Decode)]
pub(super) struct WirePolka {
    height: u64,
    round: u32,
    block: [u8; 32],
    signatures: Vec<([u8; 32], WireSignature)>,
}

#[derive(Encode, Decode)]
pub(super) struct WireRoundSignature {
    precommit: bool,
    block: Option<[u8; 32]>,
    validator: [u8; 32],
    signature: WireSignature,
}

#[derive(Encode, Decode)]
pub(super) struct WireRound {
    height: u64,
    round: u32,
    skip: bool,
    signatures: Vec<WireRoundSignature>,
}

#[derive(Encode, Decode)]
pub(super) enum WireLiveness {
    Vote(WireVote),
    Polka(WirePolka),
    Round(WireRound),
}

#[derive(Encode, Decode)]
pub(super) struct WireProof {
    validator: Vec<u8>,
    peer: Vec<u8>,
    signature: WireSignature,
}

#[derive(Encode, Decode)]
pub(super) struct WireProposedValue {
    height: u64,
    round: u32,
    lock_round: Option<u32>,
    proposer: [u8; 32],
    block: [u8; 32],
    valid: bool,
}

#[derive(Encode, Decode)]
pub(super) struct WireCertificate {
    height: u64,
    round: u32,
    block: [u8; 32],
    signatures: Vec<([u8; 32], WireSignature)>,
}

fn block(value: &NilOrVal<Hash>) -> Option<[u8; 32]> {
    match value {
        NilOrVal::Nil => None,
        NilOrVal::Val(block) => Some(block.0),
    }
}

fn nil_or(block: Option<[u8; 32]>) -> NilOrVal<Hash> {
    block.map_or(NilOrVal::Nil, |block| NilOrVal::Val(Hash(block)))
}

fn kind(precommit: bool) -> VoteType {
    if precommit { VoteType::Precommit } else { VoteType::Prevote }
}

fn address(bytes: [u8; 32]) -> Address {
    Address(PublicKey(bytes))
}

fn number(round: Round) -> u32 {
    context::round_number(round)
}

/// No certificate has more signatures than a set has validators, two per round at most.
fn few<T>(signatures: &[T]) -> Result<(), CodecError> {
    if signatures.len() > 2 * ValidatorSet::VALIDATORS_MAX {
        return Err(CodecError("more signatures than validators"));
    }
    Ok(())
}

/// A message and its form in bytes.
pub(super) trait Wired: Sized {
    type Form: Encode + Decode<()>;
    fn form(&self) -> Self::Form;
    fn from_form(form: Self::Form) -> Result<Self, CodecError>;
}

impl Wired for Part {
    type Form = WirePart;

    fn form(&self) -> WirePart {
        match self {
            Part::Init { height, round, lock_round, block, payload } => WirePart::Init {
                height: *height,
                round: *round,
                lock_round: *lock_round,
                block: block.0,
                payload: *payload,
            },
            Part::Data(bytes) => WirePart::Data(bytes.to_vec()),
        }
    }

    fn from_form(form: WirePart) -> Result<Self, CodecError> {
        Ok(match form {
            WirePart::Init { height, round, lock_round, block, payload } => {
                Part::Init { height, round, lock_round, block: Hash(block), payload }
            }
            WirePart::Data(bytes) => Part::Data(bytes.into()),
        })
    }
}

impl Wired for StreamMessage<Part> {
    type Form = WireStream;

    fn form(&self) -> WireStream {
        WireStream {
            id: self.stream_id.to_bytes().to_vec(),
            sequence: self.sequence,
            part: self.content.as_data().map(Part::form),
        }
    }

    fn from_form(form: WireStream) -> Result<Self, CodecError> {
        if form.id.len() > STREAM_ID_BYTES_MAX {
            return Err(CodecError("stream id too long"));
        }
        let content = match form.part {
            Some(part) => StreamContent::Data(Part::from_form(part)?),
            None => StreamContent::Fin,
        };
        Ok(StreamMessage::new(StreamId::new(form.id.into()), form.sequence, content))
    }
}

impl Wired for engine::SignedVote<Context> {
    type Form = WireVote;

    fn form(&self) -> WireVote {
        WireVote {
            precommit: self.message.kind == VoteType::Precommit,
            height: self.message.height.0,
            round: number(self.message.round),
            block: block(&self.message.value),
            validator: self.message.validator.0.0,
            signature: (&self.signature).into(),
        }
    }

    fn from_form(form: WireVote) -> Result<Self, CodecError> {
        let vote = Vote {
            kind: kind(form.precommit),
            height: Height(form.height),
            round: Round::new(form.round),
            value: nil_or(form.block),
            validator: address(form.validator),
        };
        Ok(SignedMessage::new(vote, form.signature.into()))
    }
}

impl Wired for SignedConsensusMsg<Context> {
    type Form = WireConsensus;

    fn form(&self) -> WireConsensus {
        match self {
            SignedConsensusMsg::Vote(vote) => WireConsensus::Vote(vote.form()),
            SignedConsensusMsg::Proposal(proposal) => WireConsensus::Proposal(WireProposal {
                height: proposal.message.height.0,
                round: number(proposal.message.round),
                block: proposal.message.value.0.0,
                lock_round: proposal.message.lock_round.as_u32(),
                proposer: proposal.message.proposer.0.0,
                signature: (&proposal.signature).into(),
            }),
        }
    }

    fn from_form(form: WireConsensus) -> Result<Self, CodecError> {
        Ok(match form {
            WireConsensus::Vote(vote) => SignedConsensusMsg::Vote(Wired::from_form(vote)?),
            WireConsensus::Proposal(form) => {
                let proposal = Proposal {
                    height: Height(form.height),
                    round: Round::new(form.round),
                    value: Value(Hash(form.block)),
                    lock_round: context::round(form.lock_round),
                    proposer: address(form.proposer),
                };
                let signed = SignedMessage::new(proposal, form.signature.into());
                SignedConsensusMsg::Proposal(signed)
            }
        })
    }
}

impl Wired for engine::PolkaCertificate<Context> {
    type Form = WirePolka;

    fn form(&self) -> WirePolka {
        let signature = |signature: &engine::PolkaSignature<Context>| {
            (signature.address.0.0, (&signature.signature).into())
        };
        WirePolka {
            height: self.height.0,
            round: number(self.round),
            block: self.value_id.0,
            signatures: self.polka_signatures.iter().map(signature).collect(),
        }
    }

    fn from_form(form: WirePolka) -> Result<Self, CodecError> {
        few(&form.signatures)?;
        let signature =
            |(key, signature): ([u8; 32], WireSignature)| -> engine::PolkaSignature<Context> {
                engine::PolkaSignature::new(address(key), signature.into())
            };
        Ok(engine::PolkaCertificate {
            height: Height(form.height),
            round: Round::new(form.round),
            value_id: Hash(form.block),
            polka_signatures: form.signatures.into_iter().map(signature).collect(),
        })
    }
}

impl Wired for engine::RoundCertificate<Context> {
    type Form = WireRound;

    fn form(&self) -> WireRound {
        let signature = |signature: &engine::RoundSignature<Context>| WireRoundSignature {
            precommit: signature.vote_type == VoteType::Precommit,
            block: block(&signature.value_id),
            validator: signature.address.0.0,
            signature: (&signature.signature).into(),
        };
        WireRound {
            height: self.height.0,
            round: number(self.round),
            skip: self.cert_type == engine::RoundCertificateType::Skip,
            signatures: self.round_signatures.iter().map(signature).collect(),
        }
    }

    fn from_form(form: WireRound) -> Result<Self, CodecError> {
        few(&form.signatures)?;
        let signature = |form: WireRoundSignature| {
            engine::RoundSignature::new(
                kind(form.precommit),
                nil_or(form.block),
                address(form.validator),
                form.signature.into(),
            )
        };
        Ok(engine::RoundCertificate {
            height: Height(form.height),
            round: Round::new(form.round),
            cert_type: if form.skip {
                engine::RoundCertificateType::Skip
            } else {
                engine::RoundCertificateType::Precommit
            },
            round_signatures: form.signatures.into_iter().map(signature).collect(),
        })
    }
}

impl Wired for LivenessMsg<Context> {
    type Form = WireLiveness;

    fn form(&self) -> WireLiveness {
        match self {
            LivenessMsg::Vote(vote) => WireLiveness::Vote(vote.form()),
            LivenessMsg::PolkaCertificate(polka) => WireLiveness::Polka(polka.form()),
            LivenessMsg::SkipRoundCertificate(round) => WireLiveness::Round(round.form()),
        }
    }

    fn from_form(form: WireLiveness) -> Result<Self, CodecError> {
        Ok(match form {
            WireLiveness::Vote(vote) => LivenessMsg::Vote(Wired::from_form(vote)?),
            WireLiveness::Polka(polka) => LivenessMsg::PolkaCertificate(Wired::from_form(polka)?),
            WireLiveness::Round(round) => {
                LivenessMsg::SkipRoundCertificate(Wired::from_form(round)?)
            }
        })
    }
}

impl Wired for engine::ValidatorProof<Context> {
    type Form = WireProof;

    fn form(&self) -> WireProof {
        WireProof {
            validator: self.public_key.clone(),
            peer: self.peer_id.clone(),
            signature: (&self.signature).into(),
        }
    }

    fn from_form(form: WireProof) -> Result<Self, CodecError> {
        Ok(engine::ValidatorProof::new(form.validator, form.peer, form.signature.into()))
    }
}

impl Wired for ProposedValue<Context> {
    type Form = WireProposedValue;

    fn form(&self) -> WireProposedValue {
        WireProposedValue {
            height: self.height.0,
            round: number(self.round),
            lock_round: self.valid_round.as_u32(),
            proposer: self.proposer.0.0,
            block: self.value.0.0,
            valid: self.validity.to_bool(),
        }
    }

    fn from_form(form: WireProposedValue) -> Result<Self, CodecError> {
        Ok(ProposedValue {
            height: Height(form.height),
            round: Round::new(form.round),
            valid_round: context::round(form.lock_round),
            proposer: address(form.proposer),
            value: Value(Hash(form.block)),
            validity: Validity::from_bool(form.valid),
        })
    }
}

impl Wired for engine::ExtendedCommitCertificate<Context> {
    type Form = WireCertificate;

    fn form(&self) -> WireCertificate {
        let signature = |signature: &engine::ExtendedCommitSignature<Context>| {
            (signature.address.0.0, (&signature.signature).into())
        };
        WireCertificate {
            height: self.height.0,
            round: number(self.round),
            block: self.value_id.0,
            signatures: self.commit_signatures.iter().map(signature).collect(),
        }
    }

    fn from_form(form: WireCertificate) -> Result<Self, CodecError> {
        few(&form.signatures)?;
        let signature = |(key, signature): ([u8; 32], WireSignature)| {
            engine::ExtendedCommitSignature::new(address(key), signature.into(), None)
        };
        Ok(engine::ExtendedCommitCertificate {
            height: Height(form.height),
            round: Round::new(form.round),
            value_id: Hash(form.block),
            commit_signatures: form.signatures.into_iter().map(signature).collect(),
        })
    }
}
