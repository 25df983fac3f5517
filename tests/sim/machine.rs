//! A simulated machine: a disk in memory, and the ledger and application of the process that runs
//! on it at the moment. A restart drops the old process before the new one opens the disk, as a
//! real one does.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use consensus::{Application, Committed, Fault, Head, Invalid, Proposal, Propose, Source};
use ledger::{Ledger, Memory};
use node::blobs::Blobs;
use node::metrics::Metrics;
use node::signatures::Signatures;
use proofs::{Certificate, Hash};
use registry::Genesis;

/// One machine. It answers as the process that was started last.
pub(crate) struct Machine {
    disk: Memory,
    process: Mutex<Option<Arc<node::application::Application>>>,
}

impl Machine {
    /// A machine that never ran.
    pub(crate) fn new() -> Machine {
        Machine { disk: Memory::new(), process: Mutex::default() }
    }

    /// Starts a new process on what the disk holds.
    pub(crate) fn restart(&self, genesis: &Genesis) {
        let mut process = self.process.lock().expect("no panic");
        *process = None;
        let ledger = Ledger::open_in_memory(&self.disk, genesis).expect("a ledger");
        let metrics = Arc::new(Metrics::new());
        let signatures = Arc::new(Signatures::new(metrics.clone()));
        let ledger = Arc::new(ledger);
        let blobs = Arc::new(Blobs::new(ledger.clone(), None));
        let application =
            node::application::Application::new(ledger, signatures, Arc::new(()), metrics, blobs);
        *process = Some(Arc::new(application));
    }

    fn process(&self) -> Arc<node::application::Application> {
        self.process.lock().expect("no panic").clone().expect("it was started")
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
        self.process().propose(request)
    }

    fn validate(&self, payload: Bytes, source: Source) -> Result<Result<Hash, Invalid>, Fault> {
        self.process().validate(payload, source)
    }

    fn payload(&self, id: &Hash) -> Result<Option<Bytes>, Fault> {
        self.process().payload(id)
    }

    fn commit(&self, certificate: &Certificate) -> Result<Option<Committed>, Fault> {
        self.process().commit(certificate)
    }

    fn decided(&self, height: u64) -> Result<Option<(Bytes, Certificate)>, Fault> {
        self.process().decided(height)
    }

    fn lowest(&self) -> u64 {
        self.process().lowest()
    }
}
