//! The slot view of a registry: the set-up that the Governing Body adopted, and the commitment that
//! every validator computes from its table (`crate::slots`).

use proofs::trust::Freshness;
use proofs::{Trust, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Base64, Part, Question, StatusError, touched};
use crate::answer::{self, ANSWER_BYTES_MAX};
use crate::rejection::Rejection;
use crate::slots::{
    Commitment, Domain, G1_BYTES, G1Point, G2_BYTES, G2Point, Setup, point_in, slots_of, tau_in,
};
use crate::state::{self, View};
use crate::{blob, json};

/// How many slots a set-up has that a network adopts.
pub const SETUP_SLOTS: [u32; 2] = [4_096, 65_536];

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
    /// The kind of blob that a set-up is.
    pub const BLOB_KIND: &str = "powersOfTau";

    /// The set-up of this blob.
    ///
    /// # Errors
    /// [`StatusError::Unmet`].
    pub(crate) fn of(id: String, view: &dyn View) -> Result<PowersOfTau, Rejection> {
        let state = blob::active(&id, PowersOfTau::BLOB_KIND, view)?.ok_or_else(|| {
            unmet("`blob` is no active blob of the kind `powersOfTau`: put it first")
        })?;
        let slots = slots_of(state.size).filter(|slots| SETUP_SLOTS.contains(slots));
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
    /// `τP~` of the set-up, so that a verifier needs no more than the registry's records.
    pub tau: Base64<G2_BYTES>,
}

impl Slots {
    /// The view of a new registry, and its commitment as it begins: slot 0 alone is inactive.
    ///
    /// # Errors
    /// [`StatusError::Unmet`]: no set-up is adopted, or it has too few slots.
    pub(crate) fn open(capacity: u32, view: &dyn View) -> Result<(Slots, Commitment), Rejection> {
        let adopted = state::read::<PowersOfTau>(PowersOfTau::KEY, view)?;
        let (_, PowersOfTau { blob: setup, slots: domain, tau }) = adopted.ok_or_else(|| {
            unmet("the Governing Body adopted no set-up yet, which the format `slots` needs")
        })?;
        if capacity > domain {
            Err(unmet(&format!("`capacity` is at most {domain}, the slots of the set-up")))?;
        }
        let slots = Slots { domain, setup, tau };
        let fresh = slots.commitment(&[], view)?;
        Ok((slots, fresh))
    }

    /// The commitment of a registry in which these slots, and slot 0, do not count, from nothing.
    ///
    /// # Errors
    /// As [`Slots::shift`].
    pub(crate) fn commitment(
        &self,
        ceased: &[u32],
        view: &dyn View,
    ) -> Result<Commitment, Rejection> {
        let inactive = self.points(&[&[0], ceased].concat(), view)?;
        Commitment::of(inactive).ok_or_else(|| touched::absent(&self.setup))
    }

    /// What a verifier needs of the set-up.
    #[must_use]
    pub fn verifying(&self) -> Option<Setup> {
        let tau = G2Point::read(&self.tau.0).ok()?;
        Some(Setup { domain: Domain::of(self.domain)?, tau })
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

/// One version of a registry's statuses as its slot view has it: what is proven against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotList {
    /// The registry's id.
    pub registry: String,
    /// The version of its head.
    pub version: u64,
    /// The set-up that it is under.
    pub setup: Setup,
    /// The commitment of that version.
    pub commitment: Commitment,
}

/// Why an answer is not the newest list of a registry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSlotList {
    /// Its proof does not hold, or not for whoever asks.
    #[error("the answer is {0}")]
    Verdict(Verdict),
    /// It answers another question than what this registry and its head are now.
    #[error("the answer is about another registry, or about its past: ask for it as it is now")]
    Question,
    /// There is no such registry, or none that is read as slots.
    #[error("there is no such registry of the format `slots`")]
    Format,
}

impl SlotList {
    /// The newest list of a registry, from the answer to `GET
    /// /v1/revocation/registries/{id}?proof=true`, which need not come from anybody trusted: it is
    /// proven under `trust`, and as fresh as is asked for.
    ///
    /// # Errors
    /// Why the answer is not to be used.
    pub fn proven(
        bytes: &[u8],
        registry: &str,
        trust: &Trust,
        freshness: Freshness,
    ) -> Result<SlotList, NoSlotList> {
        let verdict = answer::check(trust, bytes, freshness);
        if !verdict.is_valid() {
            return Err(NoSlotList::Verdict(verdict));
        }
        let registry = registry.to_owned();
        let wanted = Question { part: Part::Registry, registry, time: None, version: None };
        if answer::question(bytes) != Some(answer::Question::Status(wanted.clone())) {
            return Err(NoSlotList::Question);
        }
        SlotList::shown(bytes, wanted.registry).ok_or(NoSlotList::Format)
    }

    fn shown(bytes: &[u8], registry: String) -> Option<SlotList> {
        let shown = json::parse(bytes, ANSWER_BYTES_MAX).ok()?;
        let slots = Slots::deserialize(shown.get("slots")?).ok()?;
        let commitment = Base64::<G1_BYTES>::deserialize(shown.get("commitment")?).ok()?;
        Some(SlotList {
            registry,
            version: shown.get("version").and_then(Value::as_u64)?,
            setup: slots.verifying()?,
            commitment: Commitment::kept(&commitment.0).ok()?,
        })
    }
}

fn unmet(why: &str) -> StatusError {
    StatusError::Unmet(why.to_owned())
}
