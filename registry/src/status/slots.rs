//! The slot view of a registry: the set-up that the Governing Body adopted, and the commitment that
//! every validator computes from its table (`crate::slots`).

use serde::{Deserialize, Serialize};

use super::{Base64, StatusError, touched};
use crate::blob;
use crate::rejection::Rejection;
use crate::slots::{Commitment, G1Point, G2_BYTES, point_in, slots_of, tau_in};
use crate::state::{self, View};

/// The kind of blob that a set-up is.
const SETUP: &str = "powersOfTau";
/// How many slots a set-up has that a network adopts.
const SIZES: [u32; 2] = [4_096, 65_536];

/// The content of `network/powers-of-tau`: the set-up of new registries. Members stand in canonical
/// order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PowersOfTau {
    /// Powers and table: the id of an active blob.
    pub blob: String,
    /// How many slots it has.
    pub slots: u32,
    /// `τP~`, which verifiers need: a compressed point of G2.
    pub tau: Base64<G2_BYTES>,
}

impl PowersOfTau {
    /// The key of the one record.
    pub const KEY: &str = "network/powers-of-tau";

    /// The set-up of this blob.
    ///
    /// # Errors
    /// [`StatusError::Unmet`].
    pub(crate) fn of(id: String, view: &dyn View) -> Result<PowersOfTau, Rejection> {
        let state = blob::active(&id, SETUP, view)?.ok_or_else(|| {
            unmet("`blob` is no active blob of the kind `powersOfTau`: put it first")
        })?;
        let slots = slots_of(state.size).filter(|slots| SIZES.contains(slots));
        let slots = slots.ok_or_else(|| unmet("a network's set-up has 4096 or 65536 slots"))?;
        let tau = view.blob(&id, tau_in(slots)).and_then(|bytes| bytes.try_into().ok());
        let tau = Base64(tau.ok_or_else(|| touched::absent(&id))?);
        Ok(PowersOfTau { blob: id, slots, tau })
    }
}

/// What the slot view of a registry rests on, for good. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slots {
    /// How many slots the set-up has.
    pub domain: u32,
    /// The set-up: the id of an active blob.
    pub setup: String,
}

impl Slots {
    /// The view of a new registry, and its commitment as it begins: slot 0 alone is inactive.
    ///
    /// # Errors
    /// [`StatusError::Unmet`]: no set-up is adopted, or it has too few slots.
    pub(crate) fn open(capacity: u32, view: &dyn View) -> Result<(Slots, Commitment), Rejection> {
        let adopted = state::read::<PowersOfTau>(PowersOfTau::KEY, view)?;
        let (_, PowersOfTau { blob: setup, slots: domain, .. }) = adopted.ok_or_else(|| {
            unmet("the Governing Body adopted no set-up yet, which the format `slots` needs")
        })?;
        if capacity > domain {
            Err(unmet(&format!("`capacity` is at most {domain}, the slots of the set-up")))?;
        }
        let slots = Slots { domain, setup };
        let fresh = Commitment::of(slots.points(&[0], view)?);
        let fresh = fresh.ok_or_else(|| touched::absent(&slots.setup))?;
        Ok((slots, fresh))
    }

    fn points(&self, slots: &[u32], view: &dyn View) -> Result<Vec<G1Point>, Rejection> {
        let places = slots.iter().map(|slot| point_in(self.domain, *slot));
        touched::points(&self.setup, places, |bytes| G1Point::adopted(bytes).ok(), view)
    }

    /// The commitment after these slots began to count, and those ceased to.
    ///
    /// # Errors
    /// The set-up is not there, which no attested blob lets happen.
    pub(crate) fn shift(
        &self,
        commitment: &Commitment,
        (began, ceased): (&[u32], &[u32]),
        view: &dyn View,
    ) -> Result<Commitment, Rejection> {
        let (less, more) = (self.points(began, view)?, self.points(ceased, view)?);
        commitment.shift(less, more).ok_or_else(|| touched::absent(&self.setup))
    }
}

fn unmet(why: &str) -> StatusError {
    StatusError::Unmet(why.to_owned())
}
