//! The frozen answers of the trust registry, `tests/golden/trqp.json`, for verifiers in other
//! languages too. Nothing here writes the file; an answer that changes is another format.

use std::path::Path;

use proofs::trust::Freshness;
use proofs::{Trust, Verdict};
use serde_json::{Map, json};

use super::*;
use crate::answer;
use crate::trust::query::{Query, Question};

const FOREIGN: &str = "did:web:trust.example.sg";
const OTHER: &str = "did:web:trust.example.th";
const SECOND: u64 = 1_000;

/// The nation after weeks in which much was granted, and some of it ended.
struct Story {
    world: World,
    /// Before anything was granted.
    before: u64,
    /// When the first was.
    granted: u64,
    /// While all of it counted.
    within: u64,
    /// While an authorization and an entity were suspended.
    suspended: u64,
}

impl Story {
    fn new() -> Story {
        let mut world = World::nation();
        let before = world.context.time;
        world.later(1);
        let granted = world.context.time;
        grant(&mut world);
        world.later(1);
        let within = world.context.time;
        world.later(1);
        let id = world.grant_id(AB, UNIVERSITY, "issue", "DrivingLicence");
        let step = world.change("authorization", &id, Some("contravention"));
        world.by(AB, "AuthorizationSuspended", step).unwrap();
        let colleges = world.did(COLLEGES);
        let step = world.change("entity", &colleges, Some("contravention"));
        world.by(AB, "EntitySuspended", step).unwrap();
        let suspended = world.context.time;
        world.later(1);
        let step = world.change("authorization", &id, None);
        world.by(AB, "AuthorizationReinstated", step).unwrap();
        end(&mut world);
        world.later(20);
        Story { world, before, granted, within, suspended }
    }

    fn ask(&self, (authority, entity): (u8, u8), action: &str, resource: &str) -> Question {
        Question {
            action: action.into(),
            authority_id: self.world.did(authority),
            context: None,
            entity_id: self.world.did(entity),
            resource: resource.into(),
        }
    }

    /// What is asked about authorizations, by name.
    fn authorizations(&self) -> Vec<(&'static str, Question)> {
        let licence = || self.ask((AB, UNIVERSITY), "issue", "DrivingLicence");
        let degree = |by| self.ask((by, UNIVERSITY), "issue", "DegreeCertificate");
        let wallet = |role| self.ask((AB, WALLETS), "provide-wallet", role);
        let earlier = crate::time::format(self.granted - SECOND).replace('Z', ".9995Z");
        let elsewhere = Question { authority_id: OTHER.into(), ..licence() };
        vec![
            ("granted", licence()),
            ("before the grant", at(self.before, licence())),
            ("a millisecond before", at_text(earlier, licence())),
            ("in its first second", at(self.granted, licence())),
            ("within the grant", at(self.within, licence())),
            ("while suspended", at(self.suspended, licence())),
            ("after its period", at(self.world.context.time + 300 * DAY, licence())),
            ("not yet begun", self.ask((AB, BANK), "request", "account-opening")),
            ("never granted", self.ask((AB, BANK), "issue", "DrivingLicence")),
            ("by a registry", degree(REGISTRY)),
            ("by a delegate of a registry", at(self.within, degree(COLLEGES))),
            ("by a discontinued delegate", degree(COLLEGES)),
            ("by a suspended delegate", at(self.suspended, degree(COLLEGES))),
            ("certified", wallet("custodial-wallet-provider")),
            ("one certification of two", at(self.within, wallet("custodial-wallet-provider"))),
            ("a certification ended", self.ask((AB, CERTIFIER), "certify", "agent-provider")),
            ("an entity suspended", self.ask((AB, REVOKER), "revoke", "agent-provider")),
            ("to run a registry", self.ask((AB, REGISTRY), "run-registry", "AcademicTranscript")),
            ("no such action", self.ask((AB, BANK), "fly", "DrivingLicence")),
            ("no authority", self.ask((BANK, UNIVERSITY), "issue", "DrivingLicence")),
            ("no did:ndi", elsewhere),
            ("before genesis", at(TIME - DAY, licence())),
        ]
    }

