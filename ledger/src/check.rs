//! The check at start: the database is what this node last committed, or the node does not start.

use std::sync::Arc;

use proofs::merkle::leaf_hash;
use proofs::record::record_hash;
use proofs::{Certificate, Hash, Header, Record, ValidatorSet};
use registry::{Genesis, Parameters, network};

use crate::chain::{block_row, validator_set};
use crate::fault::Fault;
use crate::head::Recorded;
use crate::ledger::{GENESIS, HEAD, genesis_state};
use crate::log::{LogReader, LogTree};
use crate::rows::{self, BlockRow, HeadRow};
use crate::snapshot::{Head, State};
use crate::store::{Family, Store};
use crate::tree::{Leaf, StateTree};

/// How many of the newest blocks are checked in full.
const BLOCKS_CHECKED: u64 = 32;

/// Reads the state that the database holds, and checks it.
pub(crate) fn load(
    store: &Store,
    genesis: &Genesis,
    recorded: Option<Recorded>,
) -> Result<State, Fault> {
    check_genesis(store, genesis)?;
    let damaged = |problem: &str| Fault::corrupt("the ledger's head", problem);
    let bytes = store.get(Family::Meta, HEAD)?.ok_or_else(|| damaged("it is missing"))?;
    let row: HeadRow = rows::decode(&bytes).ok_or_else(|| damaged("it cannot be read"))?;
    let tree = load_tree(store)?;
    let state = if row.height == 0 {
        let state = genesis_state(genesis)?;
        if state.tree.root() != tree.root() {
            return Err(damaged("the records are not those of genesis"));
        }
        state
    } else {
        let (header, certificate) = check_blocks(store, genesis, row.height)?;
        load_state(store, tree, header, certificate)?
    };
    if state.head.id.0 != row.id {
        return Err(damaged("it names another block than is stored"));
    }
    check_recorded(&state, recorded)?;
    Ok(state)
}

fn check_genesis(store: &Store, genesis: &Genesis) -> Result<(), Fault> {
    let bytes = store.get(Family::Meta, GENESIS)?;
    let found = bytes.and_then(|bytes| bytes[..].try_into().ok()).map(Hash);
    let found = found.ok_or_else(|| Fault::corrupt("the genesis hash", "it cannot be read"))?;
    let expected = genesis.hash();
    if found == expected { Ok(()) } else { Err(Fault::OtherNetwork { found, expected }) }
}

/// The head record and the database agree, or the database is behind, or ahead by the commit that
/// a crash interrupted.
fn check_recorded(state: &State, recorded: Option<Recorded>) -> Result<(), Fault> {
    let Head { height, id, .. } = state.head;
    match recorded {
        None if height > 0 => Err(Fault::corrupt(
            "the head record",
            "the file `head` is missing or unreadable, and only it tells what this node committed",
        )),
        Some(recorded) if recorded.height == height && recorded.block != id => {
            Err(Fault::Conflict { height, expected: recorded.block, found: id })
        }
        _ => Ok(()),
    }
}

fn load_tree(store: &Store) -> Result<StateTree, Fault> {
    let mut leaves = Vec::new();
    for row in store.scan(Family::Leaves, &[], &[]) {
        let (path, record) = row?;
        let hash = |bytes: &[u8]| {
            let bytes = bytes
                .try_into()
                .map_err(|_| Fault::corrupt("a leaf of the state tree", "it is not 32 bytes long"));
            bytes.map(Hash)
        };
        leaves.push(Leaf { path: hash(&path)?, record: hash(&record)? });
    }
    Ok(StateTree::build(&leaves))
}

