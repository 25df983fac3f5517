//! The ledger: one writer, any number of readers.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use proofs::record::{key_hash, record_hash};
use proofs::{Certificate, Hash, Header};
use registry::projections::projections;
use registry::{CheckedEvent, Genesis, Parameters, SignedEvent, network};

use crate::chain::{block_key, block_row, hand_over_key, set_key, stored_block};
use crate::check;
use crate::events::put_listed;
use crate::execution::{BlockInput, CertifiedBlock, ExecutedBlock, Invalid, Proposal};
use crate::fault::Fault;
use crate::head::{HeadFile, Recorded};
use crate::log::LogTree;
use crate::pending::Pending;
use crate::rows::{
    BlockRow, CursorRow, EventRow, HeadRow, ProjectionRow, ValidatorsRow, VersionRow, encode,
};
use crate::snapshot::{Head, Snapshot, State, VERSION_CONTENT, VERSION_ENTRY, version_key};
use crate::store::{Batch, Disk, Family, Memory, Store};
use crate::tree::{Leaf, StateTree};

/// The read models' format. When their fold changes, raise it: they are made again at the next
/// start.
const PROJECTIONS_FORMAT: u32 = 2;

/// Rows that are written together when read models are made again.
const REBUILD_BATCH_BYTES: usize = 4 << 20;

pub(crate) const HEAD: &[u8] = b"head";
pub(crate) const GENESIS: &[u8] = b"genesis";
const CURSOR: &[u8] = b"cursor";

/// The ledger of one node.
pub struct Ledger {
    store: Arc<Store>,
    genesis: Arc<Genesis>,
    current: RwLock<Arc<State>>,
    /// Who holds this may write.
    writer: Mutex<HeadFile>,
    pending: Pending,
    #[cfg(test)]
    on_step: Mutex<Option<tests::StepHook>>,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").field("head", &self.current().head.id).finish()
    }
}

/// The steps of a commit between which a crash may fall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Begun,
    Stored,
    Recorded,
    Published,
}

impl Ledger {
    /// Whether a directory holds a ledger.
    pub fn exists(directory: &Path) -> bool {
        directory.join("db").join("CURRENT").exists()
    }

    /// Makes the ledger of a new network, at height 0.
    ///
    /// # Errors
    /// If the directory holds a ledger already, or cannot be written.
    pub fn create(directory: &Path, genesis: &Genesis) -> Result<Ledger, Fault> {
        if Ledger::exists(directory) {
            return Err(Fault::Exists(directory.to_path_buf()));
        }
        std::fs::create_dir_all(directory).map_err(|error| Fault::write(&error))?;
        Ledger::start(Disk::Directory(directory.to_path_buf()), genesis)
    }

    /// Opens a ledger, and checks that it is whole: the tree of all records, the log's root, and
    /// the newest blocks with their certificates.
    ///
    /// # Errors
    /// If another process has it, it belongs to another network, or it is damaged.
    pub fn open(directory: &Path, genesis: &Genesis) -> Result<Ledger, Fault> {
        if !Ledger::exists(directory) {
            return Err(Fault::Missing(directory.to_path_buf()));
        }
        Ledger::start(Disk::Directory(directory.to_path_buf()), genesis)
    }

    /// Opens the ledger on a disk in memory, or makes one there.
    ///
    /// # Errors
    /// As [`Ledger::open`].
    pub fn open_in_memory(memory: &Memory, genesis: &Genesis) -> Result<Ledger, Fault> {
        Ledger::start(Disk::Memory(memory.clone()), genesis)
    }

    fn start(disk: Disk, genesis: &Genesis) -> Result<Ledger, Fault> {
        let store = Store::open(&disk)?;
        let mut head_file = HeadFile::open(&disk)?;
        // A crash while the ledger was made leaves it empty, and then it is made again.
        if store.get(Family::Meta, GENESIS)?.is_none() && store.get(Family::Meta, HEAD)?.is_none() {
            write_genesis(&store, genesis)?;
        }
        let genesis = Arc::new(genesis.clone());
        let state = check::load(&store, &genesis, head_file.newest())?;
        head_file.write(recorded(&state))?;
        let ledger = Ledger {
            store: Arc::new(store),
            genesis,
            current: RwLock::new(Arc::new(state)),
            writer: Mutex::new(head_file),
            pending: Pending::open(&disk)?,
            #[cfg(test)]
            on_step: Mutex::new(None),
        };
        let height = ledger.current().head.height;
        ledger.pending.prune(height)?;
        if ledger.cursor()? != Some(cursor(height)) {
            ledger.rebuild_projections(&mut |_, _| {})?;
        }
        Ok(ledger)
    }

