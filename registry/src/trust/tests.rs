//! The trust registry's rules, from signed events to records, on a network that began with a
//! genesis document. A test is named after the section of the Act that it would miss.

mod authorizations;
mod certificates;
mod certifications;
mod credentials;
mod entities;
mod frozen;
mod model;
mod proven;
mod queries;
mod registries;

use std::collections::BTreeMap;
use std::ops::Range;

use ed25519_zebra::SigningKey;
use proofs::Record;
use serde_json::{Value, json};

use super::{Action, Breach, Grant, decide};
use crate::author::{self, Key as _, Times};
use crate::blob::{self, BlobState, Stage};
use crate::genesis::Genesis;
use crate::{Context, Control, Rejection, SignedEvent, View, json as canonical_json};

pub(crate) const NETWORK: &str = "bt-test";
/// 2026-11-21T00:00:00Z, a Saturday.
pub(crate) const TIME: u64 = 1_795_219_200_000;
pub(crate) const DAY: u64 = 86_400_000;

/// The Administrative Body's key; governors have 1 to 5.
pub(crate) const AB: u8 = 6;
const SECRETARY: u8 = 7;
const ENDORSER: u8 = 8;
/// Organisations, by their keys.
pub(crate) const CERTIFIER: u8 = 60;
pub(crate) const REVOKER: u8 = 61;
pub(crate) const UNIVERSITY: u8 = 62;
pub(crate) const BANK: u8 = 63;
pub(crate) const REGISTRY: u8 = 64;
pub(crate) const COLLEGES: u8 = 65;
pub(crate) const WALLETS: u8 = 66;
pub(crate) const STRANGER: u8 = 67;

fn key(byte: u8) -> SigningKey {
    SigningKey::from([byte; 32])
}

fn control(byte: u8) -> Control {
    Control::of([&key(byte).public()], 1)
}

/// What an event changed, by its id.
pub(crate) type Outcome = Result<String, Rejection>;

/// A ledger of one machine: a block an event, a second each.
pub(crate) struct World {
    pub(crate) records: BTreeMap<String, Record>,
    /// Every version of every record, in order.
    pub(crate) versions: BTreeMap<String, Vec<Record>>,
    pub(crate) context: Context,
    /// The active blobs.
    blobs: BTreeMap<String, Vec<u8>>,
    dids: BTreeMap<u8, String>,
}

impl View for World {
    fn record(&self, key: &str) -> Option<Record> {
        self.records.get(key).cloned()
    }

    fn blob(&self, id: &str, range: Range<u64>) -> Option<Vec<u8>> {
        let range = usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?;
        self.blobs.get(id)?.get(range).map(<[u8]>::to_vec)
    }
}

fn inception(byte: u8, linked: bool) -> (String, Value) {
    let mut document = json!({
        "@context": ["https://www.w3.org/ns/did/v1.1"],
        "id": author::placeholder(NETWORK),
    });
    if linked {
        document["service"] = json!([{
            "id": format!("{}#site", author::placeholder(NETWORK)),
            "type": "LinkedDomains",
            "serviceEndpoint": "https://registry.example.bt/",
        }]);
    }
    let times = Times { created: TIME, valid_until: TIME + DAY };
    let (did, event) = author::inception(NETWORK, document, &control(byte), times).unwrap();
    (did.to_string(), event)
}

