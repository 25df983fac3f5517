//! A simulated machine: a disk in memory, and the ledger and application of the process that runs
//! on it at the moment. A restart drops the old process before the new one opens the disk, as a
//! real one does.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use consensus::{Application, Committed, Fault, Head, Invalid, Proposal, Propose, Source};
use ledger::{Ledger, Memory, Snapshot};
use node::blobs::Blobs;
use node::metrics::Metrics;
use node::signatures::Signatures;
use proofs::{Certificate, Hash};
use registry::Genesis;

/// What was decided before the simulation begins, and the files that its blocks name.
#[derive(Default)]
pub(crate) struct Past {
    pub(crate) blocks: Vec<(Bytes, Certificate)>,
    pub(crate) blobs: Vec<(String, Vec<u8>)>,
}

/// One machine. It answers as the process that was started last.
pub(crate) struct Machine {
    disk: Memory,
    past: Arc<Past>,
    process: Mutex<Option<Process>>,
    /// How often the files are still missing when a rule reads them, before they come.
    lacks: AtomicU32,
}

#[derive(Clone)]
struct Process {
    ledger: Arc<Ledger>,
    application: Arc<node::application::Application>,
}

impl Machine {
    /// A machine that never ran, and that lacks the files as often.
    pub(crate) fn new(past: Arc<Past>, lacks: u32) -> Machine {
        let (disk, process) = (Memory::new(), Mutex::default());
        Machine { disk, past, process, lacks: AtomicU32::new(lacks) }
    }

    /// Starts a new process on what the disk holds; the first one with the past.
    pub(crate) fn restart(&self, genesis: &Genesis) {
        *self.process.lock().expect("no panic") = None;
        let ledger = Ledger::open_in_memory(&self.disk, genesis).expect("a ledger");
        let metrics = Arc::new(Metrics::new());
        let signatures = Arc::new(Signatures::new(metrics.clone()));
        let ledger = Arc::new(ledger);
        let blobs = Arc::new(Blobs::new(ledger.clone(), None));
        let application = node::application::Application::new(
            ledger.clone(),
            signatures,
            Arc::new(()),
            metrics,
            blobs,
        );
        let process = Process { ledger, application: Arc::new(application) };
        *self.process.lock().expect("no panic") = Some(process);
        if self.snapshot().height() == 0 {
            self.replay(&self.past.blocks);
            if self.lacks.load(Ordering::Relaxed) == 0 {
                self.supply();
            }
        }
    }

    fn replay(&self, blocks: &[(Bytes, Certificate)]) {
        for (payload, certificate) in blocks {
            while let Err(Fault::NotYet(_)) = self.validate(payload.clone(), Source::Decided) {}
            self.commit(certificate).expect("the disk works").expect("the block is here");
        }
    }

    /// A machine that has replayed what this one decided, and got each file when it lacked it.
    pub(crate) fn replayed(&self, genesis: &Genesis) -> Machine {
        let replica = Machine::new(self.past.clone(), 1);
        replica.restart(genesis);
        let decided = |height| self.decided(height).expect("the disk works").expect("decided");
        let first = replica.snapshot().height() + 1;
        let blocks: Vec<_> = (first..=self.snapshot().height()).map(decided).collect();
        replica.replay(&blocks);
        replica
    }

    /// The ledger as it is.
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.running().ledger.snapshot()
    }

    fn running(&self) -> Process {
        self.process.lock().expect("no panic").clone().expect("it was started")
    }

    fn process(&self) -> Arc<node::application::Application> {
        self.running().application
    }

    /// The files come, all of those that an event has named.
    fn supply(&self) {
        for (id, bytes) in &self.past.blobs {
            let kept = self.running().ledger.keep_blob(id, bytes).expect("the disk works");
            kept.expect("the past names it");
        }
    }

    /// Counts what could not be judged without the files.
    fn judged<T>(&self, verdict: Result<T, Fault>) -> Result<T, Fault> {
        if let Err(Fault::NotYet(_)) = verdict
            && self.lacks.fetch_sub(1, Ordering::Relaxed) <= 1
        {
            self.supply();
        }
        verdict
    }
}

impl Application for Machine {
    fn genesis(&self) -> Hash {
        self.process().genesis()
    }

    fn head(&self) -> Head {
        self.process().head()
    }

    fn propose(&self, request: Propose) -> Result<Proposal, Fault> {
        self.judged(self.process().propose(request))
    }

    fn validate(&self, payload: Bytes, source: Source) -> Result<Result<Hash, Invalid>, Fault> {
        self.judged(self.process().validate(payload, source))
    }

    fn payload(&self, id: &Hash) -> Result<Option<Bytes>, Fault> {
        self.process().payload(id)
    }

    fn commit(&self, certificate: &Certificate) -> Result<Option<Committed>, Fault> {
        match self.process().commit(certificate) {
            // A decided block waits as long as it takes.
            Err(Fault::NotYet(_)) => {
                self.supply();
                self.process().commit(certificate)
            }
            done => done,
        }
    }

    fn decided(&self, height: u64) -> Result<Option<(Bytes, Certificate)>, Fault> {
        self.process().decided(height)
    }

    fn lowest(&self) -> u64 {
        self.process().lowest()
    }
}
