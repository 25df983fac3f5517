//! Payloads of blocks that are not decided yet. What this node has voted for must survive a crash:
//! consensus remembers a block's id alone.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use proofs::{Block, Hash};

use crate::fault::Fault;
use crate::store::Disk;

/// Files on a disk in memory.
pub(crate) type MemoryFiles = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// What stands before a payload in its file: BLAKE3 of the payload. The id covers the header only.
const SUM_BYTES: usize = 32;

/// Ends the name of a file that is being written.
const TEMPORARY: &str = "new";

/// Undecided payloads, one file each.
#[derive(Debug)]
pub struct Pending {
    place: Place,
}

#[derive(Debug)]
enum Place {
    Directory(PathBuf),
    Memory(MemoryFiles),
}

impl Pending {
    pub(crate) fn open(disk: &Disk) -> Result<Pending, Fault> {
        let place = match disk {
            Disk::Directory(directory) => {
                let directory = directory.join("pending");
                clean(&directory).map_err(|error| Fault::write(&error))?;
                Place::Directory(directory)
            }
            Disk::Memory(memory) => Place::Memory(memory.pending.clone()),
        };
        Ok(Pending { place })
    }

    /// Keeps a payload: durable on return. `payload` is [`Block::encode`] of a block with this
    /// height and id.
    ///
    /// # Errors
    /// If the disk does not take it; then do not vote for the block.
    pub fn save(&self, height: u64, id: &Hash, payload: &[u8]) -> Result<(), Fault> {
        let name = name(height, id);
        let bytes = [blake3::hash(payload).as_bytes(), payload].concat();
        match &self.place {
            Place::Directory(directory) => {
                write_durably(directory, &name, &bytes).map_err(|error| Fault::write(&error))
            }
            Place::Memory(files) => {
                files.lock().unwrap_or_else(PoisonError::into_inner).insert(name, bytes);
                Ok(())
            }
        }
    }

    /// The payload of a block, if it is kept and undamaged.
    ///
    /// # Errors
    /// If the disk cannot be read.
    pub fn load(&self, id: &Hash) -> Result<Option<Vec<u8>>, Fault> {
        let end = format!("-{id}");
        let names = self.names()?;
        match names.iter().find(|name| name.ends_with(&end)) {
            Some(name) => Ok(self.read(name)?),
            None => Ok(None),
        }
    }

    /// All payloads that are kept, by height. Damaged ones are removed: their blocks can be had
    /// from those who voted for them.
    ///
    /// # Errors
    /// If the disk cannot be read.
    pub fn all(&self) -> Result<Vec<(Hash, Vec<u8>)>, Fault> {
        let mut all = Vec::new();
        for name in self.names()? {
            match self.read(&name)? {
                Some(payload) => all.extend(parse_name(&name).map(|(_, id)| (id, payload))),
                None => {
                    tracing::warn!(file = name, "an undecided block is damaged and was removed");
                    self.remove(&name)?;
                }
            }
        }
        Ok(all)
    }

    /// Forgets the payloads of this height and below: they are decided.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn prune(&self, height: u64) -> Result<(), Fault> {
        for name in self.names()? {
            if parse_name(&name).is_some_and(|(of, _)| of <= height) {
                self.remove(&name)?;
            }
        }
        Ok(())
    }

    /// Ascending by height.
    fn names(&self) -> Result<Vec<String>, Fault> {
        let mut names: Vec<String> = match &self.place {
            Place::Directory(directory) => fs::read_dir(directory)
                .and_then(Iterator::collect::<io::Result<Vec<_>>>)
                .map_err(|error| Fault::read(&error))?
                .into_iter()
                .filter_map(|entry| entry.file_name().into_string().ok())
                .filter(|name| parse_name(name).is_some())
                .collect(),
            Place::Memory(files) => {
                files.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
            }
        };
        names.sort();
        Ok(names)
    }

    /// `None` for a file that is damaged or gone.
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        let bytes = match &self.place {
            Place::Directory(directory) => match fs::read(directory.join(name)) {
                Ok(bytes) => Some(bytes),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(Fault::read(&error)),
            },
            Place::Memory(files) => {
                files.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
            }
        };
        Ok(bytes.and_then(|bytes| checked(name, bytes)))
    }

    fn remove(&self, name: &str) -> Result<(), Fault> {
        match &self.place {
            Place::Directory(directory) => match fs::remove_file(directory.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Fault::write(&error)),
                _ => Ok(()),
            },
            Place::Memory(files) => {
                files.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
                Ok(())
            }
        }
    }
}

