//! The free space of the disk.
//!
//! A disk that is full is met in the middle of a write. So a node stops writing while there still
//! is room: agreement ends in order, events are refused, reading goes on. A reserve file is given
//! up for what is on its way. When there is space again, the node begins anew by itself.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::config::Disk;

/// Where the settings name no limit: one part in so many of the disk, and at most so many bytes.
const FREE_PART: u64 = 20;
const FREE_BYTES: u64 = 1 << 30;

/// What a disk has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Bytes that may still be written.
    pub free: u64,
    /// Bytes of the whole disk.
    pub total: u64,
}

/// Asks the disk.
pub type Measure = Box<dyn Fn() -> io::Result<Room> + Send + Sync>;

/// The space that a node watches.
pub struct Space {
    measure: Measure,
    reserve: PathBuf,
    settings: Disk,
    seen: Mutex<Seen>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    room: Option<Room>,
    low: bool,
}

impl Space {
    /// The space of the disk with this directory, where the reserve is kept as well.
    pub fn of(directory: &Path, settings: &Disk) -> Space {
        let measured = directory.to_owned();
        let measure = Box::new(move || {
            let disk = rustix::fs::statvfs(&measured)?;
            let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
            Ok(Room { free: bytes(disk.f_bavail), total: bytes(disk.f_blocks) })
        });
        Space::measured(measure, directory, settings)
    }

    /// The space that `measure` tells of.
    pub fn measured(measure: Measure, directory: &Path, settings: &Disk) -> Space {
        Space {
            measure,
            reserve: directory.join("reserve"),
            settings: settings.clone(),
            seen: Mutex::new(Seen { room: None, low: false }),
        }
    }

    /// Looks at the disk; whether there is too little space. Gives the reserve up when there
    /// begins to be, and makes it again afterwards.
    pub fn look(&self) -> bool {
        let room = match (self.measure)() {
            Ok(room) => room,
            Err(error) => {
                tracing::warn!(%error, "the free space of the disk is unknown");
                return self.seen().low;
            }
        };
        let was_low = self.seen().low;
        let low = is_low(&self.settings, room, was_low);
        *self.seen() = Seen { room: Some(room), low };
        if low && !was_low {
            tracing::error!(free = room.free, "{}", self.problem().unwrap_or_default());
            self.release();
        } else if !low && !self.reserve.exists() {
            // Without it the node runs as well.
            let _ = self.fill().inspect_err(|error| {
                tracing::warn!(%error, "no space is held in reserve");
                self.release();
            });
        }
        low
    }

    /// What is wrong with the space, and what to do about it.
    pub fn problem(&self) -> Option<String> {
        let Seen { room: Some(room), low: true } = *self.seen() else { return None };
        Some(format!(
            "the disk is nearly full ({} MB are free, {} MB are needed), so nothing is written: \
             free some space, and the node goes on by itself",
            room.free >> 20,
            enough(&self.settings, room.total) >> 20
        ))
    }

    /// What the disk had when it was last looked at.
    pub fn room(&self) -> Option<Room> {
        self.seen().room
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn release(&self) {
        match fs::remove_file(&self.reserve) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, "the reserve could not be given up");
            }
            _ => {}
        }
    }

    fn fill(&self) -> io::Result<()> {
        let mut file = File::create(&self.reserve)?;
        let bytes = self.settings.reserve_bytes;
        let mode = rustix::fs::FallocateFlags::empty();
        if rustix::fs::fallocate(&file, mode, 0, bytes.max(1)).is_err() {
            let piece = vec![0x55; 1 << 20];
            for at in (0..bytes).step_by(piece.len()) {
                let rest = usize::try_from(bytes - at).unwrap_or(usize::MAX);
                file.write_all(&piece[..rest.min(piece.len())])?;
            }
        }
        file.sync_all()
    }
}

/// Bytes below which nothing is written.
fn least(settings: &Disk, total: u64) -> u64 {
    settings.free_bytes_min.unwrap_or_else(|| (total / FREE_PART).min(FREE_BYTES))
}

/// Bytes from which on writing goes on: with room for the reserve, and more than the least, so
/// that it does not stop again at once.
fn enough(settings: &Disk, total: u64) -> u64 {
    let least = least(settings, total);
    least.saturating_add(least / 4).saturating_add(settings.reserve_bytes)
}

fn is_low(settings: &Disk, room: Room, was_low: bool) -> bool {
    let needed = if was_low { enough } else { least };
    room.free < needed(settings, room.total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    const MB: u64 = 1 << 20;

    #[test]
    fn the_limit_is_a_twentieth_at_most_a_gibibyte_or_as_set() {
        let settings = Disk::default();
        assert_eq!(least(&settings, 200 * MB), 10 * MB);
        assert_eq!(least(&settings, 1 << 40), 1 << 30);
        let settings = Disk { free_bytes_min: Some(7), ..settings };
        assert_eq!(least(&settings, 1 << 40), 7);
    }

    #[test]
    fn writing_stops_below_the_limit_and_goes_on_well_above_it() {
        let home = tempfile::tempdir().unwrap();
        let free = Arc::new(AtomicU64::new(500 * MB));
        let told = free.clone();
        let measure = move || Ok(Room { free: told.load(Ordering::Relaxed), total: 1_000 * MB });
        let settings = Disk { free_bytes_min: Some(100 * MB), reserve_bytes: 3 * MB };
        let space = Space::measured(Box::new(measure), home.path(), &settings);
        let reserve = home.path().join("reserve");
        let look = |now: u64| {
            free.store(now * MB, Ordering::Relaxed);
            space.look()
        };
        assert!(!look(100) && space.problem().is_none());
        assert_eq!(fs::metadata(&reserve).unwrap().len(), 3 * MB);
        assert!(look(99));
        let problem = space.problem().unwrap();
        assert!(problem.contains("99 MB are free, 128 MB are needed"), "{problem}");
        assert!(!reserve.exists(), "given up");
        assert!(look(127), "it would stop again at once");
        assert!(!look(128) && space.problem().is_none() && reserve.exists());
    }
}
