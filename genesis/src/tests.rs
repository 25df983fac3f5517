use ed25519_zebra::SigningKey;
use proofs::PublicKey;
use registry::author::Key;
use registry::integrity::Message;
use registry::network::{Parameters, ValidatorEntry};
use registry::suites::SUITES;

use super::*;

const NOW: u64 = 1_795_299_503_000;

struct Ed25519(SigningKey);

impl Key for Ed25519 {
    fn public(&self) -> registry::multikey::PublicKey {
        let key: [u8; 32] = self.0.verification_key().into();
        registry::multikey::PublicKey::new(SUITES[0], &key).unwrap()
    }
    fn sign(&self, message: &Message) -> Vec<u8> {
        self.0.sign(message).to_bytes().to_vec()
    }
}

fn key(seed: u8) -> Ed25519 {
    Ed25519(SigningKey::from([seed; 32]))
}

fn validator(seed: u8) -> Place {
    let public =
        |at: u8| PublicKey(SigningKey::from([seed.wrapping_add(at); 32]).verification_key().into());
    Place::Validator(ValidatorEntry {
        cosigner_key: public(1),
        from: None,
        jurisdiction: None,
        log_key: public(2),
        name: format!("node{seed}"),
        operator: String::new(),
        peer_key: public(3),
        power: 1,
        until: None,
        validator_key: public(4),
    })
}

fn places() -> Vec<Place> {
    let governors = (1..=5).map(|seat| Place::Governor { seat });
    let others = [Place::AdministrativeBody, Place::Secretary, Place::Endorser];
    let validators = (0..4).map(|i| validator(100 + 10 * i));
    governors.chain(others).chain(validators).collect()
}

#[test]
fn a_ceremony_ends_in_a_genesis_document() {
    let mut draft = Draft::new("bt-demo", Parameters::default(), NOW).unwrap();
    assert_eq!(draft.lacks().len(), 9);
    for (seed, place) in (1..).zip(places()) {
        let (did, contribution) = contribute("bt-demo", NOW, place, &key(seed)).unwrap();
        assert_eq!(draft.add(&contribution).unwrap(), did);
        assert_eq!(draft.add(&contribution).unwrap(), did, "adding again changes nothing");
    }
    // A draft survives its file.
    let text = serde_json::to_string_pretty(&draft).unwrap();
    let draft: Draft = serde_json::from_str(&text).unwrap();
    let genesis = draft.assemble().unwrap();
    assert_eq!(genesis.network(), "bt-demo");
    assert_eq!(genesis.validators().as_slice().len(), 4);
    assert!(summary(&genesis).starts_with(&format!("genesis              {}", genesis.hash())));
    assert_eq!(genesis.hash(), draft.assemble().unwrap().hash());
}

#[test]
fn what_is_missing_or_foreign_is_named() {
    let mut draft = Draft::new("bt-demo", Parameters::default(), NOW).unwrap();
    let refuse = |result: Result<String, CeremonyError>| result.unwrap_err().to_string();
    let (_, foreign) = contribute("other", NOW, Place::Secretary, &key(1)).unwrap();
    assert_eq!(
        refuse(draft.add(&foreign)),
        "the inception event is refused: the event is for network `other (other)`; this is \
         `bt-demo (bt-demo)`"
    );
    let (first, mut secretary) = contribute("bt-demo", NOW, Place::Secretary, &key(1)).unwrap();
    draft.add(&secretary).unwrap();
    let (_, second) = contribute("bt-demo", NOW, Place::Secretary, &key(2)).unwrap();
    assert_eq!(
        refuse(draft.add(&second)),
        format!("the Secretary is taken by `{first}`: start a new draft to change it")
    );
    secretary.place = Place::Governor { seat: 6 };
    assert_eq!(refuse(draft.add(&secretary)), "the Governing Body has seats 1 to 5, not 6");
    secretary.place = validator(100);
    assert_eq!(
        refuse(draft.add(&secretary)),
        format!("the entry names `` as its operator, but the event is by `{first}`")
    );
    assert_eq!(
        draft.assemble().unwrap_err().to_string(),
        "the draft is not complete, it lacks: governor of seat 1, governor of seat 2, governor of \
         seat 3, governor of seat 4, governor of seat 5, administrative body, an endorser, 4 \
         validators"
    );
}
