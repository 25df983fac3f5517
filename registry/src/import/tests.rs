//! A small Indy ledger moves in: its DIDs, schemas and credential definitions are found by their
//! old identifiers, with the proof where they come from.

use ed25519_zebra::SigningKey;
use proofs::merkle::verify_inclusion;
use proofs::{Hash, ProvenRecord};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::encoding::signed;
use super::*;
use crate::governance::tests::nation::{Nation, ed, evidence};
use crate::resolution;
use crate::{Rejection, base58};

const THREE: &[&str] = &["g1", "g2", "g3"];
const ENDPOINT: &str = r#"{"endpoint":{"endpoint":"https://agent.example.bt"}}"#;

/// An Indy identifier and its key, as wallets made them: the first half of the key.
fn owner(seed: u8) -> (String, String, SigningKey) {
    let key = ed(seed);
    let public = proofs::PublicKey::from(&key).0;
    (base58::encode(&public[..16]), base58::encode(&public), key)
}

/// A domain ledger.
struct Indy(Vec<Value>);

impl Indy {
    /// Appends a transaction that these signed, of whom the first is the author.
    fn append(&mut self, code: &str, data: Value, signers: &[u8]) -> usize {
        let seq_no = self.0.len() + 1;
        let req_id = 1_570_206_979_266_610_400_u64 + seq_no as u64;
        let mut operation = data.clone();
        operation["type"] = code.into();
        let mut metadata = Map::new();
        let mut values = Vec::new();
        if let Some(author) = signers.first() {
            let author = owner(*author).0;
            let request = json!({
                "identifier": author,
                "operation": operation,
                "protocolVersion": 2,
                "reqId": req_id,
            });
            let message = signed(&request);
            metadata.insert("from".into(), author.into());
            metadata.insert("reqId".into(), req_id.into());
            metadata.insert("digest".into(), "00".repeat(32).into());
            let digest = hex::encode(Sha256::digest(&message));
            metadata.insert("payloadDigest".into(), digest.into());
            values.extend(signers.iter().map(|signer| {
                let (from, _, key) = owner(*signer);
                let value = base58::encode(&key.sign(message.as_bytes()).to_bytes());
                json!({ "from": from, "value": value })
            }));
        }
        let signature = match values.as_slice() {
            [] => json!({}),
            values => json!({ "type": "ED25519", "values": values }),
        };
        self.0.push(json!({
            "reqSignature": signature,
            "txn": { "data": data, "metadata": metadata, "protocolVersion": 2, "type": code },
            "txnMetadata": { "seqNo": seq_no, "txnTime": 1_570_207_600 + seq_no },
            "ver": "1",
        }));
        self.0.len() - 1
    }

    fn leaves(&self) -> Vec<Hash> {
        let leaf = |one| proofs::merkle::leaf_hash(&encoding::packed(one).unwrap());
        self.0.iter().map(leaf).collect()
    }

    fn tree(&self) -> SourceTree {
        SourceTree::new(self.leaves())
    }

    fn approval(&self) -> Value {
        json!({
            "evidence": evidence(),
            "legacy": true,
            "namespace": "bhutan",
            "rootHash": self.tree().root(),
            "size": self.0.len(),
        })
    }

    /// The members of the event that takes a transaction over.
    fn import(&self, at: usize) -> Value {
        json!({
            "namespace": "bhutan",
            "path": self.tree().path(at).unwrap(),
            "transaction": canonical(&self.0[at]),
        })
    }
}

const TRUSTEE: u8 = 61;
const ISSUER: u8 = 62;

/// What a government had on its ledger: a trustee from genesis, and an issuer with all its things.
fn ledger() -> Indy {
    let mut indy = Indy(Vec::new());
    let (trustee, trustee_key, _) = owner(TRUSTEE);
    let (issuer, issuer_key, _) = owner(ISSUER);
    let short = |key: &str| format!("~{}", base58::encode(&base58::decode(key, 32).unwrap()[16..]));
    let nym = json!({ "dest": trustee, "role": "0", "verkey": trustee_key });
    indy.append("1", nym, &[]);
    let nym = json!({ "dest": issuer, "role": "101", "verkey": short(&issuer_key) });
    indy.append("1", nym, &[TRUSTEE]);
    let raw = hex::encode(Sha256::digest(ENDPOINT));
    indy.append("100", json!({ "dest": issuer, "raw": raw }), &[ISSUER]);
    let schema =
        json!({ "attr_names": ["name", "number"], "name": "Driving Licence", "version": "1.0" });
    indy.append("101", json!({ "data": schema }), &[ISSUER]);
    let value = json!({ "primary": { "n": "1234", "r": { "name": "5" }, "s": "6" } });
    let definition = json!({ "data": value, "ref": 4, "signature_type": "CL", "tag": "default" });
    indy.append("102", definition, &[ISSUER, TRUSTEE]);
    indy
}

