//! The replay of a log alone. Its block entries bind every state root, so a mirror of the log says
//! all that a node's blocks say; only who decided them is for its checkpoint to vouch.

use std::sync::Arc;

use proofs::Header;
use proofs::merkle::leaf_hash;
use registry::{CheckedEvent, Genesis, network};

use crate::fault::Fault;
use crate::ledger::Ledger;
use crate::snapshot::{Head, Snapshot, State};
use crate::store::Memory;

/// A ledger in memory that executes the blocks of a log, without their certificates. It is never
/// handed out as a ledger.
#[derive(Debug)]
pub struct LogReplay {
    ledger: Ledger,
}

impl LogReplay {
    /// The empty log of this network.
    ///
    /// # Errors
    /// If memory cannot be had.
    pub fn new(genesis: &Genesis) -> Result<LogReplay, Fault> {
        Ok(LogReplay { ledger: Ledger::open_in_memory(&Memory::new(), genesis)? })
    }

    /// The state that the log leads to so far.
    pub fn snapshot(&self) -> Snapshot {
        self.ledger.snapshot()
    }

    /// Executes the next block: its events, and its own entry, which says what they lead to. The
    /// inner error is what is wrong with it.
    ///
    /// # Errors
    /// If memory cannot be had.
    pub fn block(
        &mut self,
        events: Vec<Arc<CheckedEvent>>,
        entry: &[u8],
    ) -> Result<Result<(), String>, Fault> {
        let mut snapshot = self.ledger.snapshot();
        let leaves = events.iter().map(|event| leaf_hash(event.bytes()));
        let (log, _) = snapshot.state.log.append(leaves.chain([leaf_hash(entry)]));
        let Some(header) = Header::from_log_entry(entry, log.size(), log.root()) else {
            return Ok(Err(format!("entry {} is neither event nor block", log.size() - 1)));
        };
        if events.is_empty() {
            return Ok(Err(format!("block {} has no events", header.height)));
        }
        if header.height > snapshot.height() + 1 {
            snapshot.state = Arc::new(after_gap(&snapshot, &header)?);
        }
        match snapshot.validate(&header, events)? {
            Ok(executed) => self.ledger.absorb(executed).map(Ok),
            Err(invalid) => Ok(Err(format!("block {}: {invalid}", header.height))),
        }
    }
}

/// The state before `header`. Blocks without events are not in the log: they change nothing but the
/// position, the time, which is somewhere in between, and who certifies, where the list of
/// validators named one of their heights for it.
fn after_gap(snapshot: &Snapshot, header: &Header) -> Result<State, Fault> {
    let state = &snapshot.state;
    let head = Head { height: header.height - 1, id: header.parent, ..state.head.clone() };
    let list = snapshot.record(network::VALIDATORS)?;
    let turned = list.and_then(|list| network::turned(&list, state.head.height + 1, header.height));
    let validators = turned.map_or_else(|| state.validators.clone(), Arc::new);
    Ok(State { head, validators, ..State::clone(state) })
}