fn genesis(dids: &mut BTreeMap<u8, String>) -> Genesis {
    let mut events = Vec::new();
    for byte in 1..=ENDORSER {
        let (did, mut event) = inception(byte, false);
        author::sign(&mut event, &did, NETWORK, &key(byte)).unwrap();
        events.push(event);
        dids.insert(byte, did);
    }
    let public = |byte: u8| proofs::PublicKey::from(&key(byte));
    let validator = |byte: u8| {
        json!({
            "cosignerKey": public(byte + 20), "logKey": public(byte + 30), "name": "validator",
            "operator": dids[&AB], "peerKey": public(byte + 40), "power": 1,
            "validatorKey": public(byte),
        })
    };
    let governors: Vec<&String> = (1..=5).map(|byte| &dids[&byte]).collect();
    let document = json!({
        "events": events, "format": crate::genesis::FORMAT, "network": NETWORK,
        "parameters": crate::Parameters::default(), "replicas": [],
        "roles": {
            "administrativeBody": dids[&AB], "endorsers": [dids[&ENDORSER]],
            "governors": governors, "secretary": dids[&SECRETARY],
        },
        "time": TIME, "validators": (10..14).map(validator).collect::<Vec<_>>(),
    });
    Genesis::parse(&canonical_json::canonical(&document).unwrap()).unwrap()
}

impl World {
    /// The network at its beginning, with organisations that have DIDs and nothing else.
    pub(crate) fn new() -> World {
        let mut dids = BTreeMap::new();
        let genesis = genesis(&mut dids);
        let mut world = World {
            records: genesis.records().clone(),
            versions: BTreeMap::new(),
            context: genesis.context(1, TIME + 1_000),
            blobs: BTreeMap::new(),
            dids,
        };
        for (key, record) in &world.records {
            world.versions.insert(key.clone(), vec![record.clone()]);
        }
        for byte in CERTIFIER..=STRANGER {
            world.create(byte, byte == REGISTRY || byte == COLLEGES);
        }
        world
    }

    /// The DID of a key.
    pub(crate) fn did(&self, byte: u8) -> String {
        self.dids[&byte].clone()
    }

    pub(crate) fn create(&mut self, byte: u8, linked: bool) {
        let (did, mut event) = inception(byte, linked);
        let domain = self.context.domain();
        author::sign(&mut event, &did, &domain, &key(byte)).unwrap();
        author::endorse(&mut event, &self.dids[&ENDORSER], &domain, &key(ENDORSER)).unwrap();
        self.dids.insert(byte, did);
        self.submit(&event).unwrap();
    }

    fn submit(&mut self, event: &Value) -> Outcome {
        let bytes = canonical_json::canonical(event).unwrap();
        let event = SignedEvent::parse(&bytes)?.verify()?;
        for change in event.apply(&self.context, self)? {
            let before = self.records.get(&change.key);
            let record = self.context.record(before, &change, event.id());
            self.versions.entry(change.key.clone()).or_default().push(record.clone());
            self.records.insert(change.key, record);
        }
        self.context.height += 1;
        self.context.time += 1_000;
        Ok(event.id().to_string())
    }

    /// An event of one author, signed by these keys.
    pub(crate) fn signed(&mut self, author: u8, by: &[u8], kind: &str, members: Value) -> Outcome {
        let times = Times { created: self.context.time, valid_until: self.context.time + DAY };
        let mut event = author::event(kind, NETWORK, &self.did(author), times, members);
        let domain = self.context.domain();
        for byte in by {
            author::sign(&mut event, &self.did(*byte), &domain, &key(*byte)).unwrap();
        }
        self.submit(&event)
    }

    /// An event of one author alone.
    pub(crate) fn by(&mut self, author: u8, kind: &str, members: Value) -> Outcome {
        self.signed(author, &[author], kind, members)
    }

    /// An event of three governors.
    pub(crate) fn decided(&mut self, kind: &str, members: Value) -> Outcome {
        self.signed(1, &[1, 2, 3], kind, members)
    }

    /// Puts a blob that validators attested. Its id.
    pub(crate) fn put(&mut self, kind: &str, bytes: Vec<u8>) -> String {
        let (id, time) = (blob::id(&bytes), self.context.time);
        let size = u64::try_from(bytes.len()).unwrap();
        let (author, kind) = (self.did(AB), kind.to_owned());
        let state = Stage::Active;
        let state = BlobState { activated: Some(time), author, created: time, kind, size, state };
        state.check(&bytes).unwrap();
        let record = self.context.record(None, &state.change(&id), self.context.genesis);
        self.records.insert(blob::key(&id), record);
        self.blobs.insert(id.clone(), bytes);
        id
    }

