//! Whether public files are a set-up, and what of it a verifier needs.

use ark_bls12_381::{Bls12_381, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, VariableBaseMSM};
use ark_ff::{Field, PrimeField, Zero, batch_inversion};
use sha2::{Digest, Sha256, Sha512};

use super::domain::Domain;
use super::point::{G2Point, PointError};
use super::powers::Powers;
use super::table::Table;

/// What a verifier needs of a set-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    /// The slots.
    pub domain: Domain,
    /// `τP~`.
    pub tau: G2Point,
}

/// Why files are no set-up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// No domain has a file of this length, or not of this form.
    #[error("the length of a file does not fit any number of slots")]
    Length,
    /// A point is none.
    #[error("point {index} of the {file}: {error}")]
    Point {
        /// `powers` or `table`.
        file: &'static str,
        /// Its number in the file, from 0.
        index: usize,
        /// What is wrong with it.
        error: PointError,
    },
    /// Powers and table are for different numbers of slots.
    #[error("powers and table are for different numbers of slots")]
    Sizes,
    /// The first power is not the generator.
    #[error("the powers do not begin with the generator")]
    Generator,
    /// The secret of the powers in G1 is not that of the one in G2.
    #[error("the two groups have powers of different secrets")]
    AnotherSecret,
    /// Somewhere a power does not follow from the one before it: one was swapped, or the list
    /// was put together from two set-ups.
    #[error("these are not consecutive powers of one secret")]
    NotPowers,
    /// The table is right but for its order: the bits of each slot's number are reversed.
    #[error("the table is in bit-reversed order: bring it into the order of slots")]
    TableReversed,
    /// The table does not follow from the powers.
    #[error("the table does not follow from the powers")]
    NotTheTable,
    /// The file is not JSON of the form that Ethereum publishes.
    #[error("this is not a trusted set-up of Ethereum's form: {0}")]
    Form(&'static str),
}

/// Checks that powers are consecutive powers of one secret and that the table follows from them,
/// each by one random linear combination. The coefficient follows from the hashes of both files, so
/// that everybody makes the same check, and whoever made the files could not know it before. Each
/// wrong one that somebody tries passes with probability below 2^-230. The points were checked when
/// they were read.
///
/// The table is adopted by [`Table::hash`], the powers by [`Powers::hash`].
///
/// # Errors
/// The first thing that is wrong.
pub fn check(powers: &Powers, table: &Table) -> Result<Setup, SetupError> {
    if powers.domain() != table.domain() {
        return Err(SetupError::Sizes);
    }
    let z = coefficient(&[powers.hash(), table.hash()]);
    let combined = check_powers(powers, z)?;
    if combine_table(table, z) != Some(combined) {
        let reversed = combine_table(&table.reversed(), z) == Some(combined);
        let error = if reversed { SetupError::TableReversed } else { SetupError::NotTheTable };
        return Err(error);
    }
    Ok(Setup { domain: powers.domain(), tau: powers.tau })
}

/// The coefficient of a check: nobody can choose files for it.
pub(super) fn coefficient(hashes: &[[u8; 32]]) -> Fr {
    let mut hash = Sha512::new_with_prefix("dzong/slots/check/v1");
    for file in hashes {
        hash.update(file);
    }
    Fr::from_be_bytes_mod_order(&hash.finalize())
}

/// Checks that powers are consecutive, and gives their combination `A = Σ z^k τ^k P`.
///
/// With `A` the sums of the first and of the last N − 1 powers follow: `A − z^(N−1) τ^(N−1) P` and
/// `(A − P) / z`, and the second is τ times the first. If power k + 1 is not τ times power k for
/// some k, that holds for at most N − 2 values of z.
pub(super) fn check_powers(powers: &Powers, z: Fr) -> Result<G1Projective, SetupError> {
    let points: Vec<G1Affine> = powers.g1.iter().map(|point| point.affine()).collect();
    let (first, last) = points.first().zip(points.last()).ok_or(SetupError::Length)?;
    if *first != G1Affine::generator() {
        return Err(SetupError::Generator);
    }
    let next = points.get(1).ok_or(SetupError::Length)?.into_group();
    if !divides(next, G1Affine::generator().into_group(), &powers.tau) {
        return Err(SetupError::AnotherSecret);
    }
    let mut weights = vec![Fr::ONE];
    weights.extend(points.iter().skip(1).scan(Fr::ONE, |weight, _| {
        *weight *= z;
        Some(*weight)
    }));
    let combined = G1Projective::msm_unchecked(&points, &weights);
    let top = weights.last().copied().unwrap_or_default();
    let inverse = z.inverse().ok_or(SetupError::NotPowers)?;
    let right = divides((combined - first) * inverse, combined - *last * top, &powers.tau);
    right.then_some(combined).ok_or(SetupError::NotPowers)
}

/// Whether `product` is τ times `factor`: `e(product, P~) = e(factor, τP~)`.
fn divides(product: G1Projective, factor: G1Projective, tau: &G2Point) -> bool {
    let pairs = Bls12_381::multi_pairing([product, -factor], [G2Affine::generator(), tau.affine()]);
    pairs.is_zero()
}

/// `Σ (z^N − 1) / (z·ω^i − 1) · L_i`, which is `Σ z^k τ^k P` for the right table, because the
/// polynomial `Σ z^k X^k` has those values at the slots.
fn combine_table(table: &Table, z: Fr) -> Option<G1Projective> {
    let mut weights: Vec<Fr> = table.domain().points().map(|point| z * point - Fr::ONE).collect();
    if weights.iter().any(Fr::is_zero) {
        return None;
    }
    batch_inversion(&mut weights);
    let top = z.pow([u64::from(table.domain().slots())]) - Fr::ONE;
    for weight in &mut weights {
        *weight *= top;
    }
    Some(G1Projective::msm_unchecked(&table.affine(), &weights))
}

impl Setup {
    /// SHA-256 over tag, number of slots and `τP~`: the name of a set-up within hashes.
    pub fn hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new_with_prefix("dzong/slots/setup/v1");
        hash.update(self.domain.slots().to_be_bytes());
        hash.update(self.tau.bytes());
        hash.finalize().into()
    }
}
