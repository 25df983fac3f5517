#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

use ed25519_zebra::SigningKey;
use serde_json::{Value, json};

use super::*;
use crate::author;
use crate::json::{canonical, check_canonical, tests::vectors};

/// A signer of either suite whose key is the fragment of its verification method.
struct Key(Box<dyn author::Key>);

impl Key {
    fn ed25519(seed: u8) -> Self {
        Self(Box::new(SigningKey::from([seed; 32])))
    }

    fn p256(seed: u8) -> Self {
        Self(Box::new(p256::ecdsa::SigningKey::from_slice(&[seed; 32]).unwrap()))
    }

    fn public(&self) -> PublicKey {
        self.0.public()
    }

    fn config(&self) -> Proof {
        let key = self.public();
        Proof::new(key.suite().name, &format!("did:key:{key}#{key}"), "assertionMethod")
    }

    fn sign(&self, document: &mut Value, config: Proof) {
        sign(document, config, |message| self.signature(message)).unwrap();
    }

    fn signature(&self, message: &Message) -> Vec<u8> {
        self.0.sign(message)
    }
}

fn fragment(proof: &Proof) -> Option<PublicKey> {
    proof.verification_method.split_once('#')?.1.parse().ok()
}

/// Whether each proof verifies, or why the object is refused.
fn verify(document: &Value) -> Result<Vec<bool>, IntegrityError> {
    let bytes = canonical(document).unwrap();
    let layout = check_canonical(&bytes, bytes.len()).unwrap();
    Ok(checks(&layout, fragment)?.iter().map(SignatureCheck::verify).collect())
}

fn refusal(document: &Value) -> String {
    let error = verify(document).unwrap_err();
    let at = error.proof.map(|at| format!(" {at}")).unwrap_or_default();
    format!("{}{at}", error.code)
}

fn event() -> Value {
    json!({
        "@context": ["https://w3id.org/security/data-integrity/v2"],
        "type": "SchemaPublished",
        "network": "bt-demo",
    })
}

#[test]
fn a_set_verifies_whoever_signs_first() {
    let keys = [Key::ed25519(1), Key::ed25519(2), Key::p256(3)];
    let mut document = event();
    keys.iter().for_each(|key| key.sign(&mut document, key.config()));
    assert_eq!(verify(&document), Ok(vec![true; 3]));

    let mut reverse = event();
    keys.iter().rev().for_each(|key| key.sign(&mut reverse, key.config()));
    assert_eq!(document, reverse);

    document["network"] = json!("bt-other");
    assert_eq!(verify(&document), Ok(vec![false; 3]));
}

#[test]
fn every_member_of_a_proof_is_signed() {
    let key = Key::ed25519(1);
    let mut document = event();
    let config = Proof {
        created: Some("2026-01-01T00:00:00Z".to_owned()),
        domain: Some("bt-demo:0123456789abcdef".to_owned()),
        ..key.config()
    };
    key.sign(&mut document, config);
    assert_eq!(verify(&document), Ok(vec![true]));
    for name in ["created", "domain", "@context"] {
        let mut less = document.clone();
        less["proof"][0].as_object_mut().unwrap().remove(name).unwrap();
        assert_eq!(verify(&less), Ok(vec![false]), "{name}");
    }
    for name in ["id", "nonce", "challenge", "expires", "domain", "proofPurpose"] {
        let mut other = document.clone();
        other["proof"][0][name] = json!("other");
        assert_eq!(verify(&other), Ok(vec![false]), "{name}");
    }
}

/// The standard has signers copy `@context` into the proof; a proof that was signed without it
/// verifies as it stands.
#[test]
fn a_proof_may_leave_the_context_out() {
    let key = Key::p256(3);
    let mut document = event();
    let mut proof = key.config();
    proof.proof_value =
        Some(multikey::encode(&key.signature(&prepare(&document, &proof).unwrap())));
    attach(&mut document, proof).unwrap();
    assert_eq!(verify(&document), Ok(vec![true]));
}

