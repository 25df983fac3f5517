use std::collections::BTreeMap;
use std::path::PathBuf;

use ark_bls12_381::{Fr, G1Projective};
use serde_json::Value;

use super::suite::expand_message;
use super::*;
use crate::tests::Seeded;

/// A vector of the draft, which lies beside the project (`vectors/bbs`, as the draft's repository
/// has its fixtures), or nothing and a line that says so.
fn vector(path: &str) -> Option<Value> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("DZONG_SHARED").map_or_else(beside, PathBuf::from);
    let path = shared.join("vectors/bbs/bls12-381-sha-256").join(path);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: no {} (set DZONG_SHARED)", path.display());
        return None;
    };
    Some(serde_json::from_str(&text).expect("a vector is JSON"))
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().expect("a text")).expect("hexadecimal digits")
}

fn messages(value: &Value) -> Vec<Fr> {
    let messages = value.as_array().expect("a list").iter();
    messages.map(|message| Interface::Draft.message(&bytes(message))).collect()
}

fn count(messages: &[Fr]) -> Generators {
    Generators::new(Interface::Draft, messages.len() as u8)
}

/// The draft's own randomness for its vectors: `seeded_random_scalars`.
fn mocked(count: usize) -> Seeded {
    let seed = b"3.141592653589793238462643383279";
    let tag = [Interface::Draft.id(), "MOCK_RANDOM_SCALARS_DST_"].concat();
    Seeded::of(expand_message(seed, tag.as_bytes(), 48 * count))
}

#[test]
fn hashes_are_those_of_the_draft() {
    if let Some(case) = vector("h2s.json") {
        let scalar = Interface::Draft.hash(&bytes(&case["message"]), "H2S_");
        assert_eq!(scalar_bytes(&scalar).to_vec(), bytes(&case["scalar"]));
        assert_eq!(bytes(&case["dst"]), [Interface::Draft.id(), "H2S_"].concat().as_bytes());
    }
    if let Some(case) = vector("MapMessageToScalarAsHash.json") {
        for case in case["cases"].as_array().expect("cases") {
            let scalar = Interface::Draft.message(&bytes(&case["message"]));
            assert_eq!(scalar_bytes(&scalar).to_vec(), bytes(&case["scalar"]));
        }
    }
    if let Some(case) = vector("mockedRng.json") {
        let mut rng = mocked(10);
        for scalar in case["mockedScalars"].as_array().expect("scalars") {
            assert_eq!(scalar_bytes(&random_scalar(&mut rng)).to_vec(), bytes(scalar));
        }
    }
}

#[test]
fn generators_are_those_of_the_draft() {
    let Some(case) = vector("generators.json") else { return };
    let expected = case["MsgGenerators"].as_array().expect("generators");
    let generators = Generators::new(Interface::Draft, expected.len() as u8);
    assert_eq!(generators.len(), expected.len());
    let octets = |point| signature::octets(point).to_vec();
    assert_eq!(octets(generators.p1), bytes(&case["P1"]));
    assert_eq!(octets(generators.q1), bytes(&case["Q1"]));
    for (point, expected) in generators.messages.iter().zip(expected) {
        assert_eq!(octets(*point), bytes(expected));
    }
    // Ours are others.
    let ours = Generators::new(Interface::Slots, expected.len() as u8);
    assert!(ours.messages.iter().all(|point| !generators.messages.contains(point)));
}

#[test]
fn keys_are_those_of_the_draft() {
    let Some(case) = vector("keypair.json") else { return };
    let (material, info) = (bytes(&case["keyMaterial"]), bytes(&case["keyInfo"]));
    let key = SecretKey::generate(Interface::Draft, &material, &info).expect("a key");
    assert_eq!(key.bytes().to_vec(), bytes(&case["keyPair"]["secretKey"]));
    assert_eq!(key.public().bytes().to_vec(), bytes(&case["keyPair"]["publicKey"]));
    assert_eq!(SecretKey::read(&key.bytes()), Ok(key.clone()));
    assert_eq!(PublicKey::read(&key.public().bytes()), Ok(key.public()));
    let short = SecretKey::generate(Interface::Draft, &material[..31], &info);
    assert_eq!(short, Err(BbsError::Material));
}

