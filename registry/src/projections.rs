//! Read models: what a changed record makes, besides itself. Pure, and not part of the state, so a
//! ledger may delete and rebuild them.

use proofs::{ProvenRecord, Record};

use crate::did_state::DidState;
use crate::import;
use crate::oversight::Auditor;
use crate::resolution::Question;
use crate::status::Registry as Registration;
use crate::trust::{
    Authorization, Certificate, Certification, CredentialType, Entity, Listed, Listing,
    PresentationType, Recognition, Registry, Wallet,
};

/// The key under which the prepared answer about a DID is kept.
pub fn resolution_key(did: &str) -> Vec<u8> {
    format!("resolution/{did}").into_bytes()
}

/// The entries that this record makes or replaces.
pub fn projections(key: &str, record: &Record) -> Vec<(Vec<u8>, Vec<u8>)> {
    if let Some(did) = key.strip_prefix(import::KEY_PREFIX).filter(|rest| !rest.contains('/')) {
        return resolution(did, key, record).into_iter().collect();
    }
    let Some(did) = key.strip_prefix("did/") else { return parties(key, record) };
    let resolution = resolution(did, key, record).into_iter();
    let relations = DidState::read(record).map_or_else(Vec::new, |state| relations(did, &state));
    resolution.chain(relations).collect()
}

/// What the keys of the DIDs begin with that stand in this relation to another.
pub fn relation_prefix(relation: Relation, other: &str) -> Vec<u8> {
    let name = match relation {
        Relation::Controller => "controller",
        Relation::Endorser => "endorser",
    };
    format!("{name}/{other}/").into_bytes()
}

/// How a DID is related to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// The other has a say over it.
    Controller,
    /// The other vouched for it.
    Endorser,
}

/// Entries without value, by which DIDs are found.
fn relations(did: &str, state: &DidState) -> Vec<(Vec<u8>, Vec<u8>)> {
    let controllers = state.control.controllers.iter().map(|other| (Relation::Controller, other));
    let endorser = state.endorser.iter().map(|other| (Relation::Endorser, other));
    let key = |(relation, other): (Relation, &String)| {
        [relation_prefix(relation, other), did.as_bytes().to_vec()].concat()
    };
    controllers.chain(endorser).map(|related| (key(related), Vec::new())).collect()
}

/// How a DID is concerned by a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// It made the listing.
    Granter,
    /// It is listed.
    Subject,
}

/// What the keys of the listings begin with that concern a DID so; the record's key follows.
pub fn party_prefix(party: Party, did: &str) -> Vec<u8> {
    let name = match party {
        Party::Granter => "granted-by",
        Party::Subject => "listing-of",
    };
    format!("{name}/{did}/").into_bytes()
}

/// Entries without value, by which listings are found.
fn parties(key: &str, record: &Record) -> Vec<(Vec<u8>, Vec<u8>)> {
    fn of<T: Listing>(key: &str, record: &Record) -> Vec<(Vec<u8>, Vec<u8>)> {
        let Some(Listed { listing, .. }) = Listed::<T>::read(&record.content) else {
            return Vec::new();
        };
        let concerned = [(Party::Granter, listing.granter()), (Party::Subject, listing.subject())];
        let name = |(party, did)| [party_prefix(party, did), key.as_bytes().to_vec()].concat();
        concerned.map(|concerned| (name(concerned), Vec::new())).into()
    }
    if let Some(registry) =
        key.starts_with(Registration::KEY_PREFIX).then(|| Registration::read(record)).flatten()
    {
        let prefix = party_prefix(Party::Granter, &registry.issuer);
        return vec![([prefix, key.as_bytes().to_vec()].concat(), Vec::new())];
    }
    match key.split_once('/') {
        Some((Auditor::PREFIX, _)) => of::<Auditor>(key, record),
        Some((Authorization::PREFIX, _)) => of::<Authorization>(key, record),
        Some((Certificate::PREFIX, _)) => of::<Certificate>(key, record),
        Some((Certification::PREFIX, _)) => of::<Certification>(key, record),
        Some((CredentialType::PREFIX, _)) => of::<CredentialType>(key, record),
        Some((Entity::PREFIX, _)) => of::<Entity>(key, record),
        Some((PresentationType::PREFIX, _)) => of::<PresentationType>(key, record),
        Some((Recognition::PREFIX, _)) => of::<Recognition>(key, record),
        Some((Registry::PREFIX, _)) => of::<Registry>(key, record),
        Some((Wallet::PREFIX, _)) => of::<Wallet>(key, record),
        _ => Vec::new(),
    }
}

/// The resolution result without proof, ready to be sent.
fn resolution(did: &str, key: &str, record: &Record) -> Option<(Vec<u8>, Vec<u8>)> {
    let question = Question::latest(did);
    let proven = ProvenRecord {
        key: key.to_owned(),
        past: None,
        path: Vec::new(),
        record: Some(record.clone()),
    };
    let answer = question.answer(&proven)?.to_json(None);
    Some((resolution_key(did), answer.into_bytes()))
}