fn issuer() -> String {
    did_indy("bhutan", &owner(ISSUER).0)
}

fn schema_url() -> String {
    format!("{}/anoncreds/v0/SCHEMA/Driving%20Licence/1.0", issuer())
}

/// The events that take the whole ledger over, in its order.
fn imports(indy: &Indy) -> Vec<Value> {
    let mut imports: Vec<Value> = (0..indy.0.len()).map(|at| indy.import(at)).collect();
    imports[2]["attribute"] = ENDPOINT.into();
    imports[4]["schema"] = schema_url().into();
    imports
}

/// A nation that has approved the ledger.
fn nation(indy: &Indy) -> Nation {
    let mut nation = Nation::new();
    nation.act("SourceLedgerApproved", THREE, indy.approval()).unwrap();
    nation
}

/// A nation that has taken it over.
fn moved(indy: &Indy) -> Nation {
    let mut nation = nation(indy);
    for members in imports(indy) {
        nation.act("TransactionImported", &["admin"], members).unwrap();
    }
    nation
}

fn proven(nation: &Nation, key: String) -> ProvenRecord {
    let record = nation.records.get(&key).cloned();
    ProvenRecord { key, past: None, path: Vec::new(), record }
}

fn resolve(nation: &Nation, did: &str) -> resolution::Resolution {
    let question = resolution::Question::latest(did);
    let key = question.key("bt-test").unwrap();
    question.answer(&proven(nation, key)).unwrap()
}

#[test]
fn s25_s128_s130_the_governing_body_approves_a_ledger_and_how_far_it_is_taken_over() {
    let indy = ledger();
    let approval = indy.approval();
    let mut nation = Nation::new();
    let kind = "SourceLedgerApproved";
    assert_eq!(nation.refused(kind, &["admin"], approval.clone()), "threshold");
    assert_eq!(nation.refused(kind, &["op1"], approval.clone()), "not-entitled");
    for (member, value) in [
        ("namespace", json!("Bhutan")),
        ("namespace", json!("a:b:c")),
        ("size", json!(0)),
        ("rootHash", json!("00")),
        ("evidence", json!({ "sha256": "00".repeat(32), "uri": "minutes" })),
    ] {
        let mut wrong = approval.clone();
        wrong[member] = value;
        assert_eq!(nation.refused(kind, THREE, wrong), "members", "{member}");
    }
    nation.act(kind, THREE, approval.clone()).unwrap();
    assert_eq!(nation.refused(kind, THREE, approval.clone()), "exists");
    // The ledger went on for a while.
    let mut later = approval.clone();
    (later["previousVersion"], later["size"]) = (json!(1), json!(7));
    nation.act(kind, THREE, later.clone()).unwrap();
    (later["previousVersion"], later["size"]) = (json!(2), json!(6));
    assert_eq!(nation.refused(kind, THREE, later), "members");
}

