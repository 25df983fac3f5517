//! A change of statuses: its members, and the one rule by which it is decided, for issuers and for
//! those above them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::lock::Basis;
use super::vector::{NODE_CHUNKS, Node};
use super::{Base64, CHUNK_SLOTS, Chunk, Head, Hold, Lock, Locking, Registry, Status, StatusError};
use crate::anoncreds::Point;
use crate::rejection::Rejection;
use crate::state::{self, Change, View};
use crate::trust::forms;

/// Most slots that one event changes, over all its registries.
pub const CHANGES_MAX: usize = 4096;
/// Most registries that one event changes.
pub const REGISTRIES_MAX: usize = 16;

/// What changes in one registry: slots, ascending.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RegistryChange {
    /// The AnonCreds accumulator that the issuer's own software came to, as it writes it.
    pub accumulator: Option<String>,
    /// The version of the registry's head that this replaces.
    pub previous_version: u64,
    /// Slots that count again.
    #[serde(default)]
    pub reactivate: Vec<u32>,
    /// The registry's id.
    pub registry: String,
    /// Slots that never count again.
    #[serde(default)]
    pub revoke: Vec<u32>,
    /// Slots that do not count for now.
    #[serde(default)]
    pub suspend: Vec<u32>,
    /// Slots whose status stays, and whose lock alone changes.
    #[serde(default)]
    pub unchanged: Vec<u32>,
}

impl RegistryChange {
    /// Every slot with what it becomes, ascending; nothing where its status stays.
    ///
    /// # Errors
    /// [`StatusError::SlotZero`], [`StatusError::SlotOrder`].
    fn steps(&self) -> Result<Vec<(u32, Option<Status>)>, StatusError> {
        let lists = [
            (&self.reactivate, Some(Status::Valid)),
            (&self.revoke, Some(Status::Revoked)),
            (&self.suspend, Some(Status::Suspended)),
            (&self.unchanged, None),
        ];
        let mut steps = Vec::new();
        for (slots, to) in lists {
            let pairs = slots.iter().zip(slots.iter().skip(1));
            if let Some((_, slot)) = pairs.clone().find(|(one, next)| one >= next) {
                return Err(StatusError::SlotOrder(*slot));
            }
            if slots.first() == Some(&0) {
                return Err(StatusError::SlotZero);
            }
            steps.extend(slots.iter().map(|slot| (*slot, to)));
        }
        steps.sort_unstable_by_key(|(slot, _)| *slot);
        let mut pairs = steps.iter().zip(steps.iter().skip(1));
        match pairs.find(|((one, _), (next, _))| one == next) {
            Some(((slot, _), _)) => Err(StatusError::SlotOrder(*slot)),
            None => Ok(steps),
        }
    }

    fn count(&self) -> usize {
        [&self.reactivate, &self.revoke, &self.suspend, &self.unchanged].map(Vec::len).iter().sum()
    }
}

/// What an event changes, over one or several registries: all of it or nothing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Changes(pub Vec<RegistryChange>);

/// Who changes statuses.
#[derive(Debug, Clone, Copy)]
pub enum Actor<'a> {
    /// The registry's issuer.
    Issuer,
    /// Somebody above it.
    Above(&'a Overriding<'a>),
}

/// How somebody above the issuer acts.
#[derive(Debug, Clone, Copy)]
pub struct Overriding<'a> {
    /// Whose decision it is.
    pub basis: Basis,
    /// Whether revoked slots may be brought back: the correction of an error.
    pub corrects: bool,
    /// The salted commitment to the ground.
    pub ground: &'a str,
    /// What happens to the locks.
    pub locking: Locking,
}

