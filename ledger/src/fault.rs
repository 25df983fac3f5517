//! Faults: what is wrong with this machine, never with an event or a peer.

use std::io;
use std::path::PathBuf;

use proofs::Hash;

/// The machine's fault. Each says what the operator should do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No space left.
    #[error("the disk is full ({0}); free some space")]
    DiskFull(String),
    /// A write or a sync failed. What the disk holds is unknown until the next start.
    #[error("the disk refused a write ({0}); check the disk, then restart the node")]
    Write(String),
    /// A read failed.
    #[error("the disk refused a read ({0}); check the disk, then restart the node")]
    Read(String),
    /// Stored bytes are not what was stored.
    #[error(
        "{what} is damaged ({problem}); stop the node, look at the extent with `dzong audit \
         --home`, move `data/ledger` away but leave `data/consensus`, and start it again: it \
         fetches everything from its peers"
    )]
    Corrupt {
        /// Which bytes: names the row's height or key.
        what: String,
        /// What is wrong with them.
        problem: String,
    },
    /// A read model is not what was stored; it can be made again.
    #[error("the read models are damaged; stop the node and run `dzong rebuild --home`")]
    ReadModel,
    /// Two blocks for one height, or a block that does not follow the head.
    #[error(
        "block {found} at height {height} contradicts {expected}, which this node holds; stop the \
         node and compare it with its peers by `dzong audit`"
    )]
    Conflict {
        /// The height.
        height: u64,
        /// What this node holds: the block itself, or the parent.
        expected: Hash,
        /// What was to be committed.
        found: Hash,
    },
    /// A rule reads an active blob whose bytes are not on this disk yet. Nothing is wrong with the
    /// disk or with the event: it is decided once they are here.
    #[error(
        "the blob `{0}` is not on this disk yet; leave the node running: it fetches it from its \
         peers"
    )]
    BlobMissing(String),
    /// The network upgrades, and this software does not know how it goes on.
    #[error(
        "from height {height} the network speaks protocol {protocol}, and this software protocol \
         {ours}; install the release for protocol {protocol} and start the node again"
    )]
    Protocol {
        /// The first height that this software cannot execute.
        height: u64,
        /// The protocol of that height.
        protocol: u64,
        /// The protocol of this software.
        ours: u64,
    },
    /// Another process has the data directory.
    #[error("`{0}` is in use by another process; stop that process first")]
    Locked(PathBuf),
    /// There is a ledger where a new one was to be made.
    #[error("`{0}` holds a ledger already; open it, or choose another directory")]
    Exists(PathBuf),
    /// There is no ledger.
    #[error("`{0}` holds no ledger; run `dzong init` first")]
    Missing(PathBuf),
    /// The ledger belongs to another network.
    #[error("the ledger is of genesis {found}, not {expected}; use the network's own directory")]
    OtherNetwork {
        /// What the ledger holds.
        found: Hash,
        /// What was asked for.
        expected: Hash,
    },
}

impl Fault {
    pub(crate) fn corrupt(what: impl Into<String>, problem: impl ToString) -> Fault {
        Fault::Corrupt { what: what.into(), problem: problem.to_string() }
    }

    pub(crate) fn write(error: &io::Error) -> Fault {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Fault::DiskFull(error.to_string())
            }
            _ => Fault::Write(error.to_string()),
        }
    }

    pub(crate) fn read(error: &io::Error) -> Fault {
        Fault::Read(error.to_string())
    }

    pub(crate) fn db_write(error: rocksdb::Error) -> Fault {
        let text = error.into_string();
        if text.contains("No space left") { Fault::DiskFull(text) } else { Fault::Write(text) }
    }

    pub(crate) fn db_read(error: rocksdb::Error) -> Fault {
        match error.kind() {
            rocksdb::ErrorKind::Corruption => Fault::corrupt("the database", error),
            // Opening writes as well.
            _ if error.as_ref().contains("No space left") => Fault::DiskFull(error.into_string()),
            _ => Fault::Read(error.into_string()),
        }
    }
}
