//! The signing guard: no validator key signs two different things for one height, round and step,
//! whatever happens to the engine's own log.
//!
//! Two files hold the last signature each. A signature is written to both, one after the other and
//! each synced, before it leaves the node. So a crash damages at most the copy that is being
//! written, whose signature nobody has seen; and damage to either file at any later time leaves the
//! other with the whole truth. When both are damaged the node does not sign.
//!
//! Nor does it sign by a record that was written elsewhere: a copied or restored home may be older
//! than what its key has signed. Such a node watches first ([`Guard::rejoin`]).
//!
//! The guard also remembers whether the engine's log still knows the last signature after a
//! restart. If not, or if the engine asks for a step before it, the engine may have forgotten what
//! it is locked on, and this node signs nothing more at that height.

#[cfg(any(test, feature = "simulation"))]
pub(crate) mod damage;
mod file;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::fs::File;
use std::path::{Path, PathBuf};

use proofs::{Hash, Tag, tagged};
use serde::{Deserialize, Serialize};

use self::file::{Content, Slot};
use crate::application::Fault;

/// What is signed within a round, in the order of signing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// A proposal.
    Proposal,
    /// The first vote.
    Prevote,
    /// The second vote.
    Precommit,
}

/// Where a signature stands. Signatures never go back in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Height of the block.
    pub height: u64,
    /// Round at that height.
    pub round: u32,
    /// Step of that round.
    pub step: Step,
}

/// The last signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// Counts the signatures.
    pub counter: u64,
    /// Where it stands.
    pub position: Position,
    /// Hash of the bytes that were signed.
    pub digest: Hash,
    /// The signature.
    pub signature: [u8; 64],
    /// The signature before it at the same height; zeros for the first.
    pub before: [u8; 64],
}

impl Record {
    /// Before the first signature there is a record as well, so that missing files are noticed.
    const NONE: Record = Record {
        counter: 0,
        position: Position { height: 0, round: 0, step: Step::Proposal },
        digest: Hash::ZERO,
        signature: [0; 64],
        before: [0; 64],
    };
}

/// Why the guard does not let a signature out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Another signature for this very position is out.
    #[error("something else was signed at height {} round {} {:?}", .0.height, .0.round, .0.step)]
    Conflict(Position),
    /// The engine's log does not know our last signature, or one before it, so nothing more is
    /// signed at its height.
    #[error("the log of height {0} lost a signature: this height is sat out")]
    Forgotten(u64),
    /// The record could not be made durable.
    #[error("the signature could not be recorded: {0}")]
    Disk(Fault),
}

/// Why the guard does not open.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// Both copies are gone or damaged although this node may have signed.
    #[error(
        "the memory of what this validator signed is gone or damaged; start with --rejoin to watch \
         before signing again"
    )]
    Lost,
    /// The files were written elsewhere, or by something else.
    #[error(
        "this home was copied or restored, and its validator key may have signed since; start with \
         --rejoin to watch before signing again (or with --moved, if it was moved here as a whole \
         and nothing runs where it was)"
    )]
    Copied,
    /// The chain holds a signature of this key that the files do not know.
    #[error(
        "this home was restored from the past: block {0} holds a signature of its validator key \
         that it does not know; start with --rejoin to watch before signing again"
    )]
    Stale(u64),
    /// The disk.
    #[error("signing guard: {0}")]
    Disk(#[from] std::io::Error),
}

/// The digest by which the guard tells signed bytes apart.
pub(crate) fn digest(message: &[u8]) -> Hash {
    // The bytes begin with a tag of their own; this hash never leaves the node.
    tagged(Tag::Content, &[message])
}

/// The two files and what they say.
#[derive(Debug)]
pub struct Guard {
    slots: [Slot; 2],
    last: Record,
    /// Whether `last` is known to the engine's log, or was made in this run.
    confirmed: bool,
    /// Whether everything before `last` at its height is known to the log, which loses entries from
    /// some point on.
    rest_confirmed: bool,
    /// Set once a write has failed: the files' state is unknown, so nothing is signed any more.
    broken: bool,
}

impl Guard {
    /// Opens the guard in `home`. `fresh` says that this key has never signed, so both files may be
    /// missing.
    pub fn open(home: &Path, fresh: bool) -> Result<Guard, GuardError> {
        match contents(home)? {
            [Content::Foreign(_), _] | [_, Content::Foreign(_)] => Err(GuardError::Copied),
            [Content::Missing, Content::Missing] if fresh => Ok(Guard::with(home, Record::NONE)?),
            contents => {
                let last = newest(&contents).ok_or(GuardError::Lost)?;
                Ok(Guard::with(home, last)?)
            }
        }
    }