    fn current(&self) -> Arc<State> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn writer(&self) -> MutexGuard<'_, HeadFile> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The ledger as it stands now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { state: self.current(), store: self.store.clone(), genesis: self.genesis.clone() }
    }

    /// The last committed block.
    pub fn head(&self) -> Head {
        self.current().head.clone()
    }

    /// The height of the last committed block.
    pub fn height(&self) -> u64 {
        self.current.read().unwrap_or_else(PoisonError::into_inner).head.height
    }

    /// The network's genesis.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// Payloads of blocks that are not decided yet.
    pub fn pending(&self) -> &Pending {
        &self.pending
    }

    /// The head that this node once had, while it is higher than what the database holds: the
    /// database lost blocks or was restored from a copy. Until they are fetched again from peers
    /// the node is not ready, and must not sign: it may have signed otherwise before.
    pub fn behind(&self) -> Option<Recorded> {
        let newest = self.writer().newest();
        newest.filter(|recorded| recorded.height > self.current().head.height)
    }

    /// The fault that ended writing, if any.
    ///
    /// # Errors
    /// That fault.
    pub fn check_writable(&self) -> Result<(), Fault> {
        self.store.check()
    }

    /// [`Snapshot::propose`] on the head.
    ///
    /// # Errors
    /// As there.
    pub fn propose(&self, input: BlockInput) -> Result<Proposal, Fault> {
        self.snapshot().propose(input)
    }

    /// [`Snapshot::validate`] on the head.
    ///
    /// # Errors
    /// As there.
    pub fn validate(
        &self,
        header: &Header,
        events: Vec<Arc<CheckedEvent>>,
    ) -> Result<Result<ExecutedBlock, Invalid>, Fault> {
        self.snapshot().validate(header, events)
    }

    /// Makes a block final: on return it is durable and readers see it. Doing so again has no
    /// effect.
    ///
    /// # Errors
    /// If the block does not follow the head or the disk does not take it. After a failed write
    /// every further commit fails too.
    pub fn commit(&self, block: &CertifiedBlock) -> Result<(), Fault> {
        let mut head_file = self.writer();
        self.store.check()?;
        let CertifiedBlock { executed, certificate } = block;
        let head = self.head();
        if executed.header.height <= head.height {
            return self.check_same(executed);
        }
        self.check_follows(executed, &head, head_file.newest())?;
        self.reach(Step::Begun)?;
        let mut batch = self.store.batch();
        put_block(&mut batch, block);
        batch.write_synced()?;
        self.reach(Step::Stored)?;
        let next = executed.state(certificate.clone());
        // The block is final from here on, whatever fails: what follows can be made again.
        let recorded = head_file.write(recorded(&next)).map_err(|fault| self.store.fail(fault));
        self.reach(Step::Recorded)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        self.reach(Step::Published)?;
        recorded?;
        self.pending.prune(executed.header.height)
    }

    /// Takes a block of a log that is replayed without certificates.
    pub(crate) fn absorb(&self, executed: ExecutedBlock) -> Result<(), Fault> {
        let ExecutedBlock { id, header, .. } = executed;
        let signatures = Vec::new();
        let certificate = Certificate { height: header.height, round: 0, block: id, signatures };
        let block = CertifiedBlock { executed: Arc::new(executed), certificate };
        let mut batch = self.store.batch();
        put_block(&mut batch, &block);
        batch.write_soon()?;
        let next = block.executed.state(block.certificate);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        Ok(())
    }

    fn check_same(&self, executed: &ExecutedBlock) -> Result<(), Fault> {
        let height = executed.header.height;
        let stored = block_row(&self.store, height)?
            .ok_or_else(|| Fault::corrupt(format!("block {height}"), "it is missing"))?;
        let expected = stored.1.id();
        if expected == executed.id {
            return Ok(());
        }
        Err(Fault::Conflict { height, expected, found: executed.id })
    }

    fn check_follows(
        &self,
        executed: &ExecutedBlock,
        head: &Head,
        recorded: Option<Recorded>,
    ) -> Result<(), Fault> {
        let Header { height, parent, .. } = executed.header;
        if height != head.height + 1 || parent != head.id {
            return Err(Fault::Conflict { height, expected: head.id, found: executed.id });
        }
        match recorded.filter(|recorded| recorded.height == height) {
            Some(recorded) if recorded.block != executed.id => {
                Err(Fault::Conflict { height, expected: recorded.block, found: executed.id })
            }
            _ => Ok(()),
        }
    }

    #[cfg(not(test))]
    fn reach(&self, _: Step) -> Result<(), Fault> {
        Ok(())
    }

    fn cursor(&self) -> Result<Option<CursorRow>, Fault> {
        let bytes = self.store.get(Family::Meta, CURSOR)?;
        Ok(bytes.and_then(|bytes| crate::rows::decode(&bytes)))
    }

    /// Deletes the read models and makes them again, from the log and from the records. `progress`
    /// gets the number of entries and records done, and of all.
    ///
    /// # Errors
    /// If the disk fails or is damaged. What was interrupted is done again at the next start.
    pub fn rebuild_projections(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<(), Fault> {
        let _writer = self.writer();
        let state = self.current();
        let mut batch = self.store.batch();
        batch.put(Family::Meta, CURSOR, &[]);
        batch.write_synced()?;
        self.store.clear(Family::Projections)?;
        self.store.clear(Family::Events)?;
        let entries = state.log.size();
        let all = entries + state.tree.len() as u64;
        self.list_again(&state, &mut |done| progress(done, all))?;
        let mut batch = self.store.batch();
        for (done, row) in (entries..).zip(self.store.scan(Family::Records, &[], &[])) {
            let (key, bytes) = row?;
            let key = String::from_utf8(key.into_vec())
                .map_err(|error| Fault::corrupt("a record's key", error))?;
            let hash = record_hash(&bytes);
            if state.tree.get(&key_hash(&key)) != Some(hash) {
                let problem = "it is not what the state tree says";
                return Err(Fault::corrupt(format!("the record `{key}`"), problem));
            }
            let record = serde_json::from_slice(&bytes)
                .map_err(|error| Fault::corrupt(format!("the record `{key}`"), error))?;
            put_projections(&mut batch, &key, &record, hash);
            if batch.bytes() > REBUILD_BATCH_BYTES {
                std::mem::replace(&mut batch, self.store.batch()).write_soon()?;
                progress(done, all);
            }
        }
        batch.put(Family::Meta, CURSOR, &encode(&cursor(state.head.height)));
        batch.write_synced()?;
        progress(all, all);
        Ok(())
    }

    /// Makes the index of events again.
    fn list_again(&self, state: &State, progress: &mut dyn FnMut(u64)) -> Result<(), Fault> {
        let mut batch = self.store.batch();
        for height in 1..=state.head.height {
            let damaged = |problem: &str| Fault::corrupt(format!("block {height}"), problem);
            let block =
                stored_block(&self.store, height)?.ok_or_else(|| damaged("it is missing"))?;
            let events = block.block.events;
            let end = block.block.header.log_size.saturating_sub(1);
            let first = end.saturating_sub(events.len() as u64);
            for (index, bytes) in (first..).zip(&events) {
                let event =
                    SignedEvent::parse(bytes).map_err(|error| damaged(&error.to_string()))?;
                // It was verified when its block came.
                put_listed(&mut batch, index, height, &event.into_checked());
            }
            if batch.bytes() > REBUILD_BATCH_BYTES {
                std::mem::replace(&mut batch, self.store.batch()).write_soon()?;
                progress(end);
            }
        }
        batch.write_soon()
    }

    /// Copies the ledger, as it stands now, into a new directory: hard links where the file system
    /// has them, so it is quick. The copy can be opened.
    ///
    /// # Errors
    /// If the directory exists or cannot be written.
    pub fn copy_to(&self, directory: &Path) -> Result<(), Fault> {
        let _writer = self.writer();
        if directory.exists() {
            return Err(Fault::Exists(directory.to_path_buf()));
        }
        std::fs::create_dir_all(directory).map_err(|error| Fault::write(&error))?;
        self.store.copy_to(&directory.join("db"))?;
        let disk = Disk::Directory(PathBuf::from(directory));
        HeadFile::open(&disk)?.write(recorded(&self.current()))
    }
}