#[test]
fn an_endorser_signs_the_proofs_that_it_names() {
    let (author, second, endorser) = (Key::ed25519(1), Key::p256(2), Key::ed25519(3));
    let named = |key: &Key, id: &str| Proof { id: Some(id.to_owned()), ..key.config() };
    let mut document = event();
    author.sign(&mut document, named(&author, "urn:a"));
    second.sign(&mut document, named(&second, "urn:b"));
    let both = Some(PreviousProof::Many(vec!["urn:b".to_owned(), "urn:a".to_owned()]));
    let config = Proof { previous_proof: both, ..named(&endorser, "urn:c") };
    endorser.sign(&mut document, config.clone());
    let last = Key::p256(4);
    let one = Some(PreviousProof::One("urn:c".to_owned()));
    last.sign(&mut document, Proof { previous_proof: one, ..last.config() });
    assert_eq!(verify(&document), Ok(vec![true; 4]));

    // The endorsement is of these very proofs: another signature of the author undoes it.
    let position = |document: &Value, id: &str| {
        let proofs = document["proof"].as_array().unwrap();
        proofs.iter().position(|proof| proof["id"] == id).unwrap()
    };
    let mut other = document.clone();
    let at = position(&other, "urn:a");
    other["proof"][at]["proofValue"] = json!(multikey::encode(&[7; 64]));
    let verified = verify(&other).unwrap();
    assert!(!verified[position(&other, "urn:a")] && !verified[position(&other, "urn:c")]);

    // What is endorsed cannot be taken away.
    document["proof"].as_array_mut().unwrap().remove(at);
    assert!(refusal(&document).starts_with("previous-proof-unknown"));

    // Nor can one endorse what is not there.
    let mut empty = event();
    let error = sign(&mut empty, config, |_| Vec::new()).unwrap_err();
    assert_eq!(error.code, IntegrityCode::PreviousProofUnknown);
}

#[test]
fn a_check_tells_what_to_remember() {
    let key = Key::ed25519(1);
    let mut document = event();
    key.sign(&mut document, key.config());
    let bytes = canonical(&document).unwrap();
    let layout = check_canonical(&bytes, bytes.len()).unwrap();
    let secured = Secured::read(&layout).unwrap();
    assert_eq!(secured.unsecured(), canonical(&event()).unwrap());
    assert_eq!(secured.proofs().len(), 1);
    let checks = secured.checks(fragment).unwrap();
    assert_eq!(checks[0].key, key.public());
    assert_eq!(checks[0].message[32..], sha256(secured.unsecured()));
    assert_eq!(checks, secured.checks(fragment).unwrap());
    let unknown = secured.checks(|_| None).unwrap_err();
    assert_eq!(unknown, IntegrityCode::MethodUnknown.of(0));
    let other = secured.checks(|_| Some(Key::p256(1).public())).unwrap_err();
    assert_eq!(other, IntegrityCode::CryptosuiteMismatch.of(0));
    assert_eq!(
        other.to_string(),
        "proof 0: the key is of another suite: name the key's cryptosuite"
    );
}

