//! Whether everything that follows from a registry's statuses is what it follows to: computed anew
//! from nothing but the statuses, not from the change before.

use super::vector::{NODE_CHUNKS, Node, index};
use super::{Base64, CHUNK_SLOTS, Chunk, Head, Lock, Registry, Vector};
use crate::rejection::Rejection;
use crate::state::{self, View};

/// Recomputes the nodes, the AnonCreds accumulator and the slot commitment of a registry from its
/// statuses, and compares them with its head; and its locks with the records of who set them.
/// Costs a curve operation for each slot where the registry is read as AnonCreds.
///
/// # Errors
/// Its records or its points cannot be read. The inner error is what does not follow.
pub fn recompute(id: &str, view: &dyn View) -> Result<Result<(), &'static str>, Rejection> {
    let (_, registry) = Registry::current(id, view)?;
    let (_, head) = state::expect::<Head>(&Head::key(id), view)?;
    let mut vector = Vector::fresh(registry.capacity);
    let mut nodes = Node::all_fresh(registry.capacity);
    for number in 0..registry.capacity.div_ceil(CHUNK_SLOTS) {
        let Some((_, chunk)) = state::read::<Chunk>(&Chunk::key(id, number), view)? else {
            continue;
        };
        vector.put(number, &chunk);
        let slots = number * CHUNK_SLOTS..(number + 1) * CHUNK_SLOTS;
        for slot in slots.filter(|slot| chunk.is_locked(*slot)) {
            if !state::expect::<Lock>(&Lock::key(id, slot), view)?.1.locked {
                return Ok(Err("a slot is locked, and its lock is not in force"));
            }
        }
        if let Some(node) = nodes.get_mut(index(number / NODE_CHUNKS)) {
            node.set(number, &chunk.hash());
        }
    }
    for (number, expected) in (0u32..).zip(&nodes) {
        let kept = state::read::<Node>(&Node::key(id, number), view)?;
        if kept.map_or_else(|| Node::fresh(number), |(_, node)| node) != *expected {
            return Ok(Err("a node of its tree does not follow from its chunks"));
        }
    }
    if head.nodes != vector.nodes() {
        return Ok(Err("its head does not follow from its statuses"));
    }
    let ceased: Vec<u32> = vector.inactive().filter(|slot| *slot != 0).collect();
    let accumulator = match &registry.anoncreds {
        Some(anoncreds) => Some(anoncreds.accumulator(registry.capacity, &ceased, view)?),
        None => None,
    };
    if head.accumulator != accumulator.map(|point| Base64(point.to_bytes())) {
        return Ok(Err("its accumulator does not follow from its statuses"));
    }
    let commitment = match &registry.slots {
        Some(slots) => Some(slots.commitment(&ceased, view)?),
        None => None,
    };
    if head.commitment != commitment.map(|point| Base64(point.bytes())) {
        return Ok(Err("its commitment does not follow from its statuses"));
    }
    Ok(Ok(()))
}
