//! The HTTP interface: one file for each family of queries. Handlers turn requests into questions
//! to the ledger, and `registry` makes the answers; nothing is restated here.
//!
//! # Invariants
//!
//! * Every answer says the height for which it speaks (`Dzong-Height`) and comes from one snapshot.
//! * The node never says that anything is verified; it hands out proofs.
//! * Nothing is logged of who asked for what.

mod answer;
mod blocks;
mod events;
mod health;
mod log;
mod negotiation;
mod network;
mod page;
mod records;
mod request;
mod resolution;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post};
use consensus::mempool::{Accepted, Candidate, Refused};
use consensus::{DoubleSign, Handle, PeerStatus, Status};
use ledger::{Ledger, Snapshot};

use crate::application::Observer;
use crate::checkpoint::Checkpoints;
use crate::intake::Intake;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::waiting::{Outcome, Waiting};

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
pub struct Api(Arc<Parts>);

/// The parts of a node that the interface is made of.
pub struct Parts {
    /// The node's name.
    pub moniker: String,
    /// The ledger.
    pub ledger: Arc<Ledger>,
    /// Agreement.
    pub agreement: Arc<dyn Agreement>,
    /// The way in for events.
    pub intake: Intake,
    /// Those who wait for a certificate.
    pub waiting: Arc<Waiting>,
    /// The log's checkpoints.
    pub checkpoints: Arc<Checkpoints>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
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
        &self.0
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
}

impl Observer for Announcer {
    fn committed(&self, block: &ledger::ExecutedBlock) {
        for event in block.events() {
            self.waiting.settle(&event.id(), &Outcome::Committed);
        }
        self.checkpoints.committed(block);
    }

    fn refused(&self, event: &registry::CheckedEvent, rejection: &registry::Rejection) {
        self.waiting.settle(&event.id(), &Outcome::Refused(rejection.clone()));
    }
}

/// All routes.
pub fn router(parts: Parts) -> Router {
    let api = Api(Arc::new(parts));
    Router::new()
        .route("/", only(get(page::page)))
        .route("/page.css", only(get(page::style)))
        .route("/page.js", only(get(page::script)))
        .route("/1.0/identifiers/{*did}", only(get(resolution::resolve)))
        .route("/v1/events", only(post(events::submit).get(events::list)))
        .route("/v1/events/{id}", only(get(events::show)))
        .route("/v1/events/{id}/receipt", only(get(events::receipt)))
        .route("/v1/records/{*key}", only(get(records::show)))
        .route("/v1/blocks/{height}", only(get(blocks::show)))
        .route("/v1/status", only(get(network::status)))
        .route("/v1/validators", only(get(network::validators)))
        .route("/v1/trust-chain", only(get(network::trust_chain)))
        .route("/v1/peers", only(get(network::peers)))
        .route("/v1/evidence", only(get(network::evidence)))
        .route("/v1/genesis", only(get(network::genesis)))
        .route("/log/checkpoint", only(get(log::checkpoint)))
        .route("/log/policy", only(get(log::policy)))
        .route("/log/tile/{*path}", only(get(log::tile)))
        .route("/healthz", only(get(health::alive)))
        .route("/readyz", only(get(health::ready)))
        .route("/metrics", only(get(health::metrics)))
        .fallback(async || Problem::not_found("no such path: see the documentation"))
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(api.clone(), request::guard))
        .with_state(api)
}

/// Other methods get a problem, too.
fn only(methods: MethodRouter<Api>) -> MethodRouter<Api> {
    methods.fallback(async || {
        let title = "the method is not for this path";
        let detail = "see the documentation for the methods of a path";
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", title, detail)
    })
}
