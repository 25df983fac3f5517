//! Clients from npm with nothing of ours: they sign events, verify them, and resolve DIDs.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64_URL;
use node::clock::now_ms;
use node::keys::{KeyFile, Suite};
use node::status_list::{self, Listing, Moment, Provider, Purpose};
use registry::author::{self, Key as _};
use registry::multikey;
use registry::status::Vector;
use serde_json::{Value, json};
use tests::authors::Author;
use tests::network::text;
use tests::{Network, root};

/// Multicodec prefixes of secret keys: Ed25519 (then secret and public key), P-256.
fn secret_multikey(key: &KeyFile) -> String {
    let public = key.public();
    let secret = key.secret();
    multikey::encode(&match key.suite() {
        Suite::Ed25519 => [&[0x80, 0x26], &secret[..], public.as_bytes()].concat(),
        Suite::P256 => [&[0x86, 0x26], &secret[..]].concat(),
    })
}

/// What a script writes about its input.
fn run(script: &str, input: &Value) -> Value {
    let mut child = Command::new("node")
        .arg(script)
        .current_dir(root().join("tests/npm"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Node.js runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(input.to_string().as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{script} failed");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Whether the packages are there; says so if not.
fn installed() -> bool {
    let installed = root().join("tests/npm/node_modules").is_dir();
    if !installed {
        println!("skipped: the npm packages are not installed (make test installs them)");
    }
    installed
}

fn sign_with_npm(event: &Value, did: &str, domain: &str, key: &KeyFile) -> Value {
    let public = key.public();
    let input = json!({
        "domain": domain,
        "event": event,
        "id": format!("urn:ndi:proof:{public}"),
        "publicKeyMultibase": public.to_string(),
        "secretKeyMultibase": secret_multikey(key),
        "suite": public.suite().name,
        "verificationMethod": author::method(did, &public),
    });
    let mut signed = run("sign.js", &input);
    // The packages write a single proof without its array.
    signed["proof"] = json!([signed["proof"]]);
    signed
}

#[test]
fn events_signed_by_npm_packages_are_accepted() {
    if !installed() {
        return;
    }
    let network = Network::start();
    let author = Author::new(&network);
    for suite in [Suite::Ed25519, Suite::P256] {
        let key = KeyFile::generate(suite);
        let document = json!({ "id": author::placeholder(author.network()) });
        let (did, event) = author.inception(document, &Author::control(&[&key], 1));
        let signed = sign_with_npm(&event, &did, author.domain(), &key);
        let receipt = network.client(1).submit_and_wait(&author.endorse(signed));
        receipt.unwrap_or_else(|error| panic!("{}: {error}", suite.name()));
        network.wait_until_equal();
        network.ok(&["did", "resolve", &did, "--verify", "--genesis", "genesis.json"]);
    }
}

/// A certifier on board who is authorised for one role, by whom a key signs for that stands in the
/// Administrative Body's document; the certifier's DID.
fn authorised(network: &Network, author: &Author, signing: &KeyFile) -> String {
    let client = network.client(0);
    let office = network.key("administrative-body");
    let body = office.did().expect("the key names its DID");
    let certify = |event: &[u8]| -> Value {
        let receipt = client.submit_and_wait(event).expect("it is certified");
        serde_json::from_slice(&receipt).expect("a receipt")
    };
    let act = |kind: &str, members: Value| certify(&author.event(kind, body, &office, members));
    let method = format!("{body}#credentials");
    let document = json!({
        "@context": ["https://www.w3.org/ns/did/v1.1"],
        "assertionMethod": [method],
        "id": body,
        "verificationMethod": [{
            "controller": body,
            "id": method,
            "publicKeyMultibase": signing.public().to_string(),
            "type": "Multikey",
        }],
    });
    act("DidUpdated", json!({ "document": document, "previousVersion": 1 }));
    let (entity, created) = author.did_created(&Author::key());
    certify(&created);
    let period = json!({ "from": "2026-01-01T00:00:00Z", "until": "2099-01-01T00:00:00Z" });
    let role = "certification-service-provider";
    let certified =
        act("CertificationIssued", json!({ "entity": entity, "period": period, "role": role }));
    let particulars = json!({
        "certifications": { role: certified["id"] },
        "jurisdiction": "BT",
        "limitsOfUse": { "sha256": "ab".repeat(32), "uri": "https://example.bt/limits" },
        "name": { "en": "Certifier" },
        "roles": [role],
        "website": "https://example.bt/",
    });
    act("EntityRegistered", json!({ "entity": entity, "particulars": particulars }));
    let grant = json!({
        "action": "certify", "authority": body, "entity": entity, "period": period,
        "resource": "agent-provider",
    });
    act("AuthorizationGranted", grant);
    entity
}

#[test]
fn s96_an_authorization_credential_is_verified_by_npm_packages_and_follows_the_listing() {
    if !installed() {
        return;
    }
    let network = Network::start();
    let author = Author::new(&network);
    network.ok(&["key", "new", "--suite", "ed25519", "--out", "signing.json"]);
    let signing = KeyFile::load(&network.home().join("signing.json")).expect("a key");
    let entity = authorised(&network, &author, &signing);
    let office = network.key("administrative-body");
    let body = office.did().expect("the key names its DID");
    let command = ["trust", "credential", &entity, "--key", "signing.json", "--issuer", body];
    let credential: Value = serde_json::from_str(&network.ok(&command)).expect("JSON");
    assert_eq!(credential["credentialSubject"]["authorizations"][0]["resource"], "agent-provider");
    let verdict = run("credential.js", &json!({ "url": network.url(0), "credential": credential }));
    assert_eq!(verdict["verified"], true, "{verdict}");
    let forged = verdict["forged"].as_object().expect("what was changed");
    assert!(forged.len() > 3 && forged.values().all(|one| one == false), "{verdict}");

    let members = json!({ "ground": "contravention", "previousVersion": 1, "subject": entity });
    let suspended = author.event("EntitySuspended", body, &office, members);
    network.client(0).submit_and_wait(&suspended).expect("it is certified");
    let refused = network.dzong(&command);
    assert!(!refused.status.success());
    assert!(text(&refused).contains("the entity is suspended"), "{}", text(&refused));
}

#[test]
fn s124_the_trust_registry_leaves_as_a_signed_list_that_other_countries_read() {
    if !installed() {
        return;
    }
    let network = Network::start();
    let author = Author::new(&network);
    network.ok(&["key", "new", "--suite", "p256", "--out", "signing.json"]);
    let signing = KeyFile::load(&network.home().join("signing.json")).expect("a key");
    let entity = authorised(&network, &author, &signing);
    let office = network.key("administrative-body");
    let body = office.did().expect("the key names its DID");

    let issue = ["certificate", "issue", "--key", "keys/administrative-body.json"];
    let key = ["--issuer-key", "signing.json", "--out"];
    let named = ["--organization", "GovTech Agency", "--country", "BT"];
    network.ok(&[&issue[..], &key, &["operator.pem"], &named].concat());
    network.ok(&[&issue[..], &key, &["unnamed.pem"]].concat());
    let scheme = json!({
        "information": {
            "SchemeOperatorName": [{ "lang": "en", "value": "GovTech Agency" }],
            "SchemeTerritory": "BT",
        },
        "serviceTypes": "https://trust.example.bt/service-types/",
    });
    fs::write(network.home().join("scheme.json"), scheme.to_string()).expect("a file");
    let list = ["trust", "list", "--scheme", "scheme.json", "--key", "signing.json"];
    let list = [&list[..], &["--genesis", "genesis.json", "--certificate"]].concat();
    let unnamed = network.dzong(&[&list[..], &["unnamed.pem", "--out", "unnamed.jws"]].concat());
    assert!(text(&unnamed).contains("operator and territory"), "{}", text(&unnamed));

    let made = |number: &str, file: &str| {
        let out = ["operator.pem", "--number", number, "--out", file];
        network.ok(&[&list[..], &out].concat());
        let signed = fs::read_to_string(network.home().join(file)).expect("a list");
        let verdict = run("list.js", &json!({ "list": signed }));
        assert_eq!(verdict["errors"], json!([]), "{verdict}");
        for (word, holds) in [("signed", true), ("named", true), ("forged", false)] {
            assert_eq!(verdict[word], holds, "{word}: {verdict}");
        }
        assert!(verdict["subject"].to_string().contains("O=GovTech Agency"), "{verdict}");
        let lote = verdict["content"]["LoTE"].clone();
        assert_eq!(lote["ListAndSchemeInformation"]["LoTESequenceNumber"].to_string(), number);
        let entities = lote["TrustedEntitiesList"].as_array().expect("a list");
        let service =
            |entry: &Value| entry["TrustedEntityServices"][0]["ServiceInformation"].clone();
        let mut services = entities.iter().map(service);
        let ours =
            services.find(|one| one["ServiceDigitalIdentity"]["OtherIds"] == json!([entity]));
        ours.expect("the entity is listed")["ServiceStatus"].to_string()
    };
    assert!(made("1", "first.jws").contains("recognisedatnationallevel"));
    let members = json!({ "ground": "contravention", "previousVersion": 1, "subject": entity });
    let suspended = author.event("EntitySuspended", body, &office, members);
    network.client(0).submit_and_wait(&suspended).expect("it is certified");
    assert!(made("2", "second.jws").contains("deprecatedatnationallevel"));
}

#[test]
fn npm_clients_resolve_dids_and_verify_events() {
    if !installed() {
        return;
    }
    let network = Network::start();
    let author = Author::new(&network);
    let client = network.client(1);
    let mut ids = Vec::new();
    let mut submit = |event: &[u8]| {
        let receipt = client.submit_and_wait(event).expect("the event is certified");
        let receipt: Value = serde_json::from_slice(&receipt).expect("a receipt");
        ids.push(receipt["id"].clone());
    };
    let mut dids = Vec::new();
    for suite in [Suite::Ed25519, Suite::P256] {
        let key = KeyFile::generate(suite);
        let document = json!({ "id": author::placeholder(author.network()) });
        let (did, mut event) = author.inception(document, &Author::control(&[&key], 1));
        author::sign(&mut event, &did, author.domain(), &key).expect("JSON");
        submit(&author.endorse(event));
        dids.push((did, key));
    }
    let (gone, key) = dids.last().expect("two DIDs").clone();
    submit(&author.event("DidDeactivated", &gone, &key, json!({ "previousVersion": 1 })));

    let (here, _) = &dids[0];
    let absent =
        format!("did:ndi:{}:QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N", author.network());
    let input = json!({ "url": network.url(2), "dids": [here, gone, absent] });
    network.wait_until_equal();
    let results = run("resolve.js", &input);
    assert_eq!(results[0]["didDocument"]["id"], json!(here), "{results}");
    assert_eq!(results[0]["didResolutionMetadata"]["contentType"], "application/did+ld+json");
    assert_eq!(results[1]["didDocumentMetadata"]["deactivated"], true, "{results}");
    assert_eq!(results[1]["didDocument"], Value::Null);
    assert_eq!(results[2]["didResolutionMetadata"]["error"], "notFound", "{results}");

    let verdicts = run("verify.js", &json!({ "url": network.url(3), "ids": ids }));
    let verdicts = verdicts.as_array().expect("verdicts");
    assert_eq!(verdicts.len(), 3, "two inceptions and one end: {verdicts:?}");
    for verdict in verdicts {
        assert_eq!(
            (&verdict["verified"], &verdict["forged"]),
            (&json!(true), &json!(false)),
            "{verdict}"
        );
    }
}

/// The slots of `statuses` that have this one.
fn slots(statuses: &[u8], status: u8) -> Value {
    let slots = statuses.iter().enumerate().filter(|(_, one)| **one == status);
    slots.map(|(slot, _)| slot).collect()
}

/// Both lists of these statuses in all their forms, with the document that the key stands in.
fn lists(statuses: &[u8], moment: Moment, proof: Option<&Value>, key: KeyFile) -> Value {
    let did = "did:ndi:test:QmStatusProvider";
    let method = format!("{did}#status");
    let document = json!({
        "@context": ["https://www.w3.org/ns/did/v1.1"],
        "assertionMethod": [method],
        "id": did,
        "verificationMethod": [{
            "controller": did,
            "id": method,
            "publicKeyMultibase": key.public().to_string(),
            "type": "Multikey",
        }],
    });
    let byte = |four: &[u8]| four.iter().rev().fold(0, |byte, status| byte << 2 | status);
    let bytes: Vec<u8> = statuses.chunks(4).map(byte).collect();
    let capacity = u32::try_from(statuses.len()).expect("a registry's length");
    let vector = &Vector::read(capacity, &bytes).expect("statuses");
    let signer = Provider::new(method, key);
    let url = |list: &str| format!("https://node.example.bt/v1/status/QmRegistry/{list}");
    let (mut credentials, mut jwts) = (Vec::new(), Vec::new());
    for purpose in Purpose::ALL {
        let url = url(&format!("bitstring/{}", purpose.name()));
        let listing = Listing { vector, moment, url: &url, ledger_proof: proof };
        let made =
            status_list::bitstring_credential(&listing, purpose, &signer).expect("a credential");
        credentials.push(serde_json::from_slice::<Value>(&made).expect("JSON"));
        jwts.push(status_list::bitstring_jwt(&listing, purpose, &signer).expect("a credential"));
    }
    let url = url("tsl");
    let listing = Listing { vector, moment, url: &url, ledger_proof: proof };
    json!({
        "credentials": credentials,
        "cwt": BASE64_URL.encode(status_list::token_list_cwt(&listing, &signer)),
        "didDocument": document,
        "jwts": jwts,
        "token": status_list::token_list_jwt(&listing, &signer).expect("a token"),
    })
}

#[test]
fn s57_lists_of_statuses_are_read_by_npm_packages() {
    if !installed() {
        return;
    }
    let of = |slot: u32| match slot {
        0 => 1,
        _ if slot % 97 == 5 => 1,
        _ if slot % 101 == 7 => 2,
        _ => 0,
    };
    // Not a whole number of bytes in any list.
    let statuses: Vec<u8> = (0..4_099).map(of).collect();
    let now = now_ms() / 1000;
    let moment = Moment { issued: now - 5, valid_until: Some(now + 3600), ttl: Some(300) };
    let proof = json!({ "type": "LedgerProof", "height": "12", "records": [{ "key": "a" }] });
    for (suite, jose, cose) in [(Suite::Ed25519, "EdDSA", -8), (Suite::P256, "ES256", -7)] {
        for proof in [None, Some(&proof)] {
            let key = KeyFile::generate(suite);
            let read = run("status.js", &lists(&statuses, moment, proof, key));
            for (at, purpose) in [(0, "revocation"), (1, "suspension")] {
                let list = &read["credentials"][at];
                assert_eq!(list["verified"], true, "{list}");
                assert_eq!(list["forged"], false, "{list}");
                assert_eq!(list["status"], at == 0, "slot 0 is reserved");
                assert_eq!(list["purpose"], purpose);
                assert_eq!(list["length"], 131_072);
                let status = if at == 0 { 1 } else { 2 };
                assert_eq!(list["slots"], json!({ "1": slots(&statuses, status) }));
                let jwt = &read["jwts"][at];
                assert_eq!(jwt["same"], true, "{jwt}");
                assert_eq!(jwt["forged"], false, "{jwt}");
                assert_eq!(jwt["header"]["alg"], jose);
            }
            for (form, algorithm) in [("token", json!(jose)), ("cwt", json!(cose))] {
                let list = &read[form];
                assert_eq!(list["verified"], true, "{list}");
                assert_eq!(list["forged"], false, "{list}");
                assert_eq!(list["header"]["alg"], algorithm);
                assert_eq!(list["header"]["kid"], "did:ndi:test:QmStatusProvider#status");
                assert_eq!((&list["bits"], &list["length"]), (&json!(2), &json!(4_100)));
                let times = [&list["iat"], &list["exp"], &list["ttl"]];
                assert_eq!(times, [now - 5, now + 3600, 300]);
                let expected = json!({ "1": slots(&statuses, 1), "2": slots(&statuses, 2) });
                assert_eq!(list["slots"], expected);
            }
        }
    }
}