fn recorded(state: &State) -> Recorded {
    Recorded { height: state.head.height, block: state.head.id, state_root: state.tree.root() }
}

fn cursor(height: u64) -> CursorRow {
    CursorRow { format: PROJECTIONS_FORMAT, height }
}

/// The state at height 0.
fn write_genesis(store: &Store, genesis: &Genesis) -> Result<(), Fault> {
    let mut batch = store.batch();
    for (key, record) in genesis.records() {
        let bytes = record.encode();
        let hash = record_hash(&bytes);
        batch.put(Family::Records, key.as_bytes(), &bytes);
        batch.put(Family::Leaves, &key_hash(key).0, &hash.0);
        put_projections(&mut batch, key, record, hash);
    }
    put_validators(&mut batch, genesis.validators());
    put_head(&mut batch, 0, &genesis.hash());
    batch.put(Family::Meta, CURSOR, &encode(&cursor(0)));
    batch.put(Family::Meta, GENESIS, &genesis.hash().0);
    batch.write_synced()
}

/// The state at height 0, in memory.
pub(crate) fn genesis_state(genesis: &Genesis) -> Result<State, Fault> {
    let leaf = |(key, record): (&String, &proofs::Record)| Leaf {
        path: key_hash(key),
        record: record_hash(&record.encode()),
    };
    let mut leaves: Vec<Leaf> = genesis.records().iter().map(leaf).collect();
    leaves.sort_unstable_by_key(|leaf| leaf.path);
    let damaged = || Fault::corrupt("the genesis document", "it has no parameters");
    let parameters = genesis.records().get(network::PARAMETERS).ok_or_else(damaged)?;
    Ok(State {
        head: Head { height: 0, id: genesis.hash(), time: genesis.time(), block: None },
        tree: StateTree::build(&leaves),
        log: LogTree::default(),
        validators: Arc::new(genesis.validators().clone()),
        parameters_hash: record_hash(&parameters.encode()),
        parameters: Parameters::read(parameters).ok_or_else(damaged)?,
    })
}