    /// What the Governing Body decides in the class of the network, after its time-lock.
    pub(crate) fn locked(&mut self, kind: &str, members: Value) -> Outcome {
        let id = self.signed(1, &[1, 2, 3, 4], kind, members)?;
        self.later(4);
        self.by(STRANGER, "DecisionExecuted", json!({ "decision": id }))
    }

    pub(crate) fn version(&self, key: &str) -> u64 {
        self.records[key].version
    }

    /// Members of a change of status.
    pub(crate) fn change(&self, family: &str, subject: &str, ground: Option<&str>) -> Value {
        let version = self.version(&format!("{family}/{subject}"));
        let mut members = json!({ "previousVersion": version, "subject": subject });
        if let Some(ground) = ground {
            members["ground"] = ground.into();
        }
        members
    }

    pub(crate) fn period(&self, days: u64) -> Value {
        let time = self.context.time;
        json!({
            "from": crate::time::format(time),
            "until": crate::time::format(time + days * DAY),
        })
    }

    pub(crate) fn later(&mut self, days: u64) {
        self.context.time += days * DAY;
    }

    pub(crate) fn certify(&mut self, byte: u8, role: &str) -> Outcome {
        let members = json!({ "entity": self.did(byte), "period": self.period(365), "role": role });
        self.by(AB, "CertificationIssued", members)
    }

    pub(crate) fn register(&mut self, by: u8, entity: u8, particulars: Value) -> Outcome {
        let members = json!({ "entity": self.did(entity), "particulars": particulars });
        self.by(by, "EntityRegistered", members)
    }

    /// On-boards an organisation in one role, certified where it must be.
    pub(crate) fn board(&mut self, byte: u8, role: &str) {
        let mut particulars = particulars(&[role]);
        if super::EntityRole::named(role).unwrap().needs_certification() {
            let id = self.certify(byte, role).unwrap();
            particulars["certifications"] = json!({ role: id });
        }
        self.register(AB, byte, particulars).unwrap();
    }

    pub(crate) fn grant(&self, by: u8, entity: u8, action: &str, resource: &str) -> Value {
        json!({
            "action": action, "authority": self.did(by), "entity": self.did(entity),
            "period": self.period(300), "resource": resource,
        })
    }

    pub(crate) fn authorize(
        &mut self,
        by: u8,
        entity: u8,
        action: &str,
        resource: &str,
    ) -> Outcome {
        let members = self.grant(by, entity, action, resource);
        self.by(by, "AuthorizationGranted", members)
    }

    /// The id of an authorization.
    pub(crate) fn grant_id(&self, by: u8, entity: u8, action: &str, resource: &str) -> String {
        let (authority, entity) = (self.did(by), self.did(entity));
        Grant { action, authority: &authority, entity: &entity, resource }.id()
    }

    /// Whether an authorization counts now.
    pub(crate) fn counts(&self, by: u8, entity: u8, action: &str, resource: &str) -> bool {
        let (authority, entity) = (self.did(by), self.did(entity));
        let grant = Grant { action, authority: &authority, entity: &entity, resource };
        let Ok(finding) =
            decide::Inquiry::of_view(&self.records, self.context.time).authorized(&grant);
        matches!(finding, decide::Finding::Holds(_))
    }

    /// A published schema's DID URL.
    pub(crate) fn schema(&mut self, name: &str) -> String {
        let did = self.did(AB);
        let content =
            json!({ "issuerId": did, "name": name, "version": "1.0", "attrNames": ["name"] });
        let members = json!({
            "content": content, "resourceName": name, "resourceType": "anonCredsSchema",
            "resourceVersion": "1.0",
        });
        self.by(AB, "SchemaPublished", members).unwrap();
        let id = crate::resource::id(&canonical_json::canonical(&content).unwrap());
        crate::resource::uri(&did, &id)
    }

