//! Revocation registries under the same faults: an issuer, the Governing Body and rivals for one
//! version change their statuses, nodes crash, and some do not have the files that the rules read.
//! Whatever happens, what follows from the statuses follows from them on every machine, and on one
//! that replays the whole chain.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use consensus::mempool::Candidate;
use ledger::Snapshot;
use registry::blob::{Attestation, attestation};
use registry::event::id_of;
use registry::slots::{Domain, trial};
use registry::status::{self, Head, Registry, commitment};
use registry::{json, resource};
use serde_json::{Value, json};
use tests::golden::{Golden, TIME, key};

use crate::machine::{Machine, Past};
use crate::{EPOCH, World, candidate};

/// The key of the issuer.
const ISSUER: u8 = 50;
/// How many changes each registry sees, if all of them come through.
const CHANGES: u64 = 12;
/// Events are made shortly before the simulation begins.
const AFTER: u64 = EPOCH - TIME - 1_000;
/// How long before that the Governing Body decided on the set-up: beyond the time-lock.
const DECIDED: u64 = 6 * 86_400_000;

/// What the registries rest on, decided before the simulation begins; and what is submitted in it.
pub(crate) struct Statuses {
    pub(crate) world: World,
    registries: Vec<String>,
}

impl Statuses {
    pub(crate) fn new() -> Statuses {
        let golden = Golden::new();
        let (issuer, created) = golden.did_created(ISSUER);
        golden.commit(&[created]);
        let data = include_str!("../../registry/src/anoncreds/testdata/registry-10.json");
        let data: Value = serde_json::from_str(data).expect("JSON");
        let tails = hex::decode(data["tails"].as_str().expect("a text")).expect("digits");
        let domain = Domain::of(4_096).expect("a power of two");
        let (powers, table) = trial::setup(domain, 0x5eed).expect("no root of unity");
        let set_up = [powers.bytes(), table.bytes()].concat();
        let mut blobs = Vec::new();
        for (kind, bytes) in [("anonCredsTails", tails), ("powersOfTau", set_up)] {
            let id = put(&golden, &issuer, kind, &bytes);
            blobs.push((id, bytes));
        }
        let definition = defined(&golden, &issuer, &data);
        let set_up = blobs.last().map(|(id, _)| id.as_str());
        let members = json!({ "blob": set_up });
        let adopt = golden.by_governors_at(AFTER - DECIDED, 4, "PowersOfTauAdopted", members);
        let decision = id_of(&adopt).expect("an event");
        golden.commit_at(EPOCH - DECIDED, &[adopt]);

        let issue = |kind, members| golden.event_at(AFTER, kind, &issuer, ISSUER, members);
        let mut events = vec![issue("DecisionExecuted", json!({ "decision": decision }))];
        let anoncreds = json!({
            "anoncreds": definition, "capacity": 10, "formats": ["anoncreds", "slots"],
        });
        let lists = json!({ "capacity": 3_000, "formats": ["bitstring"] });
        let both = json!({ "capacity": 4_000, "formats": ["slots", "token"] });
        let mut registries = Vec::new();
        for members in [anoncreds, lists, both] {
            let event = issue("RevocationRegistryCreated", members);
            registries.push(id_of(&event).expect("an event").to_string());
            events.push(event);
        }
        events.extend(events.clone());
        for version in 1..=CHANGES {
            events.extend(changes(&golden, &issuer, &registries, version));
        }
        let past = Past { blocks: blocks(&golden), blobs };
        let events: Vec<Candidate> = events.into_iter().map(candidate).collect();
        let world = World { genesis: golden.genesis, events, past: Arc::new(past) };
        Statuses { world, registries }
    }

    /// What does not follow from the statuses on a machine.
    pub(crate) fn out_of_step(&self, machine: &Machine) -> Vec<String> {
        let snapshot = machine.snapshot();
        let is_there = |id: &&String| record(&snapshot, &Registry::key(id)).is_some();
        let check = |id: &String| match snapshot
            .ask(|view| status::recompute(id, view))
            .expect("the disk works")
        {
            Ok(Ok(())) => None,
            wrong => Some(format!("{id}: {wrong:?}")),
        };
        self.registries.iter().filter(is_there).filter_map(check).collect()
    }

    /// How many changes there were, over all registries.
    pub(crate) fn changes(&self, machine: &Machine) -> u64 {
        let snapshot = machine.snapshot();
        let head = |id: &String| record(&snapshot, &Head::key(id));
        self.registries.iter().filter_map(head).map(|head| head.version - 1).sum()
    }
}

fn record(snapshot: &Snapshot, key: &str) -> Option<proofs::Record> {
    snapshot.record(key).expect("the disk works")
}

