//! The witness of an active slot: the quotient of the registry's polynomial by `X − ω^slot`, at τ.
//!
//! With `p` the sum of the Lagrange polynomials of the inactive slots, an active slot `i` is a root
//! of `p`, and `W = p(τ)/(τ − ω^i)·P` is a sum over the inactive slots `j`:
//!
//! `L_j / (X − ω^i) = (L_j − ω^(j−i) L_i) / (ω^j − ω^i)`
//!
//! because both sides have degree N − 2 and the value `1/(ω^j − ω^i)` at `ω^j`, 0 at every other
//! slot but `i`. (That of the left at `ω^i` is `L_j'(ω^i) = ω^(j−i)/(ω^i − ω^j)`, as on the right.)
//! So only the points of the table are needed, those of `i` and of the inactive slots.

use ark_bls12_381::{Bls12_381, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, VariableBaseMSM};
use ark_ff::{Zero, batch_inversion};
use registry::slots::{Commitment, Domain, G1Point, Setup};
use registry::status::{Status, Vector};

/// Why there is no witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WitnessError {
    /// The statuses are of more slots than the set-up has, slot 0 is valid in them, or they are
    /// not those that the list commits to by these points.
    #[error("statuses, list and table do not belong together: fetch them anew")]
    Statuses,
    /// The slot is 0, or beyond the registry.
    #[error("no credential has slot {0}")]
    NoSuchSlot(u32),
    /// The slot is inactive, and then there is no witness.
    #[error("the slot is inactive")]
    Inactive,
    /// The delta begins at another version than the wallet has.
    #[error("the delta begins at version {0}: ask for the one from the version that you have")]
    AnotherVersion(u64),
    /// The delta is none for these statuses.
    #[error("these bytes are no delta of the registry: fetch the whole list")]
    Delta,
    /// The table did not give this point.
    #[error("the table has no point for slot {0}")]
    NoPoint(u32),
    /// The sum is the identity: table and registry do not belong together.
    #[error("the witness would be the identity")]
    Identity,
}

/// The witness of an active slot against one version of a list. It is no secret against the
/// registry, but it names the slot: a wallet keeps it like the credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Witness {
    domain: Domain,
    slot: u32,
    point: G1Point,
}

impl Witness {
    /// The witness from nothing but public files: `points` gives a slot's point of the table. One
    /// multiplication for each inactive slot, made together.
    ///
    /// # Errors
    /// The slot is inactive or none, the statuses are none under this set-up, or a point is
    /// missing.
    pub fn of(
        points: impl Fn(u32) -> Option<G1Point>,
        domain: Domain,
        statuses: &Vector,
        slot: u32,
    ) -> Result<Witness, WitnessError> {
        check(domain, statuses, slot)?;
        let terms = statuses.inactive().map(|other| (other, false));
        let sum = quotients(domain, points, terms, slot)?;
        let point = G1Point::of(sum).ok_or(WitnessError::Identity)?;
        Ok(Witness { domain, slot, point })
    }

    /// The witness for later statuses. It costs as much as there are changes, however many slots
    /// are inactive; with more changes than inactive slots, [`Witness::of`] is cheaper.
    ///
    /// # Errors
    /// The slot itself became inactive, the statuses are none under this set-up, or a point is
    /// missing. That the witness was for the statuses before is for the caller to know, and for
    /// [`Witness::check`].
    pub fn update(
        &self,
        points: impl Fn(u32) -> Option<G1Point>,
        before: &Vector,
        after: &Vector,
    ) -> Result<Witness, WitnessError> {
        check(self.domain, after, self.slot)?;
        let (began, ceased) = after.turned(before);
        let less = began.into_iter().map(|slot| (slot, true));
        let more = ceased.into_iter().map(|slot| (slot, false));
        let sum = quotients(self.domain, points, less.chain(more), self.slot)?;
        let point = G1Point::of(sum + self.point.affine()).ok_or(WitnessError::Identity)?;
        Ok(Witness { point, ..*self })
    }

    /// Whether this is the witness of its slot against a commitment:
    /// `e(W, (τ − ω^slot)P~) = e(C, P~)`.
    pub fn check(&self, setup: &Setup, commitment: &Commitment) -> bool {
        if self.domain != setup.domain {
            return false;
        }
        // e(W, τP~) · e(−ω^slot W − C, P~)
        let (w, c) = (self.point.affine(), commitment.point().affine());
        let rest = -(w * self.domain.at(self.slot) + c);
        let product = Bls12_381::multi_pairing(
            [w.into_group(), rest],
            [setup.tau.affine(), G2Affine::generator()],
        );
        product.is_zero()
    }

    /// The slot.
    pub fn slot(&self) -> u32 {
        self.slot
    }

    /// The slots of the registry.
    pub fn domain(&self) -> Domain {
        self.domain
    }

    /// The point `W`.
    pub fn point(&self) -> G1Point {
        self.point
    }
}

/// Whether a slot may have a witness: it is one of a registry under this set-up, and active.
fn check(domain: Domain, statuses: &Vector, slot: u32) -> Result<(), WitnessError> {
    let fits = statuses.capacity() <= domain.slots();
    if !fits || statuses.status(0).is_none_or(|status| status == Status::Valid) {
        return Err(WitnessError::Statuses);
    }
    match statuses.status(slot).filter(|_| domain.holds(slot)) {
        None => Err(WitnessError::NoSuchSlot(slot)),
        Some(Status::Valid) => Ok(()),
        Some(_) => Err(WitnessError::Inactive),
    }
}

/// `Σ ± (L_j − ω^(j−i) L_i) / (ω^j − ω^i)` over slots `j ≠ i`, those marked taken away.
fn quotients(
    domain: Domain,
    points: impl Fn(u32) -> Option<G1Point>,
    terms: impl Iterator<Item = (u32, bool)>,
    slot: u32,
) -> Result<G1Projective, WitnessError> {
    let point = |slot| points(slot).map(|p| p.affine()).ok_or(WitnessError::NoPoint(slot));
    let own = domain.at(slot);
    let mut bases: Vec<G1Affine> = Vec::new();
    let (mut weights, mut values): (Vec<Fr>, Vec<Fr>) = (Vec::new(), Vec::new());
    for (other, less) in terms {
        let value = domain.at(other);
        bases.push(point(other)?);
        weights.push(if less { own - value } else { value - own });
        values.push(value);
    }
    batch_inversion(&mut weights);
    // ω^(j−i) = ω^j · ω^(N−i)
    let share = weights.iter().zip(&values).map(|(weight, value)| *weight * value).sum::<Fr>();
    bases.push(point(slot)?);
    weights.push(-share * domain.at(domain.slots() - slot));
    Ok(G1Projective::msm_unchecked(&bases, &weights))
}

#[cfg(test)]
impl Witness {
    /// The witness as a cheat passes it off, for a slot that it is not for.
    pub(crate) fn claim_for_test(self, slot: u32) -> Witness {
        Witness { slot, ..self }
    }
}
