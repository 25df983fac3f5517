//! Commits, crashes, damage, history and proofs of a whole ledger.

mod blobs;
mod blocks;
mod damage;
mod reads;
mod same;

use std::collections::BTreeMap;

use proofs::merkle::{leaf_hash, verify_consistency, verify_inclusion};
use proofs::trust::{Freshness, verify_receipt};
use proofs::{Record, Trust, Validator, ValidatorSet, Verdict};
use proptest::prelude::*;
use registry::did_state;
use serde_json::json;

use super::*;
use crate::audit::{LogReplay, Report, audit_disk, verify_singly};
use crate::fixture::{BEGIN, Fixture, checked};
use crate::snapshot::Version;

pub(super) type StepHook = Box<dyn FnMut(Step) -> Result<(), Fault> + Send>;

impl Ledger {
    pub(super) fn reach(&self, step: Step) -> Result<(), Fault> {
        match self.on_step.lock().unwrap().as_mut() {
            Some(hook) => hook(step),
            None => Ok(()),
        }
    }
}

/// A network, and a ledger of it.
struct World {
    fixture: Fixture,
    disk: Disk,
    ledger: Option<Ledger>,
}

impl World {
    fn new(disk: Disk) -> World {
        let fixture = Fixture::new(Parameters::default());
        if let Disk::Directory(directory) = &disk {
            std::fs::create_dir_all(directory).unwrap();
        }
        let ledger = Some(Ledger::start(disk.clone(), &fixture.genesis).unwrap());
        World { fixture, disk, ledger }
    }

    fn in_memory() -> World {
        World::new(Disk::Memory(Memory::new()))
    }

    fn on_disk(directory: &Path) -> World {
        World::new(Disk::Directory(directory.to_path_buf()))
    }

    fn ledger(&self) -> &Ledger {
        self.ledger.as_ref().unwrap()
    }

    fn snapshot(&self) -> Snapshot {
        self.ledger().snapshot()
    }

    fn close(&mut self) {
        self.ledger = None;
    }

    fn open(&mut self) -> Result<(), Fault> {
        self.close();
        self.ledger = Some(Ledger::start(self.disk.clone(), &self.fixture.genesis)?);
        Ok(())
    }

    fn execute(&self, events: &[Vec<u8>]) -> Arc<ExecutedBlock> {
        let events = events.iter().map(|bytes| checked(bytes)).collect();
        let proposer = self.fixture.proposer();
        let input = BlockInput { time: self.ledger().head().time + 1000, proposer, events };
        let proposal = self.ledger().propose(input).unwrap();
        assert_eq!(proposal.rejected.len(), 0, "{:?}", proposal.rejected);
        Arc::new(proposal.executed)
    }

    fn certified(&self, events: &[Vec<u8>]) -> CertifiedBlock {
        let executed = self.execute(events);
        let certificate = self.fixture.certificate(executed.header());
        CertifiedBlock::new(executed, certificate).unwrap()
    }

    fn commit(&self, events: &[Vec<u8>]) -> CertifiedBlock {
        let block = self.certified(events);
        self.ledger().commit(&block).unwrap();
        block
    }

    fn audit(&mut self) -> Report {
        self.close();
        let (disk, genesis) = (&self.disk, &self.fixture.genesis);
        audit_disk(disk, genesis, &mut verify_singly, &mut |_, _| {}).unwrap()
    }

    /// Five blocks: three DIDs, one of them updated twice, and a block without events.
    fn some_blocks(&self) -> Vec<String> {
        let new = |number| self.fixture.did_created(number, json!({}));
        let (dids, created): (Vec<_>, Vec<_>) = (0..3).map(new).unzip();
        let update = |version| self.fixture.did_updated(0, &dids[0], version, version);
        self.commit(&created[..2]);
        self.commit(&[]);
        self.commit(&[update(1)]);
        self.commit(&[created[2].clone(), update(2)]);
        self.commit(&[]);
        dids
    }

    fn some_more_blocks(&self) {
        for number in 20..26 {
            self.commit(&[self.fixture.did_created(number, json!({})).1]);
        }
    }
}

fn key(did: &str) -> String {
    did_state::key(did)
}

/// All rows of the database but the cursor's.
fn dump(store: &Store) -> BTreeMap<(&'static str, Vec<u8>), Vec<u8>> {
    let rows = Family::ALL.into_iter().flat_map(|family| {
        store.scan(family, &[], &[]).map(move |row| {
            let (key, value) = row.unwrap();
            ((family.name(), key.to_vec()), value.to_vec())
        })
    });
    rows.collect()
}
