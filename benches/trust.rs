//! What an answer of the trust registry costs, among few listings and among many, and what it costs
//! to grant one or to discontinue a registry on which all the others rest.

#![expect(missing_docs, reason = "the group that criterion's macro makes is public")]

use std::collections::BTreeMap;
use std::convert::Infallible;

use benches::{NETWORK, NOW, control, key};
use criterion::{Criterion, criterion_group, criterion_main};
use proofs::{Hash, ProvenRecord, Record};
use registry::author::{self, Times};
use registry::did::sha256_multihash;
use registry::did_state::DidState;
use registry::roles::{Role, Roles};
use registry::trust::query::{Query, Question};
use registry::trust::{
    Action, Authorization, Certification, CredentialType, Entity, EntityRole, Listed, Listing,
    Moment, Period, Registry, Scope,
};
use registry::{CheckedEvent, Context, SignedEvent, json};
use serde_json::{Value, json};

/// Listed organisations, each with ten authorizations.
const SIZES: [u64; 2] = [100, 100_000];
const GRANTS_EACH: u64 = 10;

/// The id of the registry's certification.
const CERTIFICATION: &str = "11";

/// A type of credentials that nobody may issue yet.
const ANOTHER: &str = "Another";

const HOUR: u64 = 3_600_000;

type Records = BTreeMap<String, Record>;

fn did(number: u64) -> String {
    format!("did:ndi:{NETWORK}:{}", sha256_multihash(&number.to_be_bytes()))
}

/// The Administrative Body and the registry that it delegated have keys; the others need none.
const ROOT: u64 = 1;
const REGISTRY: u64 = 2;

fn context() -> Context {
    let (network, genesis) = (NETWORK.into(), Hash([1; 32]));
    Context { network, genesis, height: 2, time: NOW, decided: None }
}

fn period() -> Period {
    Period { from: Moment(NOW - HOUR), until: Moment(NOW + HOUR) }
}

fn list<T: Listing>(records: &mut Records, listing: T, id: &str, by: u64) {
    let change = Listed::active(listing, &did(by), &context()).change(id);
    records.insert(change.key, Record::first(change.content, Hash([2; 32]), 1, NOW - HOUR));
}

fn grant(entity: u64, number: u64) -> Authorization {
    Authorization {
        action: Action::Issue,
        authority: did(REGISTRY),
        entity: did(entity),
        period: period(),
        resource: format!("Credential{number}"),
    }
}

/// A registry with this many organisations.
fn world(organisations: u64) -> Records {
    let mut records = Records::new();
    for number in [ROOT, REGISTRY] {
        let state = DidState {
            control: control(&key(number)),
            created: NOW,
            deactivated: false,
            document: None,
            endorser: None,
        };
        let change = state.change(&did(number));
        records.insert(change.key, Record::first(change.content, Hash([2; 32]), 0, NOW));
    }
    let roles = Roles { roles: [Role::AdministrativeBody].into() }.change(&did(ROOT));
    records.insert(roles.key, Record::first(roles.content, Hash([2; 32]), 0, NOW));
    let registry = Registry {
        consultation: "00".repeat(32),
        depth: 0,
        did: did(REGISTRY),
        parent: did(ROOT),
        period: period(),
        scope: Scope {
            actions: [Action::Issue, Action::RunRegistry].into(),
            resources: ["*".to_owned()].into(),
        },
    };
    list(&mut records, registry, &did(REGISTRY), ROOT);
    let certification = Certification {
        certifier: did(ROOT),
        entity: did(REGISTRY),
        period: period(),
        report: None,
        role: EntityRole::DelegatedTrustRegistry,
    };
    list(&mut records, certification, CERTIFICATION, ROOT);
    entity(&mut records, REGISTRY, EntityRole::DelegatedTrustRegistry, ROOT);
    let another = CredentialType {
        base: None,
        foundational: false,
        name: ANOTHER.to_owned(),
        registrar: did(ROOT),
        schema: format!("{}/resources/z1", did(ROOT)),
    };
    list(&mut records, another, &sha256_multihash(ANOTHER.as_bytes()), ROOT);
    for number in 10..10 + organisations {
        entity(&mut records, number, EntityRole::Issuer, REGISTRY);
        for at in 0..GRANTS_EACH {
            let grant = grant(number, at);
            let id = grant.grant().id();
            list(&mut records, grant, &id, REGISTRY);
        }
    }
    records
}

fn entity(records: &mut Records, number: u64, role: EntityRole, by: u64) {
    let mut particulars = json!({
        "jurisdiction": "BT", "name": { "en": did(number) }, "roles": [role.name()],
    });
    if role.needs_certification() {
        particulars["certifications"] = json!({ role.name(): CERTIFICATION });
    }
    let particulars = serde_json::from_value(particulars).expect("what a registrar would write");
    let entity = Entity { did: did(number), particulars, registrar: did(by) };
    list(records, entity, &did(number), by);
}

/// An event of one of the two that have keys.
fn event(by: u64, kind: &str, members: Value) -> CheckedEvent {
    let times = Times { created: NOW, valid_until: NOW + HOUR };
    let mut event = author::event(kind, NETWORK, &did(by), times, members);
    author::sign(&mut event, &did(by), &context().domain(), &key(by)).expect("it can be signed");
    let bytes = json::canonical(&event).expect("it is JSON of the profile");
    SignedEvent::parse(&bytes).expect("it is well formed").verify().expect("its signature holds")
}

fn trust(c: &mut Criterion) {
    for organisations in SIZES {
        let records = world(organisations);
        let name = |what: &str| format!("trust::{what}/listings={}", records.len());
        let mut at = 0;
        c.bench_function(&name("answer"), |b| {
            b.iter(|| {
                at = (at + 7919) % organisations;
                let question = Question {
                    action: "issue".into(),
                    authority_id: did(REGISTRY),
                    context: None,
                    entity_id: did(10 + at),
                    resource: "Credential3".into(),
                };
                let fetch = |key: &str, _| {
                    let record = records.get(key).cloned();
                    Ok::<_, Infallible>(ProvenRecord {
                        key: key.to_owned(),
                        past: None,
                        path: Vec::new(),
                        record,
                    })
                };
                let Ok((answer, _)) = question.ask(Query::Authorization, NOW, fetch);
                assert_eq!(answer.members["authorized"], true, "{answer:?}");
                answer
            });
        });
        let granted = event(
            REGISTRY,
            "AuthorizationGranted",
            json!({
                "action": "issue", "authority": did(REGISTRY), "entity": did(10),
                "period": period(), "resource": ANOTHER,
            }),
        );
        c.bench_function(&name("grant"), |b| {
            b.iter(|| granted.apply(&context(), &records).expect("it is accepted"));
        });
        let discontinued = event(
            ROOT,
            "RegistryDiscontinued",
            json!({
                "ground": "non-conformance", "previousVersion": 1, "subject": did(REGISTRY),
            }),
        );
        c.bench_function(&name("discontinue"), |b| {
            b.iter(|| discontinued.apply(&context(), &records).expect("it is accepted"));
        });
    }
}

criterion_group!(benches, trust);
criterion_main!(benches);
