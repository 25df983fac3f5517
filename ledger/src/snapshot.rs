//! Reads: the state of one height, with its proofs. A snapshot is a clone of the tree's root; what
//! is committed meanwhile does not show in it.

use std::sync::Arc;

use proofs::evidence::{NextVersion, PastVersion};
use proofs::history::{History, path};
use proofs::record::{key_hash, record_hash};
use proofs::{Certificate, Evidence, Hash, Header, ProvenRecord, Record, StateProof, ValidatorSet};
use registry::projections::projections;
use registry::{Genesis, Parameters};
use serde_json::value::RawValue;

use crate::fault::Fault;
use crate::log::LogTree;
use crate::rows::{self, ProjectionRow, VersionRow};
use crate::store::{Family, Store};
use crate::tree::StateTree;

/// The last committed block, or genesis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The block's height; 0 for genesis.
    pub height: u64,
    /// The block's id; the genesis hash for genesis.
    pub id: Hash,
    /// The block's time in milliseconds since 1970.
    pub time: u64,
    /// The header, and the quorum that decided it; none for genesis.
    pub block: Option<(Header, Certificate)>,
}

/// All that a block builds on.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) head: Head,
    pub(crate) tree: StateTree,
    pub(crate) log: LogTree,
    /// Those who certify the next height.
    pub(crate) validators: Arc<ValidatorSet>,
    pub(crate) parameters: Parameters,
    /// The record hash of the parameters.
    pub(crate) parameters_hash: Hash,
}

/// The ledger at one height. Clones are cheap.
#[derive(Clone)]
pub struct Snapshot {
    pub(crate) state: Arc<State>,
    pub(crate) store: Arc<Store>,
    pub(crate) genesis: Arc<Genesis>,
}

/// What follows the same beginning in names of a read model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Projected {
    /// The names.
    pub names: Vec<String>,
    /// The last one that was looked at, from which to go on; none at the end.
    pub last: Option<String>,
}

/// Which version of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// By its number, from 1.
    Number(u64),
    /// The one in force at this time in milliseconds since 1970.
    At(u64),
}

impl Snapshot {
    /// The block for which this snapshot speaks.
    pub fn head(&self) -> &Head {
        &self.state.head
    }

    /// The height for which this snapshot speaks.
    pub fn height(&self) -> u64 {
        self.state.head.height
    }

    /// The network's genesis.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// Those who certify the next height.
    pub fn validators(&self) -> &Arc<ValidatorSet> {
        &self.state.validators
    }

    /// The parameters that the next block obeys.
    pub fn parameters(&self) -> &Parameters {
        &self.state.parameters
    }

    /// The state tree.
    pub fn tree(&self) -> &StateTree {
        &self.state.tree
    }

    /// Number of entries in the log.
    pub fn log_size(&self) -> u64 {
        self.state.log.size()
    }

    /// What a key holds.
    ///
    /// # Errors
    /// If the disk cannot be read, or what it holds is not what the state tree says.
    pub fn record(&self, key: &str) -> Result<Option<Record>, Fault> {
        match self.state.tree.get(&key_hash(key)) {
            Some(hash) => self.read(key, hash).map(Some),
            None => Ok(None),
        }
    }

    /// The record with this hash: the one in force, or, if it was replaced since this snapshot was
    /// taken, a superseded one.
    fn read(&self, key: &str, hash: Hash) -> Result<Record, Fault> {
        if let Some(bytes) = self.store.get(Family::Records, key.as_bytes())?
            && record_hash(&bytes) == hash
        {
            // The hash vouches for the bytes, so their form needs no second look.
            return serde_json::from_slice(&bytes)
                .map_err(|error| Fault::corrupt(format!("the record `{key}`"), error));
        }
        let damaged = || {
            let problem = "it is not what the state tree says";
            Fault::corrupt(format!("the record `{key}`"), problem)
        };
        let versions = self.superseded(key)?;
        let record = match versions.split_last() {
            Some((last, before)) => self.restore(key, last, before)?,
            None => None,
        };
        record.filter(|record| record_hash(&record.encode()) == hash).ok_or_else(damaged)
    }

