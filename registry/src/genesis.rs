//! The genesis document, and the first records that follow from it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use proofs::trust::genesis_hash;
use proofs::{Hash, Record, ValidatorSet};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::did;
use crate::did_state::{self, DidState};
use crate::event::SignedEvent;
use crate::governance::Body;
use crate::governance::procedure::{Procedure, Spans};
use crate::json;
use crate::network::{self, Parameters, ReplicaEntry, ValidatorEntry, residency};
use crate::rejection::Rejection;
use crate::roles::{Role, Roles};
use crate::state::{Change, Context, View};

pub use crate::network::VALIDATORS_MIN;

pub use crate::governance::body::{KEY as GOVERNING_BODY, SEATS, Seat, SeatCategory};

/// The largest genesis document.
pub const GENESIS_BYTES_MAX: usize = 4 << 20;

/// The document's `format`.
pub const FORMAT: &str = "dzong/genesis/v1";

/// What a network begins with. Its hash names the network. Members stand in canonical order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Document {
    /// Signed `DidCreated` events of the first DIDs; their proofs' domain is the network's name.
    pub events: Vec<Box<RawValue>>,
    /// [`FORMAT`].
    pub format: String,
    /// The network's name: `[a-z0-9-]{1,32}`.
    pub network: String,
    /// The first parameters.
    pub parameters: Parameters,
    /// How long decisions of the Governing Body take, where it is not as [`Procedure::default`]
    /// says. What genesis sets below the usual floors stays a floor of this network for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub procedure: Option<Spans>,
    /// The first authorised replicas.
    pub replicas: Vec<ReplicaEntry>,
    /// The first roles.
    pub roles: FirstRoles,
    /// When the network begins, in milliseconds since 1970.
    pub time: u64,
    /// The first validators.
    pub validators: Vec<ValidatorEntry>,
}

/// The DIDs that genesis entrusts with roles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct FirstRoles {
    /// The Administrative Body (Act s.11).
    pub administrative_body: String,
    /// Those who vouch for new authors.
    pub endorsers: Vec<String>,
    /// The Governing Body's seats in the order of Act s.5.
    pub governors: Vec<String>,
    /// The Member Secretary (Act s.12).
    pub secretary: String,
}

/// A genesis document that was found sound, with its hash and first records.
#[derive(Debug, Clone)]
pub struct Genesis {
    bytes: Vec<u8>,
    hash: Hash,
    document: Document,
    validators: ValidatorSet,
    records: BTreeMap<String, Record>,
}

/// Why a genesis document is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GenesisError {
    /// Not canonical JSON.
    #[error("the genesis document is not canonical JSON: {0}")]
    Json(#[from] json::JsonError),
    /// A member is wrong.
    #[error("the genesis document is refused: {0}")]
    Member(String),
    /// An inception event is refused.
    #[error("inception event {index} is refused: {rejection}")]
    Event {
        /// Its position, from 0.
        index: usize,
        /// Why.
        rejection: Rejection,
    },
}

impl Genesis {
    /// Reads a genesis document and makes its first records.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Genesis, GenesisError> {
        json::check_canonical(bytes, GENESIS_BYTES_MAX)?;
        let document: Document = serde_json::from_slice(bytes).map_err(member)?;
        let validators = check(&document)?;
        let hash = genesis_hash(bytes);
        let records = first_records(&document, hash)?;
        Ok(Genesis { bytes: bytes.to_vec(), hash, document, validators, records })
    }

    /// The canonical bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The hash that names the network.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The document's members.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The network's name.
    pub fn network(&self) -> &str {
        &self.document.network
    }

    /// When the network begins, in milliseconds since 1970.
    pub fn time(&self) -> u64 {
        self.document.time
    }

    /// The first validators.
    pub fn validators(&self) -> &ValidatorSet {
        &self.validators
    }

    /// The first records, by key: the state at height 0.
    pub fn records(&self) -> &BTreeMap<String, Record> {
        &self.records
    }

    /// Where an event of the given block is decided.
    pub fn context(&self, height: u64, time: u64) -> Context {
        let network = self.document.network.clone();
        Context { network, genesis: self.hash, height, time, decided: None }
    }
}

impl View for BTreeMap<String, Record> {
    fn record(&self, key: &str) -> Option<Record> {
        self.get(key).cloned()
    }

    /// Records alone hold no blobs.
    fn blob(&self, _id: &str, _range: Range<u64>) -> Option<Vec<u8>> {
        None
    }
}

fn member(problem: impl std::fmt::Display) -> GenesisError {
    GenesisError::Member(problem.to_string())
}

