//! What a wallet keeps of a registry beside a credential: the statuses of one version, which it
//! fetched as a file that is the same for every holder, and what follows from them.

use registry::slots::{Commitment, G1Point};
use registry::status::{SlotList, Status, Vector};

use crate::witness::{Witness, WitnessError};

/// How a credential's slot stands in one version of its registry's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    list: SlotList,
    slot: u32,
    statuses: Vector,
    witness: Option<Witness>,
}

/// What changed between two versions of a list, as a node serves it.
#[derive(Clone, Copy, Debug)]
pub struct Delta<'a> {
    /// The version that it begins at.
    pub from: u64,
    /// The version that it leads to.
    pub to: u64,
    /// The bytes, as [`Vector::delta`] writes them.
    pub bytes: &'a [u8],
}

impl Standing {
    /// The standing of a slot in a proven list, with the statuses of that version. `points` gives a
    /// slot's point of the table. Statuses and points must add up to the list's commitment, and the
    /// witness that follows must hold against it: an active slot needs no other proof of either.
    ///
    /// # Errors
    /// There is no such slot; statuses or points are not those of the list.
    pub fn of(
        points: impl Fn(u32) -> Option<G1Point>,
        list: SlotList,
        slot: u32,
        statuses: Vector,
    ) -> Result<Standing, WitnessError> {
        let witness = Witness::of(&points, list.setup.domain, &statuses, slot);
        let witness = active(witness, &list)?;
        let inactive = gather(&points, statuses.inactive())?;
        if Commitment::of(inactive) != Some(list.commitment) {
            return Err(WitnessError::Statuses);
        }
        Ok(Standing { list, slot, statuses, witness })
    }

    /// The standing after a change. However long ago the list was fetched, the work is one
    /// multiplication for each slot that changed, or for each that is inactive where those are
    /// fewer or the slot itself came back; and two pairings to see that the witness holds. What
    /// follows is the list that the delta leads to; who gave it may have made it up, and then a
    /// verifier refuses what is presented. Where it matters who learns of that, compare
    /// [`Standing::list`] with a proven one first.
    ///
    /// # Errors
    /// The delta is for another version or registry, or the points are not the table's.
    pub fn follow(
        &self,
        points: impl Fn(u32) -> Option<G1Point>,
        delta: Delta<'_>,
    ) -> Result<Standing, WitnessError> {
        if delta.from != self.list.version {
            return Err(WitnessError::AnotherVersion(delta.from));
        }
        let statuses = self.statuses.after(delta.bytes).ok_or(WitnessError::Delta)?;
        let (began, ceased) = statuses.turned(&self.statuses);
        let few = began.len() + ceased.len() <= statuses.inactive().count();
        let (less, more) = (gather(&points, began)?, gather(&points, ceased)?);
        let commitment = self.list.commitment.shift(less, more).ok_or(WitnessError::Identity)?;
        let made = match &self.witness {
            Some(witness) if few => witness.update(points, &self.statuses, &statuses),
            _ => Witness::of(points, self.list.setup.domain, &statuses, self.slot),
        };
        let list = SlotList { version: delta.to, commitment, ..self.list.clone() };
        let witness = active(made, &list)?;
        Ok(Standing { list, statuses, witness, ..*self })
    }

    /// The list, to present against.
    pub fn list(&self) -> &SlotList {
        &self.list
    }

    /// The witness.
    ///
    /// # Errors
    /// The slot is inactive, and then there is none.
    pub fn witness(&self) -> Result<&Witness, WitnessError> {
        self.witness.as_ref().ok_or(WitnessError::Inactive)
    }

    /// The slot's status.
    pub fn status(&self) -> Option<Status> {
        self.statuses.status(self.slot)
    }
}

fn gather(
    points: impl Fn(u32) -> Option<G1Point>,
    slots: impl IntoIterator<Item = u32>,
) -> Result<Vec<G1Point>, WitnessError> {
    let point = |slot| points(slot).ok_or(WitnessError::NoPoint(slot));
    slots.into_iter().map(point).collect()
}

/// The witness, if the slot has one now, and it holds against the list: that the slot is inactive
/// is no error of the files.
fn active(
    made: Result<Witness, WitnessError>,
    list: &SlotList,
) -> Result<Option<Witness>, WitnessError> {
    match made {
        Ok(witness) if witness.check(&list.setup, &list.commitment) => Ok(Some(witness)),
        Ok(_) => Err(WitnessError::Statuses),
        Err(WitnessError::Inactive) => Ok(None),
        Err(error) => Err(error),
    }
}