#[test]
fn s129_s130_a_ledger_that_was_taken_over_answers_by_its_old_identifiers() {
    let indy = ledger();
    let nation = moved(&indy);
    let (id, key, _) = owner(ISSUER);
    let did = issuer();
    let result = resolve(&nation, &did);
    let document: Value = serde_json::from_str(result.document.unwrap().get()).unwrap();
    assert_eq!(document["id"], json!(did));
    assert_eq!(document["verificationMethod"][0]["publicKeyBase58"], json!(key));
    assert_eq!(document["authentication"], json!([format!("{did}#verkey")]));
    assert_eq!(document["service"][0]["serviceEndpoint"], json!("https://agent.example.bt"));
    let metadata = Value::Object(result.document_metadata);
    assert_eq!(metadata["equivalentId"], json!([did_sov(&id)]));
    assert_eq!(
        (&metadata["versionId"], &metadata["created"]),
        (&json!("3"), &json!("2019-10-04T16:46:42Z"))
    );
    let imported = &metadata["imported"];
    assert_eq!((&imported["namespace"], &imported["seqNo"]), (&json!("bhutan"), &json!(3)));
    assert_eq!(imported["rootHash"], json!(indy.tree().root()));
    assert_eq!(imported["leafHash"], json!(indy.leaves()[2]));
    assert_eq!(imported["signers"], json!([id]));

    // The same as did:sov.
    let old = resolve(&nation, &did_sov(&id));
    let text = old.document.unwrap().get().to_owned();
    assert_eq!(text.replace(&did_sov(&id), &did), document.to_string());
    assert_eq!(Value::Object(old.document_metadata)["equivalentId"], json!([did]));

    // Schema and credential definition, encoded or not.
    for url in [schema_url(), schema_url().replace("%20", " ")] {
        let question = Question::read(&url).unwrap();
        let answer = question.answer(&proven(&nation, question.key())).unwrap();
        let content: Value = serde_json::from_str(answer.content.unwrap().get()).unwrap();
        assert_eq!(
            content,
            json!({
                "attrNames": ["name", "number"],
                "issuerId": did,
                "name": "Driving Licence",
                "version": "1.0",
            })
        );
        assert_eq!(answer.metadata["resourceType"], json!("anonCredsSchema"));
    }
    let question = Question::read(&format!("{did}/anoncreds/v0/CLAIM_DEF/4/default")).unwrap();
    let answer = question.answer(&proven(&nation, question.key())).unwrap();
    let content: Value = serde_json::from_str(answer.content.unwrap().get()).unwrap();
    assert_eq!((&content["schemaId"], &content["type"]), (&json!(schema_url()), &json!("CL")));
    assert_eq!(content["value"]["primary"]["n"], json!("1234"));
    // Author and endorser signed it, and the keys of both had come before.
    let signers = json!([id, owner(TRUSTEE).0]);
    assert_eq!(answer.metadata["imported"]["signers"], signers);
}

#[test]
fn what_was_not_imported_stays_another_methods() {
    let nation = moved(&ledger());
    let stranger = owner(70).0;
    for did in [did_sov(&stranger), did_indy("bhutan", &stranger), did_indy("sovrin", &stranger)] {
        assert_eq!(resolve(&nation, &did).failure, Some(resolution::Failure::MethodNotSupported));
    }
    for did in ["did:sov:short", "did:indy:Bhutan:WgWxqztrNooG92RXvxSTWv", "did:web:example.bt"] {
        let key = resolution::Question::latest(did).key("bt-test");
        assert_eq!(key, Err(resolution::Failure::MethodNotSupported), "{did}");
    }
    let version = Some("1".to_owned());
    let past =
        resolution::Question { version_id: version, ..resolution::Question::latest(&issuer()) };
    assert_eq!(past.key("bt-test"), Err(resolution::Failure::FeatureNotSupported));
    let other = schema_url().replace("1.0", "1.1");
    let question = Question::read(&other).unwrap();
    let answer = question.answer(&proven(&nation, question.key())).unwrap();
    assert_eq!(answer.failure, Some(resolution::Failure::NotFound));
    for url in [
        issuer(),
        format!("{}/anoncreds/v0/SCHEMA/a", issuer()),
        schema_url().replace("indy", "web"),
    ] {
        assert_eq!(Question::read(&url), None, "{url}");
    }
}

