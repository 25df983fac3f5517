//! One file of the guard: a record, what ties it to this very file, and a checksum over both.
//!
//! A record that was copied is whole and old, and would let this node sign again what it signed
//! since. So each record names the file that it was written into: the machine, the file's number,
//! the moment of its birth, and the time of the write, which no later change of the file may
//! exceed. A copy has another number or birth; a file that something else wrote into has a later
//! change than its record tells of.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use proofs::{Hash, Tag, tagged};

use super::{Position, Record, Step};

const MAGIC: &[u8; 8] = b"dzguard2";
const RECORD_BYTES: usize = 8 + 8 + 4 + 1 + 32 + 64 + 64;
const BINDING_BYTES: usize = 32 + 8 + 8 + 8;
const LENGTH: usize = MAGIC.len() + RECORD_BYTES + BINDING_BYTES + 4;

/// How much later than its record says a file may have changed, in milliseconds: the clock of file
/// systems ticks less often than ours.
pub(super) const CHANGE_MS: u64 = 100;

/// How often a write is repeated whose time the file system puts later than we did: the process
/// may have slept between the clock and the write.
const WRITES_MAX: usize = 8;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// What this node wrote here.
    Good(Record),
    /// A whole record that was written elsewhere, or into a file that changed since.
    Foreign(Record),
    /// No record.
    Damaged,
    /// No file.
    Missing,
}

impl Content {
    pub(super) fn record(self) -> Option<Record> {
        match self {
            Content::Good(record) | Content::Foreign(record) => Some(record),
            Content::Damaged | Content::Missing => None,
        }
    }
}

/// Where and when a record is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Binding {
    machine: Hash,
    inode: u64,
    born: u64,
    /// Milliseconds since 1970.
    written: u64,
}

/// An open file of the guard.
#[derive(Debug)]
pub(super) struct Slot {
    file: File,
    binding: Binding,
}

impl Slot {
    /// Puts a new file with this record in the place of `path`, durably except for its name.
    pub(super) fn create(path: &Path, record: &Record) -> io::Result<Slot> {
        let new = path.with_extension("new");
        let file = File::create(&new)?;
        let metadata = file.metadata()?;
        let binding = Binding {
            machine: machine(),
            inode: metadata.ino(),
            born: born(&metadata),
            written: 0,
        };
        let mut slot = Slot { file, binding };
        slot.write(record)?;
        slot.file.sync_all()?;
        // The name without its ending is what `read` looks for.
        std::fs::rename(new, path)?;
        Ok(slot)
    }

    /// The disk takes nothing more.
    #[cfg(test)]
    pub(super) fn fail(&mut self) {
        self.file = File::open("/dev/null").expect("it is there");
    }

    /// Writes a record over the one before, durably. The length does not change, so this is one
    /// write to the disk.
    pub(super) fn write(&mut self, record: &Record) -> io::Result<()> {
        self.binding.written = milliseconds(SystemTime::now());
        for _ in 0..WRITES_MAX {
            self.file.seek(SeekFrom::Start(0))?;
            self.file.write_all(&encode(record, &self.binding))?;
            let changed = milliseconds(self.file.metadata()?.modified()?);
            if changed <= self.binding.written.saturating_add(CHANGE_MS) {
                return self.file.sync_data();
            }
            self.binding.written = changed;
        }
        Err(io::Error::other("the file system has no steady clock: use a disk of this machine"))
    }
}

/// Reads a file of the guard.
pub(super) fn read(path: &Path) -> io::Result<Content> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Content::Missing),
        file => file?,
    };
    let mut bytes = Vec::with_capacity(LENGTH + 1);
    (&mut file).take(LENGTH as u64 + 1).read_to_end(&mut bytes)?;
    let Some((record, binding)) = decode(&bytes) else { return Ok(Content::Damaged) };
    let metadata = file.metadata()?;
    let changed = milliseconds(metadata.modified()?);
    let ours = binding.machine == machine()
        && (binding.inode, binding.born) == (metadata.ino(), born(&metadata))
        && changed <= binding.written.saturating_add(CHANGE_MS);
    Ok(if ours { Content::Good(record) } else { Content::Foreign(record) })
}

/// The machine's id; the same for all where there is none.
fn machine() -> Hash {
    let id = std::fs::read("/etc/machine-id").unwrap_or_default();
    tagged(Tag::Content, &[&id])
}

/// When a file was made, in nanoseconds; 0 where the file system does not say.
fn born(metadata: &std::fs::Metadata) -> u64 {
    let since = metadata.created().ok().and_then(|born| born.duration_since(UNIX_EPOCH).ok());
    since.and_then(|since| u64::try_from(since.as_nanos()).ok()).unwrap_or(0)
}

fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn encode(record: &Record, binding: &Binding) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(LENGTH);
    bytes.extend_from_slice(MAGIC);
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
    bytes.extend_from_slice(&record.before);
    bytes.extend_from_slice(&binding.machine.0);
    for number in [binding.inode, binding.born, binding.written] {
        bytes.extend_from_slice(&number.to_be_bytes());
    }
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
    bytes
}

fn decode(bytes: &[u8]) -> Option<(Record, Binding)> {
    let (body, checksum) = bytes.split_last_chunk::<4>()?;
    if bytes.len() != LENGTH || crc32fast::hash(body) != u32::from_be_bytes(*checksum) {
        return None;
    }
    let mut rest = body.strip_prefix(MAGIC)?;
    let counter = number(&mut rest)?;
    let height = number(&mut rest)?;
    let round = u32::from_be_bytes(take(&mut rest)?);
    let step = match take(&mut rest)? {
        [0] => Step::Proposal,
        [1] => Step::Prevote,
        [2] => Step::Precommit,
        _ => return None,
    };
    let position = Position { height, round, step };
    let digest = Hash(take(&mut rest)?);
    let (signature, before) = (take(&mut rest)?, take(&mut rest)?);
    let record = Record { counter, position, digest, signature, before };
    let binding = Binding {
        machine: Hash(take(&mut rest)?),
        inode: number(&mut rest)?,
        born: number(&mut rest)?,
        written: number(&mut rest)?,
    };
    Some((record, binding))
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*taken)
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    take(rest).map(u64::from_be_bytes)
}
