//! The bytes of a presentation.
//!
//! | bytes | what |
//! |---|---|
//! | 1 | 1, the form's version |
//! | 8 | version of the list, big-endian |
//! | 1 | number of attributes |
//! | 1 | number of disclosed attributes |
//! | 1 + 2 + n, for each | index, length, value, ascending; the registry's id is the first |
//! | 48, 48, 32 | `A'`, `Ā`, `r^` |
//! | the rest | the BBS proof in the draft's form: 272 bytes and 32 for each hidden attribute |

use std::collections::BTreeMap;

use ark_bls12_381::{Fr, G1Affine};
use ark_serialize::CanonicalSerialize;
use registry::slots::{G1_BYTES, G1Point};

use crate::bbs::{Proof, SCALAR_BYTES, read_scalar, scalar_bytes};
use crate::credential::{ATTRIBUTES_MAX, REGISTRY_INDEX, SLOT_INDEX};

const FORM: u8 = 1;

/// A presentation, read and not yet verified.
pub(super) struct Presentation {
    pub(super) version: u64,
    pub(super) attributes: usize,
    pub(super) disclosed: BTreeMap<usize, Vec<u8>>,
    pub(super) a: G1Point,
    pub(super) lifted: G1Point,
    pub(super) response: Fr,
    pub(super) proof: Proof,
}

impl Presentation {
    pub(super) fn bytes(&self) -> Vec<u8> {
        let short = |number: usize| u8::try_from(number).unwrap_or(u8::MAX);
        let mut bytes = vec![FORM];
        bytes.extend(self.version.to_be_bytes());
        bytes.extend([short(self.attributes), short(self.disclosed.len())]);
        for (index, value) in &self.disclosed {
            bytes.push(short(*index));
            bytes.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
            bytes.extend(value);
        }
        bytes.extend(self.a.bytes());
        bytes.extend(self.lifted.bytes());
        bytes.extend(scalar_bytes(&self.response));
        bytes.extend(self.proof.bytes());
        bytes
    }

    /// Reads the one form.
    pub(super) fn read(bytes: &[u8]) -> Option<Presentation> {
        let mut rest = bytes;
        let [form, version @ .., attributes, count] = *array::<11>(&mut rest)?;
        if form != FORM || !(2..=ATTRIBUTES_MAX).contains(&attributes) || count >= attributes {
            return None;
        }
        let mut disclosed = BTreeMap::new();
        for _ in 0..count {
            let [index, length @ ..] = *array::<3>(&mut rest)?;
            let value = take(&mut rest, u16::from_be_bytes(length).into())?;
            let index = usize::from(index);
            let ascending = disclosed.last_key_value().is_none_or(|(last, _)| *last < index);
            if !ascending || index == SLOT_INDEX || index >= usize::from(attributes) {
                return None;
            }
            disclosed.insert(index, value.to_vec());
        }
        if !disclosed.contains_key(&REGISTRY_INDEX) {
            return None;
        }
        // Neither of these is the identity, as no point that is read is: with A' = O everything
        // holds.
        let a = G1Point::read(take(&mut rest, G1_BYTES)?).ok()?;
        let lifted = G1Point::read(take(&mut rest, G1_BYTES)?).ok()?;
        let response = read_scalar(take(&mut rest, SCALAR_BYTES)?)?;
        let proof = Proof::read(rest).ok()?;
        let (version, attributes) = (u64::from_be_bytes(version), usize::from(attributes));
        Some(Presentation { version, attributes, disclosed, a, lifted, response, proof })
    }
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

fn array<'a, const LENGTH: usize>(rest: &mut &'a [u8]) -> Option<&'a [u8; LENGTH]> {
    let (taken, left) = rest.split_first_chunk()?;
    *rest = left;
    Some(taken)
}

/// A point of a calculation as bytes; it may be the identity.
pub(super) fn octets(point: &G1Affine) -> [u8; G1_BYTES] {
    let mut bytes = [0; G1_BYTES];
    let written = point.serialize_compressed(bytes.as_mut_slice());
    assert!(written.is_ok(), "48 bytes hold a point");
    bytes
}