    /// Opens the guard of a home that was moved here as a whole, when its operator says that
    /// nothing has run or will run where it was.
    pub fn moved(home: &Path) -> Result<Guard, GuardError> {
        let last = newest(&contents(home)?).ok_or(GuardError::Lost)?;
        Ok(Guard::with(home, last)?)
    }

    /// A guard whose memory begins behind `height`: everything up to it is refused. For a node
    /// that rejoins after having watched. What the files still say of later signatures stays.
    pub fn rejoin(home: &Path, height: u64) -> Result<Guard, GuardError> {
        let position = Position { height, round: u32::MAX, step: Step::Precommit };
        let watched = Record { counter: 1, position, ..Record::NONE };
        let known = contents(home)?.into_iter().filter_map(Content::record);
        let last = known.chain([watched]).max_by_key(|record| record.position);
        Ok(Guard::with(home, last.unwrap_or(watched))?)
    }

    /// New files with this record, whatever a crash or damage left of the old ones.
    fn with(home: &Path, last: Record) -> std::io::Result<Guard> {
        let [a, b] = paths(home);
        let slots = [Slot::create(&a, &last)?, Slot::create(&b, &last)?];
        File::open(home)?.sync_all()?;
        let mut guard = Guard {
            slots,
            last,
            confirmed: last.counter == 0,
            rest_confirmed: false,
            broken: false,
        };
        guard.confirm(&[]);
        Ok(guard)
    }

    /// The height of the last signature, 0 for none. The ledger's head is never more than one
    /// below it.
    pub fn floor(&self) -> u64 {
        self.last.position.height
    }

    /// The last signature.
    pub fn last(&self) -> Option<&Record> {
        Some(&self.last).filter(|last| last.counter > 0)
    }

    /// Whether a precommit of this key is known here. One that is not was made by another process,
    /// or by this home's own past, of which it is an older copy.
    pub(crate) fn knows(&self, height: u64, round: u32) -> bool {
        let position = Position { height, round, step: Step::Precommit };
        self.last().is_some_and(|last| last.position >= position)
    }

    /// Tells the guard which signatures the engine's log still holds.
    pub(crate) fn confirm(&mut self, remembered: &[[u8; 64]]) {
        let Record { signature, before, .. } = &self.last;
        self.confirmed |= remembered.contains(signature);
        self.rest_confirmed |= *before == [0; 64] || remembered.contains(before);
    }

    /// The signature of `message` at `position`: a new one by `sign`, durable before it is
    /// returned, or the old one for the same bytes.
    pub fn sign(
        &mut self,
        position: Position,
        message: &[u8],
        sign: impl FnOnce(&[u8]) -> [u8; 64],
    ) -> Result<[u8; 64], Refusal> {
        if self.broken {
            return Err(Refusal::Disk(Fault::Disk("an earlier write failed".to_owned())));
        }
        let (last, digest) = (&self.last, digest(message));
        if last.counter > 0 && position == last.position && digest == last.digest {
            // An engine that lost no more than this signature is where it was. One that lost more
            // comes to the same vote as well, but without the lock that it had.
            self.confirmed |= self.rest_confirmed;
            return Ok(last.signature);
        }
        self.check(position)?;
        let same_height = last.position.height == position.height;
        let before = if same_height { last.signature } else { [0; 64] };
        let counter = last.counter + 1;
        let record = Record { counter, position, digest, signature: sign(message), before };
        self.write(&record).map_err(|error| Refusal::Disk(error.into()))?;
        (self.last, self.confirmed, self.rest_confirmed) = (record, true, true);
        Ok(record.signature)
    }

    /// Whether something new may be signed there.
    fn check(&self, position: Position) -> Result<(), Refusal> {
        let Some(last) = self.last() else { return Ok(()) };
        let remembered = self.confirmed || position.height > last.position.height;
        match position.cmp(&last.position) {
            Ordering::Greater if remembered => Ok(()),
            Ordering::Equal if remembered => Err(Refusal::Conflict(position)),
            _ => Err(Refusal::Forgotten(position.height)),
        }
    }

    fn write(&mut self, record: &Record) -> std::io::Result<()> {
        self.broken = true;
        for slot in &mut self.slots {
            slot.write(record)?;
        }
        self.broken = false;
        Ok(())
    }
}

fn paths(home: &Path) -> [PathBuf; 2] {
    ["guard.a", "guard.b"].map(|name| home.join(name))
}

fn contents(home: &Path) -> std::io::Result<[Content; 2]> {
    let [a, b] = paths(home);
    Ok([file::read(&a)?, file::read(&b)?])
}

fn newest(contents: &[Content]) -> Option<Record> {
    contents.iter().filter_map(|content| content.record()).max_by_key(|record| record.counter)
}
