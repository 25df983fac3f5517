//! The database: its column families, its options, and reads and writes that turn into faults.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamily, ColumnFamilyDescriptor, DB, DBCompressionType,
    DBPinnableSlice, Direction, Env, IteratorMode, LogLevel, Options, WriteBatch, WriteOptions,
};

use crate::fault::Fault;

/// Blocks of tables, their indexes and filters, in memory.
const CACHE_BYTES: usize = 64 << 20;
/// What was written and is not yet in a table, all families together.
const WRITE_BUFFERS_BYTES_MAX: usize = 64 << 20;
/// The same for one family. The write-ahead log reserves a little more than this on the disk.
const WRITE_BUFFER_BYTES: usize = 16 << 20;
/// Write-ahead logs together; beyond it the oldest buffers become tables.
const WAL_BYTES_MAX: u64 = 64 << 20;

/// Values from this size on stand apart from their keys, in the families that do so.
const APART_BYTES_MIN: u64 = 256;

/// A column family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// Log index → the log's entry: an event's bytes or a block's entry.
    Entries,
    /// Event id → [`EventRow`](crate::rows::EventRow).
    EventIds,
    /// The index of events: `e` and log index → [`ListedRow`](crate::rows::ListedRow), or a
    /// property and log index → nothing.
    Events,
    /// Height → [`BlockRow`](crate::rows::BlockRow).
    Blocks,
    /// Record key → record.
    Records,
    /// Record key, 0, and 0 and version → [`VersionRow`](crate::rows::VersionRow), or 1 and
    /// version → content.
    Versions,
    /// Path → record hash: the leaves of the state tree.
    Leaves,
    /// Row number → hashes of the log's tree.
    Log,
    /// Key of a read model → [`ProjectionRow`](crate::rows::ProjectionRow).
    Projections,
    /// What there is once: head, genesis, cursor; validator sets and heights by hash; and the
    /// heights at which the validators change.
    Meta,
    /// Blob id and page number → a page of its bytes; blob id → its size, where all are there.
    Blobs,
}

impl Family {
    pub(crate) const ALL: [Family; 11] = [
        Family::Entries,
        Family::EventIds,
        Family::Events,
        Family::Blocks,
        Family::Records,
        Family::Versions,
        Family::Leaves,
        Family::Log,
        Family::Projections,
        Family::Meta,
        Family::Blobs,
    ];

    /// The name on disk: part of the format.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Family::Entries => "entries",
            Family::EventIds => "event_ids",
            Family::Events => "events",
            Family::Blocks => "blocks",
            Family::Records => "records",
            Family::Versions => "versions",
            Family::Leaves => "leaves",
            Family::Log => "log",
            Family::Projections => "projections",
            Family::Meta => "meta",
            Family::Blobs => "blobs",
        }
    }

    /// Hashes do not compress; what is read in order needs no filter.
    fn options(self, cache: &Cache) -> Options {
        let mut table = table(cache);
        let mut options = Options::default();
        options.set_write_buffer_size(WRITE_BUFFER_BYTES);
        options.set_max_write_buffer_number(3);
        let compression = match self {
            Family::EventIds | Family::Leaves | Family::Log | Family::Blobs => {
                DBCompressionType::None
            }
            _ => DBCompressionType::Lz4,
        };
        options.set_compression_type(compression);
        if matches!(self, Family::EventIds | Family::Records | Family::Projections) {
            table.set_bloom_filter(10.0, false);
        }
        if self == Family::Entries {
            table.set_block_size(16 << 10);
        }
        if matches!(self, Family::Blobs | Family::Projections | Family::Records | Family::Versions)
        {
            // Keys without order are sorted anew as they become more. Large values stay where they
            // were written, in files of their own, and do not push keys out of the cache.
            options.set_enable_blob_files(true);
            options.set_min_blob_size(APART_BYTES_MIN);
            options.set_blob_compression_type(compression);
        }
        options.set_block_based_table_factory(&table);
        options
    }
}