    /// A superseded version as it stood when it was in force.
    fn restore(
        &self,
        key: &str,
        row: &VersionRow,
        before: &[VersionRow],
    ) -> Result<Option<Record>, Fault> {
        let entry = row.entry();
        let Some(content) = self.past_content(key, entry.version)? else { return Ok(None) };
        let mut history = History::default();
        before.iter().for_each(|row| history.push(&row.entry()));
        Ok(Some(Record {
            content,
            event: entry.event,
            height: row.height,
            history,
            time: entry.time,
            version: entry.version,
        }))
    }

    /// The stored superseded versions of a record that were made at this height or before,
    /// ascending.
    pub(crate) fn superseded(&self, key: &str) -> Result<Vec<VersionRow>, Fault> {
        let prefix = version_key(key, VERSION_ENTRY, None);
        let mut versions = Vec::new();
        for row in self.store.scan(Family::Versions, &prefix, &prefix) {
            let (_, value) = row?;
            let row: VersionRow = rows::decode(&value).ok_or_else(|| {
                Fault::corrupt(format!("a past version of `{key}`"), "it cannot be read")
            })?;
            if row.height > self.height() {
                break;
            }
            versions.push(row);
        }
        Ok(versions)
    }

    pub(crate) fn past_content(
        &self,
        key: &str,
        version: u64,
    ) -> Result<Option<Box<RawValue>>, Fault> {
        let row_key = version_key(key, VERSION_CONTENT, Some(version));
        let Some(bytes) = self.store.get(Family::Versions, &row_key)? else { return Ok(None) };
        let content = String::from_utf8(bytes.to_vec()).ok();
        let content = content.and_then(|text| RawValue::from_string(text).ok());
        content.map(Some).ok_or_else(|| {
            Fault::corrupt(format!("version {version} of `{key}`"), "it cannot be read")
        })
    }

    /// The records under these keys, or their absence, with all that proves them. `None` before
    /// the first block: genesis has no certificate.
    ///
    /// # Errors
    /// As [`Snapshot::record`].
    pub fn prove(&self, keys: &[&str]) -> Result<Option<Evidence>, Fault> {
        let read = |key: &&str| {
            let (key, record) = ((*key).to_owned(), self.record(key)?);
            Ok(ProvenRecord { key, past: None, path: Vec::new(), record })
        };
        Ok(self.attest(keys.iter().map(read).collect::<Result<_, Fault>>()?))
    }

    /// All that proves these records of this snapshot, each with its path now. `None` before the
    /// first block.
    pub fn attest(&self, mut records: Vec<ProvenRecord>) -> Option<Evidence> {
        let (header, certificate) = self.state.head.block.as_ref()?;
        for record in &mut records {
            record.path = self.prove_key(&record.key).encode();
        }
        Some(Evidence {
            certificate: certificate.clone(),
            genesis: header.genesis,
            header: header.encode(),
            records,
        })
    }

    /// The path of a key, or of its absence.
    pub fn prove_key(&self, key: &str) -> StateProof {
        self.state.tree.prove(&key_hash(key))
    }

    /// A superseded version of a record with its proof from the one in force. `None` if the key
    /// holds no record, or the version asked for is the one in force, or there is none.
    ///
    /// # Errors
    /// As [`Snapshot::record`].
    pub fn past_version(&self, key: &str, version: Version) -> Result<Option<PastVersion>, Fault> {
        let Some(record) = self.record(key)? else { return Ok(None) };
        let in_force = match version {
            Version::Number(number) => number >= record.version,
            Version::At(time) => time >= record.time,
        };
        if in_force {
            return Ok(None);
        }
        let mut versions = self.superseded(key)?;
        versions.truncate(usize::try_from(record.history.size).unwrap_or(usize::MAX));
        let at = match version {
            Version::Number(number) => number.checked_sub(1),
            Version::At(time) => {
                (versions.partition_point(|row| row.entry().time <= time) as u64).checked_sub(1)
            }
        };
        let Some(index) = at else { return Ok(None) };
        let leaves: Vec<Hash> = versions.iter().map(|row| row.entry().hash()).collect();
        let damaged = || Fault::corrupt(format!("the history of `{key}`"), "it is not complete");
        let entry = versions.get(index as usize).ok_or_else(damaged)?.entry();
        let next = match versions.get(index as usize + 1) {
            Some(row) => {
                let path = path(&leaves, index + 1).ok_or_else(damaged)?;
                Some(NextVersion { entry: row.entry(), path })
            }
            None => None,
        };
        let path = path(&leaves, index).ok_or_else(damaged)?;
        let content = self.past_content(key, entry.version)?.ok_or_else(damaged)?;
        Ok(Some(PastVersion { content, entry, next, path }))
    }

