//! The HTTP interface: one file for each family of queries. Handlers turn requests into questions
//! to the ledger, and `registry` makes the answers; nothing is restated here.
//!
//! # Invariants
//!
//! * Every answer says the height for which it speaks (`Dzong-Height`) and comes from one snapshot.
//! * The node never says that anything is verified; it hands out proofs.
//! * Nothing is logged of who asked for what.

mod anoncreds;
mod answer;
mod blobs;
mod blocks;
mod certificates;
mod credentials;
mod cursor;
mod dids;
mod driver;
mod events;
mod front;
mod governance;
mod health;
mod listing;
mod log;
mod negotiation;
mod network;
mod openapi;
mod page;
mod powers_of_tau;
mod records;
mod registrar;
mod request;
mod resolution;
mod resources;
mod revocation;
mod schema;
mod series;
mod status_lists;
mod stream;
mod table;
mod trust;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use bytes::Bytes;
use consensus::mempool::{Accepted, Candidate, Refused};
use consensus::{DoubleSign, Handle, PeerStatus, Status};
use ledger::{Ledger, Snapshot};

use crate::application::Observer;
use crate::blobs::Blobs;
use crate::checkpoint::Checkpoints;
use crate::feed::Feed;
use crate::intake::Intake;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::space::Space;
use crate::status_list;
use crate::waiting::{Outcome, Waiting};
pub use front::Front;
use table::Table;

/// What the interface asks of agreement.
pub trait Agreement: Send + Sync + 'static {
    /// Lets an admitted event wait for a block.
    ///
    /// # Errors
    /// Why it may not wait now.
    fn submit(&self, candidate: Candidate) -> Result<Accepted, Refused>;
    /// How agreement is doing.
    fn status(&self) -> Status;
    /// The configured peers.
    fn peers(&self) -> Vec<PeerStatus>;
    /// Double signatures on record.
    fn evidence(&self) -> Vec<DoubleSign>;
    /// Appends the engine's metrics.
    fn metrics(&self, text: &mut String);
}

impl Agreement for Handle {
    fn submit(&self, candidate: Candidate) -> Result<Accepted, Refused> {
        Handle::submit(self, candidate)
    }
    fn status(&self) -> Status {
        Handle::status(self)
    }
    fn peers(&self) -> Vec<PeerStatus> {
        Handle::peers(self)
    }
    fn evidence(&self) -> Vec<DoubleSign> {
        Handle::evidence(self)
    }
    fn metrics(&self, text: &mut String) {
        Handle::metrics(self, text);
    }
}

/// What the handlers share.
#[derive(Clone)]
pub struct Api(Arc<Shared>);

/// The parts, and what is made of them once.
struct Shared {
    parts: Parts,
    /// The OpenAPI document.
    document: Bytes,
}

/// The parts of a node that the interface is made of.
pub struct Parts {
    /// The node's name.
    pub moniker: String,
    /// The ledger.
    pub ledger: Arc<Ledger>,
    /// The blobs beside it.
    pub blobs: Arc<Blobs>,
    /// The space of its disk.
    pub space: Arc<Space>,
    /// Agreement.
    pub agreement: Arc<dyn Agreement>,
    /// The way in for events.
    pub intake: Intake,
    /// Those who wait for a certificate.
    pub waiting: Arc<Waiting>,
    /// The log's checkpoints.
    pub checkpoints: Arc<Checkpoints>,
    /// The feed of certified events.
    pub feed: Arc<Feed>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// The lists of statuses that this node signs, if it does.
    pub status_lists: Option<status_list::Server>,
    /// How long a wait is held.
    pub wait: Duration,
    /// How long a request's body may take.
    pub body: Duration,
    /// The time between two blocks when there are no events.
    pub heartbeat: Duration,
}

impl std::ops::Deref for Api {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}

impl Parts {
    /// The ledger as it stands now.
    pub fn snapshot(&self) -> Snapshot {
        self.ledger.snapshot()
    }
}

/// Tells those who wait, and the checkpoints, what agreement decided.
pub struct Announcer {
    /// Those who wait for a certificate.
    pub waiting: Arc<Waiting>,
    /// The log's checkpoints.
    pub checkpoints: Arc<Checkpoints>,
    /// The feed of certified events.
    pub feed: Arc<Feed>,
}

impl Observer for Announcer {
    fn committed(&self, block: &ledger::ExecutedBlock) {
        for event in block.events() {
            self.waiting.settle(&event.id(), &Outcome::Committed);
        }
        self.checkpoints.committed(block);
        self.feed.committed(block.header().height);
    }

    fn refused(&self, event: &registry::CheckedEvent, rejection: &registry::Rejection) {
        self.waiting.settle(&event.id(), &Outcome::Refused(rejection.clone()));
    }
}

/// Every route.
fn table() -> Table {
    let families = [
        anoncreds::routes,
        blobs::routes,
        blocks::routes,
        certificates::routes,
        credentials::routes,
        dids::routes,
        driver::routes,
        events::routes,
        governance::routes,
        health::routes,
        log::routes,
        network::routes,
        openapi::routes,
        page::routes,
        powers_of_tau::routes,
        records::routes,
        registrar::routes,
        resolution::routes,
        resources::routes,
        revocation::routes,
        status_lists::routes,
        stream::routes,
        trust::routes,
    ];
    families.into_iter().fold(Table::default(), |table, routes| routes(table))
}

/// All that is served.
pub fn front(parts: Parts) -> Front {
    let (router, document) = table().finish();
    let (ledger, patience) = (parts.ledger.clone(), parts.body);
    let api = Api(Arc::new(Shared { parts, document }));
    let router = router
        .fallback(async || Problem::not_found("no such path: see /openapi.json"))
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(api.clone(), request::guard))
        .with_state(api);
    Front::new(router, ledger, patience)
}
