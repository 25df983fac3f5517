//! The ceremony by which a set-up gets its secret: each takes the powers of the one before,
//! multiplies the secret by a factor of their own, proves that they knew it, and forgets it. If one
//! of them did forget, nobody knows the product.

use std::fmt;
use std::str::FromStr;

use ark_bls12_381::{Fr, G1Projective};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInteger, One, PrimeField, Zero};
use sha2::{Digest, Sha512};

use super::point::{G1_BYTES, G1Point, G2Point};
use super::powers::Powers;
use super::setup::{self, SetupError};

/// Bytes of entropy of a contribution.
pub const ENTROPY_BYTES: usize = 64;

/// Longest name of a contributor, in bytes.
const NAME_BYTES_MAX: usize = 256;

/// A step of a ceremony, without the powers. As text it is one line of five words: hash of the
/// powers before, hash of those after, commitment and response in lower-case hexadecimal digits,
/// and the name of who made it. A transcript is such lines, each ended by a line feed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contribution {
    /// SHA-256 of the powers before.
    pub previous: [u8; 32],
    /// SHA-256 of the powers after.
    pub next: [u8; 32],
    pub(super) commitment: G1Point,
    pub(super) response: Fr,
    /// Who made it, as its proof says: 1 to 256 printable characters of ASCII, such as a DID.
    pub name: String,
}

/// Why a contribution is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CeremonyError {
    /// The name has no such form.
    #[error("a name has 1 to 256 printable characters of ASCII and no spaces")]
    Name,
    /// The text is no contribution.
    #[error("this line is no contribution in its one form")]
    Form,
    /// The contribution does not follow the one before it, or is not about these powers.
    #[error("the contribution is about other powers")]
    OtherPowers,
    /// The factor is 1 or 0: nothing was contributed.
    #[error("the contribution changes nothing; make it again with other entropy")]
    Idle,
    /// The proof that the factor was known does not hold.
    #[error("the proof of the factor does not hold")]
    Proof,
    /// The powers are none.
    #[error(transparent)]
    Powers(#[from] SetupError),
}

/// Multiplies the secret of these powers by a factor from the entropy. The caller draws it from a
/// source fit for keys, uses it for this alone, and wipes it. One multiplication for each power:
/// seven seconds for 65,536.
///
/// # Errors
/// The name has not its form, or the factor happens to be idle.
pub fn contribute(
    previous: &Powers,
    entropy: &[u8; ENTROPY_BYTES],
    name: &str,
) -> Result<(Powers, Contribution), CeremonyError> {
    check_name(name)?;
    let before = previous.hash();
    let factor = secret("factor", entropy, &before);
    let tau = previous.g1.get(1).ok_or(SetupError::Length)?;
    if factor.is_zero() || factor.is_one() {
        return Err(CeremonyError::Idle);
    }
    let mut power = Fr::one();
    let mut points = Vec::with_capacity(previous.g1.len());
    for point in &previous.g1 {
        points.push(point.affine() * power);
        power *= factor;
    }
    let points = G1Projective::normalize_batch(&points).into_iter();
    let points = points.map(|point| G1Point::of(point.into_group())).collect::<Option<_>>();
    let lifted = G2Point::of(previous.tau.affine() * factor);
    let (points, lifted) = points.zip(lifted).ok_or(CeremonyError::Idle)?;
    let next = Powers::new(points, lifted).ok_or(SetupError::Length)?;

    let after = next.hash();
    let blind = secret("blind", entropy, &before);
    let commitment = G1Point::of(tau.affine() * blind).ok_or(CeremonyError::Idle)?;
    let response = blind + challenge(&before, &after, &commitment, name) * factor;
    let name = name.to_owned();
    let proof = Contribution { previous: before, next: after, commitment, response, name };
    Ok((next, proof))
}

/// Checks a contribution to powers that were checked before: who made it knew the factor between
/// the two secrets, and what came out are powers.
///
/// # Errors
/// The first thing that is wrong.
pub fn check_contribution(
    previous: &Powers,
    next: &Powers,
    proof: &Contribution,
) -> Result<(), CeremonyError> {
    check_name(&proof.name)?;
    let about = previous.domain() == next.domain()
        && (proof.previous, proof.next) == (previous.hash(), next.hash());
    if !about {
        return Err(CeremonyError::OtherPowers);
    }
    let taus = previous.g1.get(1).zip(next.g1.get(1));
    let (before, after) = taus.ok_or(SetupError::Length)?;
    if before == after {
        return Err(CeremonyError::Idle);
    }
    // Schnorr's proof that τ'P is a known multiple of τP.
    let challenge = challenge(&proof.previous, &proof.next, &proof.commitment, &proof.name);
    let expected = after.affine() * challenge + proof.commitment.affine();
    if before.affine() * proof.response != expected {
        return Err(CeremonyError::Proof);
    }
    let coefficient = setup::coefficient(&[proof.previous, proof.next]);
    setup::check_powers(next, coefficient).map(|_| ()).map_err(CeremonyError::from)
}