    /// What a key held at a moment, in milliseconds since 1970; of several versions then the last.
    ///
    /// # Errors
    /// As [`Snapshot::record`].
    pub fn content_at(&self, key: &str, time: u64) -> Result<Option<Box<RawValue>>, Fault> {
        let Some(record) = self.record(key)? else { return Ok(None) };
        if record.time <= time {
            return Ok(Some(record.content));
        }
        let versions = self.superseded(key)?;
        let before = versions.partition_point(|row| row.entry().time <= time);
        match versions.get(..before).and_then(<[VersionRow]>::last) {
            Some(row) => self.past_content(key, row.entry().version),
            None => Ok(None),
        }
    }

    /// An entry of a read model, as it follows from the records of this height.
    ///
    /// # Errors
    /// As [`Snapshot::record`].
    pub fn projection(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let Some(bytes) = self.store.get(Family::Projections, key)? else { return Ok(None) };
        let row: ProjectionRow = rows::decode(&bytes).ok_or(Fault::ReadModel)?;
        match self.state.tree.get(&key_hash(&row.key)) {
            Some(hash) if hash.0 == row.record => Ok(Some(row.value)),
            // The record changed since this snapshot was taken: fold the one that it holds.
            Some(hash) => {
                let record = self.read(&row.key, hash)?;
                let mut entries = projections(&row.key, &record).into_iter();
                Ok(entries.find(|(name, _)| name == key).map(|(_, value)| value))
            }
            None => Ok(None),
        }
    }

    /// At most `limit` names that follow `index` in a read model, ascending: those that begin with
    /// `prefix` and come after `after`. At most `scan` rows are looked at: a record that changed
    /// can leave a row behind that no longer follows from it.
    ///
    /// # Errors
    /// As [`Snapshot::record`].
    pub fn projected(
        &self,
        index: &[u8],
        prefix: &str,
        after: Option<&str>,
        limit: usize,
        scan: usize,
    ) -> Result<Projected, Fault> {
        let start = after.map_or_else(|| prefix.to_owned(), |after| format!("{after}\u{0}"));
        let start = [index, start.max(prefix.to_owned()).as_bytes()].concat();
        let prefix = [index, prefix.as_bytes()].concat();
        let rows = self.store.scan(Family::Projections, &prefix, &start);
        let mut projected = Projected { names: Vec::new(), last: None };
        for (count, row) in rows.enumerate() {
            if projected.names.len() == limit || count == scan {
                return Ok(projected);
            }
            let (row, _) = row?;
            let name = row.get(index.len()..).unwrap_or_default().to_vec();
            let name = String::from_utf8(name).map_err(|_| Fault::ReadModel)?;
            if self.projection(&row)?.is_some() {
                projected.names.push(name.clone());
            }
            projected.last = Some(name);
        }
        projected.last = None;
        Ok(projected)
    }

    /// At most `limit` records whose keys begin with `prefix` and come after `after`, ascending.
    ///
    /// # Errors
    /// As [`Snapshot::record`].
    pub fn records(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Record)>, Fault> {
        let start = after.map_or_else(|| prefix.to_owned(), |after| format!("{after}\u{0}"));
        let start = start.max(prefix.to_owned());
        let mut found = Vec::new();
        for row in self.store.scan(Family::Records, prefix.as_bytes(), start.as_bytes()) {
            if found.len() == limit {
                break;
            }
            let (key, _) = row?;
            let key = String::from_utf8(key.into_vec())
                .map_err(|error| Fault::corrupt("a record's key", error))?;
            // A record that is newer than this snapshot is not in it.
            if let Some(record) = self.record(&key)? {
                found.push((key, record));
            }
        }
        Ok(found)
    }
}

pub(crate) const VERSION_ENTRY: u8 = 0;
pub(crate) const VERSION_CONTENT: u8 = 1;

/// The key of a row about a superseded version, or the beginning that all such rows share. Record
/// keys are ASCII without 0.
pub(crate) fn version_key(key: &str, part: u8, version: Option<u64>) -> Vec<u8> {
    let mut bytes = key.as_bytes().to_vec();
    bytes.extend_from_slice(&[0, part]);
    bytes.extend(version.iter().flat_map(|version| version.to_be_bytes()));
    bytes
}