/// Everything of a block that is stored.
fn put_block(batch: &mut Batch<'_>, block: &CertifiedBlock) {
    let CertifiedBlock { executed, certificate } = block;
    let header = &executed.header;
    let height = header.height;
    for (index, event) in (executed.first_entry..).zip(&executed.events) {
        batch.put(Family::Entries, &index.to_be_bytes(), event.bytes());
        batch.put(Family::EventIds, &event.id().0, &encode(&EventRow { index, height }));
        put_listed(batch, index, height, event);
    }
    if !executed.events.is_empty() {
        let index = header.log_size - 1;
        batch.put(Family::Entries, &index.to_be_bytes(), &header.log_entry());
    }
    for (key, record) in &executed.superseded {
        let entry = record.entry();
        let content = record.content.get().as_bytes();
        let row = encode(&VersionRow::new(&entry, record.height));
        let version = Some(entry.version);
        batch.put(Family::Versions, &version_key(key, VERSION_ENTRY, version), &row);
        batch.put(Family::Versions, &version_key(key, VERSION_CONTENT, version), content);
    }
    for written in &executed.written {
        batch.put(Family::Records, written.key.as_bytes(), &written.bytes);
        batch.put(Family::Leaves, &written.leaf.path.0, &written.leaf.record.0);
        put_projections(batch, &written.key, &written.record, written.leaf.record);
    }
    for (number, hashes) in &executed.log_rows {
        batch.put(Family::Log, &number.to_be_bytes(), hashes);
    }
    if let Some(validators) = executed.new_validators() {
        put_validators(batch, validators);
        batch.put(Family::Meta, &hand_over_key(height), &[]);
    }
    let row = BlockRow::new(header, certificate, executed.first_entry, executed.events.len());
    batch.put(Family::Blocks, &height.to_be_bytes(), &encode(&row));
    batch.put(Family::Meta, &block_key(&executed.id), &height.to_be_bytes());
    batch.put(Family::Meta, CURSOR, &encode(&cursor(height)));
    put_head(batch, height, &executed.id);
}

/// Read models are written with the records that they follow from, so they never lag behind. They
/// are no part of the state, and may be deleted and made again.
fn put_projections(batch: &mut Batch<'_>, key: &str, record: &proofs::Record, hash: Hash) {
    for (name, value) in projections(key, record) {
        let row = ProjectionRow { key: key.to_owned(), record: hash.0, value };
        batch.put(Family::Projections, &name, &encode(&row));
    }
}

fn put_validators(batch: &mut Batch<'_>, validators: &proofs::ValidatorSet) {
    let row = encode(&ValidatorsRow::new(validators));
    batch.put(Family::Meta, &set_key(&validators.hash()), &row);
}

fn put_head(batch: &mut Batch<'_>, height: u64, id: &Hash) {
    batch.put(Family::Meta, HEAD, &encode(&HeadRow { height, id: id.0 }));
}

#[cfg(test)]
mod tests;
