//! Blobs on the disk: pages of their bytes, by id. They are no part of the log, and no root covers
//! them; which there are, the records say.
//!
//! A blob is kept as a whole or not at all: its pages first, and then, in one synced batch, the row
//! that says that they are all there. What a crash leaves before that is written again.

use std::ops::Range;

use proofs::Record;
use registry::blob::{self, BlobState};

use crate::fault::Fault;
use crate::ledger::Ledger;
use crate::snapshot::Snapshot;
use crate::store::{Family, Store};

/// Bytes of a page: rules read points of about a hundred bytes, anywhere in a blob.
const PAGE_BYTES: usize = 4 << 10;

/// Bytes that are written together.
const BATCH_BYTES: usize = 1 << 20;

/// Why bytes are not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotKept {
    /// No event has proposed a blob of this id.
    #[error("no blob `{0}` is proposed; submit a `BlobProposed` first")]
    Unknown(String),
    /// They are not as many as the proposal says.
    #[error("the blob has {expected} bytes, not {found}; send the file that was proposed")]
    Size {
        /// As proposed.
        expected: u64,
        /// As they came.
        found: u64,
    },
    /// They are other bytes.
    #[error("the bytes are those of `{0}`; send the file that was proposed")]
    Hash(String),
}

impl Ledger {
    /// Keeps a blob that an event has proposed: durable on return. Says whether it is new here.
    ///
    /// # Errors
    /// If the disk does not take it. The inner error is what is wrong with the bytes.
    pub fn keep_blob(&self, id: &str, bytes: &[u8]) -> Result<Result<bool, NotKept>, Fault> {
        let snapshot = self.snapshot();
        let Some(state) = snapshot.blob_state(id)? else {
            return Ok(Err(NotKept::Unknown(id.to_owned())));
        };
        let found = bytes.len() as u64;
        if found != state.size {
            return Ok(Err(NotKept::Size { expected: state.size, found }));
        }
        let own = blob::id(bytes);
        if own != id {
            return Ok(Err(NotKept::Hash(own)));
        }
        if snapshot.holds_blob(id)? {
            return Ok(Ok(false));
        }
        let mut batch = snapshot.store.batch();
        for (number, page) in (0..).zip(bytes.chunks(PAGE_BYTES)) {
            batch.put(Family::Blobs, &page_key(id, number), page);
            if batch.bytes() > BATCH_BYTES {
                std::mem::replace(&mut batch, snapshot.store.batch()).write_soon()?;
            }
        }
        batch.put(Family::Blobs, id.as_bytes(), &state.size.to_be_bytes());
        batch.write_synced()?;
        Ok(Ok(true))
    }
}

impl Snapshot {
    /// What the state says of a blob; `None` where none is proposed.
    ///
    /// # Errors
    /// If the disk cannot be read or is damaged; so for all reads here.
    pub fn blob_state(&self, id: &str) -> Result<Option<BlobState>, Fault> {
        Ok(self.record(&blob::key(id))?.as_ref().and_then(BlobState::read))
    }

    /// Whether the bytes of a blob are on this disk.
    ///
    /// # Errors
    /// As [`Snapshot::blob_state`].
    pub fn holds_blob(&self, id: &str) -> Result<bool, Fault> {
        holds(&self.store, id)
    }

    /// These bytes of a blob, proposed or active; `None` where there is no such blob, or it ends
    /// before.
    ///
    /// # Errors
    /// As [`Snapshot::blob_state`]; [`Fault::BlobMissing`] where its bytes are not on this disk.
    pub fn blob(&self, id: &str, range: Range<u64>) -> Result<Option<Vec<u8>>, Fault> {
        match self.blob_state(id)? {
            Some(state) => read(&self.store, id, &state, range),
            None => Ok(None),
        }
    }

    /// What is wrong with an active blob on this disk, by its whole bytes.
    pub(crate) fn blob_problem(
        &self,
        id: &str,
        record: &Record,
    ) -> Result<Option<&'static str>, Fault> {
        let Some(state) = BlobState::read(record).filter(BlobState::is_active) else {
            return Ok(None);
        };
        match read(&self.store, id, &state, 0..state.size) {
            Ok(bytes) if bytes.as_deref().is_some_and(|bytes| blob::id(bytes) == id) => Ok(None),
            Ok(_) | Err(Fault::Corrupt { .. }) => Ok(Some("the blob's bytes are damaged")),
            Err(Fault::BlobMissing(_)) => {
                Ok(Some("the blob is not here; start the node: it fetches it from its peers"))
            }
            Err(fault) => Err(fault),
        }
    }
}

/// These bytes of an active blob, by its record; `None` where it is not active or ends before.
pub(crate) fn read_active(
    store: &Store,
    id: &str,
    record: Option<&Record>,
    range: Range<u64>,
) -> Result<Option<Vec<u8>>, Fault> {
    match record.and_then(BlobState::read).filter(BlobState::is_active) {
        Some(state) => read(store, id, &state, range),
        None => Ok(None),
    }
}

fn read(
    store: &Store,
    id: &str,
    state: &BlobState,
    range: Range<u64>,
) -> Result<Option<Vec<u8>>, Fault> {
    if range.start > range.end || range.end > state.size {
        return Ok(None);
    }
    if !holds(store, id)? {
        return Err(Fault::BlobMissing(id.to_owned()));
    }
    let damaged = || Fault::corrupt(format!("the blob `{id}`"), "a page is missing");
    let (start, end) = (range.start as usize, range.end as usize);
    let mut bytes = Vec::with_capacity(end - start);
    while start + bytes.len() < end {
        let at = start + bytes.len();
        let number = (at / PAGE_BYTES) as u32;
        let page = store.get(Family::Blobs, &page_key(id, number))?.ok_or_else(damaged)?;
        let until = PAGE_BYTES.min(end - at / PAGE_BYTES * PAGE_BYTES);
        bytes.extend_from_slice(page.get(at % PAGE_BYTES..until).ok_or_else(damaged)?);
    }
    Ok(Some(bytes))
}

/// Ids have one length, so that no page's key is another blob's own.
fn page_key(id: &str, number: u32) -> Vec<u8> {
    [id.as_bytes(), &number.to_be_bytes()].concat()
}

fn holds(store: &Store, id: &str) -> Result<bool, Fault> {
    Ok(store.get(Family::Blobs, id.as_bytes())?.is_some())
}