    /// The types of credentials and requests that the tests use.
    pub(crate) fn types(&mut self) {
        let schema = self.schema("FoundationalID");
        let members = json!({ "foundational": true, "name": "FoundationalID", "schema": schema });
        self.decided("CredentialTypeSpecified", members).unwrap();
        for name in ["AcademicTranscript", "DegreeCertificate", "DrivingLicence"] {
            let schema = self.schema(name);
            let members = json!({ "base": "FoundationalID", "name": name, "schema": schema });
            self.by(AB, "CredentialTypeSpecified", members).unwrap();
        }
        let members = json!({
            "attributes": ["fullName"], "from": ["FoundationalID"], "name": "account-opening",
            "purpose": "opening of a bank account",
        });
        self.decided("PresentationTypeSpecified", members).unwrap();
    }

    /// A delegation of the registry run by `byte`.
    pub(crate) fn delegation(
        &self,
        byte: u8,
        actions: &[&str],
        resources: &[&str],
        depth: u64,
    ) -> Value {
        json!({
            "consultation": "c".repeat(64), "depth": depth, "period": until("2027-06-21T00:00:00Z"),
            "registry": self.did(byte), "scope": { "actions": actions, "resources": resources },
        })
    }

    /// A nation with types, a university, a bank and a delegated registry for education.
    pub(crate) fn nation() -> World {
        let mut world = World::new();
        world.types();
        world.board(UNIVERSITY, "issuer");
        world.board(BANK, "verifier");
        world.board(REGISTRY, "delegated-trust-registry");
        world.board(COLLEGES, "delegated-trust-registry");
        world.board(CERTIFIER, "certification-service-provider");
        world.board(REVOKER, "revocation-service-provider");
        let scope = ["delegate", "issue", "run-registry"];
        let resources = ["AcademicTranscript", "Degree*"];
        let members = world.delegation(REGISTRY, &scope, &resources, 1);
        world.by(AB, "RegistryDelegated", members).unwrap();
        world
    }
}

/// A period from the network's beginning.
pub(crate) fn until(end: &str) -> Value {
    json!({ "from": "2026-11-21T00:00:00Z", "until": end })
}

/// What is said of an organisation that lacks nothing.
pub(crate) fn particulars(roles: &[&str]) -> Value {
    json!({
        "jurisdiction": "BT",
        "limitsOfUse": { "sha256": "a".repeat(64), "uri": "https://example.bt/limits" },
        "name": { "en": "An organisation" },
        "roles": roles,
        "website": "https://example.bt/",
    })
}

/// The rule that a rejection names.
pub(crate) fn breach(outcome: Outcome) -> Breach {
    match outcome.expect_err("it is refused") {
        Rejection::Trust(breach) => breach,
        other => panic!("refused for another reason: {other}"),
    }
}

/// The code of a rejection.
pub(crate) fn code(outcome: Outcome) -> String {
    outcome.expect_err("it is refused").code()
}

#[test]
fn every_rule_names_its_kind_and_its_sections_and_a_plain_sentence() {
    for rule in crate::authority::AUTHORITY {
        assert!(crate::events::Body::KINDS.contains(&rule.kind), "{}", rule.kind);
        assert!(rule.sections.starts_with("s."), "{}", rule.kind);
        assert!(rule.conditions.ends_with('.') && !rule.by.is_empty(), "{}", rule.kind);
    }
}

#[test]
fn the_words_of_actions_and_roles_are_those_of_records() {
    for action in Action::ALL {
        assert_eq!(json!(action), json!(action.name()));
        assert_eq!(Action::named(action.name()), Some(action));
    }
    for role in super::EntityRole::ALL {
        assert_eq!(json!(role), json!(role.name()));
        assert_eq!(super::EntityRole::named(role.name()), Some(role));
    }
    let mut names: Vec<&str> = super::EntityRole::ALL.map(super::EntityRole::name).to_vec();
    names.sort_unstable();
    assert_eq!(names, super::EntityRole::ALL.map(super::EntityRole::name), "canonical order");
}
