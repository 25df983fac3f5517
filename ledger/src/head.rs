//! The head record: the last committed block, written outside the database after each commit. A
//! database that lost its newest blocks, or was restored from an older copy, is found out by it.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use proofs::Hash;

use crate::fault::Fault;
use crate::store::Disk;

/// The two slots lie in different sectors, so that a torn write spoils one at most.
const SLOT_BYTES: usize = 4096;
const MAGIC: &[u8; 8] = b"dzonghd1";
const RECORD_BYTES: usize = 8 + 8 + 32 + 32 + 4;

/// What this node has once committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// The block's height.
    pub height: u64,
    /// The block's id.
    pub block: Hash,
    /// The state root after it.
    pub state_root: Hash,
}

impl Recorded {
    fn encode(&self) -> [u8; RECORD_BYTES] {
        let height = self.height.to_be_bytes();
        let body = [&MAGIC[..], &height, &self.block.0, &self.state_root.0].concat();
        let mut bytes = [0; RECORD_BYTES];
        bytes[..RECORD_BYTES - 4].copy_from_slice(&body);
        bytes[RECORD_BYTES - 4..].copy_from_slice(&crc32fast::hash(&body).to_be_bytes());
        bytes
    }

    fn decode(slot: &[u8]) -> Option<Recorded> {
        let bytes = slot.get(..RECORD_BYTES)?;
        let field = |from: usize| bytes[from..from + 32].try_into().ok().map(Hash);
        let height = u64::from_be_bytes(bytes[8..16].try_into().ok()?);
        let recorded = Recorded { height, block: field(16)?, state_root: field(48)? };
        (recorded.encode() == bytes).then_some(recorded)
    }
}

/// The open head record.
pub(crate) struct HeadFile {
    place: Place,
    newest: Option<Recorded>,
}

enum Place {
    File(File),
    Memory(Arc<Mutex<Vec<u8>>>),
}

impl HeadFile {
    /// Opens the record, or makes an empty one.
    pub(crate) fn open(disk: &Disk) -> Result<HeadFile, Fault> {
        let mut bytes = Vec::new();
        let place = match disk {
            Disk::Directory(directory) => {
                let mut file = open_file(directory).map_err(|error| Fault::write(&error))?;
                file.read_to_end(&mut bytes).map_err(|error| Fault::read(&error))?;
                Place::File(file)
            }
            Disk::Memory(memory) => {
                bytes.clone_from(&memory.head.lock().unwrap_or_else(PoisonError::into_inner));
                Place::Memory(memory.head.clone())
            }
        };
        let newest = bytes.chunks(SLOT_BYTES).filter_map(Recorded::decode);
        Ok(HeadFile { place, newest: newest.max_by_key(|recorded| recorded.height) })
    }

    /// The highest record that is whole.
    pub(crate) fn newest(&self) -> Option<Recorded> {
        self.newest
    }

    /// Records a head durably. A lower one than the newest is not recorded.
    pub(crate) fn write(&mut self, recorded: Recorded) -> Result<(), Fault> {
        if self.newest.is_some_and(|newest| newest.height >= recorded.height) {
            return Ok(());
        }
        // The slot that does not hold the newest.
        let at = (recorded.height % 2) as usize * SLOT_BYTES;
        let mut slot = recorded.encode().to_vec();
        slot.resize(SLOT_BYTES, 0);
        match &mut self.place {
            Place::File(file) => file
                .seek(SeekFrom::Start(at as u64))
                .and_then(|_| file.write_all(&slot))
                .and_then(|()| file.sync_data())
                .map_err(|error| Fault::write(&error))?,
            Place::Memory(bytes) => {
                let mut bytes = bytes.lock().unwrap_or_else(PoisonError::into_inner);
                bytes.resize(2 * SLOT_BYTES, 0);
                bytes[at..at + SLOT_BYTES].copy_from_slice(&slot);
            }
        }
        self.newest = Some(recorded);
        Ok(())
    }
}

fn open_file(directory: &Path) -> std::io::Result<File> {
    let path = directory.join("head");
    let existed = path.exists();
    let file = File::options().create(true).truncate(false).read(true).write(true).open(path)?;
    if !existed {
        file.set_len(2 * SLOT_BYTES as u64)?;
        file.sync_all()?;
        File::open(directory)?.sync_all()?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(height: u64) -> Recorded {
        Recorded { height, block: Hash([height as u8; 32]), state_root: Hash([9; 32]) }
    }

    #[test]
    fn the_newest_whole_record_counts() {
        let directory = tempfile::tempdir().unwrap();
        let disk = Disk::Directory(directory.path().to_path_buf());
        let mut file = HeadFile::open(&disk).unwrap();
        assert_eq!(file.newest(), None);
        for height in 0..=5 {
            file.write(recorded(height)).unwrap();
        }
        file.write(recorded(3)).unwrap();
        drop(file);
        assert_eq!(HeadFile::open(&disk).unwrap().newest(), Some(recorded(5)));

        let path = directory.path().join("head");
        let whole = std::fs::read(&path).unwrap();
        // A torn write of 6 would leave 5; a torn 5 leaves 4. Every single bit is noticed.
        for bit in 0..RECORD_BYTES * 8 {
            let mut torn = whole.clone();
            torn[SLOT_BYTES + bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, torn).unwrap();
            assert_eq!(HeadFile::open(&disk).unwrap().newest(), Some(recorded(4)), "bit {bit}");
        }
    }
}
