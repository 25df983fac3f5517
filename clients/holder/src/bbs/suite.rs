//! The ciphersuite and the interfaces: hashes to scalars and points, generators.

use std::iter;

use ark_bls12_381::{Fr, G1Affine, G1Projective, g1};
use ark_ec::hashing::HashToCurve;
use ark_ec::hashing::curve_maps::wb::WBMap;
use ark_ec::hashing::map_to_curve_hasher::MapToCurveBasedHasher;
use ark_ec::{AdditiveGroup, AffineRepr, CurveGroup};
use ark_ff::field_hashers::DefaultFieldHasher;
use ark_ff::{BigInteger, PrimeField, Zero};
use rand_core::{CryptoRng, RngCore};
use registry::slots::G1Point;
use sha2::{Digest, Sha256};

/// `ciphersuite_id` of the draft, 7.2.2.
pub const CIPHERSUITE: &str = "BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_";

/// Bytes of a scalar.
pub const SCALAR_BYTES: usize = 32;

/// `expand_len` of the draft.
const EXPAND_BYTES: usize = 48;

/// `P1` of the ciphersuite, compressed.
const P1: [u8; 48] = [
    0xa8, 0xce, 0x25, 0x61, 0x02, 0x84, 0x08, 0x21, 0xa3, 0xe9, 0x4e, 0xa9, 0x02, 0x5e, 0x46, 0x62,
    0xb2, 0x05, 0x76, 0x2f, 0x97, 0x76, 0xb3, 0xa7, 0x66, 0xc8, 0x72, 0xb9, 0x48, 0xf1, 0xfd, 0x22,
    0x5e, 0x7c, 0x59, 0x69, 0x85, 0x88, 0xe7, 0x0d, 0x11, 0x40, 0x6d, 0x16, 0x1b, 0x4e, 0x28, 0xc9,
];

/// How messages become scalars, which separates all hashes of one interface from those of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interface {
    /// The draft's own: every message is hashed.
    Draft,
    /// Ours for credentials with a slot: as the draft's, but that the message of number 1 is the
    /// slot's own scalar.
    Slots,
}

impl Interface {
    /// `api_id` of the draft.
    pub fn id(self) -> &'static str {
        match self {
            Interface::Draft => "BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_H2G_HM2S_",
            Interface::Slots => "BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_H2G_HM2S_DZONG_SLOT_V1_",
        }
    }

    /// `hash_to_scalar` under the interface's id and a suffix.
    pub fn hash(self, message: &[u8], suffix: &str) -> Fr {
        let bytes = expand_message(message, &self.tag(suffix), EXPAND_BYTES);
        Fr::from_be_bytes_mod_order(&bytes)
    }

    /// The scalar of a message that is hashed (`messages_to_scalars`).
    pub fn message(self, message: &[u8]) -> Fr {
        self.hash(message, "MAP_MSG_TO_SCALAR_AS_HASH_")
    }

    fn tag(self, suffix: &str) -> Vec<u8> {
        [self.id(), suffix].concat().into_bytes()
    }
}

/// `P1`, `Q_1` and a generator for each message. Making them costs a hash to the curve each: keep
/// them.
#[derive(Clone, Debug)]
pub struct Generators {
    pub(super) interface: Interface,
    pub(super) p1: G1Affine,
    pub(super) q1: G1Affine,
    pub(super) messages: Vec<G1Affine>,
}

impl Generators {
    /// `create_generators` for this many messages.
    ///
    /// # Panics
    /// Never: `P1` is a point, and hashing to this curve cannot fail.
    pub fn new(interface: Interface, messages: u8) -> Generators {
        type Map = WBMap<g1::Config>;
        type Hasher = MapToCurveBasedHasher<G1Projective, DefaultFieldHasher<Sha256>, Map>;
        let seed_tag = interface.tag("SIG_GENERATOR_SEED_");
        let hasher =
            Hasher::new(&interface.tag("SIG_GENERATOR_DST_")).expect("the curve has a map");
        let seed = interface.tag("MESSAGE_GENERATOR_SEED");
        let mut value = expand_message(&seed, &seed_tag, EXPAND_BYTES);
        let mut next = |number: u64| {
            value.extend(number.to_be_bytes());
            value = expand_message(&value, &seed_tag, EXPAND_BYTES);
            hasher.hash(&value).expect("every message has a point")
        };
        let q1 = next(1);
        let messages = (2..).take(usize::from(messages)).map(next).collect();
        let p1 = G1Point::read(&P1).expect("the ciphersuite's point").affine();
        Generators { interface, p1, q1, messages }
    }