impl Changes {
    /// Checks what needs no state.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), StatusError> {
        let registries = &self.0;
        let count: usize = registries.iter().map(RegistryChange::count).sum();
        let ascending =
            registries.iter().zip(registries.iter().skip(1)).all(|(a, b)| a.registry < b.registry);
        let sound = (1..=REGISTRIES_MAX).contains(&registries.len())
            && ascending
            && registries.iter().all(|change| change.count() > 0);
        if !sound {
            return Err(StatusError::Empty);
        }
        if count > CHANGES_MAX {
            return Err(StatusError::Batch(count));
        }
        for change in registries {
            if !forms::is_sha256(&change.registry) {
                return Err(StatusError::Form("registry", "is the id of a revocation registry"));
            }
            change.steps()?;
        }
        Ok(())
    }

    /// The record that the event is about: the first registry's head.
    #[must_use]
    pub fn subject(&self) -> String {
        Head::key(self.0.first().map_or("", |change| &change.registry))
    }

    /// What it costs to apply, in about microseconds: three for a slot, and 50 for reading and
    /// writing the accumulator and the commitment of a registry.
    #[must_use]
    pub fn cost(&self) -> u64 {
        let cost = |change: &RegistryChange| change.count().saturating_mul(3).saturating_add(50);
        let cost = self.0.iter().map(cost).fold(0, usize::saturating_add);
        u64::try_from(cost).unwrap_or(u64::MAX)
    }

    /// The changes of records. `may` decides whether the actor may act in a registry.
    ///
    /// # Errors
    /// Why nothing changes, in any of the registries.
    pub fn apply(
        &self,
        actor: Actor<'_>,
        view: &dyn View,
        may: &dyn Fn(&Registry) -> Result<(), Rejection>,
    ) -> Result<Vec<Change>, Rejection> {
        let mut changes = Vec::new();
        for change in &self.0 {
            let (_, registry) = Registry::current(&change.registry, view)?;
            may(&registry)?;
            if let Some(hold) = registry.held()
                && (hold == Hold::Retired || matches!(actor, Actor::Issuer))
            {
                Err(StatusError::Held(hold.name()))?;
            }
            changes.extend(Work::new(&registry, change, view)?.run(actor)?);
        }
        Ok(changes)
    }
}

/// A change of one registry on its way.
struct Work<'a> {
    registry: &'a Registry,
    change: &'a RegistryChange,
    view: &'a dyn View,
    head: Head,
    chunks: BTreeMap<u32, Chunk>,
    locks: BTreeMap<u32, Lock>,
    /// Slots that count from now on, and those that no longer do.
    began: Vec<u32>,
    ceased: Vec<u32>,
}