#[test]
fn s129_only_the_administrative_body_imports_and_only_what_is_proven() {
    let indy = ledger();
    let members = indy.import(0);
    let kind = "TransactionImported";
    let mut unknown = Nation::new();
    assert_eq!(unknown.refused(kind, &["admin"], members.clone()), "import-source");
    let mut nation = nation(&indy);
    assert_eq!(nation.refused(kind, &["g1", "g2", "g3"], members.clone()), "not-entitled");
    assert_eq!(nation.refused(kind, &["op1"], members.clone()), "not-entitled");
    let mut elsewhere = members.clone();
    elsewhere["namespace"] = "sovrin".into();
    assert_eq!(nation.refused(kind, &["admin"], elsewhere), "import-source");
    let mut another_place = members.clone();
    another_place["path"] = indy.import(1)["path"].clone();
    assert_eq!(nation.refused(kind, &["admin"], another_place), "import-not-included");
    let mut longer = members.clone();
    longer["path"] = json!(vec![Hash::ZERO; 65]);
    assert_eq!(nation.refused(kind, &["admin"], longer), "members");
    // Another key, another time, another place: another leaf.
    for (pointer, value) in [
        ("/txn/data/verkey", json!(owner(70).1)),
        ("/txnMetadata/txnTime", json!(1)),
        ("/txnMetadata/seqNo", json!(2)),
    ] {
        let mut forged = indy.0[0].clone();
        *forged.pointer_mut(pointer).unwrap() = value;
        let mut wrong = members.clone();
        wrong["transaction"] = canonical(&forged).into();
        assert_eq!(nation.refused(kind, &["admin"], wrong), "import-not-included", "{pointer}");
    }
    nation.act(kind, &["admin"], members.clone()).unwrap();
    assert_eq!(nation.refused(kind, &["admin"], members), "import-order");
}

#[test]
fn s129_a_transaction_is_taken_in_one_form_and_of_four_types() {
    let mut indy = ledger();
    let at = indy.append("113", json!({ "id": "x" }), &[ISSUER]);
    let mut nation = nation(&indy);
    let mut refused = |text: &str| {
        let mut members = indy.import(1);
        members["transaction"] = text.into();
        nation.refused("TransactionImported", &["admin"], members)
    };
    let good = canonical(&indy.0[1]);
    let spaced = good.replacen(':', ": ", 1);
    let twice = good.replacen("\"ver\":\"1\"", "\"ver\":\"1\",\"ver\":\"1\"", 1);
    let fraction = good.replacen("\"txnTime\":1570207602", "\"txnTime\":1.5", 1);
    let negative = good.replacen("\"txnTime\":1570207602", "\"txnTime\":-1", 1);
    let more = good.replacen("\"role\"", "\"name\":\"Dorji\",\"role\"", 1);
    let other_dest = good.replacen(&owner(ISSUER).0, "did:sov:x", 1);
    let bad_key = good.replacen('~', "~~", 1);
    let other_type = canonical(&indy.0[at]);
    for text in ["", "[]", "{}", &spaced, &twice, &fraction, &negative, &more, &other_type] {
        assert_eq!(refused(text), "import-transaction", "{text}");
    }
    for text in [&other_dest, &bad_key] {
        assert_eq!(refused(text), "import-transaction", "{text}");
    }
    let long =
        good.replacen("\"role\":\"101\"", &format!("\"role\":\"{}\"", "1".repeat(66_000)), 1);
    assert_eq!(refused(&long), "json-size");
}

#[test]
fn s129_personal_data_stays_behind() {
    let mut indy = ledger();
    let (id, key, _) = owner(ISSUER);
    let texts = [
        r#"{"name":"Dorji"}"#,
        r#"{"endpoint":{"endpoint":"https://a.bt"},"phone":"17"}"#,
        r#"{"endpoint":{"ha":"10.0.0.1:9700"}}"#,
    ];
    let alias = json!({ "alias": "Dorji", "dest": owner(70).0, "verkey": key });
    let alias = indy.append("1", alias, &[TRUSTEE]);
    let attributes: Vec<usize> = texts
        .iter()
        .map(|text| {
            let raw = hex::encode(Sha256::digest(text));
            indy.append("100", json!({ "dest": id, "raw": raw }), &[ISSUER])
        })
        .collect();
    let hashed = indy.append("100", json!({ "dest": id, "hash": "00" }), &[ISSUER]);
    let mut nation = moved(&indy_of(&indy, 5));
    let mut grown = indy.approval();
    grown["previousVersion"] = 1.into();
    nation.act("SourceLedgerApproved", THREE, grown).unwrap();
    let kind = "TransactionImported";
    assert_eq!(nation.refused(kind, &["admin"], indy.import(alias)), "import-personal");
    for (at, text) in attributes.into_iter().zip(texts) {
        let mut members = indy.import(at);
        members["attribute"] = text.into();
        assert_eq!(nation.refused(kind, &["admin"], members.clone()), "import-personal", "{text}");
        members["attribute"] = ENDPOINT.into();
        assert_eq!(nation.refused(kind, &["admin"], members), "import-transaction");
    }
    let mut members = indy.import(hashed);
    members["attribute"] = ENDPOINT.into();
    assert_eq!(nation.refused(kind, &["admin"], members), "import-personal");
    let mut bare = imports(&indy_of(&indy, 5))[2].clone();
    bare["path"] = indy.import(2)["path"].clone();
    bare.as_object_mut().unwrap().remove("attribute");
    assert_eq!(nation.refused(kind, &["admin"], bare), "import-transaction");
}

