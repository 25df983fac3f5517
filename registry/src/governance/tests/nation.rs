//! A nation on one machine: a genesis with all its offices, then one block an event.

use std::collections::BTreeMap;

use ed25519_zebra::SigningKey;
use proofs::{Hash, PublicKey, Record};
use serde_json::{Value, json};

use crate::author::{self, Key, Times};
use crate::authority::Class;
use crate::control::Control;
use crate::genesis::{Document, FORMAT, FirstRoles, Genesis};
use crate::governance::{Body, GovernanceError, decision};
use crate::network::{Parameters, ValidatorEntry, possession};
use crate::{Context, Rejection, SignedEvent, json as canonical_json};

pub(crate) const NETWORK: &str = "bt-test";
const BEGINS: u64 = 1_795_299_503_000;
pub(crate) const HOUR: u64 = 3_600_000;
pub(crate) const DAY: u64 = 24 * HOUR;

/// Whoever takes part from genesis on. Their keys are numbered in this order, from 1.
const OFFICES: [&str; 12] =
    ["g1", "g2", "g3", "g4", "g5", "admin", "secretary", "endorser", "op1", "op2", "op3", "op4"];

/// The members of the Governing Body.
pub(crate) const MEMBERS: [&str; 5] = ["g1", "g2", "g3", "g4", "g5"];

#[derive(Clone)]
pub(crate) struct Nation {
    pub(crate) records: BTreeMap<String, Record>,
    pub(crate) context: Context,
    pub(crate) actors: BTreeMap<String, (String, SigningKey)>,
}

pub(crate) fn ed(seed: u8) -> SigningKey {
    SigningKey::from([seed; 32])
}

/// The four keys of a node with this number: cosigner, log, peer, validator.
pub(crate) fn node_keys(node: u8) -> [SigningKey; 4] {
    [1, 2, 3, 4].map(|purpose| ed(100 + 10 * node + purpose))
}

pub(crate) fn entry(node: u8, operator: &str) -> ValidatorEntry {
    let [cosigner_key, log_key, peer_key, validator_key] =
        node_keys(node).each_ref().map(PublicKey::from);
    ValidatorEntry {
        cosigner_key,
        from: None,
        jurisdiction: Some("BT".into()),
        log_key,
        name: format!("node {node}"),
        operator: operator.to_owned(),
        peer_key,
        power: 1,
        until: None,
        validator_key,
    }
}

fn inception(key: &SigningKey, at: u64) -> (String, Value) {
    let document = json!({
        "@context": ["https://www.w3.org/ns/did/v1.1"],
        "id": author::placeholder(NETWORK),
    });
    let times = Times { created: at, valid_until: at + HOUR };
    let control = Control::of([&key.public()], 1);
    let (did, event) = author::inception(NETWORK, document, &control, times).unwrap();
    (did.to_string(), event)
}

pub(crate) fn document() -> Document {
    let mut dids = Vec::new();
    let mut events = Vec::new();
    for seed in (1..).take(OFFICES.len()) {
        let (did, mut event) = inception(&ed(seed), BEGINS);
        author::sign(&mut event, &did, NETWORK, &ed(seed)).unwrap();
        events.push(canonical_json::raw(&event).unwrap());
        dids.push(did);
    }
    Document {
        events,
        format: FORMAT.into(),
        network: NETWORK.into(),
        parameters: Parameters::default(),
        procedure: None,
        replicas: vec![],
        roles: FirstRoles {
            administrative_body: dids[5].clone(),
            endorsers: vec![dids[7].clone()],
            governors: dids[..5].to_vec(),
            secretary: dids[6].clone(),
        },
        time: BEGINS,
        validators: (0..4).map(|node| entry(node, &dids[8 + usize::from(node)])).collect(),
    }
}

impl Nation {
    pub(crate) fn new() -> Nation {
        Nation::of(&document())
    }

    pub(crate) fn of(document: &Document) -> Nation {
        let genesis = Genesis::parse(&canonical_json::canonical_of(document).unwrap()).unwrap();
        let actor = |(seed, name): (u8, &str)| {
            (name.to_owned(), (inception(&ed(seed), BEGINS).0, ed(seed)))
        };
        Nation {
            records: genesis.records().clone(),
            context: genesis.context(1, BEGINS + 1_000),
            actors: (1..).zip(OFFICES).map(actor).collect(),
        }
    }

    pub(crate) fn did(&self, name: &str) -> String {
        self.actors[name].0.clone()
    }

    /// Registers an organisation whose key has this number.
    pub(crate) fn join(&mut self, name: &str, seed: u8) {
        let (did, mut event) = inception(&ed(seed), self.context.time);
        author::sign(&mut event, &did, &self.context.domain(), &ed(seed)).unwrap();
        let (endorser, key) = &self.actors["endorser"];
        author::endorse(&mut event, endorser, &self.context.domain(), key).unwrap();
        self.actors.insert(name.to_owned(), (did, ed(seed)));
        self.submit(&event).unwrap();
    }

