//! Bytes between our own nodes and in the engine's log. Never hashed, signed or read by others.
//!
//! One rule for all of it: bytes that do not re-encode to themselves are refused, so a message
//! has one spelling. Lengths are limited before anything is allocated for them.

mod forms;
mod sync;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_malachitebft_app_channel::app::consensus::{
    LivenessMsg, ProposedValue, SignedConsensusMsg,
};
use arc_malachitebft_app_channel::app::streaming::StreamMessage;
use arc_malachitebft_app_channel::app::types::codec::Codec;
use arc_malachitebft_app_channel::app::types::sync::{Request, Status};
use arc_malachitebft_core_types as engine;
use bincode::{Decode, Encode};
use bytes::Bytes;
use proofs::{Hash, PublicKey};
use tokio::sync::mpsc;

use self::forms::Wired;
use crate::context::{Context, Part, round_number};

/// Most bytes of one message: a sync response with several blocks.
const MESSAGE_BYTES_MAX: usize = 32 << 20;

/// Bytes that are no message of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed message: {0}")]
pub(crate) struct CodecError(&'static str);

/// The bytes of a message.
pub(crate) fn encode<T: Encode>(message: &T) -> Vec<u8> {
    bincode::encode_to_vec(message, bincode::config::standard())
        .expect("encoding into memory does not fail")
}

/// The message whose bytes these are, exactly.
pub(crate) fn decode<T: Encode + Decode<()>>(bytes: &[u8]) -> Result<T, CodecError> {
    let config = bincode::config::standard().with_limit::<MESSAGE_BYTES_MAX>();
    let (message, read) = bincode::decode_from_slice::<T, _>(bytes, config)
        .map_err(|_| CodecError("not the form of a message"))?;
    if read != bytes.len() {
        return Err(CodecError("bytes after the end"));
    }
    let mut check = Same { rest: bytes };
    bincode::encode_into_writer(&message, &mut check, bincode::config::standard())
        .map_err(|_| CodecError("not the shortest spelling"))?;
    Ok(message)
}

/// Compares what is written with what was read, without a copy.
struct Same<'a> {
    rest: &'a [u8],
}

impl bincode::enc::write::Writer for Same<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), bincode::error::EncodeError> {
        self.rest = self
            .rest
            .strip_prefix(bytes)
            .ok_or(bincode::error::EncodeError::Other("not what was read"))?;
        Ok(())
    }
}

/// The bytes of a message of the engine.
fn to_bytes<M: Wired>(message: &M) -> Bytes {
    encode(&message.form()).into()
}

/// The engine's message whose bytes these are, exactly.
fn from_bytes<M: Wired>(bytes: &[u8]) -> Result<M, CodecError> {
    M::from_form(decode(bytes)?)
}

/// The codec that the engine is given. The payloads of the blocks that sync brings are shown to
/// `coming`, long before the engine asks about each in its turn; while nobody looks they are not.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    pub(crate) coming: mpsc::Sender<Bytes>,
}

/// The codec of the engine's write-ahead log. It notes what the log still holds: the signing guard
/// compares, because the log can forget entries silently.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogCodec(Arc<Mutex<Remembered>>);

/// What the log gave back when it was opened.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
    /// The signatures of votes and proposals, ours among them.
    pub(crate) signatures: Vec<[u8; 64]>,
    /// Height, round, proposer and block of each proposed block.
    pub(crate) proposed: Vec<(u64, u32, PublicKey, Hash)>,
}