/// The first transactions of a ledger.
fn indy_of(indy: &Indy, size: usize) -> Indy {
    Indy(indy.0[..size].to_vec())
}

#[test]
fn s129_a_signature_that_does_not_hold_is_refused_and_keys_rotate_with_their_ledger() {
    let mut indy = ledger();
    let (id, ..) = owner(ISSUER);
    let new_key = owner(70).1;
    let rotated = indy.append("1", json!({ "dest": id, "verkey": new_key }), &[ISSUER]);
    // Signed with a key that was rotated away: no Indy ledger would have taken it.
    let schema = json!({ "data": { "attr_names": ["a"], "name": "Late", "version": "1" } });
    let late = indy.append("101", schema, &[ISSUER]);
    let ended = indy.append("1", json!({ "dest": id, "verkey": null }), &[TRUSTEE]);
    let mut nation = nation(&indy);
    for members in imports(&indy).into_iter().take(6) {
        nation.act("TransactionImported", &["admin"], members).unwrap();
    }
    let kind = "TransactionImported";
    assert_eq!(nation.refused(kind, &["admin"], indy.import(late)), "import-signature");
    let key = |nation: &Nation| {
        let document = resolve(nation, &issuer()).document.unwrap();
        let document: Value = serde_json::from_str(document.get()).unwrap();
        document["verificationMethod"][0]["publicKeyBase58"].clone()
    };
    assert_eq!(key(&nation), json!(new_key));
    assert_eq!(nation.refused(kind, &["admin"], indy.import(1)), "import-order");
    nation.act(kind, &["admin"], indy.import(ended)).unwrap();
    let over = resolve(&nation, &issuer());
    assert!(over.is_deactivated() && over.document.is_none());
    assert!(rotated < ended);
}

#[test]
fn s129_what_a_transaction_builds_on_comes_first() {
    let indy = ledger();
    let mut nation = nation(&indy);
    let [trustee, nym, attrib, schema, definition] =
        <[Value; 5]>::try_from(imports(&indy)).unwrap();
    let kind = "TransactionImported";
    for members in [&attrib, &schema] {
        assert_eq!(nation.refused(kind, &["admin"], members.clone()), "import-missing");
    }
    nation.act(kind, &["admin"], trustee).unwrap();
    nation.act(kind, &["admin"], nym).unwrap();
    assert_eq!(nation.refused(kind, &["admin"], definition.clone()), "import-missing");
    nation.act(kind, &["admin"], schema.clone()).unwrap();
    assert_eq!(nation.refused(kind, &["admin"], schema), "exists");
    let mut without = definition.clone();
    without.as_object_mut().unwrap().remove("schema");
    assert_eq!(nation.refused(kind, &["admin"], without), "members");
    let mut with = attrib;
    with["schema"] = schema_url().into();
    assert_eq!(nation.refused(kind, &["admin"], with), "members");
    nation.act(kind, &["admin"], definition).unwrap();
}

#[test]
fn s129_two_ledgers_do_not_share_an_identifier_of_old() {
    let indy = ledger();
    let mut nation = moved(&indy);
    let mut other = indy.approval();
    other["namespace"] = "bhutan:test".into();
    nation.act("SourceLedgerApproved", THREE, other).unwrap();
    let mut members = indy.import(0);
    members["namespace"] = "bhutan:test".into();
    let refused = nation.act("TransactionImported", &["admin"], members).unwrap_err();
    assert!(matches!(refused, Rejection::Import(ImportError::Taken(_))), "{refused}");
}