#[test]
fn signatures_are_those_of_the_draft() {
    for number in 1..=10 {
        let Some(case) = vector(&format!("signature/signature{number:03}.json")) else { return };
        let (header, messages) = (bytes(&case["header"]), messages(&case["messages"]));
        let pair = &case["signerKeyPair"];
        let secret = SecretKey::read(&bytes(&pair["secretKey"])).expect("a key");
        let key = PublicKey::read(&bytes(&pair["publicKey"])).expect("a key");
        let generators = count(&messages);
        let read = Signature::read(&bytes(&case["signature"])).expect("a signature");
        assert_eq!(read.bytes(), bytes(&case["signature"]));
        let valid = case["result"]["valid"].as_bool().expect("a verdict");
        let verdict = verify(&key, &read, &generators, &header, &messages);
        assert_eq!(verdict.is_ok(), valid, "{}", case["caseName"]);
        if valid {
            assert_eq!(sign(&secret, &generators, &header, &messages), Ok(read));
        }
    }
}

#[test]
fn proofs_are_those_of_the_draft() {
    for number in 1..=15 {
        let Some(case) = vector(&format!("proof/proof{number:03}.json")) else { return };
        let (header, ph) = (bytes(&case["header"]), bytes(&case["presentationHeader"]));
        let key = PublicKey::read(&bytes(&case["signerPublicKey"])).expect("a key");
        let all = messages(&case["messages"]);
        let indexes = case["disclosedIndexes"].as_array().expect("indexes").iter();
        let indexes = indexes.map(|index| index.as_u64().expect("an index") as usize);
        let disclosed: BTreeMap<usize, Fr> = indexes.map(|index| (index, all[index])).collect();
        let generators = count(&all);
        let valid = case["result"]["valid"].as_bool().expect("a verdict");
        let proof = bytes(&case["proof"]);
        let verdict = Proof::read(&proof)
            .and_then(|proof| verify_proof(&proof, &key, &generators, &header, &ph, &disclosed));
        assert_eq!(verdict.is_ok(), valid, "{}: {verdict:?}", case["caseName"]);
        if valid {
            let signature = Signature::read(&bytes(&case["signature"])).expect("a signature");
            let mut rng = mocked(5 + all.len() - disclosed.len());
            let (blinded, opening) =
                Blinded::new(&signature, &key, &generators, &header, &all, &disclosed, &mut rng)
                    .expect("the signature fits");
            let challenge = blinded.challenge(&generators, &disclosed, &ph);
            assert_eq!(
                hex::encode(blinded.finish(&opening, challenge).bytes()),
                hex::encode(&proof)
            );
            let changed = [&proof[..proof.len() - 1], &[proof[proof.len() - 1] ^ 1]].concat();
            let changed = Proof::read(&changed).and_then(|proof| {
                verify_proof(&proof, &key, &generators, &header, &ph, &disclosed)
            });
            assert_eq!(changed, Err(BbsError::Invalid));
        }
    }
}

/// What needs no vectors.
#[test]
fn a_signature_holds_for_its_messages_alone() {
    let secret = SecretKey::generate(Interface::Draft, &[7; 32], b"").expect("a key");
    let messages = [b"a", b"b", b"c"].map(|text| Interface::Draft.message(text));
    let generators = count(&messages);
    let signature = sign(&secret, &generators, b"h", &messages).expect("a signature");
    let key = secret.public();
    let verdict =
        |header: &[u8], messages: &[Fr]| verify(&key, &signature, &generators, header, messages);
    assert_eq!(verdict(b"h", &messages), Ok(()));
    assert_eq!(verdict(b"g", &messages), Err(BbsError::Invalid));
    assert_eq!(verdict(b"h", &[messages[1], messages[0], messages[2]]), Err(BbsError::Invalid));
    assert_eq!(verdict(b"h", &messages[..2]), Err(BbsError::Count));
    let bytes = signature.bytes();
    assert_eq!(bytes.len(), 80);
    assert_eq!(Signature::read(&bytes[..79]), Err(BbsError::Form));
    assert_eq!(Signature::read(&[&bytes[..48], &[0; 32]].concat()), Err(BbsError::Form));
    assert_eq!(Signature::read(&[&bytes[..48], &[0xff; 32]].concat()), Err(BbsError::Form));
}

#[test]
fn a_sum_of_products_is_what_single_products_add_up_to() {
    let point = Generators::new(Interface::Draft, 3).messages;
    let edges = [0, 1, 2, 15, 16, 31, u64::MAX].map(Fr::from);
    for scalar in edges.into_iter().chain(edges.map(|edge| -edge)) {
        let other = Interface::Draft.message(&scalar_bytes(&scalar));
        let terms = [(point[0], scalar), (point[1], other), (point[0], other), (point[2], -scalar)];
        let expected: G1Projective = terms.iter().map(|(point, scalar)| *point * *scalar).sum();
        assert_eq!(msm(&terms), expected);
    }
    let cancelled = msm(&[(point[0], Fr::from(7)), (point[0], -Fr::from(7))]);
    assert_eq!(cancelled, G1Projective::default());
    assert_eq!(msm(&[]), G1Projective::default());
}