#[test]
fn refuses_what_is_out_of_form() {
    let key = Key::ed25519(1);
    let mut document = event();
    key.sign(&mut document, key.config());
    let with = |name: &str, value: Value| {
        let mut document = document.clone();
        document["proof"][0][name] = value;
        refusal(&document)
    };
    assert_eq!(with("type", json!("Ed25519Signature2020")), "proof-type 0");
    assert_eq!(with("cryptosuite", json!("eddsa-rdfc-2022")), "cryptosuite-unknown 0");
    assert_eq!(with("cryptosuite", json!("ecdsa-jcs-2019")), "cryptosuite-mismatch 0");
    assert_eq!(with("verificationMethod", json!("did:key:z6Mk")), "method-unknown 0");
    assert_eq!(with("@context", json!([])), "context-mismatch 0");
    assert_eq!(with("domain", json!(["a"])), "proof-member 0");
    assert_eq!(with("domain", Value::Null), "proof-member 0");
    assert_eq!(with("proofValue", Value::Null), "proof-member 0");
    assert_eq!(with("extra", json!(1)), "proof-member 0");
    assert_eq!(with("proofValue", json!("uAAAA")), "proof-value 0");
    assert_eq!(with("proofValue", json!(multikey::encode(&[1; 63]))), "proof-value 0");
    assert_eq!(with("proofValue", json!(multikey::encode(&[1; 65]))), "proof-value 0");
    assert_eq!(with("previousProof", json!([])), "previous-proof-unknown 0");
    assert_eq!(with("previousProof", json!("urn:none")), "previous-proof-unknown 0");

    let proof = |proof: Value| {
        let mut document = document.clone();
        document["proof"] = proof;
        refusal(&document)
    };
    let one = &document["proof"][0];
    assert_eq!(refusal(&event()), "no-proof");
    assert_eq!(proof(one.clone()), "no-proof");
    assert_eq!(proof(json!([])), "no-proof");
    assert_eq!(proof(json!([[]])), "proof-member 0");
    assert_eq!(proof(json!(vec![one; 17])), "too-many-proofs");
    assert_eq!(proof(json!([one, one])), "method-repeated 1");

    let second = Key::ed25519(2);
    let mut two = document.clone();
    second.sign(&mut two, second.config());
    two["proof"].as_array_mut().unwrap().reverse();
    assert_eq!(refusal(&two), "proof-order 1");
}

/// Proofs named a, b, c… that endorse those of the lists, in the order of their names.
fn chained(lists: &[Value]) -> String {
    let mut document = event();
    let proofs = lists.iter().enumerate().map(|(at, list)| {
        let seed = u8::try_from(at + 1).unwrap();
        let mut proof = serde_json::to_value(Key::ed25519(seed).config()).unwrap();
        proof["proofValue"] = json!(multikey::encode(&[7; 64]));
        proof["id"] = json!(char::from(b'a' + seed - 1).to_string());
        if !list.is_null() {
            proof["previousProof"] = list.clone();
        }
        proof
    });
    document["proof"] = proofs.collect();
    refusal(&document)
}

#[test]
fn refuses_chains_that_lead_nowhere() {
    assert_eq!(chained(&[json!("a")]), "previous-proof-cycle 0");
    assert_eq!(chained(&[json!("b"), json!("a")]), "previous-proof-cycle 0");
    assert_eq!(chained(&[json!("b"), json!("c"), json!("b")]), "previous-proof-cycle 0");
    let null = Value::Null;
    assert_eq!(chained(&[null.clone(), json!("c"), json!("b")]), "previous-proof-cycle 1");
    assert_eq!(chained(&[null.clone(), json!(["a", "a"])]), "previous-proof-order 1");
    let three = [null.clone(), null.clone(), json!(["b", "a"])];
    assert_eq!(chained(&three), "previous-proof-order 2");
    assert_eq!(chained(&[null.clone(), json!(["a", "d"])]), "previous-proof-unknown 1");

    let mut document = event();
    for seed in [1, 2] {
        let key = Key::ed25519(seed);
        key.sign(&mut document, Proof { id: Some("urn:same".to_owned()), ..key.config() });
    }
    assert_eq!(refusal(&document), "proof-id-repeated 1");
}

#[test]
fn a_document_must_be_of_the_profile_to_be_signed() {
    let config = Key::ed25519(1).config();
    let code = |document: Value| prepare(&document, &config).unwrap_err().code;
    assert_eq!(code(json!({"a": 0.5})), IntegrityCode::Document);
    assert_eq!(code(json!([])), IntegrityCode::Document);
    let mut single = event();
    single["proof"] = json!({});
    assert_eq!(attach(&mut single, config).unwrap_err().code, IntegrityCode::NoProof);
}

/// A vector of the W3C: the document with its proof in an array, as it stands here.
fn vector(path: &str) -> Option<Value> {
    let mut document: Value = serde_json::from_str(&vectors(path)?).unwrap();
    if document["proof"].is_object() {
        document["proof"] = json!([document["proof"]]);
    }
    Some(document)
}

/// The private key of a vector: multibase of a two-byte prefix and 32 bytes.
fn secret(path: &str, name: &str) -> [u8; 32] {
    let keys: Value = serde_json::from_str(&vectors(path).unwrap()).unwrap();
    let bytes = multikey::decode(keys[name].as_str().unwrap(), 34).unwrap();
    bytes[2..].try_into().unwrap()
}