impl LogCodec {
    pub(crate) fn remembered(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

macro_rules! wire {
    ($($message:ty),* $(,)?) => {$(
        impl Codec<$message> for Wire {
            type Error = CodecError;

            fn encode(&self, message: &$message) -> Result<Bytes, CodecError> {
                Ok(to_bytes(message))
            }

            fn decode(&self, bytes: Bytes) -> Result<$message, CodecError> {
                from_bytes(&bytes)
            }
        }
    )*};
}

wire!(
    Part,
    StreamMessage<Part>,
    SignedConsensusMsg<Context>,
    LivenessMsg<Context>,
    engine::ValidatorProof<Context>,
    engine::PolkaCertificate<Context>,
    ProposedValue<Context>,
    Status<Context>,
    Request<Context>,
);

impl Codec<SignedConsensusMsg<Context>> for LogCodec {
    type Error = CodecError;

    fn encode(&self, message: &SignedConsensusMsg<Context>) -> Result<Bytes, CodecError> {
        Ok(to_bytes(message))
    }

    fn decode(&self, bytes: Bytes) -> Result<SignedConsensusMsg<Context>, CodecError> {
        let message: SignedConsensusMsg<Context> = from_bytes(&bytes)?;
        let signature = match &message {
            SignedConsensusMsg::Vote(vote) => vote.signature.to_bytes(),
            SignedConsensusMsg::Proposal(proposal) => proposal.signature.to_bytes(),
        };
        self.remembered().signatures.push(signature);
        Ok(message)
    }
}

impl Codec<ProposedValue<Context>> for LogCodec {
    type Error = CodecError;

    fn encode(&self, value: &ProposedValue<Context>) -> Result<Bytes, CodecError> {
        Ok(to_bytes(value))
    }

    fn decode(&self, bytes: Bytes) -> Result<ProposedValue<Context>, CodecError> {
        let value: ProposedValue<Context> = from_bytes(&bytes)?;
        let place = (value.height.0, round_number(value.round), value.proposer.0, value.value.0);
        self.remembered().proposed.push(place);
        Ok(value)
    }
}

impl Codec<engine::PolkaCertificate<Context>> for LogCodec {
    type Error = CodecError;

    fn encode(&self, polka: &engine::PolkaCertificate<Context>) -> Result<Bytes, CodecError> {
        Ok(to_bytes(polka))
    }

    fn decode(&self, bytes: Bytes) -> Result<engine::PolkaCertificate<Context>, CodecError> {
        from_bytes(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::{Address, Height, Vote};
    use arc_malachitebft_app_channel::app::types::sync::Response;
    use arc_malachitebft_core_types::{NilOrVal, Round, SignedMessage, VoteType};
    use arc_malachitebft_signing_ed25519::Signature;
    use proptest::prelude::*;

    fn vote() -> SignedConsensusMsg<Context> {
        let vote = Vote {
            kind: VoteType::Precommit,
            height: Height(300),
            round: Round::new(2),
            value: NilOrVal::Val(Hash([7; 32])),
            validator: Address(PublicKey([3; 32])),
        };
        SignedConsensusMsg::Vote(SignedMessage::new(vote, Signature::from_bytes([9; 64])))
    }

    #[test]
    fn a_message_comes_back() {
        let bytes = to_bytes(&vote());
        assert_eq!(from_bytes(&bytes), Ok(vote()));
    }

    #[test]
    fn a_longer_spelling_is_refused() {
        // 5 as one byte, and as a marker and eight bytes.
        assert_eq!(decode::<u64>(&[5]), Ok(5));
        assert!(decode::<u64>(&[253, 5, 0, 0, 0, 0, 0, 0, 0]).is_err());
        assert!(decode::<u64>(&[5, 0]).is_err());
    }

    #[test]
    fn a_length_beyond_the_bytes_allocates_nothing() {
        let mut bytes = vec![253];
        bytes.extend_from_slice(&u64::MAX.to_le_bytes());
        assert!(decode::<Vec<u8>>(&bytes).is_err());
    }

    proptest! {
        #[test]
        fn what_decodes_is_what_was_encoded(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(message) = from_bytes::<SignedConsensusMsg<Context>>(&bytes) {
                prop_assert_eq!(&to_bytes(&message)[..], &bytes[..]);
            }
            if let Ok(message) = from_bytes::<Response<Context>>(&bytes) {
                prop_assert_eq!(&to_bytes(&message)[..], &bytes[..]);
            }
            if let Ok(message) = from_bytes::<StreamMessage<Part>>(&bytes) {
                prop_assert_eq!(&to_bytes(&message)[..], &bytes[..]);
            }
        }

        #[test]
        fn a_flipped_bit_is_another_message_or_none(at in 0usize..1000, bit in 0u8..8) {
            let bytes = to_bytes(&vote());
            let mut flipped = bytes.to_vec();
            let at = at % flipped.len();
            flipped[at] ^= 1 << bit;
            prop_assert_ne!(from_bytes(&flipped), Ok(vote()));
        }
    }
}