/// A disk in memory for simulations and tests. It outlives the ledgers on it, as a disk outlives
/// processes, and is gone when the last clone is dropped.
#[derive(Clone)]
pub struct Memory {
    env: Env,
    pub(crate) head: Arc<Mutex<Vec<u8>>>,
    pub(crate) pending: crate::pending::MemoryFiles,
}

impl Memory {
    /// An empty disk.
    #[expect(clippy::new_without_default, reason = "it is not a value but a device")]
    pub fn new() -> Memory {
        let env = Env::mem_env().expect("an environment in memory takes nothing but memory");
        Memory { env, head: Arc::default(), pending: Default::default() }
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Memory")
    }
}

/// Where a ledger lies.
#[derive(Debug, Clone)]
pub(crate) enum Disk {
    Directory(PathBuf),
    Memory(Memory),
}

/// The open database.
pub(crate) struct Store {
    db: DB,
    /// The first fault of a write. Nothing is written after it.
    failed: OnceLock<Fault>,
    /// Held as long as the database is open.
    _lock: Option<File>,
}

/// An iterator's item.
pub(crate) type Row = (Box<[u8]>, Box<[u8]>);

impl Store {
    pub(crate) fn open(disk: &Disk) -> Result<Store, Fault> {
        let (path, lock, env) = match disk {
            Disk::Directory(directory) => (directory.join("db"), Some(lock(directory)?), None),
            Disk::Memory(memory) => (PathBuf::from("/db"), None, Some(&memory.env)),
        };
        let cache = Cache::new_lru_cache(CACHE_BYTES);
        let mut families = Family::ALL
            .map(|family| ColumnFamilyDescriptor::new(family.name(), family.options(&cache)))
            .into_iter()
            .collect::<Vec<_>>();
        // The database insists on this one. It stays empty, but its buffer's size would count.
        families.push(ColumnFamilyDescriptor::new("default", Family::Meta.options(&cache)));
        let db = DB::open_cf_descriptors(&options(env), path, families).map_err(Fault::db_read)?;
        Ok(Store { db, failed: OnceLock::new(), _lock: lock })
    }

    fn family(&self, family: Family) -> &ColumnFamily {
        self.db.cf_handle(family.name()).expect("every family is opened with the database")
    }

    pub(crate) fn get(
        &self,
        family: Family,
        key: &[u8],
    ) -> Result<Option<DBPinnableSlice<'_>>, Fault> {
        self.db.get_pinned_cf(self.family(family), key).map_err(Fault::db_read)
    }

    /// Rows from `start` on, ascending, as long as the key begins with `prefix`.
    pub(crate) fn scan<'a>(
        &'a self,
        family: Family,
        prefix: &'a [u8],
        start: &[u8],
    ) -> impl Iterator<Item = Result<Row, Fault>> + 'a {
        let mode = IteratorMode::From(start, Direction::Forward);
        self.db
            .iterator_cf(self.family(family), mode)
            .map(|row| row.map_err(Fault::db_read))
            .take_while(move |row| row.as_ref().map_or(true, |(key, _)| key.starts_with(prefix)))
    }

    /// The last eight bytes, as a number, of the first key of a list at `bound` or after it; or of
    /// the last one at `bound` or before it. Keys of a list are its prefix and such a number.
    pub(crate) fn neighbour(
        &self,
        family: Family,
        prefix: &[u8],
        bound: u64,
        before: bool,
    ) -> Result<Option<u64>, Fault> {
        let start = [prefix, &bound.to_be_bytes()].concat();
        let direction = if before { Direction::Reverse } else { Direction::Forward };
        let mode = IteratorMode::From(&start, direction);
        let Some(row) = self.db.iterator_cf(self.family(family), mode).next() else {
            return Ok(None);
        };
        let (key, _) = row.map_err(Fault::db_read)?;
        let number = key.strip_prefix(prefix).and_then(|number| number.try_into().ok());
        Ok(number.map(u64::from_be_bytes))
    }

    pub(crate) fn batch(&self) -> Batch<'_> {
        Batch { store: self, writes: WriteBatch::default() }
    }

    /// Removes all rows of a family.
    pub(crate) fn clear(&self, family: Family) -> Result<(), Fault> {
        self.check()?;
        // Keys are ASCII or shorter than this.
        let end = [0xff; 64];
        let all = self.db.delete_range_cf(self.family(family), &[][..], &end[..]);
        all.map_err(|error| self.fail(Fault::db_write(error)))
    }

    /// The fault that ended writing, if any.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        self.failed.get().map_or(Ok(()), |fault| Err(fault.clone()))
    }

    /// Ends writing: after a failed sync nobody knows what the disk holds.
    pub(crate) fn fail(&self, fault: Fault) -> Fault {
        tracing::error!(%fault, "the ledger writes nothing more");
        self.failed.get_or_init(|| fault).clone()
    }

    /// A consistent copy of the database, made of hard links where it can be.
    pub(crate) fn copy_to(&self, directory: &Path) -> Result<(), Fault> {
        let checkpoint = rocksdb::checkpoint::Checkpoint::new(&self.db).map_err(Fault::db_read)?;
        checkpoint.create_checkpoint(directory).map_err(Fault::db_write)
    }
}