/// Proposes a blob, and activates it by the attestations of three validators.
fn put(golden: &Golden, issuer: &str, kind: &str, bytes: &[u8]) -> String {
    let id = registry::blob::id(bytes);
    let propose = json!({ "blob": id, "kind": kind, "size": bytes.len() });
    golden.commit(&[golden.event("BlobProposed", issuer, ISSUER, propose)]);
    golden.ledger.keep_blob(&id, bytes).expect("the disk works").expect("the bytes");
    let blob = golden.ledger.snapshot().blob_state(&id).expect("the disk works").expect("proposed");
    blob.check(bytes).expect("what its kind says");
    let statement = attestation::statement(&golden.genesis.hash(), &id, &blob);
    let mut attestations: Vec<Attestation> = (10..13)
        .map(|validator| Attestation {
            signature: attestation::encode(&key(validator + 20).sign(&statement).to_bytes()),
            validator_key: proofs::PublicKey::from(&key(validator)),
        })
        .collect();
    attestations.sort_by_key(|attestation| attestation.validator_key);
    let activate = json!({ "attestations": attestations, "blob": id, "previousVersion": 1 });
    golden.commit(&[golden.event("BlobActivated", issuer, ISSUER, activate)]);
    id
}

/// Publishes the library's schema and credential definition, and gives the definition of a
/// revocation registry for it.
fn defined(golden: &Golden, issuer: &str, data: &Value) -> Value {
    let publish = |kind, resource_type, content: &Value| {
        let members = json!({
            "content": content, "resourceName": "Degree", "resourceType": resource_type,
            "resourceVersion": "1.0",
        });
        golden.commit(&[golden.event(kind, issuer, ISSUER, members)]);
        let content = json::canonical(content).expect("JSON of the profile");
        resource::uri(issuer, &resource::id(&content))
    };
    let schema = json!({
        "attrNames": ["name"], "issuerId": issuer, "name": "Degree", "version": "1.0",
    });
    let schema = publish("SchemaPublished", "anonCredsSchema", &schema);
    let mut keys = data["credentialDefinition"].clone();
    (keys["issuerId"], keys["schemaId"]) = (json!(issuer), json!(schema));
    let keys = publish("CredentialDefinitionPublished", "anonCredsCredDef", &keys);
    let mut definition = data["revocationRegistryDefinition"].clone();
    (definition["issuerId"], definition["credDefId"]) = (json!(issuer), json!(keys));
    definition
}

/// What is submitted to bring the registries beyond a version: for each the change that its issuer
/// means, and a rival for the same version. Either may win; what the next ones say fits both.
fn changes(golden: &Golden, issuer: &str, registries: &[String], version: u64) -> Vec<Vec<u8>> {
    let cycle = (version - 1) / 4;
    let ground = commitment(&[7; 32], "on-request");
    let step = |id: &String, slots: Value| {
        let mut change = slots;
        (change["previousVersion"], change["registry"]) = (version.into(), id.as_str().into());
        change
    };
    let own = |changes: Vec<Value>| {
        let members = json!({ "changes": changes, "ground": ground });
        golden.event_at(AFTER, "StatusChanged", issuer, ISSUER, members)
    };
    let above = |change: Value, locking: &str| {
        let members = json!({
            "basis": "governing-body", "changes": [change], "corrects": locking == "lock",
            "ground": ground, "locking": locking,
        });
        golden.by_governors_at(AFTER, 3, "StatusOverridden", members)
    };
    // In the large registries each cycle is about slots of other chunks.
    let firsts = [0, 977, 1_201].map(|far| 1 + cycle * far);
    let mut events = Vec::new();
    for (registry, one) in registries.iter().zip(firsts) {
        let (two, three) = (one + 1, one + 2);
        let rivals = match version % 4 {
            1 => [
                own(vec![step(registry, json!({ "suspend": [one] }))]),
                own(vec![step(registry, json!({ "suspend": [one, two] }))]),
            ],
            2 => [
                own(vec![step(registry, json!({ "reactivate": [one], "revoke": [three] }))]),
                own(vec![step(registry, json!({ "revoke": [three] }))]),
            ],
            3 => [
                above(step(registry, json!({ "reactivate": [three] })), "lock"),
                // An issuer brings nothing back.
                own(vec![step(registry, json!({ "reactivate": [three] }))]),
            ],
            _ => [
                // What is locked is not the issuer's.
                own(vec![step(registry, json!({ "suspend": [three] }))]),
                above(step(registry, json!({ "unchanged": [three] })), "unlock"),
            ],
        };
        // A node that has crashed forgot what it was told, so each comes again.
        events.extend(std::iter::repeat_n(rivals, 3).flatten());
    }
    if version % 4 == 1 {
        // All of them at once, or nothing.
        let all: BTreeMap<&String, u64> = registries.iter().zip(firsts).collect();
        let all = all.into_iter().map(|(id, one)| step(id, json!({ "suspend": [one] })));
        events.insert(0, own(all.collect()));
    }
    events
}

fn blocks(golden: &Golden) -> Vec<(Bytes, proofs::Certificate)> {
    let snapshot = golden.ledger.snapshot();
    let block = |height| {
        let decided = snapshot.block(height).expect("the disk works").expect("it is there");
        (decided.block.encode().into(), decided.certificate)
    };
    (1..=snapshot.height()).map(block).collect()
}
