//! The signing guard: no validator key signs two different things for one height, round and step,
//! whatever happens to the engine's own log.
//!
//! Two files hold the last signature each, with a checksum over everything. A signature is written
//! to both, one after the other and each synced, before it leaves the node. So a crash damages at
//! most the copy that is being written, whose signature nobody has seen; and damage to either file
//! at any later time leaves the other with the whole truth. When both are damaged the node does
//! not sign.
//!
//! The guard also remembers whether the engine's log still knows the last signature after a
//! restart. If not, the engine may have forgotten what it is locked on, and this node signs
//! nothing more at that height.

use std::cmp::Ordering;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use proofs::{Hash, Tag, tagged};
use serde::{Deserialize, Serialize};

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
}

/// Why the guard does not let a signature out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Another signature for this very position is out.
    #[error("something else was signed at height {} round {} {:?}", .0.height, .0.round, .0.step)]
    Conflict(Position),
    /// A later position was signed already.
    #[error("a later step than height {} round {} {:?} was signed", .0.height, .0.round, .0.step)]
    Past(Position),
    /// The engine's log does not know our last signature, so nothing more is signed at its height.
    #[error("the log of height {0} lost a signature: this height is sat out")]
    Forgotten(u64),
    /// The record could not be made durable.
    #[error("the signature could not be recorded: {0}")]
    Disk(String),
}

/// Why the guard does not open.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// Both copies are gone or damaged although this node may have signed.
    #[error("the memory of what this validator signed is gone or damaged")]
    Lost,
    /// The disk.
    #[error("signing guard: {0}")]
    Disk(#[from] std::io::Error),
}

/// The rule of the guard, without a disk.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    pub(crate) last: Option<Record>,
    /// Whether `last` is known to the engine's log, or was made in this run.
    confirmed: bool,
}

impl Memory {
    /// What a node remembers that starts with this record.
    pub(crate) fn restart(last: Option<Record>) -> Self {
        let confirmed = last.is_none_or(|last| last.counter == 0);
        Memory { last, confirmed }
    }

    /// Takes note of the signatures that the engine's log still holds.
    pub(crate) fn confirm(&mut self, remembered: &[[u8; 64]]) {
        if let Some(last) = &self.last {
            self.confirmed |= remembered.contains(&last.signature);
        }
    }

    /// The height of the last signature.
    pub(crate) fn floor(&self) -> u64 {
        self.last.map_or(0, |last| last.position.height)
    }

    /// Whether `position` may be signed: the old signature for the same bytes, `None` for a new
    /// one.
    pub(crate) fn decide(
        &mut self,
        position: Position,
        digest: &Hash,
    ) -> Result<Option<[u8; 64]>, Refusal> {
        let Some(last) = &self.last else { return Ok(None) };
        if position == last.position && *digest == last.digest {
            // The engine came to the same signature again, so it knows what led to it.
            self.confirmed = true;
            return Ok(Some(last.signature));
        }
        if !self.confirmed && position.height <= last.position.height {
            return Err(Refusal::Forgotten(position.height));
        }
        match position.cmp(&last.position) {
            Ordering::Less => Err(Refusal::Past(position)),
            Ordering::Equal => Err(Refusal::Conflict(position)),
            Ordering::Greater => Ok(None),
        }
    }

    /// The record of a new signature.
    pub(crate) fn next(&self, position: Position, digest: Hash, signature: [u8; 64]) -> Record {
        let counter = self.last.map_or(0, |last| last.counter) + 1;
        Record { counter, position, digest, signature }
    }

    /// The record is durable.
    pub(crate) fn set(&mut self, record: Record) {
        *self = Memory { last: Some(record), confirmed: true };
    }
}

/// The digest by which the guard tells signed bytes apart.
pub(crate) fn digest(message: &[u8]) -> Hash {
    // The bytes begin with a tag of their own; this hash never leaves the node.
    tagged(Tag::Content, &[message])
}

/// The two files and what they say.
#[derive(Debug)]
pub struct Guard {
    copies: [File; 2],
    memory: Memory,
    /// Set once a write has failed: the files' state is unknown, so nothing is signed any more.
    broken: bool,
}