fn name(height: u64, id: &Hash) -> String {
    format!("{height:020}-{id}")
}

fn parse_name(name: &str) -> Option<(u64, Hash)> {
    let (height, id) = name.split_once('-')?;
    Some((height.parse().ok()?, id.parse().ok()?))
}

/// The payload of a file, if it is what was written under this name.
fn checked(file: &str, mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    let (sum, payload) = bytes.split_at_checked(SUM_BYTES)?;
    if *sum != blake3::hash(payload).as_bytes()[..] {
        return None;
    }
    let block = Block::decode(payload)?;
    if name(block.header.height, &block.id()) != file {
        return None;
    }
    bytes.drain(..SUM_BYTES);
    Some(bytes)
}

/// Makes the directory, or removes from it what a crash left half written.
fn clean(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == TEMPORARY) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// A crash leaves the whole file or none of that name.
fn write_durably(directory: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let temporary = directory.join(format!("{name}.{TEMPORARY}"));
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, directory.join(name))?;
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proofs::{Header, PublicKey};

    fn block(height: u64) -> Block {
        let zero = Hash::ZERO;
        let header = Header {
            genesis: zero,
            height,
            time: 1,
            parent: zero,
            proposer: PublicKey([0; 32]),
            log_size: 0,
            log_root: zero,
            state_root: zero,
            validators: zero,
            next_validators: zero,
            parameters: zero,
        };
        Block { header, events: vec![b"{}".to_vec()] }
    }

    #[test]
    fn payloads_survive_until_their_height_is_decided() {
        let directory = tempfile::tempdir().unwrap();
        for disk in [
            Disk::Directory(directory.path().to_path_buf()),
            Disk::Memory(crate::store::Memory::new()),
        ] {
            let pending = Pending::open(&disk).unwrap();
            for height in [10, 9, 11] {
                let block = block(height);
                pending.save(height, &block.id(), &block.encode()).unwrap();
            }
            let pending = Pending::open(&disk).unwrap();
            let heights = |pending: &Pending| -> Vec<u64> {
                let all = pending.all().unwrap();
                all.iter().map(|(_, bytes)| Block::decode(bytes).unwrap().header.height).collect()
            };
            assert_eq!(heights(&pending), [9, 10, 11]);
            assert_eq!(pending.load(&block(9).id()).unwrap(), Some(block(9).encode()));
            pending.prune(10).unwrap();
            assert_eq!(heights(&pending), [11]);
            assert_eq!(pending.load(&block(9).id()).unwrap(), None);
        }
    }

    #[test]
    fn a_damaged_payload_is_never_returned() {
        let memory = crate::store::Memory::new();
        let pending = Pending::open(&Disk::Memory(memory.clone())).unwrap();
        let block = block(3);
        pending.save(3, &block.id(), &block.encode()).unwrap();
        let file = name(3, &block.id());
        let bits = memory.pending.lock().unwrap()[&file].len() * 8;
        for bit in 0..bits {
            memory.pending.lock().unwrap().get_mut(&file).unwrap()[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(pending.load(&block.id()).unwrap(), None, "bit {bit}");
            memory.pending.lock().unwrap().get_mut(&file).unwrap()[bit / 8] ^= 1 << (bit % 8);
        }
        memory.pending.lock().unwrap().get_mut(&file).unwrap()[40] ^= 1;
        assert_eq!(pending.all().unwrap(), []);
        assert!(memory.pending.lock().unwrap().is_empty(), "removed");
    }
}