/// Checks the newest blocks from `height` downwards, and returns the newest.
fn check_blocks(
    store: &Store,
    genesis: &Genesis,
    height: u64,
) -> Result<(Header, Certificate), Fault> {
    let lowest = height.saturating_sub(BLOCKS_CHECKED - 1).max(1);
    let mut newest = None;
    let mut child: Option<(Header, BlockRow)> = None;
    for height in (lowest..=height).rev() {
        let damaged = |problem: &str| Fault::corrupt(format!("block {height}"), problem);
        let (row, header, certificate) =
            block_row(store, height)?.ok_or_else(|| damaged("it is missing"))?;
        let validators = validator_set(store, &header.validators)?
            .ok_or_else(|| damaged("its validator set is missing"))?;
        certificate
            .verify(&genesis.hash(), &validators)
            .map_err(|error| Fault::corrupt(format!("block {height}"), error))?;
        check_entries(store, &row, &header)?;
        if let Some((child, child_row)) = &child {
            follows(&header, child, child_row).map_err(damaged)?;
        }
        if height == 1 && (header.parent != genesis.hash() || row.first != 0) {
            return Err(damaged("it does not follow genesis"));
        }
        newest.get_or_insert((header, certificate));
        child = Some((header, row));
    }
    newest.ok_or_else(|| Fault::corrupt("the ledger's head", "there is no block"))
}

fn follows(parent: &Header, child: &Header, child_row: &BlockRow) -> Result<(), &'static str> {
    if child.parent != parent.id() || child.genesis != parent.genesis {
        return Err("the next block does not follow it");
    }
    if child.time <= parent.time || child.validators != parent.next_validators {
        return Err("the next block contradicts it");
    }
    if child_row.first != parent.log_size {
        return Err("the next block's events do not follow its own");
    }
    Ok(())
}

/// The stored entries of a block are those that the log's tree holds.
fn check_entries(store: &Store, row: &BlockRow, header: &Header) -> Result<(), Fault> {
    let damaged = |problem: &str| Fault::corrupt(format!("block {}", header.height), problem);
    let own = u64::from(row.events > 0);
    if row.first.checked_add(row.events + own) != Some(header.log_size) {
        return Err(damaged("its number of events is not what its header says"));
    }
    let hashes = LogReader::new(store).nodes(0, row.first, row.events + own)?;
    for (index, hash) in (row.first..).zip(hashes) {
        let entry = store.get(Family::Entries, &index.to_be_bytes())?;
        if entry.map(|entry| leaf_hash(&entry)) != Some(hash) {
            return Err(Fault::corrupt(format!("entry {index} of the log"), "it is not the log's"));
        }
    }
    Ok(())
}

fn load_state(
    store: &Store,
    tree: StateTree,
    header: Header,
    certificate: Certificate,
) -> Result<State, Fault> {
    if tree.root() != header.state_root {
        return Err(Fault::corrupt("the state tree", "its root is not the head's"));
    }
    let log = LogTree::load(store, header.log_size)?;
    if log.root() != header.log_root {
        return Err(Fault::corrupt("the log's tree", "its root is not the head's"));
    }
    let (parameters, parameters_hash) = load_parameters(store, &header)?;
    let head = Head {
        height: header.height,
        id: header.id(),
        time: header.time,
        block: Some((header, certificate)),
    };
    let validators = Arc::new(load_validators(store, &header)?);
    Ok(State { head, tree, log, validators, parameters, parameters_hash })
}

fn load_parameters(store: &Store, header: &Header) -> Result<(Parameters, Hash), Fault> {
    let damaged = || Fault::corrupt("the record `network/parameters`", "it is not the head's");
    let bytes = store.get(Family::Records, network::PARAMETERS.as_bytes())?.ok_or_else(damaged)?;
    let hash = record_hash(&bytes);
    let record = Record::decode(&bytes).ok().filter(|_| hash == header.parameters);
    let parameters = record.as_ref().and_then(Parameters::read).ok_or_else(damaged)?;
    Ok((parameters, hash))
}

fn load_validators(store: &Store, header: &Header) -> Result<ValidatorSet, Fault> {
    let set = validator_set(store, &header.next_validators)?;
    set.ok_or_else(|| Fault::corrupt("the next validator set", "it is missing"))
}