impl Guard {
    /// Opens the guard in `home`. `fresh` says that this node has never signed, so both files may
    /// be missing.
    pub fn open(home: &Path, fresh: bool) -> Result<Guard, GuardError> {
        let [a, b] = paths(home);
        let last = match (read(&a)?, read(&b)?) {
            (Copy::Good(a), Copy::Good(b)) if a.counter >= b.counter => Some(a),
            (_, Copy::Good(b)) => Some(b),
            (Copy::Good(a), _) => Some(a),
            (Copy::Missing, Copy::Missing) if fresh => None,
            _ => return Err(GuardError::Lost),
        };
        Guard::with(home, last)
    }

    /// A guard whose memory begins behind `height`: everything up to it is refused. For a node
    /// that rejoins after having watched. What the files still say of later signatures stays.
    pub fn rejoin(home: &Path, height: u64) -> Result<Guard, GuardError> {
        let position = Position { height, round: u32::MAX, step: Step::Precommit };
        let mut last = Record { counter: 1, position, digest: Hash::ZERO, signature: [0; 64] };
        for path in paths(home) {
            if let Copy::Good(record) = read(&path)?
                && record.position > last.position
            {
                last = record;
            }
        }
        Guard::with(home, Some(last))
    }

    fn with(home: &Path, last: Option<Record>) -> Result<Guard, GuardError> {
        let open = |path: PathBuf| {
            File::options().read(true).write(true).create(true).truncate(false).open(path)
        };
        let [a, b] = paths(home);
        // Before the first signature there is a record as well, so that missing files are noticed.
        let last = last.unwrap_or(Record {
            counter: 0,
            position: Position { height: 0, round: 0, step: Step::Proposal },
            digest: Hash::ZERO,
            signature: [0; 64],
        });
        let copies = [open(a)?, open(b)?];
        let mut guard = Guard { copies, memory: Memory::restart(Some(last)), broken: false };
        // Both copies agree from the start, whatever a crash or damage left of one.
        guard.write(&last)?;
        File::open(home)?.sync_all()?;
        Ok(guard)
    }

    /// The height of the last signature, 0 for none. The ledger's head is never more than one
    /// below it.
    pub fn floor(&self) -> u64 {
        self.memory.floor()
    }

    /// The last signature.
    pub fn last(&self) -> Option<&Record> {
        self.memory.last.as_ref().filter(|last| last.counter > 0)
    }

    /// Tells the guard which signatures the engine's log still holds.
    pub(crate) fn confirm(&mut self, remembered: &[[u8; 64]]) {
        self.memory.confirm(remembered);
    }

    /// The signature of `message` at `position`: a new one by `sign`, durable before it is
    /// returned, or the old one for the same bytes.
    pub fn sign(
        &mut self,
        position: Position,
        message: &[u8],
        sign: impl FnOnce(&[u8]) -> [u8; 64],
    ) -> Result<[u8; 64], Refusal> {
        let digest = digest(message);
        if self.broken {
            return Err(Refusal::Disk("an earlier write failed".to_owned()));
        }
        if let Some(signature) = self.memory.decide(position, &digest)? {
            return Ok(signature);
        }
        let record = self.memory.next(position, digest, sign(message));
        self.write(&record).map_err(|error| Refusal::Disk(error.to_string()))?;
        self.memory.set(record);
        Ok(record.signature)
    }

    fn write(&mut self, record: &Record) -> std::io::Result<()> {
        let bytes = encode(record);
        self.broken = true;
        for copy in &mut self.copies {
            copy.seek(SeekFrom::Start(0))?;
            copy.write_all(&bytes)?;
            copy.set_len(LENGTH)?;
            // The length does not change after the first time, so this is one write to the disk.
            copy.sync_data()?;
        }
        self.broken = false;
        Ok(())
    }
}

/// A file of the guard: magic, record, checksum.
const MAGIC: &[u8; 8] = b"dzguard1";
const LENGTH: u64 = 8 + 8 + 8 + 4 + 1 + 32 + 64 + 4;

enum Copy {
    Good(Record),
    Damaged,
    Missing,
}