    /// An event by the first of these, signed by all.
    pub(crate) fn event(&self, kind: &str, signers: &[&str], members: Value) -> Value {
        let author = self.did(signers[0]);
        let created = self.context.time;
        let times = Times { created, valid_until: created + HOUR };
        let mut event = author::event(kind, NETWORK, &author, times, members);
        for signer in signers {
            let (did, key) = &self.actors[*signer];
            author::sign(&mut event, did, &self.context.domain(), key).unwrap();
        }
        event
    }

    /// Submits an event, alone in a block. Returns its id.
    pub(crate) fn submit(&mut self, event: &Value) -> Result<Hash, Rejection> {
        let bytes = canonical_json::canonical(event).unwrap();
        let event = SignedEvent::parse(&bytes)?.verify()?;
        for change in event.apply(&self.context, &self.records)? {
            let text = change.content.get().as_bytes();
            canonical_json::parse(text, text.len()).expect("a record is JSON of the profile");
            let value: Value = serde_json::from_slice(text).unwrap();
            assert_eq!(canonical_json::canonical(&value).unwrap(), text, "{}", change.key);
            let record = self.context.record(self.records.get(&change.key), &change, event.id());
            self.records.insert(change.key, record);
        }
        self.context.height += 1;
        self.context.time += 1_000;
        Ok(event.id())
    }

    pub(crate) fn act(
        &mut self,
        kind: &str,
        signers: &[&str],
        members: Value,
    ) -> Result<Hash, Rejection> {
        let event = self.event(kind, signers, members);
        self.submit(&event)
    }

    /// The rejection of an act that must fail, by its code. Nothing changes.
    pub(crate) fn refused(&mut self, kind: &str, signers: &[&str], members: Value) -> String {
        let before = self.records.clone();
        let refused = self.act(kind, signers, members).expect_err(kind).code();
        assert_eq!(self.records, before);
        refused
    }

    pub(crate) fn pass(&mut self, milliseconds: u64) {
        self.context.time += milliseconds;
    }

    pub(crate) fn content(&self, key: &str) -> Value {
        serde_json::from_str(self.records[key].content.get()).unwrap()
    }

    pub(crate) fn version(&self, key: &str) -> u64 {
        self.records.get(key).map_or(0, |record| record.version)
    }

    /// Proposes, by the first of these, with the approval of all who are members.
    pub(crate) fn propose(
        &mut self,
        signers: &[&str],
        decision: &Value,
    ) -> Result<Hash, Rejection> {
        let membership = Body::read(&self.records)?.version;
        let members = json!({ "decision": decision, "membership": membership });
        self.act("DecisionProposed", signers, members)
    }

    pub(crate) fn vote(
        &mut self,
        signers: &[&str],
        decision: Hash,
        text: &Value,
        approve: bool,
    ) -> Result<Hash, Rejection> {
        let members = json!({
            "approve": approve,
            "decision": decision,
            "payload": payload(text),
        });
        self.act("VoteCast", signers, members)
    }

    pub(crate) fn execute(&mut self, decision: Hash) -> Result<Hash, Rejection> {
        self.act("DecisionExecuted", &["op1"], json!({ "decision": decision }))
    }

    pub(crate) fn status(&self, decision: Hash) -> String {
        self.content(&decision::key(&decision))["status"].as_str().unwrap().to_owned()
    }

    /// Decides by four members' signatures, and waits for the time-lock where there is one.
    pub(crate) fn decide(&mut self, kind: &str, members: Value) -> Result<(), Rejection> {
        let id = self.act(kind, &MEMBERS[..4], members)?;
        if self.records.contains_key(&decision::key(&id)) {
            self.pass(3 * DAY);
            self.execute(id)?;
        }
        Ok(())
    }

    /// Each of the node's keys over the statement of possession.
    pub(crate) fn possession(&self, node: u8, operator: &str) -> Vec<String> {
        let keys = node_keys(node);
        let statement = possession::statement(
            &self.context.genesis,
            &keys.each_ref().map(PublicKey::from),
            operator,
        );
        keys.iter().map(|key| possession::encode(&key.sign(&statement).to_bytes())).collect()
    }
}

pub(crate) fn payload(text: &Value) -> Hash {
    decision::payload(&String::from_utf8(canonical_json::canonical(text).unwrap()).unwrap())
}

pub(crate) fn evidence() -> Value {
    json!({ "sha256": "00".repeat(32) })
}

/// A text that the Governing Body decides in this class.
pub(crate) fn motion(nation: &Nation, class: Class) -> Value {
    match class {
        Class::Ordinary => json!({
            "type": "ChairElected",
            "member": nation.did("g2"),
        }),
        Class::Constitutional => json!({
            "type": "MemberRemoved",
            "evidence": evidence(),
            "ground": "bankrupt",
            "member": nation.did("g5"),
            "previousVersion": nation.version("governance/body"),
        }),
        Class::Network => json!({
            "type": "ParametersChanged",
            "parameters": Parameters { block_events_max: 999, ..Parameters::default() },
            "previousVersion": nation.version("network/parameters"),
        }),
    }
}

pub(crate) fn governance(refused: Result<Hash, Rejection>) -> GovernanceError {
    match refused.expect_err("it is refused") {
        Rejection::Governance(error) => error,
        other => panic!("another rejection: {other}"),
    }
}