/// Checks that contributions lead from one set of powers to another, each from where the one before
/// it ended. The contributions themselves are for [`check_contribution`].
///
/// # Errors
/// One does not follow the one before it.
pub fn check_chain(
    start: &[u8; 32],
    contributions: &[Contribution],
    end: &[u8; 32],
) -> Result<(), CeremonyError> {
    let mut reached = start;
    for contribution in contributions {
        if contribution.previous != *reached {
            return Err(CeremonyError::OtherPowers);
        }
        reached = &contribution.next;
    }
    if reached == end { Ok(()) } else { Err(CeremonyError::OtherPowers) }
}

fn secret(what: &str, entropy: &[u8; ENTROPY_BYTES], powers: &[u8; 32]) -> Fr {
    let mut hash = Sha512::new_with_prefix("dzong/slots/ceremony/v1/");
    hash.update(what);
    hash.update(entropy);
    hash.update(powers);
    Fr::from_be_bytes_mod_order(&hash.finalize())
}

fn challenge(previous: &[u8; 32], next: &[u8; 32], commitment: &G1Point, name: &str) -> Fr {
    let mut hash = Sha512::new_with_prefix("dzong/slots/ceremony/v1/challenge");
    hash.update(previous);
    hash.update(next);
    hash.update(commitment.bytes());
    hash.update(name);
    Fr::from_be_bytes_mod_order(&hash.finalize())
}

fn check_name(name: &str) -> Result<(), CeremonyError> {
    let sound = (1..=NAME_BYTES_MAX).contains(&name.len());
    let printable = name.bytes().all(|byte| byte.is_ascii_graphic());
    if sound && printable { Ok(()) } else { Err(CeremonyError::Name) }
}

impl fmt::Display for Contribution {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (previous, next) = (hex::encode(self.previous), hex::encode(self.next));
        let commitment = hex::encode(self.commitment.bytes());
        let response = hex::encode(self.response.into_bigint().to_bytes_be());
        write!(out, "{previous} {next} {commitment} {response} {}", self.name)
    }
}

impl FromStr for Contribution {
    type Err = CeremonyError;

    fn from_str(line: &str) -> Result<Contribution, CeremonyError> {
        let mut words = line.split(' ');
        let mut word = || words.next().ok_or(CeremonyError::Form);
        let (previous, next) = (digits(word()?)?, digits(word()?)?);
        let commitment: [u8; G1_BYTES] = digits(word()?)?;
        let commitment = G1Point::read(&commitment).map_err(|_| CeremonyError::Form)?;
        let response: [u8; 32] = digits(word()?)?;
        let response = Fr::from_be_bytes_mod_order(&response);
        let name = word()?.to_owned();
        let contribution = Contribution { previous, next, commitment, response, name };
        check_name(&contribution.name)?;
        // The one form: no word is left, and no number is written otherwise.
        match contribution.to_string() == line {
            true => Ok(contribution),
            false => Err(CeremonyError::Form),
        }
    }
}

fn digits<const BYTES: usize>(word: &str) -> Result<[u8; BYTES], CeremonyError> {
    let mut bytes = [0; BYTES];
    hex::decode_to_slice(word, &mut bytes).map_err(|_| CeremonyError::Form)?;
    Ok(bytes)
}

/// A proof of the factor for whatever came out, as a cheat would make it.
#[cfg(test)]
pub(super) fn prove_for_test(previous: &Powers, next: &Powers, factor: Fr) -> Contribution {
    let (before, after) = (previous.hash(), next.hash());
    let blind = Fr::from(5);
    let tau = previous.g1.get(1).expect("there are two").affine();
    let commitment = G1Point::of(tau * blind).expect("it is a point");
    let response = blind + challenge(&before, &after, &commitment, "a") * factor;
    Contribution { previous: before, next: after, commitment, response, name: "a".into() }
}