impl<'a> Work<'a> {
    fn new(
        registry: &'a Registry,
        change: &'a RegistryChange,
        view: &'a dyn View,
    ) -> Result<Work<'a>, Rejection> {
        let (record, head) = state::expect(&Head::key(&change.registry), view)?;
        crate::events::check_version(change.previous_version, &record)?;
        let (chunks, locks) = (BTreeMap::new(), BTreeMap::new());
        let (began, ceased) = (Vec::new(), Vec::new());
        Ok(Work { registry, change, view, head, chunks, locks, began, ceased })
    }

    fn run(mut self, actor: Actor<'_>) -> Result<Vec<Change>, Rejection> {
        for (slot, to) in self.change.steps()? {
            if slot >= self.registry.capacity {
                Err(StatusError::SlotRange { slot, last: self.registry.capacity - 1 })?;
            }
            self.step(slot, to, actor)?;
        }
        self.accumulate()?;
        self.commit()?;
        self.finish()
    }

    /// The AnonCreds accumulator that follows; what the issuer's software came to is compared.
    fn accumulate(&mut self) -> Result<(), Rejection> {
        let claim = self.change.accumulator.as_deref();
        let Some(anoncreds) = &self.registry.anoncreds else {
            let form = "is for registries that are read as AnonCreds";
            return match claim {
                None => Ok(()),
                Some(_) => Err(StatusError::Form("accumulator", form))?,
            };
        };
        let before = self.head.accumulator().ok_or_else(|| self.unreadable())?;
        let slots = (&*self.began, &*self.ceased);
        let after = anoncreds.shift(&before, self.registry.capacity, slots, self.view)?;
        if let Some(claim) = claim {
            let expected = || StatusError::Accumulator { expected: after.to_text() };
            let point = Point::parse(claim).map_err(StatusError::Point)?;
            (point == after).then_some(()).ok_or_else(expected)?;
        }
        self.head.accumulator = Some(Base64(after.to_bytes()));
        Ok(())
    }

    /// The slot commitment that follows.
    fn commit(&mut self) -> Result<(), Rejection> {
        let Some(slots) = &self.registry.slots else { return Ok(()) };
        let before = self.head.commitment().ok_or_else(|| self.unreadable())?;
        let after = slots.shift(&before, (&self.began, &self.ceased), self.view)?;
        self.head.commitment = Some(Base64(after.bytes()));
        Ok(())
    }

    fn unreadable(&self) -> Rejection {
        Rejection::Unreadable(Head::key(&self.change.registry))
    }

    /// Takes one slot from its status to the next.
    fn step(&mut self, slot: u32, to: Option<Status>, actor: Actor<'_>) -> Result<(), Rejection> {
        let number = slot / CHUNK_SLOTS;
        let key = Chunk::key(&self.change.registry, number);
        let kept = self.chunks.remove(&number);
        let mut chunk = current(kept, &key, self.view)?.unwrap_or_else(|| Chunk::fresh(number));
        let from = chunk.status(slot);
        let corrects = matches!(actor, Actor::Above(Overriding { corrects: true, .. }));
        let leads_on = match (from, to) {
            (_, None) => true,
            (from, Some(to)) if from == to => false,
            (Status::Revoked, Some(_)) => corrects,
            _ => true,
        };
        if let (false, Some(to)) = (leads_on, to) {
            Err(StatusError::Step { slot, from, to })?;
        }
        self.check_lock(&mut chunk, slot, to, actor)?;
        if let Some(to) = to {
            chunk.set(slot, to);
            match (from == Status::Valid, to == Status::Valid) {
                (false, true) => self.began.push(slot),
                (true, false) => self.ceased.push(slot),
                _ => {}
            }
        }
        self.chunks.insert(number, chunk);
        Ok(())
    }

    /// Whether the slot's lock lets the actor act, and what becomes of the lock.
    fn check_lock(
        &mut self,
        chunk: &mut Chunk,
        slot: u32,
        to: Option<Status>,
        actor: Actor<'_>,
    ) -> Result<(), Rejection> {
        let id = &self.change.registry;
        let lock = match chunk.is_locked(slot) {
            true => Some(state::expect::<Lock>(&Lock::key(id, slot), self.view)?.1),
            false => None,
        };
        let above = match (actor, &lock) {
            (Actor::Issuer, Some(lock)) => {
                Err(StatusError::Locked { slot, ground: lock.ground.clone() })?
            }
            (Actor::Issuer, None) if to.is_none() => {
                Err(StatusError::Override("locks are for those above the issuer to change"))?
            }
            (Actor::Issuer, None) => return Ok(()),
            (Actor::Above(above), _) => above,
        };
        if let Some(lock) = &lock
            && !above.basis.may_lift(lock.basis)
        {
            Err(StatusError::OtherLock { slot, owner: lock.basis.words() })?;
        }
        let locked = match (above.locking, &lock) {
            (Locking::Keep, _) if to.is_none() => {
                Err(StatusError::Override("`unchanged` slots take `lock` or `unlock`"))?
            }
            (Locking::Keep, _) => return Ok(()),
            (Locking::Unlock, None) => Err(StatusError::NotLocked(slot))?,
            (Locking::Unlock, Some(_)) => false,
            (Locking::Lock, _) => true,
        };
        chunk.lock(slot, locked);
        let lock = Lock { basis: above.basis, ground: above.ground.to_owned(), locked };
        self.locks.insert(slot, lock);
        Ok(())
    }

    /// The records that follow: chunks, the nodes above them, the head, and locks.
    fn finish(mut self) -> Result<Vec<Change>, Rejection> {
        let id = &self.change.registry;
        let mut nodes: BTreeMap<u32, Node> = BTreeMap::new();
        let mut changes = Vec::new();
        for (number, chunk) in &self.chunks {
            let above = number / NODE_CHUNKS;
            let node = current(nodes.remove(&above), &Node::key(id, above), self.view)?;
            let mut node = node.unwrap_or_else(|| Node::fresh(above));
            node.set(*number, &chunk.hash());
            nodes.insert(above, node);
            changes.push(Change::new(Chunk::key(id, *number), chunk));
        }
        for (place, hash) in (0u32..).zip(&mut self.head.nodes) {
            if let Some(node) = nodes.get(&place) {
                *hash = node.hash();
            }
        }
        changes.extend(nodes.iter().map(|(above, node)| Change::new(Node::key(id, *above), node)));
        changes
            .extend(self.locks.iter().map(|(slot, lock)| Change::new(Lock::key(id, *slot), lock)));
        changes.push(self.head.change(id));
        Ok(changes)
    }
}

/// What a change made of a record so far, or what the record holds.
fn current<T: DeserializeOwned>(
    kept: Option<T>,
    key: &str,
    view: &dyn View,
) -> Result<Option<T>, Rejection> {
    match kept {
        Some(kept) => Ok(Some(kept)),
        None => Ok(state::read(key, view)?.map(|(_, content)| content)),
    }
}

impl Basis {
    /// Whether this decision stands above one on which a lock rests.
    fn may_lift(self, other: Basis) -> bool {
        match self {
            Basis::GoverningBody => true,
            Basis::Court => other == Basis::Court,
            Basis::Provider => false,
        }
    }
}