    /// What is asked about recognitions, by name.
    fn recognitions(&self) -> Vec<(&'static str, Question)> {
        let ask = |parties, action, resource| self.ask(parties, action, resource);
        let foreign = |entity: &str| Question {
            entity_id: entity.into(),
            ..ask((AB, BANK), "issue", "FoundationalID")
        };
        vec![
            ("a foreign scheme", foreign(FOREIGN)),
            ("a foreign scheme before", at(self.before, foreign(FOREIGN))),
            ("a withdrawn scheme", foreign(OTHER)),
            ("a scheme before it was withdrawn", at(self.within, foreign(OTHER))),
            ("a stranger", foreign("https://nowhere.example/")),
            ("a registry", ask((AB, REGISTRY), "issue", "DegreeCertificate")),
            ("a registry that may delegate", ask((AB, REGISTRY), "delegate", "Degree*")),
            ("a registry beyond its scope", ask((AB, REGISTRY), "issue", "DrivingLicence")),
            ("a registry by its delegate", ask((COLLEGES, REGISTRY), "issue", "DegreeCertificate")),
            (
                "a delegate by its registry",
                at(self.within, ask((REGISTRY, COLLEGES), "run-registry", "DegreeCertificate")),
            ),
            (
                "a delegate that may not delegate",
                at(self.within, ask((AB, COLLEGES), "delegate", "DegreeCertificate")),
            ),
            ("a discontinued delegate", ask((AB, COLLEGES), "issue", "DegreeCertificate")),
            ("no registry", ask((AB, UNIVERSITY), "issue", "DegreeCertificate")),
            ("by no authority", ask((BANK, REGISTRY), "issue", "DegreeCertificate")),
        ]
    }
}

/// Everything that is granted.
fn grant(world: &mut World) {
    world.authorize(AB, UNIVERSITY, "issue", "DrivingLicence").unwrap();
    world.authorize(REGISTRY, UNIVERSITY, "issue", "DegreeCertificate").unwrap();
    let scope = ["issue", "run-registry"];
    let delegation = world.delegation(COLLEGES, &scope, &["DegreeCertificate"], 0);
    world.by(REGISTRY, "RegistryDelegated", delegation).unwrap();
    world.authorize(COLLEGES, UNIVERSITY, "issue", "DegreeCertificate").unwrap();
    let mut later = world.grant(AB, BANK, "request", "account-opening");
    later["period"] = json!({ "from": "2027-06-01T00:00:00Z", "until": "2027-07-01T00:00:00Z" });
    world.by(AB, "AuthorizationGranted", later).unwrap();
    // Of two roles that provide wallets, one certification will end.
    let roles = ["agent-provider", "custodial-wallet-provider"];
    let ids = roles.map(|role| world.certify(WALLETS, role).unwrap());
    let mut two = particulars(&roles);
    two["certifications"] = json!({ roles[0]: ids[0], roles[1]: ids[1] });
    world.register(AB, WALLETS, two).unwrap();
    world.authorize(AB, WALLETS, "provide-wallet", roles[1]).unwrap();
    world.authorize(AB, CERTIFIER, "certify", "agent-provider").unwrap();
    world.authorize(AB, REVOKER, "revoke", "agent-provider").unwrap();
    for scheme in [FOREIGN, OTHER] {
        let members = json!({
            "action": "issue", "authority": world.did(AB), "entity": scheme,
            "consent": { "sha256": "b".repeat(64), "uri": "https://ministry.example.bt/consent" },
            "period": world.period(365), "resource": "FoundationalID",
        });
        world.decided("RecognitionGranted", members).unwrap();
    }
}

