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

use std::collections::BTreeSet;

use ark_bls12_381::{Bls12_381, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, VariableBaseMSM};
use ark_ff::{Zero, batch_inversion};
use registry::slots::{Commitment, Domain, G1Point, Setup};

/// Which slots of a registry are inactive (revoked or suspended), in one version of its list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statuses {
    domain: Domain,
    inactive: BTreeSet<u32>,
}

/// What changed between two versions of a list, taken together: a slot that came back is in
/// neither.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// Inactive before and active now.
    pub activated: BTreeSet<u32>,
    /// Active before and inactive now.
    pub deactivated: BTreeSet<u32>,
}

/// Why there is no witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WitnessError {
    /// The bitmap has not one bit for each slot, or slot 0 is active in it.
    #[error("this is no bitmap of a registry of that size")]
    Statuses,
    /// The slot is 0, or beyond the registry.
    #[error("no credential has slot {0}")]
    NoSuchSlot(u32),
    /// The slot is inactive, and then there is no witness.
    #[error("the slot is inactive")]
    Inactive,
    /// A slot that was active became active, or one that was inactive became so, or slot 0 changed.
    #[error("the change of slot {0} does not fit the statuses before it")]
    Delta(u32),
    /// The table did not give this point.
    #[error("the table has no point for slot {0}")]
    NoPoint(u32),
    /// The sum is the identity: table and registry do not belong together.
    #[error("the witness would be the identity")]
    Identity,
}

impl Statuses {
    /// Reads a bitmap: a bit for each slot, set where it is inactive; slot `i` is bit `i mod 8` of
    /// byte `i / 8`, counted from the least significant.
    ///
    /// # Errors
    /// The length is another, or slot 0 is active.
    pub fn read(domain: Domain, bitmap: &[u8]) -> Result<Statuses, WitnessError> {
        if u32::try_from(bitmap.len()) != Ok(domain.slots() / 8) {
            return Err(WitnessError::Statuses);
        }
        let bits = bitmap.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1));
        let inactive = (0_u32..).zip(bits).filter(|(_, bit)| *bit == 1).map(|(slot, _)| slot);
        Statuses::of(domain, inactive.collect())
    }

    /// These slots are inactive.
    ///
    /// # Errors
    /// Slot 0 is not among them, or one is beyond the registry.
    pub fn of(domain: Domain, inactive: BTreeSet<u32>) -> Result<Statuses, WitnessError> {
        let inside = inactive.last().is_some_and(|last| *last < domain.slots());
        let sound = inside && inactive.contains(&0);
        sound.then_some(Statuses { domain, inactive }).ok_or(WitnessError::Statuses)
    }

    /// The inactive slots, slot 0 among them.
    pub fn inactive(&self) -> &BTreeSet<u32> {
        &self.inactive
    }

    /// What changed from these to later ones.
    pub fn delta_to(&self, later: &Statuses) -> Delta {
        Delta {
            activated: self.inactive.difference(&later.inactive).copied().collect(),
            deactivated: later.inactive.difference(&self.inactive).copied().collect(),
        }
    }

    /// The statuses after a change.
    ///
    /// # Errors
    /// The change does not fit these.
    pub fn apply(&self, delta: &Delta) -> Result<Statuses, WitnessError> {
        let mut inactive = self.inactive.clone();
        for slot in &delta.activated {
            if *slot == 0 || !inactive.remove(slot) {
                return Err(WitnessError::Delta(*slot));
            }
        }
        for slot in &delta.deactivated {
            let fits = self.domain.holds(*slot) && !delta.activated.contains(slot);
            if !fits || !inactive.insert(*slot) {
                return Err(WitnessError::Delta(*slot));
            }
        }
        Ok(Statuses { domain: self.domain, inactive })
    }
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
    /// The slot is inactive or none, or a point is missing.
    pub fn of(
        points: impl Fn(u32) -> Option<G1Point>,
        statuses: &Statuses,
        slot: u32,
    ) -> Result<Witness, WitnessError> {
        let domain = statuses.domain;
        if !domain.holds(slot) {
            return Err(WitnessError::NoSuchSlot(slot));
        }
        if statuses.inactive.contains(&slot) {
            return Err(WitnessError::Inactive);
        }
        let terms = statuses.inactive.iter().map(|other| (*other, false));
        let sum = quotients(domain, points, terms, slot)?;
        let point = G1Point::of(sum).ok_or(WitnessError::Identity)?;
        Ok(Witness { domain, slot, point })
    }

    /// The witness for a later version. It costs as much as there are changes, however many slots
    /// are inactive; with more changes than inactive slots, [`Witness::of`] is cheaper.
    ///
    /// # Errors
    /// The slot itself became inactive, the change is none, or a point is missing. That the witness
    /// was for the version before is for the caller to know, and for [`Witness::check`].
    pub fn update(
        &self,
        points: impl Fn(u32) -> Option<G1Point>,
        delta: &Delta,
    ) -> Result<Witness, WitnessError> {
        if delta.deactivated.contains(&self.slot) {
            return Err(WitnessError::Inactive);
        }
        let both = || delta.activated.intersection(&delta.deactivated);
        let all = || delta.activated.iter().chain(&delta.deactivated);
        let wrong = |slot: &&u32| **slot == self.slot || !self.domain.holds(**slot);
        if let Some(slot) = both().next().or_else(|| all().find(wrong)) {
            return Err(WitnessError::Delta(*slot));
        }
        let less = delta.activated.iter().map(|slot| (*slot, true));
        let more = delta.deactivated.iter().map(|slot| (*slot, false));
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
