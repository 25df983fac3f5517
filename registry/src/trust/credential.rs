//! The authorisation credential of who is listed (Act s.96, s.97): what the trust registry says of
//! an organisation at a moment, as a W3C Verifiable Credential 2.0 without proof. The
//! Administrative Body, or the delegated registry that granted, signs it elsewhere, with a key of
//! its document.
//!
//! Its status follows the listing and needs nobody to keep it: `credentialStatus` holds the
//! questions (TRQP) whose answers it was made from, and it is good while all of them are yes.

use serde_json::{Value, json};

use super::decide::{Finding, Inquiry};
use super::{Authorization, Entity, Listed, Moment, listing};
use crate::state::View;

/// The `type` of the credential.
pub const CREDENTIAL_TYPE: &str = "AuthorizationCredential";
/// The `type` of its statuses: a question to the trust registry.
pub const STATUS_TYPE: &str = "TrustRegistryQuery";

/// The second is what the standard has for terms of an issuer's own.
const CONTEXTS: [&str; 2] = [
    "https://www.w3.org/ns/credentials/v2",
    "https://www.w3.org/ns/credentials/undefined-terms/v2",
];

/// An authorization that counts, with the four words that TRQP asks about.
struct Counting {
    listing: Authorization,
    question: Value,
}

/// The credential of `entity` by `issuer` at `time`. `keys` are those of the records of the
/// entity's authorizations; of them it has those that count, and that rest on the issuer.
///
/// # Errors
/// Why there is none: the entity does not count, or is authorised for nothing by that issuer.
pub fn credential(
    issuer: &str,
    entity: &str,
    time: u64,
    keys: &[String],
    view: &dyn View,
) -> Result<Value, String> {
    let record = view.record(&listing::key::<Entity>(entity));
    let listed = record.and_then(|record| Listed::<Entity>::read(&record.content));
    let listed = listed.ok_or("there is no such entity")?;
    listed.counts(time)?;
    let counting: Vec<Counting> =
        keys.iter().filter_map(|key| counting(issuer, entity, time, key, view)).collect();
    let until = counting.iter().map(|one| one.listing.period.until).min();
    let until = until.ok_or_else(|| format!("{issuer} authorises it for nothing"))?;
    let particulars = &listed.listing.particulars;
    let name =
        |(language, name): (&String, &String)| json!({ "@language": language, "@value": name });
    let granted: Vec<Value> = counting.iter().map(|one| granted(&one.listing)).collect();
    let statuses: Vec<Value> = counting.into_iter().map(|one| one.question).collect();
    Ok(json!({
        "@context": CONTEXTS,
        "type": ["VerifiableCredential", CREDENTIAL_TYPE],
        "issuer": issuer,
        "validFrom": Moment(time),
        "validUntil": until,
        "credentialStatus": statuses,
        "credentialSubject": {
            "id": entity,
            "name": particulars.name.iter().map(name).collect::<Vec<_>>(),
            "jurisdiction": particulars.jurisdiction,
            "roles": particulars.roles,
            "authorizations": granted,
        },
    }))
}

fn counting(issuer: &str, entity: &str, time: u64, key: &str, view: &dyn View) -> Option<Counting> {
    let content = view.record(key)?.content;
    let listing = Listed::<Authorization>::read(&content)?.listing;
    let grant = listing.grant();
    if grant.entity != entity || key != listing::key::<Authorization>(&grant.id()) {
        return None;
    }
    let Ok(Finding::Holds(chain)) = Inquiry::of_view(view, time).authorized(&grant) else {
        return None;
    };
    let question = json!({
        "type": STATUS_TYPE,
        "action": grant.action,
        "authority_id": grant.authority,
        "entity_id": grant.entity,
        "resource": grant.resource,
    });
    chain.iter().any(|link| link == issuer).then_some(Counting { listing, question })
}

fn granted(listing: &Authorization) -> Value {
    json!({
        "action": listing.action,
        "authority": listing.authority,
        "resource": listing.resource,
        "validFrom": listing.period.from,
        "validUntil": listing.period.until,
    })
}