/// What ends again.
fn end(world: &mut World) {
    let colleges = world.did(COLLEGES);
    let step = world.change("registry", &colleges, Some("non-conformance"));
    world.by(REGISTRY, "RegistryDiscontinued", step).unwrap();
    for (byte, role) in [(WALLETS, "agent-provider"), (CERTIFIER, "certification-service-provider")]
    {
        let entity = &world.records[&format!("entity/{}", world.did(byte))];
        let entity: Value = serde_json::from_str(entity.content.get()).unwrap();
        let id = entity["listing"]["particulars"]["certifications"][role].as_str().unwrap();
        let step = world.change("certification", id, Some("non-conformance"));
        world.by(AB, "CertificationRevoked", step).unwrap();
    }
    let revoker = world.did(REVOKER);
    let step = world.change("entity", &revoker, Some("on-request"));
    world.by(REVOKER, "EntitySuspended", step).unwrap();
    let id = Grant {
        action: "issue",
        authority: &world.did(AB),
        entity: OTHER,
        resource: "FoundationalID",
    }
    .id();
    let step = world.change("recognition", &id, Some("reliability"));
    world.decided("RecognitionWithdrawn", step).unwrap();
}

/// The same question as of a second.
fn at(moment: u64, question: Question) -> Question {
    at_text(crate::time::format(moment), question)
}

fn at_text(time: String, question: Question) -> Question {
    let seen_again = ("locator".to_owned(), "དཔེར་ན".to_owned());
    let context = [("time".to_owned(), time), seen_again].into();
    Question { context: Some(context), ..question }
}

fn examples() -> Value {
    let story = Story::new();
    let genesis = genesis(&mut BTreeMap::new());
    let answers = |query, asked: Vec<(&str, Question)>| -> Map<String, Value> {
        let served =
            |(name, question): (&str, _)| (name.to_owned(), story.world.served(query, &question));
        asked.into_iter().map(served).collect()
    };
    json!({
        "authorization": answers(Query::Authorization, story.authorizations()),
        "genesis": std::str::from_utf8(genesis.bytes()).unwrap(),
        "now": story.world.context.time + 10 * SECOND,
        "recognition": answers(Query::Recognition, story.recognitions()),
    })
}

fn frozen() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/trqp.json");
    serde_json::from_slice(&std::fs::read(file).unwrap_or_default()).unwrap_or_default()
}

#[test]
fn the_frozen_answers_of_the_trust_registry_are_what_the_code_makes() {
    let made = examples();
    for query in ["authorization", "recognition"] {
        for (name, answer) in made[query].as_object().unwrap() {
            let said = ["authorized", "recognized", "status"].map(|member| answer.get(member));
            let why = ["chain", "message", "detail"].map(|member| answer.get(member));
            let records = answer["proof"]["evidence"]["records"].as_array().unwrap().len();
            let [said, why] = [said, why].map(|found| found.into_iter().flatten().next().unwrap());
            println!("{query} {name}: {said}, {records} records, {why}");
        }
    }
    if made != frozen() {
        let path = std::env::temp_dir().join("dzong-trqp.json");
        std::fs::write(&path, serde_json::to_string_pretty(&made).unwrap() + "\n").unwrap();
        panic!("an answer changed; what the code makes now is in {}", path.display());
    }
}

#[test]
fn the_frozen_answers_of_the_trust_registry_are_valid_and_nothing_else_is() {
    let frozen = frozen();
    let trust = Trust::from_genesis(frozen["genesis"].as_str().unwrap().as_bytes()).unwrap();
    let freshness = Freshness { now: frozen["now"].as_u64().unwrap(), age_max: Some(60_000) };
    // To change every byte takes minutes; in each answer it is another part of them.
    let mut start = 0;
    for query in ["authorization", "recognition"] {
        for (name, answer) in frozen[query].as_object().unwrap() {
            let bytes = canonical_json::canonical(answer).unwrap();
            let verdict = answer::check(&trust, &bytes, freshness);
            assert!(verdict.is_valid(), "{name}: {verdict}");
            start += 1;
            for at in (start % 16..bytes.len()).step_by(16) {
                let mut changed = bytes.clone();
                changed[at] ^= 1;
                let verdict = answer::check(&trust, &changed, freshness);
                let asked = |bytes: &[u8]| -> Option<Value> {
                    let answer: Value = serde_json::from_slice(bytes).ok()?;
                    answer.pointer("/proof/question").cloned()
                };
                // An honest answer to another question is none to this one: clients compare.
                let invalid =
                    matches!(verdict, Verdict::Invalid { .. }) || asked(&changed) != asked(&bytes);
                assert!(invalid, "{name}, byte {at}: {verdict}");
            }
        }
    }
}
