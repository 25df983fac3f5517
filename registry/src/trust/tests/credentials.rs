//! Authorisation credentials (Act s.96, s.97).

use serde_json::json;

use super::*;
use crate::integrity::{self, Proof};
use crate::trust::credential::credential;

impl World {
    fn credential(&self, issuer: u8, entity: u8) -> Result<Value, String> {
        let keys: Vec<String> =
            self.records.keys().filter(|key| key.starts_with("authorization/")).cloned().collect();
        let (issuer, entity) = (self.did(issuer), self.did(entity));
        credential(&issuer, &entity, self.context.time, &keys, &self.records)
    }

    /// What a credential says that may be done, and on what.
    fn allowed(&self, issuer: u8, entity: u8) -> Vec<String> {
        let made = self.credential(issuer, entity).unwrap();
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        let granted = made["credentialSubject"]["authorizations"].as_array().unwrap();
        let words = |one: &Value| format!("{} {}", word(&one["action"]), word(&one["resource"]));
        granted.iter().map(words).collect()
    }
}

#[test]
fn s96_who_is_listed_gets_a_credential_of_what_the_listing_says() {
    let mut world = World::nation();
    world.authorize(AB, UNIVERSITY, "issue", "DrivingLicence").unwrap();
    world.authorize(AB, BANK, "request", "account-opening").unwrap();
    let made = world.credential(AB, UNIVERSITY).unwrap();
    assert_eq!(made["type"], json!(["VerifiableCredential", "AuthorizationCredential"]));
    assert_eq!(made["@context"][0], "https://www.w3.org/ns/credentials/v2");
    assert_eq!(made["issuer"], world.did(AB));
    assert_eq!(made["validFrom"], crate::time::format(world.context.time));
    let subject = &made["credentialSubject"];
    assert_eq!(subject["id"], world.did(UNIVERSITY));
    assert_eq!(subject["roles"], json!(["issuer"]));
    assert_eq!(subject["authorizations"].as_array().unwrap().len(), 1, "and not the bank's");
    assert_eq!(made["validUntil"], subject["authorizations"][0]["validUntil"]);
    let question = &made["credentialStatus"][0];
    assert_eq!(question["entity_id"], world.did(UNIVERSITY));
    assert_eq!(question["authority_id"], world.did(AB));
    assert_eq!(
        (&question["action"], &question["resource"]),
        (&json!("issue"), &json!("DrivingLicence"))
    );
}

#[test]
fn s96_the_credential_follows_the_listing() {
    let mut world = World::nation();
    let nothing = world.credential(AB, UNIVERSITY).unwrap_err();
    assert!(nothing.ends_with("authorises it for nothing"), "{nothing}");
    assert_eq!(world.credential(AB, STRANGER).unwrap_err(), "there is no such entity");
    world.authorize(AB, UNIVERSITY, "issue", "DrivingLicence").unwrap();
    world.authorize(AB, UNIVERSITY, "issue", "DegreeCertificate").unwrap();
    assert_eq!(world.allowed(AB, UNIVERSITY).len(), 2);
    let id = world.grant_id(AB, UNIVERSITY, "issue", "DrivingLicence");
    let step = world.change("authorization", &id, Some("contravention"));
    world.by(AB, "AuthorizationSuspended", step).unwrap();
    assert_eq!(world.allowed(AB, UNIVERSITY), ["issue DegreeCertificate"]);
    let did = world.did(UNIVERSITY);
    let step = world.change("entity", &did, Some("contravention"));
    world.by(AB, "EntitySuspended", step).unwrap();
    let why = world.credential(AB, UNIVERSITY).unwrap_err();
    assert!(why.starts_with("the entity is suspended since"), "{why}");
}

#[test]
fn s97_a_delegated_registry_issues_for_what_rests_on_it_while_it_counts() {
    let mut world = World::nation();
    world.authorize(AB, UNIVERSITY, "issue", "DrivingLicence").unwrap();
    world.authorize(REGISTRY, UNIVERSITY, "issue", "DegreeCertificate").unwrap();
    assert_eq!(world.allowed(REGISTRY, UNIVERSITY), ["issue DegreeCertificate"]);
    assert_eq!(world.allowed(AB, UNIVERSITY).len(), 2, "all rests on the Administrative Body");
    assert!(world.credential(COLLEGES, UNIVERSITY).is_err(), "nothing rests on another");
    let did = world.did(REGISTRY);
    let step = world.change("registry", &did, Some("non-conformance"));
    world.by(AB, "RegistryDiscontinued", step).unwrap();
    assert!(world.credential(REGISTRY, UNIVERSITY).is_err());
    assert_eq!(world.allowed(AB, UNIVERSITY), ["issue DrivingLicence"]);
}

#[test]
fn s96_a_credential_is_signed_as_data_integrity_says() {
    let mut world = World::nation();
    world.authorize(AB, UNIVERSITY, "issue", "DrivingLicence").unwrap();
    let mut made = world.credential(AB, UNIVERSITY).unwrap();
    let signing = key(90);
    let method = format!("{}#credentials", world.did(AB));
    let mut proof = Proof::new("eddsa-jcs-2022", &method, "assertionMethod");
    proof.created = Some(crate::time::format(world.context.time));
    let sign = |message: &integrity::Message| signing.sign(message).to_bytes().to_vec();
    integrity::sign(&mut made, proof, sign).unwrap();
    let text = canonical_json::canonical(&made).unwrap();
    let layout = canonical_json::check_canonical(&text, text.len()).unwrap();
    let secured = integrity::Secured::read(&layout).unwrap();
    let checks = secured.checks(|_| Some(signing.public())).unwrap();
    assert!(checks.iter().all(integrity::SignatureCheck::verify));
}