fn paths(home: &Path) -> [PathBuf; 2] {
    ["guard.a", "guard.b"].map(|name| home.join(name))
}

fn read(path: &Path) -> std::io::Result<Copy> {
    let file = match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Copy::Missing),
        file => file?,
    };
    let mut bytes = Vec::new();
    file.take(LENGTH + 1).read_to_end(&mut bytes)?;
    Ok(decode(&bytes).map_or(Copy::Damaged, Copy::Good))
}

fn encode(record: &Record) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&record.counter.to_be_bytes());
    bytes.extend_from_slice(&record.position.height.to_be_bytes());
    bytes.extend_from_slice(&record.position.round.to_be_bytes());
    bytes.push(match record.position.step {
        Step::Proposal => 0,
        Step::Prevote => 1,
        Step::Precommit => 2,
    });
    bytes.extend_from_slice(&record.digest.0);
    bytes.extend_from_slice(&record.signature);
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
    bytes
}

fn decode(bytes: &[u8]) -> Option<Record> {
    let (body, checksum) = bytes.split_last_chunk::<4>()?;
    if crc32fast::hash(body) != u32::from_be_bytes(*checksum) {
        return None;
    }
    let rest = body.strip_prefix(MAGIC)?;
    let (counter, rest) = rest.split_first_chunk::<8>()?;
    let (height, rest) = rest.split_first_chunk::<8>()?;
    let (round, rest) = rest.split_first_chunk::<4>()?;
    let ([step], rest) = rest.split_first_chunk::<1>()?;
    let (digest, rest) = rest.split_first_chunk::<32>()?;
    let step = match step {
        0 => Step::Proposal,
        1 => Step::Prevote,
        2 => Step::Precommit,
        _ => return None,
    };
    Some(Record {
        counter: u64::from_be_bytes(*counter),
        position: Position {
            height: u64::from_be_bytes(*height),
            round: u32::from_be_bytes(*round),
            step,
        },
        digest: Hash(*digest),
        signature: rest.try_into().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};
    use std::collections::HashMap;

    /// A directory in memory where there is one: the tests sync thousands of times.
    fn directory() -> tempfile::TempDir {
        tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
    }

    fn at(height: u64, round: u32, step: Step) -> Position {
        Position { height, round, step }
    }

    fn fake(message: &[u8]) -> [u8; 64] {
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&digest(message).0);
        signature
    }

    #[test]
    fn the_same_bytes_get_the_same_signature_and_others_none() {
        let home = directory();
        let mut guard = Guard::open(home.path(), true).unwrap();
        let position = at(5, 0, Step::Prevote);
        let signature = guard.sign(position, b"a", fake).unwrap();
        assert_eq!(guard.sign(position, b"a", |_| [1; 64]), Ok(signature));
        assert_eq!(guard.sign(position, b"b", fake), Err(Refusal::Conflict(position)));
        let earlier = at(5, 0, Step::Proposal);
        assert_eq!(guard.sign(earlier, b"a", fake), Err(Refusal::Past(earlier)));
        assert!(guard.sign(at(5, 0, Step::Precommit), b"b", fake).is_ok());
        assert_eq!(guard.floor(), 5);
    }

    #[test]
    fn a_restart_signs_on_only_if_the_log_knows_the_last_signature() {
        let home = directory();
        let mut guard = Guard::open(home.path(), true).unwrap();
        let position = at(5, 0, Step::Prevote);
        let signature = guard.sign(position, b"a", fake).unwrap();

        let mut guard = Guard::open(home.path(), false).unwrap();
        let next = at(5, 0, Step::Precommit);
        assert_eq!(guard.sign(next, b"a", fake), Err(Refusal::Forgotten(5)));
        assert!(guard.sign(at(6, 0, Step::Prevote), b"a", fake).is_ok());

        let home = directory();
        Guard::open(home.path(), true).unwrap().sign(position, b"a", fake).unwrap();
        let mut guard = Guard::open(home.path(), false).unwrap();
        guard.confirm(&[signature]);
        assert!(guard.sign(next, b"a", fake).is_ok());
    }

    #[test]
    fn both_copies_gone_is_noticed() {
        let home = directory();
        assert!(matches!(Guard::open(home.path(), false), Err(GuardError::Lost)));
        Guard::open(home.path(), true).unwrap();
        std::fs::remove_file(home.path().join("guard.a")).unwrap();
        assert!(Guard::open(home.path(), false).is_ok());
        for name in ["guard.a", "guard.b"] {
            std::fs::write(home.path().join(name), b"").unwrap();
        }
        assert!(matches!(Guard::open(home.path(), true), Err(GuardError::Lost)));
    }

    #[test]
    fn a_node_that_rejoins_signs_above_what_it_watched() {
        let home = directory();
        let mut guard = Guard::rejoin(home.path(), 7).unwrap();
        assert!(guard.sign(at(7, 3, Step::Prevote), b"a", fake).is_err());
        assert!(guard.sign(at(9, 0, Step::Prevote), b"a", fake).is_ok());
        assert_eq!(Guard::rejoin(home.path(), 8).unwrap().floor(), 9);
    }

    /// Deletes, cuts, extends or flips a bit of one file or of both.
    fn damage(home: &Path, random: &mut StdRng) {
        let both = random.gen_bool(0.2);
        let first = random.gen_range(0..2);
        for path in paths(home).iter().cycle().skip(first).take(if both { 2 } else { 1 }) {
            let Ok(mut bytes) = std::fs::read(path) else { continue };
            match random.gen_range(0..4) {
                0 => {
                    std::fs::remove_file(path).unwrap();
                    continue;
                }
                1 => bytes.truncate(random.gen_range(0..bytes.len().max(1))),
                2 => bytes.push(random.r#gen()),
                _ if bytes.is_empty() => {}
                _ => {
                    let at = random.gen_range(0..bytes.len());
                    bytes[at] ^= 1 << random.gen_range(0..8);
                }
            }
            std::fs::write(path, bytes).unwrap();
        }
    }

    #[test]
    fn damage_never_leads_to_two_signatures_for_one_position() {
        let mut random = StdRng::seed_from_u64(7);
        let (mut refused, mut signed) = (0, 0);
        for _ in 0..1_000 {
            let home = directory();
            let mut out: HashMap<Position, [u8; 64]> = HashMap::new();
            let mut guard = Guard::open(home.path(), true).ok();
            for _ in 0..6 {
                if let Some(guard) = &mut guard {
                    for _ in 0..random.gen_range(0..4) {
                        let step = match random.gen_range(0..3) {
                            0 => Step::Proposal,
                            1 => Step::Prevote,
                            _ => Step::Precommit,
                        };
                        let position = at(random.gen_range(1..4), random.gen_range(0..2), step);
                        let message = [random.gen_range(0..2)];
                        // The worst engine: it claims to remember everything.
                        let known: Vec<_> = out.values().copied().collect();
                        guard.confirm(&known);
                        if let Ok(signature) = guard.sign(position, &message, fake) {
                            let before = out.insert(position, signature);
                            assert!(before.is_none_or(|before| before == signature));
                            signed += 1;
                        }
                    }
                }
                drop(guard);
                damage(home.path(), &mut random);
                guard = Guard::open(home.path(), false).ok();
                refused += u32::from(guard.is_none());
            }
        }
        assert!(refused > 500 && signed > 1_000, "{refused} {signed}");
    }

    #[test]
    fn a_torn_write_of_one_copy_leaves_the_other() {
        let home = directory();
        let mut guard = Guard::open(home.path(), true).unwrap();
        guard.sign(at(1, 0, Step::Prevote), b"a", fake).unwrap();
        let before = std::fs::read(home.path().join("guard.a")).unwrap();
        guard.sign(at(1, 0, Step::Precommit), b"a", fake).unwrap();
        let after = std::fs::read(home.path().join("guard.a")).unwrap();
        for cut in 0..=after.len() {
            let mut torn = after[..cut].to_vec();
            torn.extend_from_slice(&before[cut..]);
            std::fs::write(home.path().join("guard.a"), &torn).unwrap();
            let guard = Guard::open(home.path(), false).unwrap();
            assert_eq!(guard.last().unwrap().position, at(1, 0, Step::Precommit));
        }
    }
}