/// Writes that become durable together.
pub(crate) struct Batch<'a> {
    store: &'a Store,
    writes: WriteBatch,
}

impl Batch<'_> {
    pub(crate) fn put(&mut self, family: Family, key: &[u8], value: &[u8]) {
        self.writes.put_cf(self.store.family(family), key, value);
    }

    pub(crate) fn bytes(&self) -> usize {
        self.writes.size_in_bytes()
    }

    /// Returns when the disk has it all.
    pub(crate) fn write_synced(self) -> Result<(), Fault> {
        let mut options = WriteOptions::default();
        options.set_sync(true);
        self.write(&options)
    }

    /// For what can be made again: a crash may lose the last of it.
    pub(crate) fn write_soon(self) -> Result<(), Fault> {
        self.write(&WriteOptions::default())
    }

    fn write(self, options: &WriteOptions) -> Result<(), Fault> {
        self.store.check()?;
        let written = self.store.db.write_opt(self.writes, options);
        written.map_err(|error| self.store.fail(Fault::db_write(error)))
    }
}

fn lock(directory: &Path) -> Result<File, Fault> {
    let path = directory.join("lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(|error| Fault::write(&error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Fault::Locked(directory.to_path_buf())),
        Err(TryLockError::Error(error)) => Err(Fault::write(&error)),
    }
}

fn table(cache: &Cache) -> BlockBasedOptions {
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(cache);
    // Indexes and filters count against the cache, so that memory does not grow with the disk.
    table.set_cache_index_and_filter_blocks(true);
    table.set_cache_index_and_filter_blocks_with_high_priority(true);
    table.set_pin_l0_filter_and_index_blocks_in_cache(true);
    table
}

fn options(env: Option<&Env>) -> Options {
    let mut options = Options::default();
    if let Some(env) = env {
        options.set_env(env);
    }
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    // A synced log that is missing or too short is an error, never a shorter history. The head
    // record outside the database catches what even this cannot see.
    options.set_track_and_verify_wals_in_manifest(true);
    options.set_paranoid_checks(true);
    options.set_db_write_buffer_size(WRITE_BUFFERS_BYTES_MAX);
    options.set_write_buffer_size(WRITE_BUFFER_BYTES);
    options.set_max_total_wal_size(WAL_BYTES_MAX);
    options.set_max_background_jobs(2);
    options.set_max_open_files(512);
    options.set_max_manifest_file_size(16 << 20);
    options.set_manifest_preallocation_size(64 << 10);
    options.set_log_level(LogLevel::Warn);
    options.set_keep_log_file_num(2);
    options.set_max_log_file_size(1 << 20);
    options.set_stats_dump_period_sec(0);
    options.set_stats_persist_period_sec(0);
    options
}