/// What needs no execution.
fn check(document: &Document) -> Result<ValidatorSet, GenesisError> {
    if document.format != FORMAT {
        return Err(member(format!("`format` is `{FORMAT}`")));
    }
    if !did::is_network(&document.network) {
        return Err(member("`network` has 1 to 32 lowercase letters, digits or hyphens"));
    }
    if !document.parameters.are_possible() {
        return Err(member("`parameters` are outside what the ledger can carry"));
    }
    if document.validators.len() < VALIDATORS_MIN {
        return Err(member(format!("there are at least {VALIDATORS_MIN} validators")));
    }
    if document.roles.governors.len() != SEATS.len() {
        return Err(member("the Governing Body has five seats (Act s.5)"));
    }
    let governors: BTreeSet<&String> = document.roles.governors.iter().collect();
    if governors.len() != SEATS.len() {
        return Err(member("a member of the Governing Body holds one seat"));
    }
    if governors.contains(&document.roles.secretary) {
        return Err(member("the Member Secretary is not a voting member (Act s.12)"));
    }
    if governors.contains(&document.roles.administrative_body) {
        return Err(member(
            "the Administrative Body holds no seat of the Governing Body (Act s.5)",
        ));
    }
    first_procedure(document).check().map_err(member)?;
    let mut keys = BTreeSet::new();
    for entry in &document.validators {
        for key in [entry.validator_key, entry.cosigner_key, entry.log_key, entry.peer_key] {
            if !keys.insert(key) {
                return Err(member(format!("key `{key}` serves two purposes")));
            }
        }
    }
    if document.validators.iter().any(|entry| entry.from.is_some() || entry.until.is_some()) {
        return Err(member("the first validators certify from the beginning"));
    }
    residency::check(document.parameters.residency.as_ref(), &document.validators)
        .map_err(member)?;
    network::set_of(&document.validators).map_err(member)
}

fn first_records(
    document: &Document,
    hash: Hash,
) -> Result<BTreeMap<String, Record>, GenesisError> {
    let context = Context {
        network: document.network.clone(),
        genesis: hash,
        height: 0,
        time: document.time,
        decided: None,
    };
    let mut records = BTreeMap::new();
    for (index, event) in document.events.iter().enumerate() {
        let refused = |rejection| GenesisError::Event { index, rejection };
        let event = SignedEvent::parse(event.get().as_bytes())
            .and_then(SignedEvent::verify)
            .map_err(refused)?;
        for change in event.apply(&context, &records).map_err(refused)? {
            write(&mut records, &context, &change, event.id());
        }
    }
    check_governors_keys(document, &records)?;
    for (did, roles) in roles(document) {
        if !records.contains_key(&did_state::key(&did)) {
            return Err(member(format!("`{did}` has a role but no inception event")));
        }
        write(&mut records, &context, &roles.change(&did), hash);
    }
    for change in [
        Change::new(network::PARAMETERS, &document.parameters),
        Change::new(network::VALIDATORS, &document.validators),
        Change::new(network::REPLICAS, &document.replicas),
        Body::first(&document.roles.governors, document.time).change(),
        first_procedure(document).change(),
    ] {
        write(&mut records, &context, &change, hash);
    }
    Ok(records)
}

/// A key speaks for one member of the Governing Body.
fn check_governors_keys(
    document: &Document,
    records: &BTreeMap<String, Record>,
) -> Result<(), GenesisError> {
    let mut keys = BTreeSet::new();
    let members = document
        .roles
        .governors
        .iter()
        .filter_map(|did| records.get(&did_state::key(did)).and_then(DidState::read));
    match members.flat_map(|state| state.control.keys).find(|key| !keys.insert(key.clone())) {
        None => Ok(()),
        Some(key) => Err(member(format!("key `{key}` serves two members of the Governing Body"))),
    }
}

fn write(records: &mut BTreeMap<String, Record>, context: &Context, change: &Change, event: Hash) {
    let record = context.record(records.get(&change.key), change, event);
    records.insert(change.key.clone(), record);
}

fn first_procedure(document: &Document) -> Procedure {
    document.procedure.map_or_else(Procedure::default, Procedure::first)
}

fn roles(document: &Document) -> BTreeMap<String, Roles> {
    let mut roles: BTreeMap<String, Roles> = BTreeMap::new();
    let mut give = |did: &String, role| {
        roles.entry(did.clone()).or_default().roles.insert(role);
    };
    let first = &document.roles;
    first.governors.iter().for_each(|did| give(did, Role::Governor));
    first.endorsers.iter().for_each(|did| give(did, Role::Endorser));
    give(&first.administrative_body, Role::AdministrativeBody);
    give(&first.secretary, Role::Secretary);
    let operators = document.validators.iter().map(|entry| &entry.operator);
    let operators = operators.chain(document.replicas.iter().map(|entry| &entry.operator));
    operators.for_each(|did| give(did, Role::Operator));
    roles
}