    /// How many messages these are for.
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether these are for no message.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// The interface that they belong to.
    pub fn interface(&self) -> Interface {
        self.interface
    }
}

/// `expand_message_xmd` of RFC 9380, 5.3.1, with SHA-256; at most 255 bytes of tag and 8,160 of
/// output.
pub(super) fn expand_message(message: &[u8], tag: &[u8], length: usize) -> Vec<u8> {
    let (tag_length, length_short) = (u8::try_from(tag.len()), u16::try_from(length));
    let (tag_length, length_short) = tag_length.ok().zip(length_short.ok()).unwrap_or_default();
    assert!(tag_length > 0 && length <= 255 * 32, "tags and lengths are constants of ours");
    let ended = |hash: Sha256| hash.chain_update(tag).chain_update([tag_length]).finalize();
    let first = Sha256::new_with_prefix([0; 64]).chain_update(message);
    let first = ended(first.chain_update(length_short.to_be_bytes()).chain_update([0]));
    let mut bytes = Vec::with_capacity(length + 31);
    let mut last = [0; 32];
    for number in 1..=u8::MAX {
        if bytes.len() >= length {
            break;
        }
        for (last, first) in last.iter_mut().zip(first) {
            *last ^= first;
        }
        last = ended(Sha256::new_with_prefix(last).chain_update([number])).into();
        bytes.extend(last);
    }
    bytes.truncate(length);
    bytes
}

/// A scalar that cannot be told from an even draw (`calculate_random_scalars`).
pub fn random_scalar(rng: &mut (impl RngCore + CryptoRng)) -> Fr {
    let mut bytes = [0; EXPAND_BYTES];
    rng.fill_bytes(&mut bytes);
    Fr::from_be_bytes_mod_order(&bytes)
}

/// The 32 bytes of a scalar, big-endian.
pub(crate) fn scalar_bytes(scalar: &Fr) -> [u8; SCALAR_BYTES] {
    let mut bytes = [0; SCALAR_BYTES];
    for (byte, value) in bytes.iter_mut().zip(scalar.into_bigint().to_bytes_be()) {
        *byte = value;
    }
    bytes
}

/// A scalar from its one form. 0 is none, as the draft has it.
pub(crate) fn read_scalar(bytes: &[u8]) -> Option<Fr> {
    let scalar = Fr::from_be_bytes_mod_order(bytes);
    (scalar != Fr::from(0_u8) && scalar_bytes(&scalar) == bytes).then_some(scalar)
}

/// The sum of products of a few points: signed digits of every scalar in one pass, with odd
/// multiples of every point up to 15. For so few, half the cost of the buckets that the library has
/// for many.
pub(crate) fn msm(terms: &[(G1Affine, Fr)]) -> G1Projective {
    let mut multiples = Vec::with_capacity(8 * terms.len());
    for (point, _) in terms {
        let double = point.into_group().double();
        let odd = iter::successors(Some(point.into_group()), |last| Some(*last + double));
        multiples.extend(odd.take(8));
    }
    let multiples = G1Projective::normalize_batch(&multiples);
    let digits: Vec<Vec<i64>> = terms
        .iter()
        .map(|(_, scalar)| scalar.into_bigint().find_wnaf(5).unwrap_or_default())
        .collect();
    let length = digits.iter().map(Vec::len).max().unwrap_or(0);
    let mut sum = G1Projective::zero();
    for place in (0..length).rev() {
        sum.double_in_place();
        for (digits, multiples) in digits.iter().zip(multiples.chunks(8)) {
            let digit = digits.get(place).copied().unwrap_or(0);
            // The digit 2k + 1 stands for multiple k.
            let multiple = usize::try_from(digit.unsigned_abs() / 2).ok();
            match multiple.and_then(|multiple| multiples.get(multiple)) {
                Some(multiple) if digit > 0 => sum += multiple,
                Some(multiple) if digit < 0 => sum -= multiple,
                _ => {}
            }
        }
    }
    sum
}