fn reproduces(folder: &str, suffix: &str, key: impl FnOnce() -> Key) {
    let folder = format!("data-integrity/{folder}");
    let Some(document) = vector(&format!("{folder}/signed{suffix}.json")) else { return };
    let text = |name: &str| vectors(&format!("{folder}/{name}{suffix}.txt")).unwrap();

    let bytes = canonical(&document).unwrap();
    let layout = check_canonical(&bytes, bytes.len()).unwrap();
    let secured = Secured::read(&layout).unwrap();
    assert_eq!(String::from_utf8(secured.unsecured().to_vec()).unwrap(), text("canonDoc"));
    let checks = secured.checks(fragment).unwrap();
    assert_eq!(hex::encode(&checks[0].message[..32]), text("proofHash"));
    assert_eq!(hex::encode(&checks[0].message[32..]), text("docHash"));
    assert_eq!(hex::encode(checks[0].message), text("combinedHash"));
    assert_eq!(hex::encode(&checks[0].signature), text("sigHex"));
    assert!(checks[0].verify());

    // Signing the bare document again gives the same bytes: both suites sign without chance here.
    let mut again = document.clone();
    again.as_object_mut().unwrap().remove("proof");
    let config = &vectors(&format!("{folder}/proofConfig{suffix}.json")).unwrap();
    let config: Proof = serde_json::from_str(config).unwrap();
    let canonical_config = crate::json::canonical_of(&config).unwrap();
    assert_eq!(String::from_utf8(canonical_config).unwrap(), text("proofCanon"));
    let key = key();
    assert_eq!(Some(key.public()), fragment(&config));
    key.sign(&mut again, config);
    assert_eq!(again["proof"][0]["proofValue"], text("sigBTC58"));
    assert_eq!(again, document);
}

#[test]
fn w3c_eddsa_jcs_2022() {
    reproduces("eddsa-jcs-2022", "JCS", || {
        let secret = secret("data-integrity/keyPair.json", "privateKeyMultibase");
        Key(Box::new(SigningKey::from(secret)))
    });
}

#[test]
fn w3c_ecdsa_jcs_2019_p256() {
    reproduces("ecdsa-jcs-2019-p256", "JCSECDSAP256", || {
        let secret = secret("data-integrity/p256KeyPair.json", "secretKeyMultibase");
        Key(Box::new(p256::ecdsa::SigningKey::from_slice(&secret).unwrap()))
    });
}

/// The W3C's sets and chains are signed with eddsa-rdfc-2022, which is not of the table: it is
/// refused. Renamed, they show that an endorser's object is composed as the standard has it.
#[test]
fn w3c_proof_sets_and_chains() {
    let folder = "data-integrity/proof-set-chain";
    for name in ["signedProofSet1", "signedProofSet2", "signedProofChain1", "signedProofChain2"] {
        let Some(document) = vector(&format!("{folder}/{name}.json")) else { return };
        assert_eq!(refusal(&document), "cryptosuite-unknown 0", "{name}");
    }
    let renamed = |name: &str| {
        let text = vectors(&format!("{folder}/{name}.json")).unwrap();
        let text = text.replace("eddsa-rdfc-2022", "eddsa-jcs-2022");
        canonical(&serde_json::from_str(&text).unwrap()).unwrap()
    };
    let bytes = renamed("signedProofChain2");
    let layout = check_canonical(&bytes, bytes.len()).unwrap();
    let secured = Secured::read(&layout).unwrap();
    assert_eq!(secured.unsecured(), renamed("unsigned"));
    let previous: Vec<&[usize]> = (0..4).map(|at| secured.previous(at)).collect();
    assert_eq!(previous, [&[][..], &[], &[0, 1], &[2]]);
    assert_eq!(secured.endorsed(&[0, 1]), renamed("proofChainTempDoc1"));
    assert_eq!(secured.endorsed(&[2]), renamed("proofChainTempDoc2"));
}
