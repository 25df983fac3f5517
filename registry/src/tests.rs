//! Whole lives of DIDs, from the author's key to the record, without a node.

use std::collections::BTreeMap;

use ed25519_zebra::SigningKey;
use proofs::{Hash, Record};
use serde_json::{Value, json};

use crate::author::{self, Key, Times};
use crate::control::Control;
use crate::did_state::DidState;
use crate::event::VALIDITY_MAX;
use crate::multikey::PublicKey;
use crate::roles::{Role, Roles};
use crate::{CheckedEvent, Context, Rejection, SignedEvent, json, time};

pub(crate) fn ed(seed: u8) -> SigningKey {
    SigningKey::from([seed; 32])
}

fn p256(seed: u8) -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&[seed; 32]).unwrap()
}

const NOW: u64 = 1_795_299_503_000;

/// A ledger of one machine: genesis with an endorser, then one block an event.
pub(crate) struct World {
    pub(crate) records: BTreeMap<String, Record>,
    pub(crate) context: Context,
    endorser: (String, SigningKey),
}

impl World {
    pub(crate) fn new() -> World {
        let genesis = Hash([7; 32]);
        let network = "bt-test".into();
        let context = Context { network, genesis, height: 0, time: NOW, decided: None };
        let mut world =
            World { records: BTreeMap::new(), context, endorser: (String::new(), ed(200)) };
        let control = control(&[&ed(200)], 1);
        let (did, mut event) =
            author::inception("bt-test", document(), &control, world.times()).unwrap();
        let did = did.to_string();
        author::sign(&mut event, &did, &world.context.domain(), &ed(200)).unwrap();
        world.submit(&event).unwrap();
        let roles = Roles { roles: [Role::Endorser].into() }.change(&did);
        let record = world.context.record(None, &roles, genesis);
        world.records.insert(roles.key, record);
        world.endorser.0 = did;
        world.context.height = 1;
        world
    }

    fn times(&self) -> Times {
        Times { created: self.context.time, valid_until: self.context.time + 60_000 }
    }

    fn submit(&mut self, event: &Value) -> Result<CheckedEvent, Rejection> {
        let event = SignedEvent::parse(&json::canonical(event).unwrap())?.verify()?;
        for change in event.apply(&self.context, &self.records)? {
            let before = self.records.get(&change.key);
            let record = self.context.record(before, &change, event.id());
            self.records.insert(change.key, record);
        }
        self.context.height += 1;
        self.context.time += 1_000;
        Ok(event)
    }

    fn inception(&self, control: &Control) -> (String, Value) {
        let (did, event) = author::inception("bt-test", document(), control, self.times()).unwrap();
        (did.to_string(), event)
    }

    fn endorse(&self, event: &mut Value) {
        let (did, key) = &self.endorser;
        author::endorse(event, did, &self.context.domain(), key).unwrap();
    }

    pub(crate) fn create(
        &mut self,
        keys: &[&dyn Key],
        control: &Control,
    ) -> Result<String, Rejection> {
        let (did, mut event) = self.inception(control);
        for key in keys {
            author::sign(&mut event, &did, &self.context.domain(), *key).unwrap();
        }
        self.endorse(&mut event);
        self.submit(&event).map(|_| did)
    }

    pub(crate) fn change(
        &mut self,
        kind: &str,
        did: &str,
        signers: &[(&str, &dyn Key)],
        members: Value,
    ) -> Result<CheckedEvent, Rejection> {
        let mut event = author::event(kind, "bt-test", did, self.times(), members);
        for (did, key) in signers {
            author::sign(&mut event, did, &self.context.domain(), *key).unwrap();
        }
        self.submit(&event)
    }

    fn state(&self, did: &str) -> DidState {
        DidState::read(&self.records[&format!("did/{did}")]).unwrap()
    }
}

pub(crate) fn control(keys: &[&dyn Key], threshold: u64) -> Control {
    let keys: Vec<PublicKey> = keys.iter().map(|key| key.public()).collect();
    Control::of(&keys, threshold)
}

fn document() -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/did/v1.1"],
        "id": "did:ndi:bt-test:{SCID}",
        "service": [{
            "id": "did:ndi:bt-test:{SCID}#web", "type": "Web", "serviceEndpoint": "https://example.bt/"
        }],
    })
}