#[test]
fn an_owners_own_part_of_a_document_is_checked_as_every_document_is() {
    let mut indy = ledger();
    let (id, ..) = owner(ISSUER);
    let did = issuer();
    let good = json!({
        "assertionMethod": [format!("{did}#verkey")],
        "service": [
            { "id": format!("{did}#hub"), "serviceEndpoint": "https://hub.bt", "type": "Hub" },
        ],
    });
    let nym = |content: &Value| json!({ "dest": id, "diddocContent": content.to_string() });
    let good = indy.append("1", nym(&good), &[ISSUER]);
    let id_again = indy.append("1", nym(&json!({ "id": "did:sov:x" })), &[ISSUER]);
    let person = indy.append("1", nym(&json!({ "givenName": "Dorji" })), &[ISSUER]);
    let mut nation = nation(&indy);
    for members in imports(&indy).into_iter().take(5) {
        nation.act("TransactionImported", &["admin"], members).unwrap();
    }
    nation.act("TransactionImported", &["admin"], indy.import(good)).unwrap();
    let document = resolve(&nation, &did).document.unwrap();
    let document: Value = serde_json::from_str(document.get()).unwrap();
    // What the NYM says takes the place of an ATTRIB's endpoint.
    assert_eq!(document["service"][0]["type"], json!("Hub"));
    assert_eq!(document["service"].as_array().unwrap().len(), 1);
    let kind = "TransactionImported";
    assert_eq!(nation.refused(kind, &["admin"], indy.import(id_again)), "import-transaction");
    assert_eq!(nation.refused(kind, &["admin"], indy.import(person)), "document");
}

#[test]
fn any_tree_proves_each_of_its_leaves() {
    for size in 1..70_u8 {
        let leaves: Vec<Hash> = (0..size).map(|byte| Hash([byte; 32])).collect();
        let tree = SourceTree::new(leaves.clone());
        assert_eq!(tree.path(leaves.len()), None);
        for (index, leaf) in leaves.iter().enumerate() {
            let path = tree.path(index).unwrap();
            let (index, size) = (index as u64, u64::from(size));
            verify_inclusion(*leaf, index, size, &path, &tree.root()).unwrap();
        }
    }
    assert_eq!(SourceTree::new(Vec::new()).root(), proofs::merkle::empty_root());
}

#[test]
fn a_ledger_that_other_software_wrote_is_read_as_it_was_written() {
    // Made, signed and hashed by a program in another language, which finds the root of a real
    // Indy ledger from its transactions.
    let file = include_str!("../../../tests/golden/indy/domain.jsonl");
    let mut indy = Indy(Vec::new());
    for line in file.lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        indy.0.push(value.get(1).cloned().unwrap_or(value));
    }
    let root = "9335ee29a1131ee8988c8f28a2497207a64e7e09e0d79218745877cea79602dd";
    assert_eq!(indy.tree().root().to_string(), root);
    let mut nation = nation(&indy);
    let did = did_indy("bhutan", "PxEvQJzg3hLWzGV6LkFVRm");
    for (at, signers) in [(0, 0), (2, 1), (3, 1), (4, 1), (5, 2), (6, 1), (7, 1)] {
        let mut members = indy.import(at);
        if at == 3 {
            members["attribute"] =
                r#"{"endpoint":{"endpoint":"https://agent.rsta.example.bt"}}"#.into();
        }
        if at == 5 {
            members["schema"] = format!("{did}/anoncreds/v0/SCHEMA/Driving%20Licence/1.0").into();
        }
        let transaction = Transaction::read(
            members["transaction"].as_str().unwrap(),
            members["attribute"].as_str(),
        );
        let transaction = transaction.unwrap();
        assert_eq!(transaction.is_noted, at > 0, "{at}");
        let key = subject("bhutan", &transaction);
        nation.act("TransactionImported", &["admin"], members).unwrap();
        let verified = nation.content(&key)["origin"]["signers"].as_array().unwrap().len();
        assert_eq!(verified, signers, "{at}");
    }
    // What follows from it is for ever.
    let made = nation.records.iter().filter(|(key, _)| key.starts_with(KEY_PREFIX));
    let made: Map<String, Value> = made
        .map(|(key, record)| (key.clone(), serde_json::to_value(&record.content).unwrap()))
        .collect();
    let made = serde_json::to_string_pretty(&made).unwrap() + "\n";
    if made != include_str!("../../../tests/golden/indy/records.json") {
        let path = std::env::temp_dir().join("dzong-indy.json");
        std::fs::write(&path, made).unwrap();
        panic!("the records are not the frozen ones: {}", path.display());
    }
}