#[test]
fn s32_s34_a_did_is_created_updated_and_deactivated_by_its_key() {
    let mut world = World::new();
    for key in [&ed(1) as &dyn Key, &p256(2)] {
        let did = world.create(&[key], &control(&[key], 1)).unwrap();
        let mut document = document();
        document["id"] = did.clone().into();
        document["service"][0]["id"] = format!("{did}#web").into();
        document["service"][0]["type"] = "Other".into();
        let members = json!({ "previousVersion": 1, "document": document });
        world.change("DidUpdated", &did, &[(&did, key)], members.clone()).unwrap();
        let again = world.change("DidUpdated", &did, &[(&did, key)], members).unwrap_err();
        assert_eq!(again, Rejection::StaleVersion { expected: 1, current: 2 });
        let members = json!({ "previousVersion": 2 });
        world.change("DidDeactivated", &did, &[(&did, key)], members.clone()).unwrap();
        assert!(world.state(&did).deactivated);
        let after = world.change("DidDeactivated", &did, &[(&did, key)], members).unwrap_err();
        assert_eq!(after, Rejection::Deactivated(did));
    }
}

#[test]
fn s33_nobody_else_updates_a_did_even_where_neither_keys_nor_threshold_change() {
    let mut world = World::new();
    let (owner, thief) = (ed(1), ed(2));
    let did = world.create(&[&owner], &control(&[&owner], 1)).unwrap();
    let other = world.create(&[&thief], &control(&[&thief], 1)).unwrap();
    let mut document = document();
    document["id"] = did.clone().into();
    document["service"][0]["id"] = format!("{did}#web").into();
    document["service"][0]["serviceEndpoint"] = "https://thief.example/".into();
    let control = control(&[&owner], 1);
    for members in [
        json!({ "previousVersion": 1, "document": document }),
        json!({ "previousVersion": 1, "document": document, "control": control }),
    ] {
        for signer in [&did, &other] {
            let refused =
                world.change("DidUpdated", &did, &[(signer, &thief)], members.clone()).unwrap_err();
            assert!(matches!(refused, Rejection::ProofNotCounted(_)), "{refused}");
        }
    }
}

#[test]
fn a_threshold_counts_distinct_keys_and_nothing_rides_along() {
    let mut world = World::new();
    let (a, b, c, stranger) = (ed(1), p256(2), ed(3), ed(4));
    let two_of_three = control(&[&a, &b, &c], 2);
    let one = world.create(&[&a], &two_of_three).unwrap_err();
    assert_eq!(one, Rejection::Threshold { count: 1, threshold: 2 });
    let extra = world.create(&[&a, &b, &stranger], &two_of_three).unwrap_err();
    assert!(matches!(extra, Rejection::ProofNotCounted(_)), "{extra}");
    let did = world.create(&[&a, &c], &two_of_three).unwrap();
    let members = json!({ "previousVersion": 1 });
    let one = world.change("DidDeactivated", &did, &[(&did, &b)], members.clone()).unwrap_err();
    assert_eq!(one, Rejection::Threshold { count: 1, threshold: 2 });
    world.change("DidDeactivated", &did, &[(&did, &b), (&did, &c)], members).unwrap();
}

#[test]
fn s33_under_pre_rotation_only_committed_keys_rotate() {
    let mut world = World::new();
    let (now, next, thief) = (ed(1), ed(2), ed(3));
    let mut committed = control(&[&now], 1);
    committed.next_key_hashes = vec![author::key_hash(&next.public())];
    let did = world.create(&[&now], &committed).unwrap();

    let stolen = json!({ "previousVersion": 1, "control": control(&[&thief], 1) });
    let refused = world.change("DidUpdated", &did, &[(&did, &now)], stolen).unwrap_err();
    assert_eq!(refused, Rejection::KeyNotCommitted(thief.public().to_string()));
    let ended = json!({ "previousVersion": 1 });
    let refused = world.change("DidDeactivated", &did, &[(&did, &now)], ended).unwrap_err();
    assert_eq!(refused, Rejection::KeysNotRevealed);
    let rotated = json!({ "previousVersion": 1, "control": control(&[&next], 1) });
    let old = world.change("DidUpdated", &did, &[(&did, &now)], rotated.clone()).unwrap_err();
    assert!(matches!(old, Rejection::ProofNotCounted(_)), "the old key signs no more: {old}");
    world.change("DidUpdated", &did, &[(&did, &next)], rotated).unwrap();
    assert_eq!(world.state(&did).control.keys, [next.public().to_string()]);
}

#[test]
fn a_controller_counts_once_when_its_own_threshold_is_met_and_never_transitively() {
    let mut world = World::new();
    let (a, b, c) = (ed(1), ed(2), ed(3));
    let parent = world.create(&[&a, &b], &control(&[&a, &b], 2)).unwrap();
    let grandparent = world.create(&[&c], &control(&[&c], 1)).unwrap();
    let (own, members) = (ed(9), json!({ "previousVersion": 1 }));
    let mut controlled = control(&[&own], 2);
    controlled.controllers = vec![parent.clone()];
    let (did, mut event) = world.inception(&controlled);
    for (who, key) in [(&did, &own), (&parent, &a), (&parent, &b)] {
        author::sign(&mut event, who, &world.context.domain(), key).unwrap();
    }
    world.endorse(&mut event);
    world.submit(&event).unwrap();

    let half = world
        .change("DidDeactivated", &did, &[(&did, &own), (&parent, &a)], members.clone())
        .unwrap_err();
    assert_eq!(half, Rejection::Threshold { count: 1, threshold: 2 });
    let stranger = [(&*did, &own as &dyn Key), (&*grandparent, &c)];
    let refused = world.change("DidDeactivated", &did, &stranger, members.clone()).unwrap_err();
    assert_eq!(refused, Rejection::ProofNotCounted(grandparent));
    let all = [(&*did, &own as &dyn Key), (&*parent, &a), (&*parent, &b)];
    world.change("DidDeactivated", &did, &all, members).unwrap();
}

#[test]
fn a_new_author_needs_a_registered_endorser() {
    let mut world = World::new();
    let key = ed(1);
    let (did, mut event) = world.inception(&control(&[&key], 1));
    author::sign(&mut event, &did, &world.context.domain(), &key).unwrap();
    assert_eq!(world.submit(&event).unwrap_err(), Rejection::NotEndorsed);

    let other = world.create(&[&ed(5)], &control(&[&ed(5)], 1)).unwrap();
    let mut by_other = event.clone();
    author::endorse(&mut by_other, &other, &world.context.domain(), &ed(5)).unwrap();
    assert_eq!(world.submit(&by_other).unwrap_err(), Rejection::NotEndorser(other));

    world.endorse(&mut event);
    let first = world.submit(&event).unwrap();
    assert_eq!(first.principal(), world.endorser.0);
    assert_eq!(world.submit(&event).unwrap_err(), Rejection::Exists(did));
}

#[test]
fn an_event_serves_one_network_and_one_span_of_time() {
    let mut world = World::new();
    let key = ed(1);
    let (did, event) = world.inception(&control(&[&key], 1));
    let mut foreign = event.clone();
    author::sign(&mut foreign, &did, "bt-test:0000000000000000", &key).unwrap();
    let refused = world.submit(&foreign).unwrap_err();
    assert!(matches!(refused, Rejection::Network { .. }), "{refused}");

    let mut signed = event;
    author::sign(&mut signed, &did, &world.context.domain(), &key).unwrap();
    world.endorse(&mut signed);
    let valid_until = world.times().valid_until;
    world.context.time = valid_until + 1;
    let late = world.submit(&signed).unwrap_err();
    assert_eq!(late, Rejection::Expired(time::format(valid_until)));
    world.context.time = valid_until - VALIDITY_MAX - 1;
    assert_eq!(world.submit(&signed).unwrap_err(), Rejection::ValidTooLong);
}

#[test]
fn any_changed_byte_of_a_signed_event_is_refused() {
    let world = World::new();
    let key = ed(1);
    let (did, mut event) = world.inception(&control(&[&key], 1));
    author::sign(&mut event, &did, &world.context.domain(), &key).unwrap();
    world.endorse(&mut event);
    let bytes = json::canonical(&event).unwrap();
    let check = |bytes: &[u8]| SignedEvent::parse(bytes).and_then(SignedEvent::verify);
    assert!(check(&bytes).is_ok());
    for at in 0..bytes.len() {
        let mut other = bytes.clone();
        other[at] ^= 1;
        assert!(check(&other).is_err(), "byte {at}: {}", String::from_utf8_lossy(&other));
    }
}
